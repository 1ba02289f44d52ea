//! C-EVENT: a service that consumes events, with the real bus as its upstream: events of all kinds,
//! again, and after death.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use souk_chassis::Caller;
use souk_client::events::v1 as bus;
use souk_manifest::{Heard, Launch, Manifest};
use tonic::Code;

use crate::process::child::Service;
use crate::process::health;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, told};

const SENTENCES: [&str; 3] = ["C-EVENT-1", "C-EVENT-2", "C-EVENT-3"];
/// How long the service may take to consume everything; it may be waiting to open its subscription
/// again.
const HEARD_WITHIN: Duration = Duration::from_secs(40);
/// How long it may take until what was acknowledged is seen.
const SEEN_WITHIN: Duration = Duration::from_secs(10);
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
        return SENTENCES
            .iter()
            .for_each(|number| report.cannot(number, "the manifest has no example of an event"));
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
    let bus_data = bus_service.fresh("data");
    let bus = start(&bus_service, bus_service.settings_in(&bus_data)).await?;

    let data = service.fresh("data");
    let mut stage = open(service, &data, &bus).await?;
    let name = service.manifest.name.clone();
    let is_there = async || subscription(&bus, &name).await.is_some();
    let until = Instant::now() + HEARD_WITHIN;
    while !is_there().await && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let found = subscription(&bus, &name).await;
    report.look(
        "C-EVENT-1",
        found.is_some(),
        format!("a subscription called {name}: {}", found.is_some()),
    );
    if found.is_none() {
        return Err("it holds no subscription".to_owned());
    }

    // In one key, so that each waits for those before it.
    let empty = answers(&stage).await;
    let payload = payload(&stage, event, &event.data)?;
    let unheard = made("unheard", "souk.conformance.v1.NobodyHears", &event.key, vec![0xff]);
    let torn = made("torn", &event.kind, &event.key, vec![0xff]);
    let whole = made("whole", &event.kind, &event.key, payload);
    publish(&bus, vec![unheard]).await?;
    publish(&bus, vec![torn, whole.clone()]).await?;
    let lag = until_heard(&bus, &name).await;
    report.look(
        "C-EVENT-2",
        lag == Some(0),
        format!("one of another type, one torn, one whole: {lag:?} are left"),
    );
    if lag != Some(0) {
        report.cannot("C-EVENT-3", "it acknowledges nothing");
        return Ok(());
    }
    let before = until_other(&stage, &empty).await;
    let changed = differences(&empty, &before);
    report.look(
        "C-EVENT-2",
        !changed.is_empty(),
        format!("with its effect other answers are given by: {changed:?}"),
    );

    // The same event with another content: a service that recognises it ignores the content.
    let other = again(&stage, event, &whole)?;
    publish(&bus, vec![other.clone()]).await?;
    let lag = until_heard(&bus, &name).await;
    let again = differences(&before, &answers(&stage).await);
    report.look(
        "C-EVENT-3",
        lag == Some(0) && again.is_empty(),
        format!("again: {lag:?} are left, other answers are given by: {again:?}"),
    );

    stage.process.signal("KILL").await;
    let _ = stage.process.ended(Duration::from_secs(10)).await;
    publish(&bus, vec![other]).await?;
    let stage = open(service, &data, &bus).await?;
    let lag = until_heard(&bus, &name).await;
    let after = differences(&before, &answers(&stage).await);
    report.look(
        "C-EVENT-3",
        lag == Some(0) && after.is_empty(),
        format!("after SIGKILL: {lag:?} are left, other answers are given by: {after:?}"),
    );
    report.look("C-EVENT-1", lag == Some(0), format!("it goes on after SIGKILL: {lag:?} are left"));
    without_bus(stage, &bus_service, (bus, bus_data.as_path()), &whole, report).await
}

/// Takes the bus away and gives it back, at the same place.
async fn without_bus(
    mut stage: Stage<'_>,
    bus_service: &Service,
    (mut bus, data): (Stage<'_>, &Path),
    event: &bus::Event,
    report: &mut Report,
) -> Result<(), String> {
    let address = bus.process.grpc;
    bus.process.signal("KILL").await;
    let _ = bus.process.ended(Duration::from_secs(10)).await;
    let reply = health::check(&stage, "").await;
    report.look(
        "C-EVENT-1",
        reply.code() == Some(Code::Ok),
        format!("while the bus is away: {}", told(&reply)),
    );

    let bus =
        start(bus_service, bus_service.settings_in(data).set("server.listen", address)).await?;
    publish(&bus, vec![bus::Event { id: "conformance-last".to_owned(), ..event.clone() }]).await?;
    let lag = until_heard(&bus, &stage.service.manifest.name).await;
    report.look("C-EVENT-1", lag == Some(0), format!("when the bus is back: {lag:?} are left"));
    stage.process.signal("TERM").await;
    let _ = stage.process.ended(Duration::from_secs(20)).await;
    Ok(())
}

async fn start(bus: &Service, launch: Launch) -> Result<Stage<'_>, String> {
    let process = bus.start(launch, &[]).await.map_err(|why| format!("the bus: {why}"))?;
    let mut stage = Stage::open(bus, process, None).await?;
    // Its tokens have the scopes of the methods that it knows.
    stage.learn().await?;
    Ok(stage)
}

async fn open<'a>(service: &'a Service, data: &Path, bus: &Stage<'_>) -> Result<Stage<'a>, String> {
    let launch =
        service.settings_in(data).set("upstreams.events", format!("http://{}", bus.process.grpc));
    let process = service.start(launch, &[]).await?;
    let mut stage = Stage::open(service, process, None).await?;
    stage.learn().await?;
    Ok(stage)
}

fn payload(stage: &Stage<'_>, event: &Heard, data: &str) -> Result<Vec<u8>, String> {
    let ours = DescriptorPool::decode(souk_client::FILE_DESCRIPTOR_SET)
        .map_err(|error| error.to_string())?;
    let found = stage
        .pool
        .get_message_by_name(&event.kind)
        .or_else(|| ours.get_message_by_name(&event.kind));
    let descriptor = found.ok_or_else(|| format!("no message {} is known", event.kind))?;
    let mut reader = serde_json::Deserializer::from_str(data);
    let message = DynamicMessage::deserialize(descriptor, &mut reader)
        .map_err(|error| format!("event.data: {error}"))?;
    Ok(message.encode_to_vec())
}

/// Returns an event of the same id whose payload is another's: the last letter of the key differs
/// wherever it appears.
fn again(stage: &Stage<'_>, event: &Heard, first: &bus::Event) -> Result<bus::Event, String> {
    let last = event.key.chars().last().unwrap_or('a');
    let mut key = event.key[..event.key.len() - last.len_utf8()].to_owned();
    key.push(if last == 'a' { 'b' } else { 'a' });
    let data = payload(stage, event, &event.data.replace(&event.key, &key))?;
    Ok(bus::Event { data: data.into(), ..first.clone() })
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

/// Publishes events of one owner, as that service.
async fn publish(bus: &Stage<'_>, events: Vec<bus::Event>) -> Result<(), String> {
    let owner = events.first().and_then(|event| souk_events::owner_of(&event.r#type));
    let by = Caller::Service(owner.ok_or("the type of an event has no owner")?);
    let request = bus::PublishEventsRequest { events }.encode_to_vec();
    let reply = bus.call("/souk.events.v1.EventService/PublishEvents", &by, request).await;
    if reply.code() != Some(Code::Ok) {
        return Err(format!("the bus does not take events: {}", told(&reply)));
    }
    let answer = reply
        .messages
        .first()
        .and_then(|message| bus::PublishEventsResponse::decode(message.as_slice()).ok());
    for result in answer.unwrap_or_default().results {
        if let Some(bus::publish_result::Result::Failure(failure)) = result.result {
            return Err(format!("the bus does not take an event: {}", failure.message));
        }
    }
    Ok(())
}

async fn subscription(bus: &Stage<'_>, name: &str) -> Option<bus::Subscription> {
    let request = bus::GetSubscriptionRequest { subscription_id: name.to_owned() }.encode_to_vec();
    let by = Caller::Staff("conformance".into());
    let reply = bus.call("/souk.events.v1.EventService/GetSubscription", &by, request).await;
    bus::GetSubscriptionResponse::decode(reply.messages.first()?.as_slice()).ok()?.subscription
}

/// Waits until nothing is left to consume, and returns what is.
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

/// What each read answers; nothing where it answers otherwise each time.
type Answers = BTreeMap<String, Option<Vec<Vec<u8>>>>;

/// Asks the read of the manifest, and every other that needs no more than an empty request.
async fn answers(stage: &Stage<'_>) -> Answers {
    let unary = stage.unary();
    let mut found = Answers::new();
    for method in stage.methods.iter().filter(|method| method.is_read && !method.server_streaming) {
        let is_example = method.path.strip_prefix('/') == Some(unary.method.as_str());
        let (by, message) = match is_example {
            true => (
                caller(&unary.caller).ok(),
                stage.encode(&unary.method, &unary.request).unwrap_or_default(),
            ),
            false => (method.access.as_ref().and_then(|access| access.admitted()), Vec::new()),
        };
        let Some(by) = by else { continue };
        let first = stage.call(&method.path, &by, message.clone()).await;
        let second = stage.call(&method.path, &by, message).await;
        let is_steady = first.code() == Some(Code::Ok) && first.messages == second.messages;
        found.insert(method.path.clone(), is_steady.then_some(first.messages));
    }
    found
}

/// Returns the reads that answer otherwise than before.
fn differences(before: &Answers, after: &Answers) -> Vec<String> {
    let is_other = |path: &&String| match (&before[*path], after.get(*path)) {
        (Some(before), Some(Some(after))) => before != after,
        _ => false,
    };
    before.keys().filter(is_other).cloned().collect()
}

/// Waits until some read answers otherwise: what is answered from memory may follow a little later.
async fn until_other(stage: &Stage<'_>, before: &Answers) -> Answers {
    let until = Instant::now() + SEEN_WITHIN;
    loop {
        let found = answers(stage).await;
        if !differences(before, &found).is_empty() || Instant::now() > until {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
