//! The rules of the saga: which step follows which answer. Pure; `drive.rs` makes the calls and `store.rs` keeps the journal.
//!
//! A saga is one operation on one order. Its row holds the step whose call may be under way; that row is written before
//! the call is made, and the answer is written together with the next step.
//!
//! ```text
//! place    Price → Reserve → Authorize → Commit ═▶ (placed) → Capture → (paid)
//!                     │ refused   │          │ refused           │ refused for good
//!                     ▼           ▼          ▼                             ▼
//!                 (rejected)   Release ◀── Void ◀───────────────────────────┘  then (rejected) before ═▶, (canceled) after it
//! cancel   PayBack → Release → (canceled)
//! fulfill  Consume → (fulfilled)
//! refund   PayBack → TakeBack → (refund ended), or PayBack → Release → (refund ended) when nothing stays paid of what has not left
//! ```
//!
//! ═▶ is the pivot: before it a failure takes everything back, after it the saga only goes forward, but for a capture
//! that is refused for good.
//!
//! **Invariant:** a step whose answer is unknown is repeated under the same key, or compensated as if it were done.

use std::time::Duration;

use crate::reason::Reason;

/// Which operation a saga carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Place = 1,
    Cancel = 2,
    Fulfill = 3,
    Refund = 4,
}

/// A call to another service. The names are those of the fault points and of the quarantine list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Price = 1,
    Reserve = 2,
    Authorize = 3,
    Commit = 4,
    Capture = 5,
    Void = 6,
    Release = 7,
    Consume = 8,
    PayBack = 9,
    TakeBack = 10,
}

impl Step {
    /// Every step.
    pub const ALL: [Step; 10] = [
        Step::Price,
        Step::Reserve,
        Step::Authorize,
        Step::Commit,
        Step::Capture,
        Step::Void,
        Step::Release,
        Step::Consume,
        Step::PayBack,
        Step::TakeBack,
    ];

    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Price => "price",
            Step::Reserve => "reserve",
            Step::Authorize => "authorize",
            Step::Commit => "commit",
            Step::Capture => "capture",
            Step::Void => "void",
            Step::Release => "release",
            Step::Consume => "consume",
            Step::PayBack => "pay_back",
            Step::TakeBack => "take_back",
        }
    }

    /// Returns the step with this number, if there is one.
    pub fn from_number(number: i64) -> Option<Step> {
        Step::ALL.into_iter().find(|step| *step as i64 == number)
    }
}

impl Kind {
    /// Returns the kind with this number, if there is one.
    pub fn from_number(number: i64) -> Option<Kind> {
        [Kind::Place, Kind::Cancel, Kind::Fulfill, Kind::Refund].into_iter().find(|kind| *kind as i64 == number)
    }

    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Place => "place",
            Kind::Cancel => "cancel",
            Kind::Fulfill => "fulfill",
            Kind::Refund => "refund",
        }
    }

    /// Returns the step that a saga of this kind starts with.
    pub fn first(self) -> Step {
        match self {
            Kind::Place => Step::Price,
            Kind::Cancel | Kind::Refund => Step::PayBack,
            Kind::Fulfill => Step::Consume,
        }
    }
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It took effect, now or in an earlier attempt.
    Done,
    /// It took no effect and never will; nothing is left behind by it.
    Refused(Reason),
    /// It was taken, and waits for the customer.
    Waiting,
    /// Nobody knows: no answer, or one that says to try again.
    Unknown,
    /// It was answered in a way that trying again will not mend.
    Broken,
}

/// What the driver knows besides the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// How often this step was tried, this time included.
    pub attempts: u32,
    /// Time is up for getting the order placed.
    pub give_up: bool,
    /// Time is up for the customer to confirm the payment.
    pub confirm_over: bool,
    /// The order is to be cancelled.
    pub cancel_requested: bool,
    /// The order was placed before.
    pub placed: bool,
    /// The refund takes goods back.
    pub restock: bool,
    /// The refund leaves nothing paid, and the goods have not left.
    pub gives_up_stock: bool,
    /// Why the saga takes things back, once it does.
    pub taking_back: Option<Reason>,
}

/// What follows.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Go on with this step.
    Go(Step),
    /// Take back what was done, starting with this step, for this reason.
    TakeBack(Step, Reason),
    /// Try the same step again after a while.
    Again(Duration),
    /// Stop here and wait for STAFF.
    Quarantine,
    /// The saga is over.
    End(Ending),
    /// The order is paid, and is cancelled at once because that was wished meanwhile.
    PaidThenCancel,
}

/// How a saga ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    Paid,
    Rejected(Reason),
    Canceled(Reason),
    Fulfilled,
    RefundSucceeded,
    RefundFailed,
    /// A cancellation that could not pay back leaves the order as it was.
    NotCanceled,
    /// The money or the stock is not what the order says, so its goods have not left.
    NotFulfilled,
}

/// How often a step is tried that must not be given up, before STAFF is asked.
pub const ATTEMPTS_BEFORE_QUARANTINE: u32 = 30;

/// How often a payment that waits for its customer is looked at.
pub const WAITING_INTERVAL: Duration = Duration::from_secs(2);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Returns how long to pause after the `attempts`th failure: doubling from 100 ms to 30 s.
pub fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_PAUSE)
}

/// Returns what follows when `step` of a `kind` saga came out as `outcome`.
pub fn next(kind: Kind, step: Step, outcome: Outcome, now: Circumstances) -> Next {
    match outcome {
        Outcome::Done => done(kind, step, now),
        Outcome::Refused(reason) => refused(kind, step, reason, now),
        Outcome::Waiting if now.cancel_requested => Next::TakeBack(Step::Void, Reason::OrderCanceled),
        Outcome::Waiting if now.confirm_over => Next::TakeBack(Step::Void, Reason::PaymentNotConfirmed),
        Outcome::Waiting => Next::Again(WAITING_INTERVAL),
        Outcome::Unknown => unknown(step, now),
        Outcome::Broken => give_up(step, Reason::UpstreamRefused).unwrap_or(Next::Quarantine),
    }
}

fn done(kind: Kind, step: Step, now: Circumstances) -> Next {
    let canceled = now.cancel_requested && !now.placed;
    match step {
        Step::Price if canceled => Next::End(Ending::Rejected(Reason::OrderCanceled)),
        Step::Price => Next::Go(Step::Reserve),
        Step::Reserve if canceled => Next::TakeBack(Step::Release, Reason::OrderCanceled),
        Step::Reserve => Next::Go(Step::Authorize),
        Step::Authorize if canceled => Next::TakeBack(Step::Void, Reason::OrderCanceled),
        Step::Authorize => Next::Go(Step::Commit),
        // The pivot. A wish to cancel that comes later is granted once the saga has come to its end.
        Step::Commit => Next::Go(Step::Capture),
        Step::Capture if now.cancel_requested => Next::PaidThenCancel,
        Step::Capture => Next::End(Ending::Paid),
        Step::Void => Next::Go(Step::Release),
        Step::Release if kind == Kind::Refund => Next::End(Ending::RefundSucceeded),
        Step::Release => Next::End(taken_back(kind, now)),
        Step::Consume => Next::End(Ending::Fulfilled),
        Step::PayBack => match kind {
            Kind::Cancel => Next::Go(Step::Release),
            _ if now.restock => Next::Go(Step::TakeBack),
            _ if now.gives_up_stock => Next::Go(Step::Release),
            _ => Next::End(Ending::RefundSucceeded),
        },
        Step::TakeBack => Next::End(Ending::RefundSucceeded),
    }
}

fn taken_back(kind: Kind, now: Circumstances) -> Ending {
    let reason = now.taking_back.unwrap_or(Reason::OrderCanceled);
    match kind {
        Kind::Place if !now.placed => Ending::Rejected(reason),
        _ => Ending::Canceled(reason),
    }
}

fn refused(kind: Kind, step: Step, reason: Reason, now: Circumstances) -> Next {
    match step {
        Step::Price | Step::Reserve => Next::End(Ending::Rejected(reason)),
        Step::Authorize => Next::TakeBack(Step::Release, reason),
        Step::Commit => Next::TakeBack(Step::Void, reason),
        Step::Capture => Next::TakeBack(Step::Void, reason),
        Step::PayBack => Next::End(if kind == Kind::Cancel { Ending::NotCanceled } else { Ending::RefundFailed }),
        // What was never there, or has ended by itself, needs no taking back.
        Step::Void | Step::Release => done(kind, step, now),
        Step::Consume if reason == Reason::OutOfStep => Next::End(Ending::NotFulfilled),
        Step::Consume | Step::TakeBack => Next::Quarantine,
    }
}

fn unknown(step: Step, now: Circumstances) -> Next {
    let is_canceled = now.cancel_requested && !now.placed;
    let reason = if is_canceled { Reason::OrderCanceled } else { Reason::GaveUp };
    match give_up(step, reason) {
        Some(taking_back) if now.give_up || is_canceled => taking_back,
        None if now.attempts >= ATTEMPTS_BEFORE_QUARANTINE && step != Step::Commit => Next::Quarantine,
        _ => Next::Again(pause(now.attempts)),
    }
}

/// What follows when `step` is given up, as if it had been done. None when it must not be given up.
fn give_up(step: Step, reason: Reason) -> Option<Next> {
    match step {
        Step::Price => Some(Next::End(Ending::Rejected(reason))),
        Step::Reserve => Some(Next::TakeBack(Step::Release, reason)),
        Step::Authorize => Some(Next::TakeBack(Step::Void, reason)),
        // Whether the stock is the order's own is for inventory to say: it answers, or the reservation runs out.
        Step::Commit => None,
        Step::Capture | Step::Void | Step::Release | Step::Consume | Step::PayBack | Step::TakeBack => None,
    }
}

#[cfg(test)]
#[path = "saga_tests.rs"]
mod tests;
