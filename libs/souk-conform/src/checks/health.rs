//! C-HEALTH, but for the pages over HTTP.

use std::time::{Duration, Instant};

use prost::Message as _;
use souk_contract::Caller;
use tonic::Code;

use crate::health_v1::{
    HealthCheckRequest, HealthCheckResponse, HealthListResponse, ServingStatus,
};
use crate::report::{Report, seen};
use crate::stage::{Stage, describe};
use crate::wire::{Reply, Stream};

/// A service that does not exist.
const UNKNOWN: &str = "souk.conformance.v1.NoSuchService";
/// How long a service may take until it can do its work.
const READY_WITHIN: Duration = Duration::from_secs(30);
pub const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// Asks for the health of a service.
pub async fn check(stage: &Stage, name: &str) -> Reply {
    let request = HealthCheckRequest { service: name.to_owned() };
    stage.call("/grpc.health.v1.Health/Check", &Caller::Anonymous, request.encode_to_vec()).await
}

/// Opens a watch on the health of a service.
pub async fn watch(stage: &Stage, name: &str) -> Result<Stream, String> {
    let request = HealthCheckRequest { service: name.to_owned() };
    stage.stream(WATCH, &Caller::Anonymous, &[], request.encode_to_vec()).await
}

/// Reads a message of health.
pub fn status_of(message: &[u8]) -> Option<ServingStatus> {
    Some(HealthCheckResponse::decode(message).ok()?.status())
}

/// Asks Check, List and Watch.
pub async fn asked(stage: &Stage, report: &mut Report) {
    let services = &stage.subject.services;
    for name in services.iter().map(String::as_str).chain([""]) {
        let (reply, status) = until_serving(stage, name).await;
        let sent = format!("Check of {name:?} without a token");
        let came = format!("{}, {status:?}", describe(&reply));
        let holds = status == Some(ServingStatus::Serving);
        report.observe("C-HEALTH-1", holds, seen(&sent, &came, "SERVING"));
        report.observe("C-HEALTH-6", reply.code() == Some(Code::Ok), seen(sent, came, "OK"));
    }
    let reply = check(stage, UNKNOWN).await;
    let holds = reply.code() == Some(Code::NotFound);
    let observation = seen(format!("Check of {UNKNOWN:?}"), describe(&reply), "NOT_FOUND");
    report.observe("C-HEALTH-2", holds, observation);

    list(stage, report).await;
    watched(stage, UNKNOWN, ServingStatus::ServiceUnknown, report).await;
    for name in services.iter().take(1) {
        watched(stage, name, ServingStatus::Serving, report).await;
    }
}

async fn list(stage: &Stage, report: &mut Report) {
    let reply = stage.call("/grpc.health.v1.Health/List", &Caller::Anonymous, Vec::new()).await;
    let message = reply.messages.first().map(Vec::as_slice).unwrap_or_default();
    let statuses = HealthListResponse::decode(message).unwrap_or_default().statuses;
    let mut listed: Vec<String> = statuses.into_keys().collect();
    let own = stage.subject.services.iter().cloned();
    let mut expected: Vec<String> = own.chain([String::new()]).collect();
    listed.sort();
    expected.sort();
    let came = format!("{}: {listed:?}", describe(&reply));
    let holds = listed == expected;
    report.observe("C-HEALTH-3", holds, seen("List", &came, format!("{expected:?}")));
    let is_open = reply.code() == Some(Code::Ok);
    report.observe("C-HEALTH-6", is_open, seen("List without a token", came, "OK"));
}

async fn watched(stage: &Stage, name: &str, expected: ServingStatus, report: &mut Report) {
    let first = match watch(stage, name).await {
        Ok(mut stream) => {
            let first = stream.next_within(Duration::from_secs(5)).await;
            let stays_open = stream.next_within(Duration::from_millis(200)).await.is_err();
            first.map(|message| (message.and_then(|message| status_of(&message)), stays_open))
        }
        Err(why) => Err(why),
    };
    let sent = format!("Watch of {name:?} without a token");
    let came = match &first {
        Ok((status, true)) => format!("{status:?}, and it stays open"),
        Ok((status, false)) => format!("{status:?}, and it ends"),
        Err(why) => why.clone(),
    };
    report.observe("C-HEALTH-6", first.is_ok(), seen(&sent, &came, "a first message"));
    let holds = first == Ok((Some(expected), true));
    let expected = format!("{expected:?}, and it stays open");
    report.observe("C-HEALTH-4", holds, seen(sent, came, expected));
}

async fn until_serving(stage: &Stage, name: &str) -> (Reply, Option<ServingStatus>) {
    let until = Instant::now() + READY_WITHIN;
    loop {
        let reply = check(stage, name).await;
        let status = reply.messages.first().and_then(|message| status_of(message));
        if status != Some(ServingStatus::NotServing) || Instant::now() > until {
            return (reply, status);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
