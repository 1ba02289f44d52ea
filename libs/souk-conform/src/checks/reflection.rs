//! C-REFLECT: what the service says of itself.

use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::contract::{self, VERSIONS};
use crate::report::{Report, seen};
use crate::stage::Stage;

const NOT_FOUND: i32 = 5;

/// What every process serves; no manifest lists it.
const EVERYWHERE: [&str; 2] = ["grpc.health.v1.Health", "souk.ops.v1.InvariantService"];

/// What a process serves when its service has any of it; no manifest lists it.
const SHARED: [&str; 2] = ["souk.operations.v1.OperationService", "souk.ops.v1.SagaService"];

/// What a process serves while faults may be injected.
const FAULTS: &str = "souk.ops.v1.FaultService";

/// Returns the services of a list that are the process's own.
pub fn own_services(listed: Vec<String>) -> Vec<String> {
    let is_common = |name: &str| {
        name.starts_with("grpc.")
            || name == FAULTS
            || EVERYWHERE.contains(&name)
            || SHARED.contains(&name)
    };
    listed.into_iter().filter(|name| !is_common(name)).collect()
}

/// Asks both versions, and learns what the methods are.
///
/// # Errors
/// When they cannot be learnt, so that there is nothing to call.
pub async fn asked(stage: &mut Stage, report: &mut Report) -> Result<(), String> {
    for version in VERSIONS {
        if listed(stage, version, report).await {
            unknown(stage, version, report).await;
        }
    }
    let sent = format!("the files of {}, with their imports", stage.subject.services.join(", "));
    if let Err(why) = stage.learn().await {
        let expected = "a valid descriptor set";
        report.observe("C-REFLECT-3", false, seen(sent, &why, expected));
        return Err(format!("without its descriptors it cannot be called: {why}"));
    }
    let expected = "souk.policy.v1.method and idempotency_level on every method";
    for method in &stage.methods {
        let lack = match (&method.access, method.has_idempotency) {
            (None, _) => "souk.policy.v1.method",
            (_, false) => "idempotency_level",
            _ => continue,
        };
        let came = format!("{} has no {lack}", method.path);
        report.observe("C-REFLECT-3", false, seen(&sent, came, expected));
    }
    let came = format!("{} methods", stage.methods.len());
    let has_methods = !stage.methods.is_empty();
    report.observe("C-REFLECT-3", has_methods, seen(sent, came, expected));
    Ok(())
}

/// Asks for the list of services, and returns whether this version answers.
async fn listed(stage: &Stage, version: &str, report: &mut Report) -> bool {
    let sent = format!("{version} without a token: list_services");
    let question = MessageRequest::ListServices(String::new());
    let answer = contract::ask(&stage.connection, version, question).await;
    let is_refused = answer.as_ref().is_err_and(|why| {
        why.starts_with("Unauthenticated") || why.starts_with("PermissionDenied")
    });
    let came = if is_refused { format!("{answer:?}") } else { "an answer".to_owned() };
    report.observe("C-HEALTH-6", !is_refused, seen(&sent, came, "an answer"));
    let mut listed = match answer {
        Ok(MessageResponse::ListServicesResponse(list)) => {
            list.service.into_iter().map(|service| service.name).collect::<Vec<_>>()
        }
        other => {
            let came = format!("{other:?}");
            report.observe("C-REFLECT-1", false, seen(sent, came, "a list of services"));
            return false;
        }
    };
    listed.sort();
    let came = listed.join(", ");
    report.observe("C-REFLECT-1", true, seen(&sent, &came, "a list of services"));
    // Faults are C-REFLECT-6, and of a process that a manifest starts they are off.
    let is_address = stage.subject.name.is_none();
    let is_optional = |name: &str| SHARED.contains(&name) || (is_address && name == FAULTS);
    listed.retain(|name| !is_optional(name));
    let own = stage.subject.services.iter().map(String::as_str);
    let mut expected: Vec<&str> = own.chain(EVERYWHERE).chain(VERSIONS).collect();
    expected.sort_unstable();
    let holds = listed == expected;
    report.observe("C-REFLECT-2", holds, seen(sent, came, expected.join(", ")));
    true
}

async fn unknown(stage: &Stage, version: &str, report: &mut Report) {
    let name = "souk.conformance.v1.NoSuchThing";
    let question = MessageRequest::FileContainingSymbol(name.to_owned());
    let answer = contract::ask(&stage.connection, version, question).await;
    let holds = match &answer {
        Ok(MessageResponse::ErrorResponse(error)) => error.error_code == NOT_FOUND,
        Ok(_) => false,
        Err(why) => why.starts_with("NotFound"),
    };
    let sent = format!("{version}: file_containing_symbol {name}");
    let expected = "NOT_FOUND, as an error_response or as the end of the stream";
    report.observe("C-REFLECT-4", holds, seen(sent, format!("{answer:?}"), expected));
}
