//! C-EVENT: a service that hears events, with the real bus as its neighbour: events of all kinds, again, and after death.

use std::fs;
use std::time::{Duration, Instant};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use souk_chassis::Caller;
use souk_client::events::v1 as bus;
use souk_manifest::{Heard, Manifest};
use tonic::Code;

use crate::process::child::Service;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, told};

const SENTENCES: [&str; 3] = ["C-EVENT-1", "C-EVENT-2", "C-EVENT-3"];
/// How long the service may take to hear everything; it may be waiting to open its subscription again.
const HEARD_WITHIN: Duration = Duration::from_secs(40);
/// The bus, in a process of its own.
const BUS: &str = r#"
name = "events"
language = "rust"
services = ["souk.events.v1.EventService"]
summary = "the bus"
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"
[run]
command = ["souk", "serve", "events"]
environment_prefix = "SOUK"
"#;

/// Publishes events and sees that they are acknowledged.
pub async fn heard(service: &Service, report: &mut Report) {
    let Some(event) = &service.manifest.conformance.event else {
        return SENTENCES.iter().for_each(|number| report.cannot(number, "the manifest has no example of an event"));
    };
    if let Err(why) = hear(service, event, report).await {
        SENTENCES.iter().for_each(|number| report.look(number, false, why.clone()));
    }
}

async fn hear(service: &Service, event: &Heard, report: &mut Report) -> Result<(), String> {
    let file = service.fresh("bus.toml");
    fs::write(&file, BUS).map_err(|error| error.to_string())?;
    let manifest = Manifest::read(&file).map_err(|error| error.to_string())?;
    let bus_service = Service::new(manifest, Some(service.souk.clone()))?;
    let bus_process = bus_service.start(bus_service.settings(), &[]).await.map_err(|why| format!("the bus: {why}"))?;
    let bus = Stage::open(&bus_service, bus_process, None).await?;

    let data = service.fresh("data");
    let mut stage = open(service, &data, &bus).await?;
    let name = service.manifest.name.clone();
    let is_there = async || subscription(&bus, &name).await.is_some();
    let until = Instant::now() + HEARD_WITHIN;
    while !is_there().await && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let found = subscription(&bus, &name).await;
    report.look("C-EVENT-1", found.is_some(), format!("a subscription called {name}: {}", found.is_some()));
    if found.is_none() {
        return Err("it holds no subscription".to_owned());
    }

    // In one key, so that each waits for those before it.
    let payload = payload(&stage, event)?;
    let unheard = made("unheard", "souk.conformance.v1.NobodyHears", &event.key, vec![0xff]);
    let torn = made("torn", &event.kind, &event.key, vec![0xff]);
    let whole = made("whole", &event.kind, &event.key, payload);
    publish(&bus, vec![unheard, torn, whole.clone()]).await?;
    let lag = until_heard(&bus, &name).await;
    report.look("C-EVENT-2", lag == Some(0), format!("one of another type, one torn, one whole: {lag:?} are left"));

    let before = answer(&stage).await?;
    publish(&bus, vec![whole.clone()]).await?;
    let lag = until_heard(&bus, &name).await;
    let again = answer(&stage).await?;
    report.look(
        "C-EVENT-3",
        lag == Some(0) && before == again,
        format!(
            "again: {lag:?} are left, the manifest's read answers {}",
            if before == again { "the same" } else { "otherwise" }
        ),
    );

    stage.process.signal("KILL").await;
    let _ = stage.process.ended(Duration::from_secs(10)).await;
    publish(&bus, vec![whole]).await?;
    let mut stage = open(service, &data, &bus).await?;
    let lag = until_heard(&bus, &name).await;
    let after = answer(&stage).await?;
    report.look(
        "C-EVENT-3",
        lag == Some(0) && before == after,
        format!(
            "after SIGKILL: {lag:?} are left, the manifest's read answers {}",
            if before == after { "the same" } else { "otherwise" }
        ),
    );
    report.look("C-EVENT-1", lag == Some(0), format!("it goes on after SIGKILL: {lag:?} are left"));
    stage.process.signal("TERM").await;
    let _ = stage.process.ended(Duration::from_secs(20)).await;
    Ok(())
}

async fn open<'a>(service: &'a Service, data: &std::path::Path, bus: &Stage<'_>) -> Result<Stage<'a>, String> {
    let launch = service.settings_in(data).set("neighbours.events", format!("http://{}", bus.process.grpc));
    let process = service.start(launch, &[]).await?;
    let mut stage = Stage::open(service, process, None).await?;
    stage.learn().await?;
    Ok(stage)
}

fn payload(stage: &Stage<'_>, event: &Heard) -> Result<Vec<u8>, String> {
    let ours = DescriptorPool::decode(souk_client::FILE_DESCRIPTOR_SET).map_err(|error| error.to_string())?;
    let found = stage.pool.get_message_by_name(&event.kind).or_else(|| ours.get_message_by_name(&event.kind));
    let descriptor = found.ok_or_else(|| format!("no message {} is known", event.kind))?;
    let mut reader = serde_json::Deserializer::from_str(&event.data);
    let message =
        DynamicMessage::deserialize(descriptor, &mut reader).map_err(|error| format!("event.data: {error}"))?;
    Ok(message.encode_to_vec())
}

fn made(id: &str, kind: &str, key: &str, data: Vec<u8>) -> bus::Event {
    bus::Event {
        id: format!("conformance-{id}"),
        r#type: kind.to_owned(),
        subject: key.to_owned(),
        ordering_key: key.to_owned(),
        data: data.into(),
        ..Default::default()
    }
}

async fn publish(bus: &Stage<'_>, events: Vec<bus::Event>) -> Result<(), String> {
    let request = bus::PublishRequest { events }.encode_to_vec();
    let by = Caller::Service("conformance".into());
    let reply = bus.call("/souk.events.v1.EventService/Publish", &by, request).await;
    if reply.code() == Some(Code::Ok) { Ok(()) } else { Err(format!("the bus does not take events: {}", told(&reply))) }
}

async fn subscription(bus: &Stage<'_>, name: &str) -> Option<bus::Subscription> {
    let request = bus::GetSubscriptionRequest { subscription: name.to_owned() }.encode_to_vec();
    let by = Caller::Staff("conformance".into());
    let reply = bus.call("/souk.events.v1.EventService/GetSubscription", &by, request).await;
    bus::GetSubscriptionResponse::decode(reply.messages.first()?.as_slice()).ok()?.subscription
}

/// Waits until nothing is left to hear, and returns what is.
async fn until_heard(bus: &Stage<'_>, name: &str) -> Option<i64> {
    let until = Instant::now() + HEARD_WITHIN;
    loop {
        let lag = subscription(bus, name).await.map(|found| found.lag);
        if lag == Some(0) || Instant::now() > until {
            return lag;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns what the manifest's read answers.
async fn answer(stage: &Stage<'_>) -> Result<Vec<Vec<u8>>, String> {
    let unary = stage.unary();
    let message = stage.encode(&unary.method, &unary.request)?;
    let reply = stage.call(&format!("/{}", unary.method), &caller(&unary.caller)?, message).await;
    if reply.code() == Some(Code::Ok) { Ok(reply.messages) } else { Err(told(&reply)) }
}
