//! The rules of the saga: what follows from which answer. Pure; `drive.rs` makes the calls and
//! `record.rs` writes what is decided.
//!
//! A saga is one operation on one order. Its row holds the step whose call may be in progress; that
//! row is written before the call is made, and the response is written together with the next step.
//!
//! ```text
//! place    Price → Reserve → Authorize → Commit ═▶ (placed) → Capture → (paid)
//!                     │ refused   │          │ refused           │ refused for good
//!                     ▼           ▼          ▼                             ▼
//!                 (rejected)   Release ◀── Void ◀───────────────────────────┘  then (rejected) before ═▶, (canceled) after it
//! cancel   PayBack → Void → Release → (canceled), without what is not due; or Capture → Release
//!          when units have left that were not captured
//! lines    the same, for some units of the order
//! fulfill  Consume → (fulfilled), or Capture → (paid) → Consume → (fulfilled)
//! capture  Capture → (paid), of all that is left or of an amount
//! refund   PayBack → TakeBack → (refund ended), or PayBack → Release → (refund ended) when nothing
//!          stays paid of what has not left
//! ```
//!
//! ═▶ is the pivot: before it a failure compensates everything, after it the saga only goes
//! forward, except when a capture is refused permanently.
//!
//! Authorize waits while the customer must act, and after a decline that another payment method may
//! mend, until RetryPayment comes; when time is up it goes on with Void. An order whose payment is
//! not captured at once ends as (placed). A fulfillment, a capture and a cancellation that are
//! refused leave the order as it was. When a capture finds that the provider has released the
//! authorization, what is open is canceled.
//!
//! **Invariant:** a step with an unknown outcome is repeated under the same key, or compensated as
//! if it were done.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_client::orders::v1::OrderChangeCause;
use souk_types::{CaptureId, FulfillmentId, OrderId, RefundId, Timestamp};

use crate::actor::Actor;
use crate::answer::{Answer, Outcome};
use crate::change::{Cause, Change};
use crate::order::{Action, Order};
use crate::part::{CancelPlan, Cancellation, DueCapture};
use crate::reason::Reason;
use crate::state::State;
use crate::step::{Kind, Step};

/// A saga as the database holds it.
#[derive(Clone, Debug)]
pub struct Saga {
    pub order: OrderId,
    pub kind: Kind,
    pub progress: Progress,
    pub step: Step,
    pub attempts: u32,
    /// Why it takes things back, once it does.
    pub taking_back: Option<Reason>,
    pub refund: Option<RefundId>,
    /// The capture of a [`Kind::Capture`], and its amount in minor units: none for all that is
    /// left.
    pub capture: Option<CaptureId>,
    pub capture_minor: Option<i64>,
    pub effective_time: Timestamp,
    pub give_up_time: Timestamp,
    pub cancel_requested: bool,
    /// Who asked for the operation.
    pub actor: Actor,
    /// Who asked for the cancellation, if one was asked for.
    pub cancellation: Cancellation,
    /// Grows each time another replica takes it up, and each time it begins again.
    pub epoch: i64,
    /// How many entries the journal has.
    pub entries: i64,
}

/// Whether a saga is in progress. The numbers are those of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Progress {
    Running = 1,
    Quarantined = 2,
    Ended = 3,
}

/// Who works on a saga, and for how long without a sign of life.
#[derive(Clone, Debug)]
pub struct Lease {
    pub owner: Arc<str>,
    pub length: Duration,
}

/// What the driver knows in addition to the response.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// How often this step was tried, this time included.
    pub attempts: u32,
    /// Time is up for getting the order placed.
    pub give_up: bool,
    /// How long the customer may still take to pay; none when time is up.
    pub time_to_pay: Option<Duration>,
    /// The order is to be cancelled.
    pub cancel_requested: bool,
    /// The order was placed before.
    pub placed: bool,
    /// The payment is captured as soon as the order is placed.
    pub captures_at_once: bool,
    /// The refund takes goods back.
    pub restock: bool,
    /// The refund leaves nothing paid, and the goods have not left.
    pub gives_up_stock: bool,
    /// Why the saga takes things back, once it does.
    pub taking_back: Option<Reason>,
    /// The refund that the saga carries out, while it is pending.
    pub refund: Option<PendingRefund>,
    /// The fulfillment that the saga carries out, while it is pending.
    pub fulfillment: Option<PendingFulfillment>,
    /// What the saga captures at its capture step; of several payments the part that one pays.
    pub capture: DueCapture,
    /// More is captured after that, from another payment.
    pub captures_more: bool,
    /// Another payment is to be authorized after the one in turn.
    pub authorizes_more: bool,
    /// An earlier one of several payments is authorized.
    pub has_authorized: bool,
    /// What a cancellation does, and what is to be canceled when the authorization is gone.
    pub plan: &'a CancelPlan,
    /// Where the order sends its customer already.
    pub action: Option<&'a Action>,
    /// The order has noted that its payment method was declined.
    pub is_declined: bool,
    /// When what the saga does happened in the world.
    pub effective_time: Timestamp,
}

/// A refund that has not ended.
#[derive(Clone, Copy, Debug)]
pub struct PendingRefund {
    pub id: RefundId,
    /// Money goes back, and not only goods come back.
    pub is_of_money: bool,
}

/// A fulfillment that has not ended.
#[derive(Clone, Copy, Debug)]
pub struct PendingFulfillment {
    pub id: FulfillmentId,
    /// Nothing is open afterwards.
    pub is_last: bool,
}

/// The decision after a response. The saga's row, the order with its history, and the event are all
/// made from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub next: Next,
    /// Why the saga takes things back from here on.
    pub taking_back: Option<Reason>,
    /// What happens to the order.
    pub change: Option<Change>,
    /// Why the operation ends and leaves the order as it was.
    pub refusal: Option<Reason>,
    /// The details of a failure besides its reason, stored with the order.
    pub facts: Vec<(String, String)>,
}

/// Where a saga goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// On to this step.
    Step(Step),
    /// To the same step again, after a while.
    Retry(Duration),
    /// Nowhere until STAFF has seen to it.
    Quarantine,
    /// On as a cancellation with this step: it was requested meanwhile, or the authorization is
    /// gone.
    Cancel(Step),
    /// It is over.
    End,
}

impl Saga {
    /// Returns the saga that places a new order.
    pub fn place(order: &Order, actor: Actor, give_up_time: Timestamp) -> Self {
        Saga {
            order: order.id,
            kind: Kind::Place,
            progress: Progress::Running,
            step: Kind::Place.first(),
            attempts: 0,
            taking_back: None,
            refund: None,
            capture: None,
            capture_minor: None,
            effective_time: order.effective_time,
            give_up_time,
            cancel_requested: false,
            actor,
            cancellation: Cancellation::default(),
            epoch: 1,
            entries: 0,
        }
    }

    /// Returns what comes after a saga that has ended: another operation on the same order.
    #[must_use]
    pub fn restart(
        self,
        kind: Kind,
        actor: Actor,
        effective_time: Timestamp,
        give_up_time: Timestamp,
    ) -> Self {
        Saga {
            kind,
            progress: Progress::Running,
            step: kind.first(),
            attempts: 0,
            taking_back: None,
            refund: None,
            capture: None,
            capture_minor: None,
            effective_time,
            give_up_time,
            cancel_requested: false,
            actor,
            cancellation: Cancellation::default(),
            epoch: self.epoch + 1,
            ..self
        }
    }

    /// Returns what comes after a saga that has ended: the cancellation of its order, for a reason.
    #[must_use]
    pub fn cancel(
        self,
        order: &Order,
        reason: Reason,
        cancellation: Cancellation,
        now: Timestamp,
        give_up_time: Timestamp,
    ) -> Self {
        let step = first_of_cancellation(&order.cancel_plan(reason.is_lost_authorization()));
        let actor = cancellation.actor.clone();
        Saga {
            step,
            taking_back: Some(reason),
            cancellation,
            ..self.restart(Kind::Cancel, actor, now, give_up_time)
        }
    }

    /// Returns what it captures at its capture step.
    pub fn due_capture(&self, order: &Order) -> DueCapture {
        let rest = order.capture_of_the_rest();
        match self.kind {
            Kind::Place | Kind::Refund => rest,
            Kind::Fulfill => {
                let due = order.pending().and_then(|pending| order.capture_before(pending));
                due.unwrap_or_default()
            }
            Kind::Capture => {
                let minor = self.capture_minor.unwrap_or(rest.minor);
                DueCapture { minor, is_final: minor == rest.minor }
            }
            Kind::Cancel | Kind::CancelLines => {
                order.cancel_plan(self.has_lost_authorization()).capture.unwrap_or_default()
            }
        }
    }

    /// Returns whether it cancels because the provider has released the authorization.
    pub fn has_lost_authorization(&self) -> bool {
        self.taking_back.is_some_and(Reason::is_lost_authorization)
    }

    /// Returns why the saga makes a change of its order.
    pub fn cause_of(&self, change: &Change, order: &Order) -> Cause {
        let closure = match change {
            Change::Rejected(reason) | Change::Canceled { reason, .. } => Some(*reason),
            _ => None,
        };
        let reason = closure.or(self.taking_back);
        let is_cancellation = match closure {
            Some(reason) => reason == Reason::OrderCanceled,
            None => self.kind.is_cancellation() && reason == Some(Reason::OrderCanceled),
        };
        if is_cancellation {
            return Cause {
                cause: OrderChangeCause::CancelOrder,
                actor: self.cancellation.actor.clone(),
                cancel_reason: self.cancellation.reason,
                note: self.cancellation.note.clone(),
            };
        }
        let is_lost = reason.is_some_and(Reason::is_lost_authorization);
        if self.kind.is_cancellation() && is_lost {
            let payments = Actor::service("payments");
            return Cause::new(OrderChangeCause::PaymentChanged, payments);
        }
        let is_expiry = match closure {
            Some(Reason::GaveUp | Reason::PaymentActionExpired) => true,
            Some(Reason::PaymentDeclined) => order.decline.is_some(),
            _ => false,
        };
        if is_expiry {
            return Cause::new(OrderChangeCause::Expiry, Actor::system());
        }
        let cause = match self.kind {
            Kind::Place if order.axes.state == State::Placed && !order.captures_at_once() => {
                OrderChangeCause::CaptureOrder
            }
            Kind::Place if order.tries > 1 => OrderChangeCause::RetryPayment,
            Kind::Place => OrderChangeCause::PlaceOrder,
            Kind::Cancel | Kind::CancelLines => OrderChangeCause::StockReleased,
            Kind::Fulfill => OrderChangeCause::CreateFulfillment,
            Kind::Capture => OrderChangeCause::CaptureOrder,
            Kind::Refund => OrderChangeCause::RefundOrder,
        };
        let refund = self.refund.and_then(|id| order.refund(id));
        let note = refund.map_or_else(String::new, |refund| refund.note.clone());
        Cause { note, ..Cause::new(cause, self.actor.clone()) }
    }

    /// Returns the saga as a decision leaves it.
    #[must_use]
    pub fn after(&self, decision: &Decision) -> Self {
        let taking_back = decision.taking_back.or(self.taking_back);
        let captured = match decision.change {
            Some(Change::Captured(capture)) => capture.minor,
            _ => 0,
        };
        let after = Saga {
            entries: self.entries + 1,
            attempts: 0,
            taking_back,
            // What is left of it is captured from the next payment.
            capture_minor: self.capture_minor.map(|minor| minor - captured),
            ..self.clone()
        };
        match decision.next {
            Next::Step(step) => Saga { step, ..after },
            Next::Retry(_) => Saga { attempts: self.attempts + 1, ..after },
            Next::Quarantine => {
                Saga { progress: Progress::Quarantined, attempts: self.attempts + 1, ..after }
            }
            Next::Cancel(step) => Saga {
                kind: Kind::Cancel,
                step,
                cancel_requested: false,
                taking_back: Some(decision.taking_back.unwrap_or(Reason::OrderCanceled)),
                ..after
            },
            Next::End => Saga { progress: Progress::Ended, ..after },
        }
    }
}

impl Decision {
    /// Returns a decision that changes nothing of the order.
    pub fn to(next: Next) -> Self {
        Decision { next, taking_back: None, change: None, refusal: None, facts: vec![] }
    }

    /// Returns the decision to go on with this step.
    pub fn go(step: Step) -> Self {
        Decision::to(Next::Step(step))
    }

    /// Returns the decision to take back what was done, starting with this step, for this reason.
    pub fn take_back(step: Step, reason: Reason) -> Self {
        Decision { taking_back: Some(reason), ..Decision::go(step) }
    }

    /// Returns the decision that the saga is over, and what that does to the order.
    pub fn end(change: Change) -> Self {
        Decision::to(Next::End).with(change)
    }

    /// Returns the decision that the saga is over and leaves the order as it was.
    fn refuse(reason: Reason, change: Option<Change>, answer: &Answer) -> Self {
        let facts = answer.facts.clone();
        Decision { change, refusal: Some(reason), facts, ..Decision::to(Next::End) }
    }

    /// Returns the decision to wait for STAFF.
    pub fn quarantine() -> Self {
        Decision::to(Next::Quarantine).with(Change::Quarantined)
    }

    /// Returns the decision that the order cannot be placed.
    fn reject(reason: Reason, answer: &Answer) -> Self {
        Decision { facts: answer.facts.clone(), ..Decision::end(Change::Rejected(reason)) }
    }

    /// Returns the same, with a change of the order.
    #[must_use]
    pub fn with(self, change: Change) -> Self {
        Decision { change: Some(change), ..self }
    }
}

impl Next {
    /// Returns whether the driver of the saga keeps its lease. A long pause gives it back, so that
    /// a dead upstream does not fill a replica with waiting sagas.
    pub fn keeps_lease(self) -> bool {
        match self {
            Next::Step(_) | Next::Cancel(_) => true,
            Next::Retry(pause) => pause <= LONGEST_PAUSE_UNDER_LEASE,
            Next::Quarantine | Next::End => false,
        }
    }
}

/// How often a step is tried that must not be given up, before STAFF is asked.
pub const ATTEMPTS_BEFORE_QUARANTINE: u32 = 30;

/// How often a payment that waits for its customer is polled.
pub const WAITING_INTERVAL: Duration = Duration::from_secs(2);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A pause longer than this gives the lease back.
const LONGEST_PAUSE_UNDER_LEASE: Duration = Duration::from_secs(1);

/// Returns how long to pause after the `attempts`th failure: doubling from 100 ms to 30 s.
pub fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_PAUSE)
}

/// Decides what follows from the response to `step` of a `kind` saga.
pub fn decide(kind: Kind, step: Step, answer: &Answer, now: Circumstances<'_>) -> Decision {
    match answer.outcome {
        Outcome::Done => done(kind, step, answer, now),
        Outcome::Refused(reason) => refused(kind, step, reason, answer, now),
        // Only an authorization can be tried again: captures and refunds are declined for good.
        Outcome::Declined if step != Step::Authorize => {
            refused(kind, step, Reason::PaymentDeclined, answer, now)
        }
        Outcome::Waiting | Outcome::Declined if now.cancel_requested => {
            Decision::take_back(Step::Void, Reason::OrderCanceled)
        }
        Outcome::Waiting => wait_for_customer(answer, now),
        Outcome::Declined => wait_for_payment_method(answer, now),
        Outcome::Unknown => unknown(step, answer, now),
        Outcome::Broken => {
            give_up(step, Reason::UpstreamRefused, answer).unwrap_or_else(Decision::quarantine)
        }
    }
}

fn done(kind: Kind, step: Step, answer: &Answer, now: Circumstances<'_>) -> Decision {
    let canceled = now.cancel_requested && !now.placed;
    match step {
        Step::Price if canceled => Decision::reject(Reason::OrderCanceled, answer),
        Step::Price => Decision::go(Step::Reserve).with(Change::Priced(answer.lines.clone())),
        Step::Reserve if canceled => Decision::take_back(Step::Release, Reason::OrderCanceled),
        Step::Reserve => Decision::go(Step::Authorize),
        Step::Authorize if canceled => Decision::take_back(Step::Void, Reason::OrderCanceled),
        Step::Authorize if now.authorizes_more => {
            Decision::go(Step::Authorize).with(Change::PaymentAuthorized)
        }
        Step::Authorize => Decision::go(Step::Commit),
        // The pivot. A cancellation that is requested later is carried out once the saga has come
        // to its end.
        Step::Commit if now.captures_at_once => Decision::go(Step::Capture).with(Change::Placed),
        Step::Commit if now.cancel_requested => {
            Decision::to(Next::Cancel(Step::Void)).with(Change::Placed)
        }
        Step::Commit => Decision::end(Change::Placed),
        Step::Capture => {
            let captured = Change::Captured(now.capture);
            match kind {
                _ if now.captures_more => Decision::go(Step::Capture).with(captured),
                Kind::Fulfill => Decision::go(Step::Consume).with(captured),
                Kind::Cancel | Kind::CancelLines => Decision::go(Step::Release).with(captured),
                _ if now.cancel_requested => {
                    Decision::to(Next::Cancel(Step::PayBack)).with(captured)
                }
                _ => Decision::end(captured),
            }
        }
        Step::Void => Decision::go(Step::Release),
        Step::Release if kind == Kind::Refund => refund_ended(true, now),
        Step::Release => taken_back(kind, answer, now),
        Step::Consume => match now.fulfillment {
            Some(PendingFulfillment { id, is_last }) => {
                Decision::end(Change::Fulfilled { id, is_last, effective_time: now.effective_time })
            }
            None => Decision::quarantine(),
        },
        Step::PayBack => match kind {
            Kind::Cancel | Kind::CancelLines if now.plan.voids => Decision::go(Step::Void),
            Kind::Cancel | Kind::CancelLines => Decision::go(Step::Release),
            _ if now.restock => Decision::go(Step::TakeBack),
            _ if now.gives_up_stock => Decision::go(Step::Release),
            _ => refund_ended(true, now),
        },
        Step::TakeBack => refund_ended(true, now),
    }
}

fn taken_back(kind: Kind, answer: &Answer, now: Circumstances<'_>) -> Decision {
    let reason = now.taking_back.unwrap_or(Reason::OrderCanceled);
    if kind == Kind::Place && !now.placed {
        return Decision::reject(reason, answer);
    }
    if now.plan.has_left || !now.plan.closes {
        return Decision::end(Change::LinesCanceled(now.plan.clone()));
    }
    let effective_time = kind.is_cancellation().then_some(now.effective_time);
    Decision::end(Change::Canceled { reason, effective_time })
}

fn refund_ended(succeeded: bool, now: Circumstances<'_>) -> Decision {
    // One that ended before only released the stock that an earlier version of this program left
    // reserved.
    let Some(refund) = now.refund else { return Decision::to(Next::End) };
    Decision::end(match (succeeded, refund.is_of_money) {
        (true, true) => Change::RefundSucceeded(refund.id),
        (true, false) => Change::GoodsReturned(refund.id),
        (false, _) => Change::RefundFailed(refund.id),
    })
}

fn refused(
    kind: Kind,
    step: Step,
    reason: Reason,
    answer: &Answer,
    now: Circumstances<'_>,
) -> Decision {
    match step {
        Step::Price | Step::Reserve => Decision::reject(reason, answer),
        Step::Authorize => {
            let step = if now.has_authorized { Step::Void } else { Step::Release };
            Decision { facts: answer.facts.clone(), ..Decision::take_back(step, reason) }
        }
        Step::Commit => Decision::take_back(Step::Void, reason),
        Step::Capture => match kind {
            // What an earlier one of several payments has paid goes back.
            Kind::Place if now.plan.pays_back > 0 => Decision {
                taking_back: Some(reason),
                ..Decision::to(Next::Cancel(first_of_cancellation(now.plan)))
            },
            Kind::Place => Decision::take_back(Step::Void, reason),
            Kind::Cancel | Kind::CancelLines if reason == Reason::PaymentDeclined => {
                Decision::refuse(reason, Some(Change::CancelRefused), answer)
            }
            Kind::Fulfill if reason == Reason::PaymentDeclined => {
                Decision::refuse(reason, refused_fulfillment(now), answer)
            }
            _ if reason == Reason::PaymentDeclined => Decision::refuse(reason, None, answer),
            // The provider has released the authorization.
            _ => Decision {
                taking_back: Some(reason),
                change: refused_fulfillment(now),
                ..Decision::to(Next::Cancel(first_of_cancellation(now.plan)))
            },
        },
        // A cancellation that cannot pay back leaves the order as it was.
        Step::PayBack if kind.is_cancellation() => {
            Decision::refuse(reason, Some(Change::CancelRefused), answer)
        }
        Step::PayBack => refund_ended(false, now),
        // What was never there, or has ended by itself, needs no taking back.
        Step::Void | Step::Release => done(kind, step, answer, now),
        // The money or the stock is not what the order says, or not there: its goods have not left.
        Step::Consume if matches!(reason, Reason::OutOfStep | Reason::StockNotOnHand) => {
            Decision::refuse(reason, refused_fulfillment(now), answer)
        }
        Step::Consume | Step::TakeBack => Decision::quarantine(),
    }
}

fn refused_fulfillment(now: Circumstances<'_>) -> Option<Change> {
    now.fulfillment.map(|pending| Change::FulfillmentRefused(pending.id))
}

/// Returns the step with which a cancellation begins.
pub fn first_of_cancellation(plan: &CancelPlan) -> Step {
    match plan {
        plan if plan.capture.is_some() => Step::Capture,
        plan if plan.pays_back > 0 => Step::PayBack,
        plan if plan.voids => Step::Void,
        _ => Step::Release,
    }
}

fn wait_for_customer(answer: &Answer, now: Circumstances<'_>) -> Decision {
    if now.time_to_pay.is_none() {
        return Decision::take_back(Step::Void, Reason::PaymentActionExpired);
    }
    let retry = Decision::to(Next::Retry(WAITING_INTERVAL));
    match &answer.action {
        Some(action) if now.action != Some(action) => {
            retry.with(Change::ActionNeeded(action.clone()))
        }
        _ => retry,
    }
}

/// The order keeps its stock, and its saga rests until RetryPayment wakes it or time is up.
fn wait_for_payment_method(answer: &Answer, now: Circumstances<'_>) -> Decision {
    let facts = answer.facts.clone();
    let Some(time_to_pay) = now.time_to_pay else {
        return Decision { facts, ..Decision::take_back(Step::Void, Reason::PaymentDeclined) };
    };
    let wait = Decision { facts, ..Decision::to(Next::Retry(time_to_pay)) };
    if now.is_declined {
        return wait;
    }
    wait.with(Change::PaymentMethodDeclined(answer.decline.clone()))
}

fn unknown(step: Step, answer: &Answer, now: Circumstances<'_>) -> Decision {
    let is_canceled = now.cancel_requested && !now.placed;
    let reason = if is_canceled { Reason::OrderCanceled } else { Reason::GaveUp };
    match give_up(step, reason, answer) {
        Some(taking_back) if now.give_up || is_canceled => taking_back,
        None if now.attempts >= ATTEMPTS_BEFORE_QUARANTINE && step != Step::Commit => {
            Decision::quarantine()
        }
        _ => Decision::to(Next::Retry(pause(now.attempts))),
    }
}

/// What follows when `step` is given up, as if it had been done. None when it must not be given up.
fn give_up(step: Step, reason: Reason, answer: &Answer) -> Option<Decision> {
    match step {
        Step::Price => Some(Decision::reject(reason, answer)),
        Step::Reserve => Some(Decision::take_back(Step::Release, reason)),
        Step::Authorize => Some(Decision::take_back(Step::Void, reason)),
        // Whether the stock is the order's own is for inventory to say: it answers, or the
        // reservation runs out.
        Step::Commit => None,
        Step::Capture
        | Step::Void
        | Step::Release
        | Step::Consume
        | Step::PayBack
        | Step::TakeBack => None,
    }
}

#[cfg(test)]
#[path = "saga_tests.rs"]
mod tests;
