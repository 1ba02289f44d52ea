//! C-DEADLINE: calls whose time is over, before they begin and in their middle.

use std::time::{Duration, Instant};

use prost::Message as _;
use souk_chassis::Caller;
use souk_chassis::pb::grpc::health::v1::HealthCheckRequest;
use tonic::Code;

use crate::process::health::WATCH;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, told};

/// Calls with a deadline that has passed, and opens streams with one that passes.
pub async fn passed(stage: &Stage<'_>, report: &mut Report) {
    let unary = stage.unary();
    let message = stage.encode(&unary.method, &unary.request).unwrap_or_default();
    let path = format!("/{}", unary.method);
    let by = caller(&unary.caller).unwrap_or_default();
    let reply =
        stage.call_with(&path, &by, &[("grpc-timeout", "0m".to_owned())], vec![message]).await;
    report.look("C-DEADLINE-2", reply.code() == Some(Code::DeadlineExceeded), told(&reply));

    let watch =
        HealthCheckRequest { service: stage.service.manifest.services[0].clone() }.encode_to_vec();
    ended(stage, WATCH, &Caller::Anonymous, watch, report).await;
    if let Some(stream) = &stage.service.manifest.conformance.stream {
        match (stage.encode(&stream.method, &stream.request), caller(&stream.caller)) {
            (Ok(message), Ok(by)) => {
                ended(stage, &format!("/{}", stream.method), &by, message, report).await
            }
            (Err(why), _) | (_, Err(why)) => report.look("C-DEADLINE-3", false, why),
        }
    }
}

async fn ended(
    stage: &Stage<'_>,
    path: &str,
    caller: &Caller,
    message: Vec<u8>,
    report: &mut Report,
) {
    let started = Instant::now();
    let outcome = async {
        let mut stream =
            stage.stream(path, caller, &[("grpc-timeout", "400m".to_owned())], message).await?;
        while stream.next_within(Duration::from_secs(10)).await?.is_some() {}
        Ok::<_, String>(stream.status().code())
    };
    let outcome = outcome.await;
    let took = started.elapsed();
    let holds = outcome == Ok(Code::DeadlineExceeded)
        && (Duration::from_millis(300)..Duration::from_secs(5)).contains(&took);
    report.look(
        "C-DEADLINE-3",
        holds,
        format!("{path} with 400 ms ends after {} ms with {outcome:?}", took.as_millis()),
    );
}
