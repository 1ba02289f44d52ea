//! C-ERROR-4: every method with what is allowed but odd, and with what must never be logged; and
//! texts that try to forge.

use prost::Message as _;
use souk_chassis::Caller;

use crate::process::log::FORGED;
use crate::process::redaction;
use crate::process::report::Report;
use crate::process::stage::{Stage, new_trace};
use crate::{broken, valid};

/// How many odd values of one method are tried.
const CASES_PER_METHOD: usize = 30;
/// What needs an upstream has that long.
const TIMEOUT: [(&str, &str); 1] = [("grpc-timeout", "1500m")];

/// Calls every method; what came of it is judged with all other answers. Returns whether anything
/// was to be kept secret.
pub async fn odd_values(stage: &Stage<'_>, report: &mut Report) -> bool {
    let mut is_marked = false;
    let timeout = TIMEOUT.map(|(name, value)| (name, value.to_owned()));
    for method in &stage.methods {
        let Some(caller) = method.access.as_ref().and_then(|access| access.admitted()) else {
            continue;
        };
        let whole = valid::message(&method.input);
        let mut secret = whole.clone();
        let has_secret = redaction::mark(&mut secret);
        is_marked |= has_secret;
        let odd = broken::cases(&method.input)
            .into_iter()
            .filter(|case| !case.is_broken)
            .map(|case| case.message);
        let messages = [whole]
            .into_iter()
            .chain(has_secret.then_some(secret))
            .chain(odd.take(CASES_PER_METHOD));
        for message in messages {
            let limit = if method.server_streaming {
                [("grpc-timeout", "200m".to_owned())]
            } else {
                timeout.clone()
            };
            stage.call_with(&method.path, &caller, &limit, vec![message.encode_to_vec()]).await;
        }
    }
    let unary = stage.unary();
    let (path, message) = (
        format!("/{}", unary.method),
        stage.encode(&unary.method, &unary.request).unwrap_or_default(),
    );
    // Line ends are in no id; what a log must escape for itself can be in one.
    let forger = Caller::user(format!("eve\\n{{\"message\":\"{FORGED}\"}}"));
    stage.call(&path, &forger, message.clone()).await;
    let forger = Caller::user(format!("eve\n{{\"message\":\"{FORGED}\"}}\n"));
    let token = [("authorization", format!("Bearer {}", stage.token(&forger)))];
    let reply = stage.call_raw(&path, &new_trace(), &token, message).await;
    report.look("C-LOG-6", reply.broken.is_none(), "a caller whose id has line ends was answered");
    is_marked
}
