//! C-VALID and C-ERROR-2: requests that break rules, made from the contract, and methods that do
//! not exist.

use prost::Message as _;
use souk_contract::Caller;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::contract::Method;
use crate::released;
use crate::report::{Report, seen};
use crate::requests::broken::{self, Case};
use crate::stage::{Stage, describe, is_error};
use crate::wire::Reply;

const INVALID: &str = "ERROR_REASON_INVALID_FIELD";
/// How many ways to break one method's rules are tried; the in-process suite of the Rust services
/// tries all.
const CASES_PER_METHOD: usize = 60;
/// How many fields one refusal names at most.
const MOST_VIOLATIONS: usize = 16;

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

/// Calls with the manifest's invalid example.
pub async fn example(stage: &Stage, report: &mut Report) {
    let unary = stage.unary();
    let (Some(invalid), Some(field)) = (&unary.invalid, &unary.invalid_field) else { return };
    let (path, caller, _) = stage.example();
    let sent = format!("{path} by {caller}: {invalid}");
    let expected = format!("INVALID_ARGUMENT {INVALID} that names {field:?}");
    match stage.encode(&unary.method, invalid) {
        Ok(message) => {
            let reply = stage.call(&path, &caller, message).await;
            let found = fields(&reply);
            let holds = is_invalid(&reply, package(&unary.method)) && found == [field.as_str()];
            let came = format!("{} {found:?}", describe(&reply));
            report.observe("C-VALID-1", holds, seen(sent, came, expected));
        }
        Err(why) => report.observe("C-VALID-1", false, seen(sent, why, expected)),
    }
}

/// Sends more than the settings file of the process allows, 70,000 bytes; an unknown field holds
/// them. Where no method of the service reads more by its own rules, its example does not either.
pub async fn large_message(stage: &Stage, report: &mut Report) {
    let (path, caller, _) = stage.example();
    let (path, caller) = reads_more_than(stage, 86_400).unwrap_or((path, caller));
    let reply = stage.call(&path, &caller, padded(Vec::new(), 86_400)).await;
    let holds = is_error(&reply, Code::ResourceExhausted, "ERROR_REASON_MESSAGE_TOO_LARGE");
    let sent = format!("{path} by {caller}: 86,400 bytes, with server.max_message_bytes = 70000");
    let came = describe(&reply);
    let expected = "RESOURCE_EXHAUSTED ERROR_REASON_MESSAGE_TOO_LARGE";
    report.observe("C-VALID-5", holds, seen(&sent, &came, expected));
    let is_refused = reply.code() == Some(Code::ResourceExhausted);
    let expected = "RESOURCE_EXHAUSTED, because the settings file counts";
    report.observe("C-CONFIG-1", is_refused, seen(sent, came, expected));
}

/// Calls methods that do not exist, of a service that does and of one that does not.
pub async fn unknown_methods(stage: &Stage, report: &mut Report) {
    let own = stage.subject.services.iter().take(1).map(String::as_str);
    for service in own.chain(["souk.conformance.v1.NoSuchService"]) {
        let path = format!("/{service}/NoSuchMethod");
        let reply = stage.call(&path, &Caller::Anonymous, Vec::new()).await;
        let holds = is_error(&reply, Code::Unimplemented, "ERROR_REASON_UNIMPLEMENTED");
        let expected = "UNIMPLEMENTED ERROR_REASON_UNIMPLEMENTED";
        report.observe("C-ERROR-2", holds, seen(path, describe(&reply), expected));
    }
}

/// Returns a method that reads messages of more bytes by the contract, with a caller that may call
/// it.
fn reads_more_than(stage: &Stage, bytes: u64) -> Option<(String, Caller)> {
    let mut unary =
        stage.methods.iter().filter(|method| !method.client_streaming && !method.server_streaming);
    unary.find_map(|method| {
        let most = released::max_request_bytes(&method.path)?;
        let caller = method.access.as_ref()?.admitted()?;
        (most > bytes + 100).then(|| (method.path.clone(), caller))
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
pub async fn broken_fields(stage: &Stage, report: &mut Report) {
    for method in &stage.methods {
        let Some(caller) = method.access.as_ref().and_then(|access| access.admitted()) else {
            continue;
        };
        let made = broken::cases(&method.input);
        for what in made.untaught {
            report.untried("C-VALID-1", format!("{}: {what}", method.path));
        }
        let cases = made.cases.into_iter().filter(|case| case.is_broken);
        for case in cases.take(CASES_PER_METHOD) {
            broken_field(stage, method, &caller, &case, report).await;
        }
    }
    report.not_asked("C-VALID-1", "its requests have no rule that can be broken");
}

async fn broken_field(
    stage: &Stage,
    method: &Method,
    caller: &Caller,
    case: &Case,
    report: &mut Report,
) {
    let message = case.message.encode_to_vec();
    // Larger ones are for the limit of messages.
    if message.len() > 60_000 {
        return;
    }
    let sent = stage.describe_call(&method.path, &caller.to_string(), &message);
    let reply = stage.call(&method.path, caller, message).await;
    let found = fields(&reply);
    let names_it = found.iter().all(|field| *field == case.field);
    let holds = is_invalid(&reply, &method.package)
        && (1..=MOST_VIOLATIONS).contains(&found.len())
        && names_it;
    let sent = format!("{sent}, where {} is {}", case.field, case.what);
    let came = format!("{} {found:?}", describe(&reply));
    let expected = format!(
        "INVALID_ARGUMENT {INVALID} in the domain of the method, that names {:?}",
        case.field
    );
    report.observe("C-VALID-1", holds, seen(sent, came, expected));
}

/// Returns the package of a method, `package.Service/Method`.
pub fn package(method: &str) -> &str {
    let service = method.split('/').next().unwrap_or_default();
    service.rsplit_once('.').map_or("", |(package, _)| package)
}
