//! C-ACCESS: who may call what, and tokens that are not right.

use souk_chassis::Caller;
use souk_chassis::identity::development_token_with;
use tonic::Code;

use crate::process::report::Report;
use crate::process::stage::{Stage, caller, is_error, metadata, new_trace, told};
use crate::process::wire::Reply;

/// Bytes that no message can be read from: a tag that does not end.
const GARBAGE: [u8; 1] = [0xff];
const UNAUTHENTICATED: &str = "ERROR_REASON_UNAUTHENTICATED";
const DENIED: &str = "ERROR_REASON_ACCESS_DENIED";

/// Calls every method as every kind of caller, with bytes that are no message: who is not admitted
/// must not learn that.
pub async fn every_kind_of_caller(stage: &Stage<'_>, report: &mut Report) {
    for method in &stage.methods {
        let Some(access) = &method.access else { continue };
        for caller in access.callers() {
            let reply = stage.call(&method.path, &caller, GARBAGE.to_vec()).await;
            let seen = format!("{} by {caller}: {}", method.path, told(&reply));
            if access.admits(&caller) {
                let refused =
                    matches!(reply.code(), Some(Code::Unauthenticated | Code::PermissionDenied));
                report.look("C-ACCESS-2", !refused, seen.clone());
                let field = super::validation::fields(&reply);
                let is_named =
                    super::validation::is_invalid(&reply, &method.package) && field == [""];
                report.look("C-VALID-2", is_named, format!("{seen} {field:?}"));
                continue;
            }
            let (number, code, reason) = match caller {
                Caller::Anonymous => ("C-ACCESS-1", Code::Unauthenticated, UNAUTHENTICATED),
                _ => ("C-ACCESS-2", Code::PermissionDenied, DENIED),
            };
            report.look(number, is_error(&reply, code, reason), seen.clone());
            let learnt = reply.code() == Some(Code::InvalidArgument);
            report.look("C-ACCESS-7", !learnt, seen);
        }
    }
    scopes(stage, report).await;
    let is_open = |method: &super::contract::Method| {
        method.access.as_ref().is_some_and(|access| access.admits(&Caller::Anonymous))
    };
    if stage.methods.iter().all(is_open) {
        for number in ["C-ACCESS-1", "C-ACCESS-2", "C-ACCESS-7"] {
            report.cannot(number, "every method is PUBLIC");
        }
    }
}

/// Calls every method that asks for scopes with tokens that have none of them, all but one, exactly
/// these, and `*`.
async fn scopes(stage: &Stage<'_>, report: &mut Report) {
    let mut asks = false;
    for method in &stage.methods {
        let Some(access) = &method.access else { continue };
        for caller in access.callers() {
            let Some(needs) = access.asks_of(&caller).next() else { continue };
            if needs.is_empty() || access.asks_of(&caller).count() > 1 {
                continue;
            }
            asks = true;
            let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
            let lacking = [(vec![], needs.join(",")), (vec!["other.scope"], needs.join(","))];
            let but_one = (needs[1..].to_vec(), needs[0].to_owned());
            for (scopes, named) in lacking.into_iter().chain([but_one]) {
                let reply = as_holder(stage, method, &caller, &scopes).await;
                let holds = is_error(&reply, Code::PermissionDenied, DENIED)
                    && metadata(&reply, "scopes").as_deref() == Some(named.as_str());
                let seen = format!("{} by {caller} with {scopes:?}: {}", method.path, told(&reply));
                report.look("C-ACCESS-3", holds, seen);
            }
            for scopes in [needs, vec!["*"]] {
                let reply = as_holder(stage, method, &caller, &scopes).await;
                let holds = reply.code() == Some(Code::InvalidArgument);
                let seen = format!("{} by {caller} with {scopes:?}: {}", method.path, told(&reply));
                report.look("C-ACCESS-3", holds, seen);
            }
        }
    }
    if !asks {
        report.cannot("C-ACCESS-3", "no method asks for a scope");
    }
}

async fn as_holder(
    stage: &Stage<'_>,
    method: &super::contract::Method,
    caller: &Caller,
    scopes: &[&str],
) -> Reply {
    let headers = [("authorization", stage.authorization(caller, scopes))];
    stage.call_raw(&method.path, &new_trace(), &headers, GARBAGE.to_vec()).await
}

/// Calls the manifest's read and health with tokens that are not right, and once with one that is.
pub async fn wrong_tokens(stage: &Stage<'_>, report: &mut Report) {
    let unary = stage.unary();
    let (path, message) = (
        format!("/{}", unary.method),
        stage.encode(&unary.method, &unary.request).unwrap_or_default(),
    );
    let caller = caller(&unary.caller).unwrap_or_default();
    let known = if caller == Caller::Anonymous { Caller::user("conformance") } else { caller };

    let right = stage.token(&known);
    let reply = stage.call(&path, &known, message.clone()).await;
    report.look("C-ACCESS-5", reply.code() == Some(Code::Ok), format!("{known}: {}", told(&reply)));

    // The characters that are written otherwise in a token; names of services have none of them.
    for id in ["with a space", "100%", "%20"] {
        let by = match &known {
            Caller::Staff(_) => Caller::Staff(id.to_owned()),
            Caller::User(_) => Caller::user(id),
            Caller::Service(_) | Caller::Anonymous => continue,
        };
        let reply = stage.call(&path, &by, message.clone()).await;
        report.look(
            "C-ACCESS-5",
            reply.code() == Some(Code::Ok),
            format!("{by}: {}", told(&reply)),
        );
    }

    let swapped = stage.token(&Caller::Staff("somebody".into()));
    let (payload, mac) = (
        swapped.rsplit_once('.').unwrap_or_default().0,
        right.rsplit('.').next().unwrap_or_default(),
    );
    let wrong = [
        ("another key", format!("Bearer {}", development_token_with(&known, &[], "another key"))),
        ("a changed payload", format!("Bearer {payload}.{mac}")),
        ("no mac", format!("Bearer {}", &right[..right.len() - mac.len()])),
        ("another scheme", format!("Basic {right}")),
        ("no token", "Bearer".to_owned()),
        ("another form", "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned()),
        (
            "3,000 bytes",
            format!(
                "Bearer {}",
                development_token_with(&Caller::user("a".repeat(2200)), &[], "another key")
            ),
        ),
    ];
    for (what, header) in wrong {
        for (path, message) in
            [(path.as_str(), &message), ("/grpc.health.v1.Health/Check", &Vec::new())]
        {
            let headers = [("authorization", header.clone())];
            let reply = stage.call_raw(path, &new_trace(), &headers, message.clone()).await;
            let holds = is_error(&reply, Code::Unauthenticated, UNAUTHENTICATED);
            report.look("C-ACCESS-4", holds, format!("{what}, {path}: {}", told(&reply)));
        }
    }
}
