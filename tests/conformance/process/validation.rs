//! C-VALID and C-ERROR-2: requests that break rules, made from the contract, and methods that do
//! not exist.

use prost::Message as _;
use souk_chassis::Caller;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::broken;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, is_error, told};
use crate::process::wire::Reply;

const INVALID: &str = "ERROR_REASON_INVALID_FIELD";
/// How many ways to break one method's rules are tried; the in-process suite of the Rust services
/// tries all.
const CASES_PER_METHOD: usize = 60;

/// Returns the fields that a refusal names.
pub fn fields(reply: &Reply) -> Vec<String> {
    let request = reply.status.get_details_bad_request();
    request
        .into_iter()
        .flat_map(|request| request.field_violations)
        .map(|violation| violation.field)
        .collect()
}

/// Returns whether a refusal says that the request is wrong, in the domain of this package.
pub fn is_invalid(reply: &Reply, package: &str) -> bool {
    let domain = reply.status.get_details_error_info().map(|info| info.domain);
    is_error(reply, Code::InvalidArgument, INVALID)
        && domain.as_deref() == package.rsplit_once('.').map(|(domain, _)| domain)
}

/// Calls with the manifest's examples, and methods that are not there.
pub async fn examples(stage: &Stage<'_>, report: &mut Report) {
    let unary = stage.unary();
    let path = format!("/{}", unary.method);
    let (service, package) =
        (unary.method.split('/').next().unwrap_or_default(), package(&unary.method));
    let caller = caller(&unary.caller).unwrap_or_default();
    if let (Some(invalid), Some(field)) = (&unary.invalid, &unary.invalid_field) {
        match stage.encode(&unary.method, invalid) {
            Ok(message) => {
                let reply = stage.call(&path, &caller, message).await;
                let holds = is_invalid(&reply, package) && fields(&reply) == [field.as_str()];
                report.look(
                    "C-VALID-1",
                    holds,
                    format!("{invalid}: {} {:?}", told(&reply), fields(&reply)),
                );
            }
            Err(why) => report.look("C-VALID-1", false, why),
        }
    }
    // The settings file of this process allows 70,000 bytes (an unknown field holds them). Where no
    // method of the service reads more by its own rules, its example does not either.
    let (large, by) =
        reads_more_than(stage, 86_400).unwrap_or_else(|| (path.clone(), caller.clone()));
    let reply = stage.call(&large, &by, padded(Vec::new(), 86_400)).await;
    let holds = is_error(&reply, Code::ResourceExhausted, "ERROR_REASON_MESSAGE_TOO_LARGE");
    report.look(
        "C-VALID-5",
        holds,
        format!("86,400 bytes where 70,000 are allowed: {}", told(&reply)),
    );
    let is_refused = reply.code() == Some(Code::ResourceExhausted);
    report.look(
        "C-CONFIG-1",
        is_refused,
        format!("the file sets server.max_message_bytes: {}", told(&reply)),
    );

    for path in [
        format!("/{service}/NoSuchMethod"),
        "/souk.conformance.v1.NoSuchService/NoSuchMethod".to_owned(),
    ] {
        let reply = stage.call(&path, &Caller::Anonymous, Vec::new()).await;
        let holds = is_error(&reply, Code::Unimplemented, "ERROR_REASON_UNIMPLEMENTED");
        report.look("C-ERROR-2", holds, format!("{path}: {}", told(&reply)));
    }
}

/// Returns a method that reads messages of more bytes by the contract, with a caller that may call
/// it.
fn reads_more_than(stage: &Stage<'_>, bytes: usize) -> Option<(String, Caller)> {
    let mut unary =
        stage.methods.iter().filter(|method| !method.client_streaming && !method.server_streaming);
    unary.find_map(|method| {
        let policy = souk_client::CONTRACT.method(&method.path)?;
        let caller = method.access.as_ref()?.admitted()?;
        (policy.max_request_bytes > bytes + 100).then(|| (method.path.clone(), caller))
    })
}

/// Makes a message larger by an unknown field.
pub fn padded(mut message: Vec<u8>, bytes: usize) -> Vec<u8> {
    message.extend_from_slice(&[0xfa, 0xff, 0x7f]);
    prost::encode_length_delimiter(bytes, &mut message).expect("a vector grows");
    message.resize(message.len() + bytes, b'x');
    message
}

/// Breaks the rules of every method's request, one field at a time.
pub async fn broken_fields(stage: &Stage<'_>, report: &mut Report) {
    for method in &stage.methods {
        let Some(caller) = method.access.as_ref().and_then(|access| access.admitted()) else {
            continue;
        };
        let cases = broken::cases(&method.input).into_iter().filter(|case| case.is_broken);
        for case in cases.take(CASES_PER_METHOD) {
            let message = case.message.encode_to_vec();
            // Larger ones are for the limit of messages.
            if message.len() > 60_000 {
                continue;
            }
            let reply = stage.call(&method.path, &caller, message).await;
            let found = fields(&reply);
            let holds = is_invalid(&reply, &method.package)
                && !found.is_empty()
                && found.len() <= 16
                && found.iter().all(|field| *field == case.field);
            let seen = format!(
                "{} with {} ({}): {} {found:?}",
                method.path,
                case.field,
                case.what,
                told(&reply)
            );
            report.look("C-VALID-1", holds, seen);
        }
    }
}

fn package(method: &str) -> &str {
    let service = method.split('/').next().unwrap_or_default();
    service.rsplit_once('.').map_or("", |(package, _)| package)
}
