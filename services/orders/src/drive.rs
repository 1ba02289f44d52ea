//! Driving sagas: makes the calls that the rules of `saga.rs` decide, and records every response
//! before the next call. Any number of replicas may drive; the epoch of the lease keeps them apart.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use souk_chassis::{Context, Drain, Faults, Host};
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Tx};
use souk_types::{Clock, OrderId, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::answer::{Answer, Outcome};
use crate::change::Change;
use crate::config::SagaConfig;
use crate::error::Error;
use crate::order::{Order, Refund, RefundState};
use crate::part::CancelPlan;
use crate::reason::Reason;
use crate::record::{self, Entry, Record};
use crate::saga::{
    self, Circumstances, Decision, Lease, Next, PendingFulfillment, PendingRefund, Saga,
};
use crate::state::State;
use crate::step::{Kind, Step};
use crate::store;
use crate::upstream::Upstream;
use crate::watchers::Watchers;

/// A moment at which a process may die.
#[derive(Clone, Copy, Debug)]
enum Moment {
    BeforeCall,
    AfterEffect,
    BeforeRecord,
    AfterRecord,
}

macro_rules! fault_points {
    ($($step:ident = $name:literal),*) => {
        /// The names of all fault points of the saga, in the order in which a step passes them. The
        /// kill test enumerates them.
        pub const FAULT_POINTS: &[&str] = &[$(
            concat!("orders.", $name, ".before_call"),
            concat!("orders.", $name, ".after_effect"),
            concat!("orders.", $name, ".before_record"),
            concat!("orders.", $name, ".after_record"),
        )*];

        fn fault_point(step: Step, moment: Moment) -> &'static str {
            match (step, moment) {$(
                (Step::$step, Moment::BeforeCall) => concat!("orders.", $name, ".before_call"),
                (Step::$step, Moment::AfterEffect) => concat!("orders.", $name, ".after_effect"),
                (Step::$step, Moment::BeforeRecord) => concat!("orders.", $name, ".before_record"),
                (Step::$step, Moment::AfterRecord) => concat!("orders.", $name, ".after_record"),
            )*}
        }
    };
}

fault_points! {
    Price = "price", Reserve = "reserve", Authorize = "authorize", Commit = "commit", Capture = "capture",
    Void = "void", Release = "release", Consume = "consume", PayBack = "pay_back", TakeBack = "take_back"
}

/// Drives sagas; a cheap handle.
#[derive(Clone)]
pub struct Sagas {
    db: Db,
    upstream: Upstream,
    faults: Faults,
    clock: Clock,
    watchers: Watchers,
    lease: Lease,
    limits: SagaConfig,
    under_way: Arc<Semaphore>,
    drain: Drain,
}

/// Allows one saga among those in progress.
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

/// Where a saga has brought its order.
#[derive(Clone, Debug)]
pub struct Reached {
    pub order: Order,
    /// Why the operation was refused and left the order as it was.
    pub refusal: Option<(Reason, Vec<(String, String)>)>,
}

/// Resolves when the order has left PENDING or its saga has ended; fails when the saga stops in
/// between.
pub type Milestone = oneshot::Receiver<Reached>;

impl Sagas {
    /// Returns a driver that leases sagas in the name of `owner`.
    pub fn new(
        db: Db,
        upstream: Upstream,
        host: &Host,
        clock: Clock,
        watchers: Watchers,
        owner: Arc<str>,
        limits: SagaConfig,
    ) -> Self {
        let lease = Lease { owner, length: Duration::from_secs(limits.lease_seconds) };
        let under_way = Arc::new(Semaphore::new(limits.max_under_way));
        Sagas {
            db,
            upstream,
            faults: host.faults(),
            clock,
            watchers,
            lease,
            limits,
            under_way,
            drain: host.drain(),
        }
    }

    /// Returns the lease that new sagas are put under.
    pub fn lease(&self) -> Lease {
        self.lease.clone()
    }

    /// Returns how long a new order is tried to be placed.
    pub fn give_up_after(&self) -> Duration {
        Duration::from_secs(self.limits.give_up_seconds)
    }

    /// Returns how long a customer may take to pay a new order.
    pub fn time_to_pay(&self) -> Duration {
        self.limits.time_to_pay()
    }

    /// Waits for the permit to drive one more saga, so that a flood of orders waits outside the
    /// database.
    pub async fn permit(&self) -> Permit {
        let permit =
            self.under_way.clone().acquire_owned().await.expect("the semaphore is never closed");
        Permit { _permit: permit }
    }

    /// Drives a saga in a task of its own, so that a caller who hangs up does not stop it.
    pub fn start(&self, permit: Permit, saga: Saga, order: Order) -> Milestone {
        let (sender, milestone) = oneshot::channel();
        let context = Context::current()
            .map_or_else(|| Context::background("orders"), |context| context.detached("orders"));
        let sagas = self.clone();
        tokio::spawn(async move {
            context.scope(sagas.drive_and_report(saga, order, sender)).await;
            // Release the permit last: the sweep treats a free permit as proof that no task uses
            // the database.
            drop(permit);
        });
        milestone
    }

    async fn drive_and_report(self, saga: Saga, order: Order, sender: oneshot::Sender<Reached>) {
        let id = order.id;
        match self.drive(saga, order, Some(sender)).await {
            Ok(()) => {}
            // Another replica continues; nothing is lost.
            Err(Error::LeaseLost) => {
                tracing::debug!(order.id = %id, "another replica took over the saga of {id}")
            }
            Err(error) => tracing::warn!(order.id = %id, "the saga of {id} pauses: {error}"),
        }
    }

    /// Takes over sagas that no replica drives, until the drain; then waits for those in progress.
    pub async fn sweep(self, drain: Drain) -> Result<(), Error> {
        let every = Duration::from_millis(self.limits.sweep_milliseconds);
        loop {
            let found = self.claim().await?;
            if found == 0 && !drain.pause(every).await {
                break;
            }
            if drain.is_draining() {
                break;
            }
        }
        let all = u32::try_from(self.limits.max_under_way).expect("the configuration limits it");
        let _ended = self.under_way.acquire_many(all).await;
        Ok(())
    }

    async fn claim(&self) -> Result<usize, Error> {
        let due =
            self.db.write(ReadCommitted, (self.lease.clone(), self.clock.now()), claim_due).await?;
        let found = due.len();
        for (saga, order) in due {
            let permit = self.permit().await;
            self.start(permit, saga, order);
        }
        Ok(found)
    }

    async fn point(&self, step: Step, moment: Moment, order: OrderId) {
        self.faults.point(fault_point(step, moment), &order.to_string()).await;
    }

    async fn drive(
        &self,
        mut saga: Saga,
        mut order: Order,
        mut sender: Option<oneshot::Sender<Reached>>,
    ) -> Result<(), Error> {
        loop {
            if self.drain.is_draining() {
                let freed = (saga, self.clock.now());
                return self.db.write(ReadCommitted, freed, free_lease).await;
            }
            let step = saga.step;
            self.point(step, Moment::BeforeCall, order.id).await;
            let answer = self.upstream.perform(&saga, &order).await?;
            self.point(step, Moment::AfterEffect, order.id).await;

            let (next, refusal, after, changed, recorded_at) = loop {
                let decision = self.decide(&saga, &order, &answer);
                let next = decision.next;
                let refusal = decision.refusal.map(|reason| (reason, decision.facts.clone()));
                self.point(step, Moment::BeforeRecord, order.id).await;
                let now = self.clock.now();
                let entry = Entry {
                    saga: saga.clone(),
                    order: order.clone(),
                    outcome: answer.outcome.name(),
                    failure: answer.failure.clone(),
                    decision,
                    lease: self.lease.clone(),
                    now,
                };
                match self.db.write(ReadCommitted, entry, record::decision).await? {
                    Record::Written(after, changed) => {
                        break (next, refusal, after, *changed, now);
                    }
                    Record::CancelRequested(cancellation) => {
                        saga.cancel_requested = true;
                        saga.cancellation = cancellation;
                    }
                }
            };
            self.point(step, Moment::AfterRecord, order.id).await;
            // Also when only the saga ended: a caller may be waiting to start the next one.
            if order.version != changed.version || next == Next::End {
                self.watchers.wake(order.id);
            }
            saga = after;
            order = changed;

            let is_placed = saga.kind == Kind::Place && order.axes.state != State::Pending;
            if (is_placed || next == Next::End)
                && let Some(sender) = sender.take()
            {
                // There may be no waiter any more.
                let _ = sender.send(Reached { order: order.clone(), refusal });
            }
            match next {
                Next::Step(_) | Next::Cancel(_) => {}
                Next::End => return Ok(()),
                Next::Quarantine => {
                    metrics::counter!("souk_orders_quarantined_total", "step" => step.name())
                        .increment(1);
                    tracing::error!(
                        order.id = %order.id,
                        step = step.name(),
                        "order {} is quarantined at {}.{}: see ListQuarantinedSagas",
                        order.id, saga.kind.name(), step.name()
                    );
                    return Ok(());
                }
                Next::Retry(_) if !next.keeps_lease() => return Ok(()),
                Next::Retry(pause) => {
                    self.drain.pause(recorded_at.plus(pause).since(self.clock.now())).await;
                }
            }
        }
    }

    /// Decides by the rules what follows from a response, and logs for the operator what should not
    /// have happened.
    pub fn decide(&self, saga: &Saga, order: &Order, answer: &Answer) -> Decision {
        let now = self.clock.now();
        let refund = saga.refund.and_then(|id| order.refund(id));
        let pending = refund.filter(|refund| refund.state == RefundState::Pending);
        // What the payment says about its action, or else the order.
        let action = answer.action.as_ref().or(order.action.as_ref());
        let expire_time = action.and_then(|action| action.expire_time);
        let expire_time = expire_time.map_or(order.expire_time, |time| time.min(order.expire_time));
        let time_to_pay = (now < expire_time).then(|| expire_time.since(now));
        let pending_fulfillment = order
            .pending()
            .map(|one| PendingFulfillment { id: one.id, is_last: order.are_the_last(&one.lines) });
        // A capture that is refused may show that the authorization is gone.
        let is_lost = match answer.outcome {
            Outcome::Refused(reason) => reason.is_lost_authorization(),
            Outcome::Declined if saga.step == Step::Capture => true,
            _ => saga.has_lost_authorization(),
        };
        let is_refused_capture = saga.step == Step::Capture && is_lost;
        let is_canceling = saga.kind.is_cancellation() || saga.taking_back.is_some();
        let plan = if is_canceling || is_refused_capture {
            order.cancel_plan(saga.has_lost_authorization() || is_refused_capture)
        } else {
            CancelPlan::default()
        };
        let (capture, captures_more) = order.next_due_capture(saga.due_capture(order));
        let circumstances = Circumstances {
            attempts: saga.attempts + 1,
            // An order that waits for the customer is not given up because a service is briefly
            // unreachable.
            give_up: if order.action.is_some() {
                time_to_pay.is_none()
            } else {
                now >= saga.give_up_time
            },
            time_to_pay,
            cancel_requested: saga.cancel_requested,
            placed: order.axes.state != State::Pending,
            captures_at_once: order.captures_at_once(),
            restock: refund.is_some_and(Refund::takes_goods_back),
            gives_up_stock: refund.is_some_and(|refund| order.gives_up_stock(refund)),
            taking_back: saga.taking_back,
            refund: pending.map(|refund| PendingRefund {
                id: refund.id,
                is_of_money: refund.amount.minor > 0,
            }),
            fulfillment: pending_fulfillment,
            capture,
            captures_more,
            authorizes_more: order.authorizes_more(),
            has_authorized: order.has_authorized(),
            plan: &plan,
            action: order.action.as_ref(),
            is_declined: order.decline.is_some(),
            effective_time: saga.effective_time,
        };
        let decision = saga::decide(saga.kind, saga.step, answer, circumstances);
        if let Some(Change::Canceled {
            reason: Reason::PaymentDeclined | Reason::PaymentCanceled,
            ..
        }) = decision.change
        {
            metrics::counter!("souk_orders_capture_refused_total").increment(1);
            tracing::error!(
                order.id = %order.id,
                "the payment of order {} was refused after it was placed; the order is canceled", order.id
            );
        }
        if answer.outcome == Outcome::Refused(Reason::OutOfStep) {
            metrics::counter!("souk_orders_out_of_step_total", "what" => "fulfill").increment(1);
            tracing::error!(
                order.id = %order.id,
                "the goods of order {} must not leave: its payment or its stock differs from the order", order.id
            );
        }
        decision
    }
}

async fn claim_due(
    tx: &Tx,
    (lease, now): &(Lease, Timestamp),
) -> Result<Vec<(Saga, Order)>, Error> {
    let sagas = store::saga::claim_due(tx, lease, *now).await?;
    if sagas.is_empty() {
        return Ok(vec![]);
    }
    let ids: Vec<OrderId> = sagas.iter().map(|saga| saga.order).collect();
    let orders = store::order::get_all(tx, &ids).await?;
    let mut orders: HashMap<OrderId, Order> =
        orders.into_iter().map(|order| (order.id, order)).collect();
    let claimed = sagas.into_iter().map(|saga| {
        let order = orders.remove(&saga.order).ok_or(Error::NotFound(saga.order))?;
        Ok((saga, order))
    });
    claimed.collect()
}

async fn free_lease(tx: &Tx, (saga, now): &(Saga, Timestamp)) -> Result<(), Error> {
    store::saga::free(tx, saga, *now).await
}
