//! C-HEALTH, but for the pages over HTTP.

use std::time::{Duration, Instant};

use prost::Message as _;
use souk_chassis::Caller;
use souk_chassis::pb::grpc::health::v1::health_check_response::ServingStatus;
use souk_chassis::pb::grpc::health::v1::{
    HealthCheckRequest, HealthCheckResponse, HealthListResponse,
};
use tonic::Code;

use crate::process::report::Report;
use crate::process::stage::{Stage, told};
use crate::process::wire::{Reply, Stream};

/// A service that does not exist.
const UNKNOWN: &str = "souk.conformance.v1.NoSuchService";
/// How long a service may take until it can do its work.
const READY_WITHIN: Duration = Duration::from_secs(30);
pub const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// Asks for the health of a service.
pub async fn check(stage: &Stage<'_>, name: &str) -> Reply {
    let request = HealthCheckRequest { service: name.to_owned() };
    stage.call("/grpc.health.v1.Health/Check", &Caller::Anonymous, request.encode_to_vec()).await
}

/// Opens a watch on the health of a service.
pub async fn watch(stage: &Stage<'_>, name: &str) -> Result<Stream, String> {
    let request = HealthCheckRequest { service: name.to_owned() };
    stage.stream(WATCH, &Caller::Anonymous, &[], request.encode_to_vec()).await
}

/// Reads a message of health.
pub fn status_of(message: &[u8]) -> Option<ServingStatus> {
    Some(HealthCheckResponse::decode(message).ok()?.status())
}

/// Asks Check, List and Watch.
pub async fn asked(stage: &Stage<'_>, report: &mut Report) {
    let services = &stage.service.manifest.services;
    for name in services.iter().map(String::as_str).chain([""]) {
        let (reply, status) = until_serving(stage, name).await;
        let holds = status == Some(ServingStatus::Serving);
        report.look("C-HEALTH-1", holds, format!("{name:?}: {}, {status:?}", told(&reply)));
        report.look(
            "C-HEALTH-6",
            reply.code() == Some(Code::Ok),
            format!("Check without a token: {}", told(&reply)),
        );
    }
    let reply = check(stage, UNKNOWN).await;
    report.look("C-HEALTH-2", reply.code() == Some(Code::NotFound), told(&reply));

    let reply = stage.call("/grpc.health.v1.Health/List", &Caller::Anonymous, Vec::new()).await;
    let list = reply
        .messages
        .first()
        .and_then(|message| HealthListResponse::decode(message.as_slice()).ok());
    let mut listed = list.unwrap_or_default().statuses.into_keys().collect::<Vec<_>>();
    let mut wanted = services.iter().cloned().chain([String::new()]).collect::<Vec<_>>();
    listed.sort();
    wanted.sort();
    report.look("C-HEALTH-3", listed == wanted, format!("{}: {listed:?}", told(&reply)));
    report.look(
        "C-HEALTH-6",
        reply.code() == Some(Code::Ok),
        format!("List without a token: {}", told(&reply)),
    );

    for (name, wanted) in
        [(services[0].as_str(), ServingStatus::Serving), (UNKNOWN, ServingStatus::ServiceUnknown)]
    {
        let first = match watch(stage, name).await {
            Ok(mut stream) => {
                let first = stream.next_within(Duration::from_secs(5)).await;
                let goes_on = stream.next_within(Duration::from_millis(200)).await.is_err();
                first.map(|message| (message.and_then(|message| status_of(&message)), goes_on))
            }
            Err(why) => Err(why),
        };
        report.look("C-HEALTH-6", first.is_ok(), format!("Watch without a token: {first:?}"));
        report.look(
            "C-HEALTH-4",
            first == Ok((Some(wanted), true)),
            format!("{name:?}: first and whether it stays open: {first:?}"),
        );
    }
}

async fn until_serving(stage: &Stage<'_>, name: &str) -> (Reply, Option<ServingStatus>) {
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
