//! C-EVENT: a service that consumes events, with the real bus as its upstream: events of all kinds,
//! again, and after death.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use prost::Message as _;
use prost_reflect::DynamicMessage;
use souk_contract::Caller;
use souk_manifest::{Heard, Launch, Manifest};
use tonic::Code;

use crate::checks::health;
use crate::child::{Running, Service};
use crate::events_v1 as pb;
use crate::released;
use crate::report::{Report, seen};
use crate::stage::{Stage, caller, describe};
use crate::subject::Subject;
use crate::token::PUBLIC_KEY;

const SENTENCES: [&str; 3] = ["C-EVENT-1", "C-EVENT-2", "C-EVENT-3"];
/// How long the service may take to consume everything; it may be waiting to open its subscription
/// again.
const CONSUMED_WITHIN: Duration = Duration::from_secs(40);
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

/// A process that serves, and who asks it.
struct Open {
    stage: Stage,
    process: Running,
}

/// Publishes events and sees that they are acknowledged.
pub async fn consumed(service: &Service, report: &mut Report) {
    let Some(event) = &service.manifest.conformance.event else {
        return report.none_asked(&SENTENCES, "the manifest has no example of an event");
    };
    if !service.has_souk() {
        let why = "the event bus is in the program souk, which is not there: use --souk FILE";
        return report.none_asked(&SENTENCES, why);
    }
    if let Err(why) = consume(service, event, report).await {
        for number in SENTENCES {
            report.observe(number, false, seen("events on a bus", &why, "they are consumed"));
        }
    }
}

async fn consume(service: &Service, event: &Heard, report: &mut Report) -> Result<(), String> {
    let file = service.fresh("bus.toml");
    fs::write(&file, BUS).map_err(|error| error.to_string())?;
    let manifest = Manifest::read(&file).map_err(|error| error.to_string())?;
    let bus_service = Service::new(manifest, Some(service.souk.clone()))?;
    let bus_data = bus_service.fresh("data");
    let bus = start(&bus_service, bus_service.settings_in(&bus_data)).await?;

    let data = service.fresh("data");
    let mut consumer = open(service, &data, &bus).await?;
    let name = service.manifest.name.clone();
    subscribed(&bus.stage, &name, report).await?;
    // In one key, so that each waits for those before it.
    let empty = answers(&consumer.stage).await;
    let payload = payload(&consumer.stage, event, &event.data)?;
    let other_type = made("other", "souk.conformance.v1.OtherType", &event.key, vec![0xff]);
    let torn = made("torn", &event.kind, &event.key, vec![0xff]);
    let whole = made("whole", &event.kind, &event.key, payload);
    publish(&bus.stage, vec![other_type]).await?;
    publish(&bus.stage, vec![torn, whole.clone()]).await?;
    let lag = until_consumed(&bus.stage, &name).await;
    let sent = format!("an event of another type, a torn {} and a whole one", event.kind);
    let came = format!("{lag:?} are not acknowledged");
    report.observe("C-EVENT-2", lag == Some(0), seen(&sent, came, "all are acknowledged"));
    if lag != Some(0) {
        report.not_asked("C-EVENT-3", "it acknowledges nothing");
        return Ok(());
    }
    let before = until_other(&consumer.stage, &empty).await;
    let changed = differences(&empty, &before);
    let came = format!("other answers from {changed:?}");
    let expected = "another answer from the example or from a read with an empty request";
    report.observe("C-EVENT-2", !changed.is_empty(), seen(sent, came, expected));

    // The same event with another content: a service that recognises it ignores the content.
    let other = again(&consumer.stage, event, &whole)?;
    publish(&bus.stage, vec![other.clone()]).await?;
    let lag = until_consumed(&bus.stage, &name).await;
    let after = answers(&consumer.stage).await;
    once("the same event with another content", lag, &before, &after, report);

    consumer.process.signal("KILL").await;
    let _ = consumer.process.ended(Duration::from_secs(10)).await;
    publish(&bus.stage, vec![other]).await?;
    let consumer = open(service, &data, &bus).await?;
    let lag = until_consumed(&bus.stage, &name).await;
    let after = answers(&consumer.stage).await;
    once("the same event after SIGKILL", lag, &before, &after, report);
    let came = format!("{lag:?} are not acknowledged");
    let observation = seen("SIGKILL and a new start", came, "it continues");
    report.observe("C-EVENT-1", lag == Some(0), observation);
    let bus = Bus { service: &bus_service, data: &bus_data, open: bus };
    without_bus(service, consumer, bus, &whole, report).await
}

/// Waits until the service has its subscription.
async fn subscribed(bus: &Stage, name: &str, report: &mut Report) -> Result<(), String> {
    let until = Instant::now() + CONSUMED_WITHIN;
    let mut found = subscription(bus, name).await;
    while found.is_none() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
        found = subscription(bus, name).await;
    }
    let came = if found.is_some() { "it is there" } else { "there is none" };
    let sent = format!("GetSubscription of {name:?} at the bus");
    report.observe("C-EVENT-1", found.is_some(), seen(sent, came, "a subscription"));
    found.map(|_| ()).ok_or_else(|| "it holds no subscription".to_owned())
}

/// Observes that an event that was delivered again had no second effect.
fn once(sent: &str, lag: Option<i64>, before: &Answers, after: &Answers, report: &mut Report) {
    let changed = differences(before, after);
    let came = format!("{lag:?} are not acknowledged, other answers from {changed:?}");
    let holds = lag == Some(0) && changed.is_empty();
    let expected = "it is acknowledged, and all answers stay the same";
    report.observe("C-EVENT-3", holds, seen(sent, came, expected));
}

/// The bus, and how it is started again.
struct Bus<'a> {
    service: &'a Service,
    data: &'a Path,
    open: Open,
}

/// Takes the bus away and gives it back, at the same address.
async fn without_bus(
    service: &Service,
    mut consumer: Open,
    mut bus: Bus<'_>,
    event: &pb::Event,
    report: &mut Report,
) -> Result<(), String> {
    let address = bus.open.process.grpc;
    bus.open.process.signal("KILL").await;
    let _ = bus.open.process.ended(Duration::from_secs(10)).await;
    let reply = health::check(&consumer.stage, "").await;
    let holds = reply.code() == Some(Code::Ok);
    let observation = seen("health while the bus is away", describe(&reply), "OK");
    report.observe("C-EVENT-1", holds, observation);

    let settings = bus.service.settings_in(bus.data).set("server.listen", address);
    let bus = start(bus.service, settings).await?;
    let last = pb::Event { id: "conformance-last".to_owned(), ..event.clone() };
    publish(&bus.stage, vec![last]).await?;
    let lag = until_consumed(&bus.stage, &service.manifest.name).await;
    let came = format!("{lag:?} are not acknowledged");
    let observation = seen("an event when the bus is back", came, "it is acknowledged");
    report.observe("C-EVENT-1", lag == Some(0), observation);
    consumer.process.signal("TERM").await;
    let _ = consumer.process.ended(Duration::from_secs(20)).await;
    Ok(())
}

/// Starts a process and learns its methods: its tokens have the scopes of those that are known.
async fn start(service: &Service, launch: Launch) -> Result<Open, String> {
    let name = &service.manifest.name;
    let process = service.start(launch, &[]).await.map_err(|why| format!("{name}: {why}"))?;
    let subject = Subject::of(&service.manifest);
    let mut stage = Stage::open(subject, process.grpc, Some(process.metrics), PUBLIC_KEY).await?;
    stage.learn().await?;
    Ok(Open { stage, process })
}

async fn open(service: &Service, data: &Path, bus: &Open) -> Result<Open, String> {
    let url = format!("http://{}", bus.process.grpc);
    start(service, service.settings_in(data).set("upstreams.events", url)).await
}

fn payload(stage: &Stage, event: &Heard, data: &str) -> Result<Vec<u8>, String> {
    let own = stage.pool.get_message_by_name(&event.kind);
    let found = own.or_else(|| released::message(&event.kind));
    let descriptor = found.ok_or_else(|| {
        format!(
            "event.type: neither its reflection nor Souk's released contract has {}",
            event.kind
        )
    })?;
    let mut reader = serde_json::Deserializer::from_str(data);
    let message = DynamicMessage::deserialize(descriptor, &mut reader)
        .map_err(|error| format!("event.data: {error}"))?;
    Ok(message.encode_to_vec())
}

/// Returns an event of the same id whose payload is another's: the last letter of the key differs
/// wherever it appears.
fn again(stage: &Stage, event: &Heard, first: &pb::Event) -> Result<pb::Event, String> {
    let last = event.key.chars().last().unwrap_or('a');
    let mut key = event.key[..event.key.len() - last.len_utf8()].to_owned();
    key.push(if last == 'a' { 'b' } else { 'a' });
    let data = payload(stage, event, &event.data.replace(&event.key, &key))?;
    Ok(pb::Event { data, ..first.clone() })
}

fn made(id: &str, kind: &str, key: &str, data: Vec<u8>) -> pb::Event {
    pb::Event {
        id: format!("conformance-{id}"),
        r#type: kind.to_owned(),
        subject: key.to_owned(),
        ordering_key: key.to_owned(),
        data,
    }
}

/// Publishes events of one owner, as that service.
async fn publish(bus: &Stage, events: Vec<pb::Event>) -> Result<(), String> {
    let owner = events.first().and_then(|event| owner_of(&event.r#type));
    let by = Caller::Service(owner.ok_or("the type of an event has no owner")?);
    let request = pb::PublishEventsRequest { events }.encode_to_vec();
    let reply = bus.call("/souk.events.v1.EventService/PublishEvents", &by, request).await;
    if reply.code() != Some(Code::Ok) {
        return Err(format!("the bus does not take events: {}", describe(&reply)));
    }
    let answer = reply
        .messages
        .first()
        .and_then(|message| pb::PublishEventsResponse::decode(message.as_slice()).ok());
    for result in answer.unwrap_or_default().results {
        if let Some(failure) = result.failure {
            return Err(format!("the bus does not take an event: {}", failure.message));
        }
    }
    Ok(())
}

/// Returns the service that owns a type of event: the last segment of its package that is not a
/// version, with `-` for each `_` (C-EVENT-4).
fn owner_of(kind: &str) -> Option<String> {
    let (package, _message) = kind.rsplit_once('.')?;
    let is_version = |segment: &str| {
        let rest = segment.strip_prefix('v');
        rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    let segment = package.rsplit('.').find(|segment| !is_version(segment))?;
    Some(segment.replace('_', "-"))
}

async fn subscription(bus: &Stage, name: &str) -> Option<pb::Subscription> {
    let request = pb::GetSubscriptionRequest { subscription_id: name.to_owned() }.encode_to_vec();
    let by = Caller::Staff("conformance".into());
    let reply = bus.call("/souk.events.v1.EventService/GetSubscription", &by, request).await;
    pb::GetSubscriptionResponse::decode(reply.messages.first()?.as_slice()).ok()?.subscription
}

/// Waits until nothing is left to consume, and returns what is.
async fn until_consumed(bus: &Stage, name: &str) -> Option<i64> {
    let until = Instant::now() + CONSUMED_WITHIN;
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
async fn answers(stage: &Stage) -> Answers {
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
async fn until_other(stage: &Stage, before: &Answers) -> Answers {
    let until = Instant::now() + SEEN_WITHIN;
    loop {
        let found = answers(stage).await;
        if !differences(before, &found).is_empty() || Instant::now() > until {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
