//! C-OPS: what the process says of the invariants of its service.

use prost::Message as _;
use souk_chassis::Caller;
use souk_client::ops::v1::{CheckInvariantsRequest, CheckInvariantsResponse};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::process::report::Report;
use crate::process::stage::{Stage, is_error, new_trace, told};
use crate::process::wire::Reply;

const CHECK: &str = "/souk.ops.v1.InvariantService/CheckInvariants";

/// Has the service check its invariants by its name and by none, and another one that is not here.
pub async fn checked(stage: &Stage<'_>, report: &mut Report) {
    let own = stage.service.manifest.name.as_str();
    for name in [own, ""] {
        let reply = check(stage, name).await;
        let message = reply.messages.first().map(Vec::as_slice).unwrap_or_default();
        let reports = CheckInvariantsResponse::decode(message).unwrap_or_default().reports;
        let holds = matches!(
            reports.as_slice(),
            [only] if only.service == own && !only.counts.is_empty()
        );
        let evidence = format!("{name:?}: {}, {reports:?}", told(&reply));
        report.look("C-OPS-1", reply.code() == Some(Code::Ok) && holds, evidence);
    }
    let reply = check(stage, "no-such-service").await;
    let details = reply.status.get_details_bad_request();
    let violations = details.map(|request| request.field_violations).unwrap_or_default();
    let names_it = matches!(
        violations.as_slice(),
        [only] if only.field == "service" && only.description.contains(own)
    );
    let holds = is_error(&reply, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD") && names_it;
    report.look("C-OPS-2", holds, format!("{}: {violations:?}", told(&reply)));
}

async fn check(stage: &Stage<'_>, service: &str) -> Reply {
    let caller = Caller::Staff("ada".to_owned());
    let token = stage.authorization(&caller, &["ops.audit"]);
    let request = CheckInvariantsRequest { service: service.to_owned() };
    let headers = [("authorization", token)];
    stage.call_raw(CHECK, &new_trace(), &headers, request.encode_to_vec()).await
}
