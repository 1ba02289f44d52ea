//! C-OPS: what the process says of the invariants of its service.

use prost::Message as _;
use souk_contract::Caller;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::ops_v1::{CheckInvariantsRequest, CheckInvariantsResponse, InvariantReport};
use crate::report::{Report, seen};
use crate::stage::{Stage, describe, is_error, new_trace};
use crate::wire::Reply;

const CHECK: &str = "/souk.ops.v1.InvariantService/CheckInvariants";

/// Has the service check its invariants by its name and by none, and another one that is not here.
pub async fn checked(stage: &Stage, report: &mut Report) {
    let all = check(stage, "").await;
    let reported: Vec<String> = reports(&all).into_iter().map(|one| one.service).collect();
    // A process at an address may be several services; each says its own name.
    let names = match &stage.subject.name {
        Some(name) => vec![name.clone()],
        None => reported,
    };
    observe(&names, "", &all, report);
    for name in &names {
        let reply = check(stage, name).await;
        observe(std::slice::from_ref(name), name, &reply, report);
    }
    let reply = check(stage, "no-such-service").await;
    let details = reply.status.get_details_bad_request();
    let violations = details.map(|request| request.field_violations).unwrap_or_default();
    let names_it = matches!(
        violations.as_slice(),
        [only] if only.field == "service"
            && names.iter().all(|name| only.description.contains(name.as_str()))
    );
    let holds = is_error(&reply, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD") && names_it;
    let came = format!("{}: {violations:?}", describe(&reply));
    let expected = format!(
        "INVALID_ARGUMENT ERROR_REASON_INVALID_FIELD, and a BadRequest that names the field \
         service with {}",
        names.join(", ")
    );
    let sent = "CheckInvariants of \"no-such-service\"";
    report.observe("C-OPS-2", holds, seen(sent, came, expected));
}

/// Observes that a response has one report of each of these services.
fn observe(names: &[String], asked: &str, reply: &Reply, report: &mut Report) {
    let reports = reports(reply);
    let mut found: Vec<&str> = reports.iter().map(|one| one.service.as_str()).collect();
    let mut expected: Vec<&str> = names.iter().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    let have_counts = reports.iter().all(|one| !one.counts.is_empty());
    let is_ok = reply.code() == Some(Code::Ok);
    let holds = is_ok && !found.is_empty() && found == expected && have_counts;
    let sent = format!("CheckInvariants of {asked:?} by staff with the scope ops.audit");
    let came = format!("{}: {reports:?}", describe(reply));
    let expected = format!("one report under the name {}, with counts", expected.join(", "));
    report.observe("C-OPS-1", holds, seen(sent, came, expected));
}

fn reports(reply: &Reply) -> Vec<InvariantReport> {
    let message = reply.messages.first().map(Vec::as_slice).unwrap_or_default();
    CheckInvariantsResponse::decode(message).unwrap_or_default().reports
}

async fn check(stage: &Stage, service: &str) -> Reply {
    let caller = Caller::Staff("ada".to_owned());
    let token = stage.authorization(&caller, &["ops.audit"]);
    let request = CheckInvariantsRequest { service: service.to_owned() };
    let headers = [("authorization", token)];
    stage.call_raw(CHECK, &new_trace(), &headers, request.encode_to_vec()).await
}
