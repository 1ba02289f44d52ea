//! C-ERROR-4: every method with what is allowed but odd, and with what must never be logged; and
//! texts that try to forge.

use prost::Message as _;
use prost_reflect::DynamicMessage;
use souk_contract::Caller;

use crate::checks::log::FORGED;
use crate::checks::redaction;
use crate::contract::Method;
use crate::report::{Report, seen};
use crate::requests::{broken, valid};
use crate::stage::{Stage, describe, new_trace};

/// How many odd values of one method are tried.
const CASES_PER_METHOD: usize = 30;

/// Which methods are called with requests that they may accept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// All of them: the process was started for this.
    All,
    /// Those that change nothing: the process is somebody's.
    Reads,
}

/// Calls every method; what came of it is judged with all other answers. Returns whether anything
/// was to be kept secret.
pub async fn odd_values(stage: &Stage, sweep: Sweep, report: &mut Report) -> bool {
    let mut is_marked = false;
    for method in &stage.methods {
        let Some(caller) = method.access.as_ref().and_then(|access| access.admitted()) else {
            continue;
        };
        if sweep == Sweep::Reads && !method.is_read {
            continue;
        }
        let whole = match valid::message(&method.input) {
            Ok(whole) => whole,
            Err(why) => {
                report.untried("C-ERROR-4", format!("{}: {why}", method.path));
                continue;
            }
        };
        let mut secret = whole.clone();
        let has_secret = redaction::mark(&mut secret);
        is_marked |= has_secret;
        send(stage, method, &caller, &whole).await;
        if has_secret {
            send(stage, method, &caller, &secret).await;
        }
        let odd = broken::cases(&method.input).cases.into_iter().filter(|case| !case.is_broken);
        for case in odd.take(CASES_PER_METHOD) {
            send(stage, method, &caller, &case.message).await;
        }
    }
    is_marked
}

/// Calls a method; what needs an upstream gives up soon, and so does a stream.
async fn send(stage: &Stage, method: &Method, caller: &Caller, message: &DynamicMessage) {
    let milliseconds = if method.server_streaming { "200m" } else { "1500m" };
    let limit = [("grpc-timeout", milliseconds.to_owned())];
    stage.call_with(&method.path, caller, &limit, message.encode_to_vec()).await;
}

/// Calls as somebody whose id tries to begin a line of the log.
pub async fn forged(stage: &Stage, report: &mut Report) {
    let (path, _, message) = stage.example();
    // Line ends are in no id; what a log must escape for itself can be in one.
    let forger = Caller::user(format!("eve\\n{{\"message\":\"{FORGED}\"}}"));
    stage.call(&path, &forger, message.clone()).await;
    let forger = Caller::user(format!("eve\n{{\"message\":\"{FORGED}\"}}\n"));
    let token = [("authorization", format!("Bearer {}", stage.token(&forger)))];
    let reply = stage.call_raw(&path, &new_trace(), &token, message).await;
    let sent = format!("{path} by a caller whose id has line ends");
    let holds = reply.broken.is_none();
    report.observe("C-LOG-6", holds, seen(sent, describe(&reply), "an answer"));
}
