//! C-ACCESS: who may call what, and tokens that are not right.

use souk_contract::Caller;
use tonic::Code;

use crate::checks::validation::{fields, is_invalid};
use crate::contract::{Access, Method};
use crate::report::{Report, seen};
use crate::stage::{Stage, describe, is_error, metadata, new_trace};
use crate::token::token;
use crate::wire::Reply;

/// Bytes that no message can be read from: a tag that does not end.
const GARBAGE: [u8; 1] = [0xff];
const UNAUTHENTICATED: &str = "ERROR_REASON_UNAUTHENTICATED";
const DENIED: &str = "ERROR_REASON_ACCESS_DENIED";

/// Calls every method as every kind of caller, with bytes that are no message: who is not admitted
/// must not learn that.
pub async fn every_kind_of_caller(stage: &Stage, report: &mut Report) {
    for method in &stage.methods {
        let Some(access) = &method.access else { continue };
        for caller in access.callers() {
            let reply = stage.call(&method.path, &caller, GARBAGE.to_vec()).await;
            let sent = format!("{} by {caller}: bytes that are no message", method.path);
            if access.admits(&caller) {
                admitted(method, &sent, &reply, report);
            } else {
                refused(&caller, &sent, &reply, report);
            }
        }
    }
    scopes(stage, report).await;
    let is_open = |method: &Method| {
        method.access.as_ref().is_some_and(|access| access.admits(&Caller::Anonymous))
    };
    if stage.methods.iter().all(is_open) {
        for number in ["C-ACCESS-1", "C-ACCESS-2", "C-ACCESS-7"] {
            report.not_asked(number, "every method is PUBLIC");
        }
    }
}

fn admitted(method: &Method, sent: &str, reply: &Reply, report: &mut Report) {
    let is_refused = matches!(reply.code(), Some(Code::Unauthenticated | Code::PermissionDenied));
    let came = describe(reply);
    let expected = "neither UNAUTHENTICATED nor PERMISSION_DENIED";
    report.observe("C-ACCESS-2", !is_refused, seen(sent, &came, expected));
    let found = fields(reply);
    let holds = is_invalid(reply, &method.package) && found == [""];
    let expected = "INVALID_ARGUMENT ERROR_REASON_INVALID_FIELD in the domain of the method, with \
                    one violation whose field is \"\"";
    report.observe("C-VALID-2", holds, seen(sent, format!("{came} {found:?}"), expected));
}

fn refused(caller: &Caller, sent: &str, reply: &Reply, report: &mut Report) {
    let (number, code, expected) = match caller {
        Caller::Anonymous => {
            ("C-ACCESS-1", Code::Unauthenticated, "UNAUTHENTICATED ERROR_REASON_UNAUTHENTICATED")
        }
        _ => ("C-ACCESS-2", Code::PermissionDenied, "PERMISSION_DENIED ERROR_REASON_ACCESS_DENIED"),
    };
    let reason = if *caller == Caller::Anonymous { UNAUTHENTICATED } else { DENIED };
    let came = describe(reply);
    report.observe(number, is_error(reply, code, reason), seen(sent, &came, expected));
    let is_decoded = reply.code() == Some(Code::InvalidArgument);
    report.observe("C-ACCESS-7", !is_decoded, seen(sent, came, expected));
}

/// Calls every method that asks for scopes with tokens that have none of them, all but one, exactly
/// these, and `*`.
async fn scopes(stage: &Stage, report: &mut Report) {
    let mut asks = false;
    for method in &stage.methods {
        let Some(access) = &method.access else { continue };
        for caller in access.callers() {
            let Some(needs) = only_scopes(access, &caller) else { continue };
            asks = true;
            let all = needs.join(",");
            for (scopes, lacking) in [
                (vec![], all.as_str()),
                (vec!["other.scope"], all.as_str()),
                (needs[1..].to_vec(), needs[0]),
            ] {
                let reply = as_holder(stage, method, &caller, &scopes).await;
                let holds = is_error(&reply, Code::PermissionDenied, DENIED)
                    && metadata(&reply, "scopes").as_deref() == Some(lacking);
                let sent = format!("{} by {caller} with the scopes {scopes:?}", method.path);
                let came = format!(
                    "{}, metadata scopes {:?}",
                    describe(&reply),
                    metadata(&reply, "scopes")
                );
                let expected = format!("PERMISSION_DENIED {DENIED}, metadata scopes {lacking:?}");
                report.observe("C-ACCESS-3", holds, seen(sent, came, expected));
            }
            for scopes in [needs, vec!["*"]] {
                let reply = as_holder(stage, method, &caller, &scopes).await;
                let holds = reply.code() == Some(Code::InvalidArgument);
                let sent = format!("{} by {caller} with the scopes {scopes:?}", method.path);
                let expected = "INVALID_ARGUMENT, since it is admitted and sends no message";
                report.observe("C-ACCESS-3", holds, seen(sent, describe(&reply), expected));
            }
        }
    }
    if !asks {
        report.not_asked("C-ACCESS-3", "no method asks for a scope");
    }
}

/// Returns the scopes that the only grant to a kind of caller asks for.
fn only_scopes<'a>(access: &'a Access, caller: &Caller) -> Option<Vec<&'a str>> {
    let mut grants = access.asks_of(caller);
    let scopes: Vec<&str> = grants.next()?.iter().map(String::as_str).collect();
    (!scopes.is_empty() && grants.next().is_none()).then_some(scopes)
}

async fn as_holder(stage: &Stage, method: &Method, caller: &Caller, scopes: &[&str]) -> Reply {
    let headers = [("authorization", stage.authorization(caller, scopes))];
    stage.call_raw(&method.path, &new_trace(), &headers, GARBAGE.to_vec()).await
}

/// Calls the example and health with tokens that are not right, and the example with some that are.
pub async fn tokens(stage: &Stage, report: &mut Report) {
    let (path, caller, message) = stage.example();
    let known = if caller == Caller::Anonymous { Caller::user("conformance") } else { caller };
    // The characters that are written otherwise in a token; names of services have none of them.
    let with_id = |id: &str| match &known {
        Caller::Staff(_) => Some(Caller::Staff(id.to_owned())),
        Caller::User(_) => Some(Caller::user(id)),
        Caller::Service(_) | Caller::Anonymous => None,
    };
    let escaped = ["with a space", "100%", "%20"].into_iter().filter_map(with_id);
    for by in [known.clone()].into_iter().chain(escaped) {
        let reply = stage.call(&path, &by, message.clone()).await;
        let holds = reply.code() == Some(Code::Ok);
        let sent = stage.describe_call(&path, &by.to_string(), &message);
        report.observe("C-ACCESS-5", holds, seen(sent, describe(&reply), "OK"));
    }
    for (what, header) in wrong_tokens(stage, &known) {
        for (path, message) in
            [(path.as_str(), &message), ("/grpc.health.v1.Health/Check", &Vec::new())]
        {
            let headers = [("authorization", header.clone())];
            let reply = stage.call_raw(path, &new_trace(), &headers, message.clone()).await;
            let holds = is_error(&reply, Code::Unauthenticated, UNAUTHENTICATED);
            let sent = format!("{path} with a wrong token: {what}");
            let expected = "UNAUTHENTICATED ERROR_REASON_UNAUTHENTICATED";
            report.observe("C-ACCESS-4", holds, seen(sent, describe(&reply), expected));
        }
    }
}

/// Returns `authorization` headers that are wrong, and what is wrong with each.
fn wrong_tokens(stage: &Stage, caller: &Caller) -> [(&'static str, String); 7] {
    let right = stage.token(caller);
    let mac = right.rsplit('.').next().unwrap_or_default();
    let other = stage.token(&Caller::Staff("somebody".into()));
    let payload = other.rsplit_once('.').unwrap_or_default().0;
    let long = token(&Caller::user("a".repeat(2200)), &[], "another key");
    [
        ("another key", format!("Bearer {}", token(caller, &[], "another key"))),
        ("a changed payload", format!("Bearer {payload}.{mac}")),
        ("no MAC", format!("Bearer {}", &right[..right.len() - mac.len()])),
        ("another scheme", format!("Basic {right}")),
        ("no token", "Bearer".to_owned()),
        ("another form", "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned()),
        ("3,000 bytes", format!("Bearer {long}")),
    ]
}
