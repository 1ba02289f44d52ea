//! What came of the call that a step makes, in the words of the saga.

use crate::order::{Action, Line};
use crate::reason::Reason;

/// The outcome of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It took effect, now or in an earlier attempt.
    Done,
    /// It took no effect and never will; nothing is left behind by it.
    Refused(Reason),
    /// It was taken, and waits for the customer.
    Waiting,
    /// It was declined, and another payment method or a later attempt may succeed.
    Declined,
    /// Unknown: no response, or one that says to retry.
    Unknown,
    /// It was answered in a way that trying again will not mend.
    Broken,
}

/// The outcome of a step, and what the upstream said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub outcome: Outcome,
    /// The frozen lines, when the step was pricing.
    pub lines: Vec<Line>,
    /// Where the customer must go, when the payment waits for that.
    pub action: Option<Action>,
    /// Why the provider declined; empty when it did not say.
    pub decline: String,
    /// The details of a failure besides its reason: `sku`, `requested`, `available`,
    /// `total_minor_units`.
    pub facts: Vec<(String, String)>,
    /// Code and reason of a failure, for the journal. Never a message, which could hold personal
    /// data.
    pub failure: Option<String>,
}

impl Outcome {
    /// Returns the name that the journal keeps.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused(_) => "refused",
            Outcome::Waiting => "waiting",
            Outcome::Declined => "declined",
            Outcome::Unknown => "unknown",
            Outcome::Broken => "broken",
        }
    }
}

impl Answer {
    /// Returns a response that says nothing but its outcome.
    pub fn of(outcome: Outcome) -> Self {
        Answer {
            outcome,
            lines: vec![],
            action: None,
            decline: String::new(),
            facts: vec![],
            failure: None,
        }
    }

    /// Returns a refusal that says nothing but its reason.
    pub fn refused(reason: Reason) -> Self {
        Answer::of(Outcome::Refused(reason))
    }
}
