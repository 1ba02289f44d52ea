//! Fault injection: named points in the code, and rules that a test sets for points and methods.
//!
//! Nothing here acts unless `faults.enabled` is set; then `souk.ops.v1.FaultService` sets,
//! lists and clears rules, on loopback addresses only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use parking_lot::Mutex;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::method::Answer;
use crate::refusal;

/// The fault points and rules of one process. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Faults(Arc<State>);

#[derive(Default)]
struct State {
    is_enabled: bool,
    /// Whether a rule is set: what every request asks, so it must cost nothing.
    is_armed: AtomicBool,
    ids: AtomicU64,
    rules: Mutex<Vec<Rule>>,
    /// How often each point was passed.
    hits: Mutex<BTreeMap<&'static str, u64>>,
}

/// What goes wrong, where, for which key, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Names the rule when it is listed; set by [`Faults::inject`].
    pub id: u64,
    /// A point (`orders.reserve.before_call`) or a method
    /// (`souk.orders.v1.OrderService/PlaceOrder`).
    pub target: String,
    /// Empty: every pass. At a point: the key that the code gives. At a method: a text in the
    /// request, such as an id.
    pub key: String,
    /// How many passes are let through before the first that fails.
    pub after: u32,
    /// How many passes fail; 0 means all.
    pub times: u32,
    /// What happens.
    pub effect: Effect,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Waits before going on.
    Delay(Duration),
    /// Answers this code instead of running the method. At a point it does nothing.
    Error(Code),
    /// Runs the method and answers UNAVAILABLE, as when the connection breaks. At a point it does
    /// nothing.
    LostReply,
    /// Kills the process (SIGKILL) before the method runs, or at the point.
    CrashBefore,
    /// Kills the process after the method has done its work and before the response leaves.
    CrashAfter,
}

impl Faults {
    pub(crate) fn new(is_enabled: bool) -> Self {
        Faults(Arc::new(State { is_enabled, ..State::default() }))
    }

    /// Marks a place where a test may make things go wrong: it may wait here, or the process may
    /// die here.
    ///
    /// `name` is `<service>.<step>.<where>`; `key` is the id that the work is about. Names are
    /// fixed texts, so that the points of a service can be enumerated in code.
    pub async fn point(&self, name: &'static str, key: &str) {
        if !self.0.is_enabled {
            return;
        }
        *self.0.hits.lock().entry(name).or_insert(0) += 1;
        if self.is_quiet() {
            return;
        }
        match self.due(name, |wanted| key == wanted) {
            Some(Effect::Delay(pause)) => tokio::time::sleep(pause).await,
            Some(Effect::CrashBefore | Effect::CrashAfter) => crash(name),
            Some(Effect::Error(_) | Effect::LostReply) | None => {}
        }
    }

    /// Returns every point that was passed so far and how often.
    pub fn hits(&self) -> BTreeMap<&'static str, u64> {
        self.0.hits.lock().clone()
    }

    /// Adds a rule and returns its id; 0 and no rule when faults are not enabled.
    pub fn inject(&self, mut rule: Rule) -> u64 {
        if !self.0.is_enabled {
            return 0;
        }
        rule.id = self.0.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let id = rule.id;
        let mut rules = self.0.rules.lock();
        rules.push(rule);
        self.0.is_armed.store(true, Ordering::Release);
        id
    }

    /// Returns the rules that are still to act.
    pub fn rules(&self) -> Vec<Rule> {
        self.0.rules.lock().clone()
    }

    /// Removes one rule.
    pub fn clear(&self, id: u64) {
        self.keep(|rule| rule.id != id);
    }

    /// Removes all rules.
    pub(crate) fn clear_all(&self) {
        self.keep(|_| false);
    }

    fn keep(&self, is_kept: impl Fn(&Rule) -> bool) {
        let mut rules = self.0.rules.lock();
        rules.retain(is_kept);
        self.0.is_armed.store(!rules.is_empty(), Ordering::Release);
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.0.is_enabled
    }

    /// Returns whether no rule is set.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.0.is_armed.load(Ordering::Acquire)
    }

    /// Runs a method, or not, as the rules say.
    pub(crate) async fn around(
        &self,
        method: &str,
        request: Request<Body>,
        run: impl FnOnce(Request<Body>) -> Answer,
    ) -> Result<Response<Body>, Status> {
        let wants_key =
            self.0.rules.lock().iter().any(|rule| rule.target == method && !rule.key.is_empty());
        let (request, message) =
            if wants_key { buffered(request).await? } else { (request, bytes::Bytes::new()) };
        let contains =
            |wanted: &str| message.windows(wanted.len()).any(|window| window == wanted.as_bytes());
        match self.due(method, contains) {
            Some(Effect::Error(code)) => {
                return Err(refusal::status(
                    code,
                    refusal::FAULT_INJECTED,
                    "a test injected this error",
                    &[],
                ));
            }
            Some(Effect::CrashBefore) => crash(method),
            Some(Effect::Delay(pause)) => tokio::time::sleep(pause).await,
            Some(Effect::LostReply) => {
                let _lost = run(request).await;
                let message = "a test injected the loss of this response";
                return Err(refusal::status(
                    Code::Unavailable,
                    refusal::FAULT_INJECTED,
                    message,
                    &[],
                ));
            }
            Some(Effect::CrashAfter) => {
                let _lost = run(request).await;
                crash(method);
            }
            None => {}
        }
        Ok(run(request).await)
    }

    /// Returns what is to happen at this pass, and counts it.
    fn due(&self, target: &str, matches: impl Fn(&str) -> bool) -> Option<Effect> {
        let mut rules = self.0.rules.lock();
        let at = rules.iter().position(|rule| {
            rule.target == target && (rule.key.is_empty() || matches(&rule.key))
        })?;
        let rule = &mut rules[at];
        if rule.after > 0 {
            rule.after -= 1;
            return None;
        }
        let effect = rule.effect.clone();
        match rule.times {
            0 => {}
            1 => {
                rules.remove(at);
            }
            _ => rule.times -= 1,
        }
        self.0.is_armed.store(!rules.is_empty(), Ordering::Release);
        Some(effect)
    }
}

/// Reads the whole request, so that a key can be looked for in it; the ids in a message are plain
/// text in it.
async fn buffered(request: Request<Body>) -> Result<(Request<Body>, bytes::Bytes), Status> {
    let (parts, body) = request.into_parts();
    let message = body.collect().await?.to_bytes();
    Ok((Request::from_parts(parts, Body::new(Full::new(message.clone()))), message))
}

/// Ends the process as a power cut would: no destructor, no handler, no flush.
fn crash(place: &str) -> ! {
    eprintln!("killing this process at {place}: a test injected this fault");
    let killed =
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    unreachable!("SIGKILL to oneself cannot be refused: {killed:?}")
}
