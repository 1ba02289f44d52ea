//! C-REFLECT: what the service says of itself.

use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::process::contract::{self, VERSIONS};
use crate::process::report::Report;
use crate::process::stage::Stage;

const NOT_FOUND: i32 = 5;

/// What a process serves when its service has any of it; no manifest lists it.
const SHARED: [&str; 2] = ["souk.operations.v1.OperationService", "souk.ops.v1.SagaService"];

/// Asks both versions, and learns what the methods are.
///
/// # Errors
/// When they cannot be learnt, so that there is nothing to call.
pub async fn asked(stage: &mut Stage<'_>, report: &mut Report) -> Result<(), String> {
    let own = stage.service.manifest.services.iter().map(String::as_str);
    let everywhere = ["grpc.health.v1.Health", "souk.ops.v1.InvariantService"];
    let mut wanted = own.chain(everywhere).chain(VERSIONS).map(str::to_owned).collect::<Vec<_>>();
    wanted.sort();
    for version in VERSIONS {
        let answer =
            contract::ask(&stage.connection, version, MessageRequest::ListServices(String::new()))
                .await;
        let is_refused = |why: &String| {
            why.starts_with("Unauthenticated") || why.starts_with("PermissionDenied")
        };
        let is_open = !answer.as_ref().is_err_and(is_refused);
        report.look(
            "C-HEALTH-6",
            is_open,
            format!("{version} without a token: {}", if is_open { "answered" } else { "refused" }),
        );
        let mut listed = match answer {
            Ok(MessageResponse::ListServicesResponse(list)) => {
                list.service.into_iter().map(|service| service.name).collect::<Vec<_>>()
            }
            other => {
                report.look("C-REFLECT-1", false, format!("{version} answers {other:?}"));
                continue;
            }
        };
        listed.retain(|name| !SHARED.contains(&name.as_str()));
        listed.sort();
        report.look("C-REFLECT-1", true, format!("{version} answers"));
        report.look(
            "C-REFLECT-2",
            listed == wanted,
            format!("{version} lists {}", listed.join(", ")),
        );

        let unknown =
            MessageRequest::FileContainingSymbol("souk.conformance.v1.NoSuchThing".to_owned());
        let answer = contract::ask(&stage.connection, version, unknown).await;
        let holds = match &answer {
            Ok(MessageResponse::ErrorResponse(error)) => error.error_code == NOT_FOUND,
            Ok(_) => false,
            Err(why) => why.starts_with("NotFound"),
        };
        report.look("C-REFLECT-4", holds, format!("{version}: {answer:?}"));
    }

    if let Err(why) = stage.learn().await {
        report.look("C-REFLECT-3", false, why.clone());
        return Err(format!("without its descriptors it cannot be called: {why}"));
    }
    for method in &stage.methods {
        let wrong = match (&method.access, method.has_idempotency) {
            (None, _) => "has no souk.policy.v1.method",
            (_, false) => "has no idempotency_level",
            _ => "",
        };
        let told = if wrong.is_empty() {
            "every method has its policy".to_owned()
        } else {
            format!("{} {wrong}", method.path)
        };
        report.look("C-REFLECT-3", wrong.is_empty(), told);
    }
    Ok(())
}
