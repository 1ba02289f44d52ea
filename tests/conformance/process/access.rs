//! C-ACCESS: who may call what, and tokens that are not right.

use souk_chassis::Caller;
use souk_chassis::identity::development_token_with;
use tonic::Code;

use crate::process::report::Report;
use crate::process::stage::{Stage, caller, is_error, new_trace, told};

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
    let is_open = |method: &super::contract::Method| {
        method.access.as_ref().is_some_and(|access| access.admits(&Caller::Anonymous))
    };
    if stage.methods.iter().all(is_open) {
        for number in ["C-ACCESS-1", "C-ACCESS-2", "C-ACCESS-7"] {
            report.cannot(number, "every method is PUBLIC");
        }
    }
}

/// Calls the manifest's read and health with tokens that are not right, and once with one that is.
pub async fn wrong_tokens(stage: &Stage<'_>, report: &mut Report) {
    let unary = stage.unary();
    let (path, message) = (
        format!("/{}", unary.method),
        stage.encode(&unary.method, &unary.request).unwrap_or_default(),
    );
    let caller = caller(&unary.caller).unwrap_or_default();
    let known =
        if caller == Caller::Anonymous { Caller::User("conformance".into()) } else { caller };

    let right = stage.token(&known);
    let reply = stage.call(&path, &known, message.clone()).await;
    report.look("C-ACCESS-5", reply.code() == Some(Code::Ok), format!("{known}: {}", told(&reply)));

    // The characters that are written otherwise in a token; names of services have none of them.
    for id in ["with a space", "100%", "%20"] {
        let by = match &known {
            Caller::Staff(_) => Caller::Staff(id.to_owned()),
            Caller::User(_) => Caller::User(id.to_owned()),
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
                development_token_with(&Caller::User("a".repeat(2200)), &[], "another key")
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
