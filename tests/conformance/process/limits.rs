//! C-LIMIT: how much a process takes on, in one whose limits are small.

use prost::Message as _;
use souk_chassis::Caller;
use souk_chassis::pb::grpc::health::v1::HealthCheckRequest;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::process::child::{Running, Service};
use crate::process::recorder::Recorder;
use crate::process::redaction;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, is_error, new_trace, told};
use crate::process::validation::padded;
use crate::process::wire::Stream;

/// The key of development tokens in this process, which must not be printed.
pub const KEY: &str = "conformance-key-91c4";
const MOST_REQUESTS: usize = 6;
/// Less than every method reads beyond what the rules of its fields allow (C-VALID-6).
const NEWER_BYTES: usize = 900;
const CHECK: &str = "/grpc.health.v1.Health/Check";
const FIRST: std::time::Duration = std::time::Duration::from_millis(300);

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
pub async fn reached(stage: &Stage<'_>, report: &mut Report) {
    match &stage.service.manifest.conformance.stream {
        Some(example) => {
            let message = stage.encode(&example.method, &example.request).unwrap_or_default();
            let by = caller(&example.caller).unwrap_or_default();
            streams(stage, &format!("/{}", example.method), &by, message, report).await;
        }
        None => report.cannot("C-LIMIT-1", "the manifest has no example of a stream"),
    }
    requests(stage, report).await;
    let unary = stage.unary();
    let message =
        padded(stage.encode(&unary.method, &unary.request).unwrap_or_default(), NEWER_BYTES);
    let reply = stage
        .call(&format!("/{}", unary.method), &caller(&unary.caller).unwrap_or_default(), message)
        .await;
    let seen = format!("{NEWER_BYTES} bytes of a field that it does not know: {}", told(&reply));
    report.look("C-CONFIG-2", reply.code() == Some(Code::Ok), seen);
}

async fn streams(
    stage: &Stage<'_>,
    path: &str,
    by: &Caller,
    message: Vec<u8>,
    report: &mut Report,
) {
    let mut first = match stage.stream(path, by, &[], message.clone()).await {
        Ok(stream) => stream,
        Err(why) => return report.look("C-LIMIT-1", false, why),
    };
    let _ = first.next_within(FIRST).await;
    // One that is admitted would never end.
    let reply = stage
        .call_with(path, by, &[("grpc-timeout", "2S".to_owned())], vec![message.clone()])
        .await;
    let holds = is_error(&reply, Code::ResourceExhausted, "ERROR_REASON_TOO_MANY_STREAMS");
    report.look("C-LIMIT-1", holds, format!("a second stream of {by}: {}", told(&reply)));
    let other = match by {
        Caller::User(_) => Caller::user("another"),
        Caller::Staff(_) => Caller::Staff("another".into()),
        _ => return,
    };
    let outcome = match stage.stream(path, &other, &[], message).await {
        Ok(mut stream) => {
            let _ = stream.next_within(FIRST).await;
            let status = stream.status();
            status
                .get_details_error_info()
                .is_none_or(|info| info.reason != "ERROR_REASON_TOO_MANY_STREAMS")
        }
        Err(_) => false,
    };
    report.look("C-LIMIT-1", outcome, format!("a stream of {other} is not affected"));
}

/// Fills the process with requests that do not end, and calls once more. Health is apart, so it
/// must answer all the while.
async fn requests(stage: &Stage<'_>, report: &mut Report) {
    // The streams above end when their caller goes away, which the process may notice a little
    // later.
    tokio::time::sleep(FIRST).await;
    let unary = stage.unary();
    let path = format!("/{}", unary.method);
    let message = stage.encode(&unary.method, &unary.request).unwrap_or_default();
    let by = caller(&unary.caller).unwrap_or_default();
    let headers = stage.headers(&by, &new_trace());
    let mut held = Vec::new();
    for _ in 0..MOST_REQUESTS {
        held.extend(stage.connection.begin(&path, &headers, &message).await.ok());
    }
    let streams = streams_of_many(stage).await;
    tokio::time::sleep(FIRST).await;
    let mut in_work = redaction::metrics(stage).await;
    // A busy machine gets to some of them later.
    for _ in 0..50 {
        if !gauge(&in_work).is_some_and(|count| 0.0 < count && count < MOST_REQUESTS as f64) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        in_work = redaction::metrics(stage).await;
    }
    let reply = stage.call(&path, &by, message.clone()).await;
    if reply.code() == Some(Code::Ok) && gauge(&in_work) == Some(0.0) {
        // Some libraries read the whole message before the request can be counted.
        return report.cannot(
            "C-LIMIT-2",
            "it has no stream, and a request counts when its message is there",
        );
    }
    let waits =
        reply.status.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some());
    let holds = is_error(&reply, Code::ResourceExhausted, "ERROR_REASON_OVERLOADED") && waits;
    report.look(
        "C-LIMIT-2",
        holds,
        format!("one more than {MOST_REQUESTS}: {}, RetryInfo {waits}", told(&reply)),
    );
    let health = HealthCheckRequest { service: String::new() }.encode_to_vec();
    let health = stage.call(CHECK, &Caller::Anonymous, health).await;
    report.look(
        "C-LIMIT-2",
        health.code() == Some(Code::Ok),
        format!("health meanwhile: {}", told(&health)),
    );
    drop((held, streams));
    let mut reply = reply;
    for _ in 0..50 {
        if reply.code() == Some(Code::Ok) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        reply = stage.call(&path, &by, message.clone()).await;
    }
    report.look(
        "C-LIMIT-2",
        reply.code() == Some(Code::Ok),
        format!("when they are gone: {}", told(&reply)),
    );
}

/// Opens the example of a stream for as many callers as requests may be in work, one each.
async fn streams_of_many(stage: &Stage<'_>) -> Vec<Stream> {
    let mut streams = Vec::new();
    let Some(example) = &stage.service.manifest.conformance.stream else { return streams };
    let message = stage.encode(&example.method, &example.request).unwrap_or_default();
    let kind = caller(&example.caller).unwrap_or_default();
    for number in 0..MOST_REQUESTS {
        let by = match kind {
            Caller::User(_) => Caller::user(format!("caller-{number}")),
            _ => Caller::Staff(format!("caller-{number}")),
        };
        if let Ok(mut stream) =
            stage.stream(&format!("/{}", example.method), &by, &[], message.clone()).await
        {
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
