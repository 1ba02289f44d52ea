//! C-LIMIT: how much a process takes on, in one whose limits are small.

use std::time::Duration;

use prost::Message as _;
use souk_contract::Caller;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::checks::redaction;
use crate::checks::validation::padded;
use crate::child::{Running, Service};
use crate::health_v1::HealthCheckRequest;
use crate::recorder::Recorder;
use crate::report::{Report, seen};
use crate::stage::{Stage, caller, describe, is_error, new_trace};
use crate::token::KEY;
use crate::wire::Stream;

const MOST_REQUESTS: usize = 6;
/// Less than every method reads beyond what the rules of its fields allow (C-VALID-6).
const NEWER_BYTES: usize = 900;
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// How long the first message of a stream may take.
const FIRST: Duration = Duration::from_millis(300);
/// How often something is looked at that a busy machine may do later, and how long between.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Starts the process: small limits, a key of its own, a text log of everything, and a collector of
/// spans and calls.
pub async fn bounded(service: &Service, upstreams: &Recorder) -> Result<Running, String> {
    let mut launch = service
        .settings()
        .set("server.max_requests", MOST_REQUESTS)
        .set("server.max_streams_per_caller", 1)
        .set("log.format", "text")
        .set("log.level", "debug")
        .set("identity.development_key", KEY)
        .set("telemetry.otlp_endpoint", upstreams.url());
    for name in &service.manifest.upstreams {
        launch = launch.set(&format!("upstreams.{name}"), upstreams.url());
    }
    service.start(launch, &[]).await
}

/// Opens more than there may be.
pub async fn reached(stage: &Stage, report: &mut Report) {
    match &stage.subject.stream {
        Some(example) => {
            let message = stage.encode(&example.method, &example.request).unwrap_or_default();
            let by = caller(&example.caller).unwrap_or_default();
            streams(stage, &format!("/{}", example.method), &by, message, report).await;
        }
        None => report.not_asked("C-LIMIT-1", "the manifest has no example of a stream"),
    }
    requests(stage, report).await;
    let (path, by, message) = stage.example();
    let reply = stage.call(&path, &by, padded(message, NEWER_BYTES)).await;
    let sent = format!("{path} by {by}: {NEWER_BYTES} bytes of a field that it does not know");
    let holds = reply.code() == Some(Code::Ok);
    report.observe("C-CONFIG-2", holds, seen(sent, describe(&reply), "OK, by the default limits"));
}

async fn streams(stage: &Stage, path: &str, by: &Caller, message: Vec<u8>, report: &mut Report) {
    const TOO_MANY: &str = "ERROR_REASON_TOO_MANY_STREAMS";
    let sent = format!("{path} by {by}, with server.max_streams_per_caller = 1");
    let mut first = match stage.stream(path, by, &[], message.clone()).await {
        Ok(stream) => stream,
        Err(why) => return report.observe("C-LIMIT-1", false, seen(sent, why, "a stream")),
    };
    let _ = first.next_within(FIRST).await;
    // One that is admitted would never end.
    let timeout = [("grpc-timeout", "2S".to_owned())];
    let reply = stage.call_with(path, by, &timeout, message.clone()).await;
    let holds = is_error(&reply, Code::ResourceExhausted, TOO_MANY);
    let expected = format!("RESOURCE_EXHAUSTED {TOO_MANY}");
    let second = format!("a second stream: {sent}");
    report.observe("C-LIMIT-1", holds, seen(second, describe(&reply), expected));
    let other = match by {
        Caller::User(_) => Caller::user("another"),
        Caller::Staff(_) => Caller::Staff("another".into()),
        _ => return,
    };
    let refused = match stage.stream(path, &other, &[], message).await {
        Ok(mut stream) => {
            let _ = stream.next_within(FIRST).await;
            let info = stream.status().get_details_error_info();
            info.map(|info| info.reason).filter(|reason| reason == TOO_MANY)
        }
        Err(why) => Some(why),
    };
    let holds = refused.is_none();
    let sent = format!("meanwhile a stream {path} by {other}");
    let came = refused.unwrap_or_else(|| "a stream".to_owned());
    report.observe("C-LIMIT-1", holds, seen(sent, came, "a stream"));
}

/// Fills the process with requests that do not end, and calls once more. Health is apart, so it
/// must answer all the while.
async fn requests(stage: &Stage, report: &mut Report) {
    // The streams above end when their caller goes away, which the process may notice a little
    // later.
    tokio::time::sleep(FIRST).await;
    let (path, by, message) = stage.example();
    let headers = stage.headers(&by, &new_trace());
    let mut held = Vec::new();
    for _ in 0..MOST_REQUESTS {
        held.extend(stage.connection.begin(&path, &headers, &message).await.ok());
    }
    let streams = streams_of_many(stage).await;
    let in_work = in_work(stage).await;
    let reply = stage.call(&path, &by, message.clone()).await;
    if reply.code() == Some(Code::Ok) && in_work == Some(0.0) {
        // Some libraries read the whole message before the request can be counted.
        return report.not_asked(
            "C-LIMIT-2",
            "it has no stream, and a request counts when its message is there",
        );
    }
    let info = reply.status.get_details_retry_info();
    let waits = info.is_some_and(|info| info.retry_delay.is_some());
    let holds = is_error(&reply, Code::ResourceExhausted, "ERROR_REASON_OVERLOADED") && waits;
    let sent =
        format!("{path} while {MOST_REQUESTS} requests are in work, the most by its setting");
    let came = format!("{}, RetryInfo {waits}", describe(&reply));
    let expected = "RESOURCE_EXHAUSTED ERROR_REASON_OVERLOADED, with RetryInfo";
    report.observe("C-LIMIT-2", holds, seen(sent, came, expected));

    let health = HealthCheckRequest { service: String::new() }.encode_to_vec();
    let health = stage.call(CHECK, &Caller::Anonymous, health).await;
    let holds = health.code() == Some(Code::Ok);
    report.observe("C-LIMIT-2", holds, seen("health meanwhile", describe(&health), "OK"));
    drop((held, streams));
    let mut reply = reply;
    for _ in 0..TRIES {
        if reply.code() == Some(Code::Ok) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        reply = stage.call(&path, &by, message.clone()).await;
    }
    let holds = reply.code() == Some(Code::Ok);
    let sent = format!("{path} when the others are gone");
    report.observe("C-LIMIT-2", holds, seen(sent, describe(&reply), "OK"));
}

/// Returns how many requests are in work by the metrics page, once all or none of those that were
/// begun are: a busy machine gets to some of them later.
async fn in_work(stage: &Stage) -> Option<f64> {
    tokio::time::sleep(FIRST).await;
    let mut count = None;
    for _ in 0..TRIES {
        count = gauge(&redaction::metrics(stage.metrics?).await);
        if !count.is_some_and(|count| 0.0 < count && count < MOST_REQUESTS as f64) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    count
}

/// Opens the example of a stream for as many callers as requests may be in work, one each.
async fn streams_of_many(stage: &Stage) -> Vec<Stream> {
    let mut streams = Vec::new();
    let Some(example) = &stage.subject.stream else { return streams };
    let message = stage.encode(&example.method, &example.request).unwrap_or_default();
    let kind = caller(&example.caller).unwrap_or_default();
    for number in 0..MOST_REQUESTS {
        let by = match kind {
            Caller::User(_) => Caller::user(format!("caller-{number}")),
            _ => Caller::Staff(format!("caller-{number}")),
        };
        let path = format!("/{}", example.method);
        if let Ok(mut stream) = stage.stream(&path, &by, &[], message.clone()).await {
            let _ = stream.next_within(FIRST).await;
            streams.push(stream);
        }
    }
    streams
}

/// Returns how many requests are in work, by the metrics page.
fn gauge(metrics: &str) -> Option<f64> {
    let value = |line: &str| line.strip_prefix("souk_requests_in_work ")?.parse().ok();
    metrics.lines().find_map(value)
}
