//! C-DEADLINE: calls whose time is over, before they begin and in their middle.

use std::time::{Duration, Instant};

use prost::Message as _;
use souk_contract::Caller;
use tonic::Code;

use crate::checks::health::WATCH;
use crate::health_v1::HealthCheckRequest;
use crate::report::{Report, seen};
use crate::stage::{Stage, caller, code_name, describe};

const EXCEEDED: &str = "DEADLINE_EXCEEDED";

/// Calls with a deadline that has passed.
pub async fn passed(stage: &Stage, report: &mut Report) {
    let (path, caller, message) = stage.example();
    let sent = stage.describe_call(&path, &caller.to_string(), &message);
    let timeout = [("grpc-timeout", "0m".to_owned())];
    let reply = stage.call_with(&path, &caller, &timeout, message).await;
    let holds = reply.code() == Some(Code::DeadlineExceeded);
    let sent = format!("{sent}, with grpc-timeout: 0m");
    report.observe("C-DEADLINE-2", holds, seen(sent, describe(&reply), EXCEEDED));
}

/// Opens streams with a deadline that passes.
pub async fn streams(stage: &Stage, report: &mut Report) {
    let service = stage.subject.services.first().cloned().unwrap_or_default();
    let watch = HealthCheckRequest { service }.encode_to_vec();
    ended(stage, WATCH, &Caller::Anonymous, watch, report).await;
    let Some(stream) = &stage.subject.stream else { return };
    match (stage.encode(&stream.method, &stream.request), caller(&stream.caller)) {
        (Ok(message), Ok(by)) => {
            ended(stage, &format!("/{}", stream.method), &by, message, report).await;
        }
        (Err(why), _) | (_, Err(why)) => {
            report.observe("C-DEADLINE-3", false, seen(&stream.method, why, EXCEEDED));
        }
    }
}

async fn ended(stage: &Stage, path: &str, caller: &Caller, message: Vec<u8>, report: &mut Report) {
    let started = Instant::now();
    let outcome = async {
        let timeout = [("grpc-timeout", "400m".to_owned())];
        let mut stream = stage.stream(path, caller, &timeout, message).await?;
        while stream.next_within(Duration::from_secs(10)).await?.is_some() {}
        Ok::<_, String>(stream.status().code())
    };
    let outcome = outcome.await;
    let took = started.elapsed();
    let is_in_time = (Duration::from_millis(300)..Duration::from_secs(5)).contains(&took);
    let holds = outcome == Ok(Code::DeadlineExceeded) && is_in_time;
    let end = outcome.map_or_else(|why| why, code_name);
    let came = format!("{end} after {} ms", took.as_millis());
    let expected = format!("{EXCEEDED} after 400 ms");
    let sent = format!("the stream {path} by {caller}, with grpc-timeout: 400m");
    report.observe("C-DEADLINE-3", holds, seen(sent, came, expected));
}
