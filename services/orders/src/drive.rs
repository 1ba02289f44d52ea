//! Driving sagas: makes the calls that the rules of `saga.rs` ask for, and puts every answer into the journal before the
//! next call. Any number of replicas drive; the lease's epoch keeps them apart.

use std::sync::Arc;
use std::time::Duration;

use souk_chassis::{Context, Drain, Faults, Host};
use souk_types::{Clock, OrderId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::changes::Changes;
use crate::config::SagaConfig;
use crate::error::Error;
use crate::order::{Order, RefundState};
use crate::reason::Reason;
use crate::saga::{self, Circumstances, Ending, Kind, Next, Outcome, Step};
use crate::state::State;
use crate::store::{After, Effect, Lease, Record, Recorded, Saga, Store};
use crate::upstream::{Answer, Upstream};

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
        /// The names of all fault points of the saga, in the order in which a step passes them. The kill test enumerates them.
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

/// A pause longer than this gives the lease back, so that a dead neighbour does not fill this replica with waiting sagas.
const LONGEST_PAUSE_UNDER_LEASE: Duration = Duration::from_secs(1);

/// Drives sagas; a cheap handle.
#[derive(Clone)]
pub struct Sagas {
    store: Store,
    upstream: Upstream,
    faults: Faults,
    clock: Clock,
    changes: Changes,
    lease: Lease,
    limits: SagaConfig,
    under_way: Arc<Semaphore>,
    drain: Drain,
}

/// Room for one saga among those under way.
pub struct Place {
    _room: OwnedSemaphorePermit,
}

/// Resolves with the order when it has left PENDING or its saga has ended; fails when the saga stops in between.
pub type Milestone = oneshot::Receiver<Order>;

impl Sagas {
    /// Returns a driver that leases sagas in the name of `owner`.
    pub fn new(
        store: Store,
        upstream: Upstream,
        host: &Host,
        clock: Clock,
        changes: Changes,
        owner: Arc<str>,
        limits: SagaConfig,
    ) -> Self {
        let lease = Lease { owner, length: Duration::from_secs(limits.lease_seconds) };
        let under_way = Arc::new(Semaphore::new(limits.max_under_way));
        Sagas { store, upstream, faults: host.faults(), clock, changes, lease, limits, under_way, drain: host.drain() }
    }

    /// Returns the lease that new sagas are put under.
    pub fn lease(&self) -> Lease {
        self.lease.clone()
    }

    /// Returns how long a new order is tried to be placed.
    pub fn give_up_after(&self) -> Duration {
        Duration::from_secs(self.limits.give_up_seconds)
    }

    /// Waits for room to drive one more saga, so that a flood of orders waits outside the database.
    pub async fn place(&self) -> Place {
        let room = self.under_way.clone().acquire_owned().await.expect("the semaphore is never closed");
        Place { _room: room }
    }

    /// Drives a saga in a task of its own, so that a caller who hangs up does not stop it.
    pub fn start(&self, place: Place, saga: Saga, order: Order) -> Milestone {
        let (tell, milestone) = oneshot::channel();
        let context =
            Context::current().map_or_else(|| Context::background("orders"), |context| context.detached("orders"));
        let sagas = self.clone();
        tokio::spawn(async move {
            context.scope(sagas.drive_and_report(saga, order, tell)).await;
            // Last of all: the sweep takes a free place for the sign that nothing holds the database any more.
            drop(place);
        });
        milestone
    }

    /// Ends the step that a quarantined order waits for as if it had succeeded. Returns the saga unless that ended it.
    pub async fn settle(&self, order: OrderId, note: String) -> Result<(Option<Saga>, Order), Error> {
        let sagas = self.clone();
        let decide = move |saga: &Saga, order: &Order| sagas.decide(saga, order, &Answer::of(Outcome::Done));
        self.store.settle(order, note, decide, self.lease.clone(), self.clock.now()).await
    }

    async fn drive_and_report(self, saga: Saga, order: Order, tell: oneshot::Sender<Order>) {
        let id = order.id;
        match self.drive(saga, order, Some(tell)).await {
            Ok(()) => {}
            // Another replica goes on; nothing is lost.
            Err(Error::LeaseLost) => tracing::debug!(order.id = %id, "the saga of {id} went to another replica"),
            Err(error) => tracing::warn!(order.id = %id, "the saga of {id} stops for now: {error}"),
        }
    }

    /// Takes up what nobody works on, until the drain; then waits for what is under way.
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
        let due = self.store.claim_due(self.lease.clone(), self.clock.now()).await?;
        let found = due.len();
        for (saga, order) in due {
            let place = self.place().await;
            self.start(place, saga, order);
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
        mut tell: Option<oneshot::Sender<Order>>,
    ) -> Result<(), Error> {
        loop {
            if self.drain.is_draining() {
                return self.store.free_lease(&saga, self.clock.now()).await;
            }
            let step = saga.step;
            self.point(step, Moment::BeforeCall, order.id).await;
            let answer = self.upstream.perform(&saga, &order).await?;
            self.point(step, Moment::AfterEffect, order.id).await;

            let (written, next) = loop {
                let record = self.decide(&saga, &order, &answer);
                let next = record.next;
                self.point(step, Moment::BeforeRecord, order.id).await;
                let recorded = self
                    .store
                    .record(saga.clone(), order.clone(), record, self.lease.clone(), self.clock.now())
                    .await?;
                match recorded {
                    Recorded::Written(after, changed) => break ((after, changed), next),
                    Recorded::CancelRequested => saga.cancel_requested = true,
                }
            };
            self.point(step, Moment::AfterRecord, order.id).await;
            // Also when only the saga ended: somebody may be waiting to start the next one.
            if order.version != written.1.version || next == After::Ended {
                self.changes.tell(order.id);
            }
            (saga, order) = (written.0, *written.1);

            let is_placed = saga.kind == Kind::Place && order.state != State::Pending;
            if (is_placed || next == After::Ended)
                && let Some(tell) = tell.take()
            {
                // Nobody may be waiting any more.
                let _ = tell.send(order.clone());
            }
            match next {
                After::Step(_) | After::Cancel => {}
                After::Ended => return Ok(()),
                After::Quarantined => {
                    metrics::counter!("souk_orders_quarantined_total", "step" => step.name()).increment(1);
                    tracing::error!(
                        order.id = %order.id,
                        step = step.name(),
                        "order {} is quarantined at {}.{}: see ListQuarantinedOrders",
                        order.id, saga.kind.name(), step.name()
                    );
                    return Ok(());
                }
                After::Again { keep_lease: false, .. } => return Ok(()),
                After::Again { at, keep_lease: true } => {
                    self.drain.pause(at.since(self.clock.now())).await;
                }
            }
        }
    }

    /// Turns an answer into the entry that the rules make of it.
    fn decide(&self, saga: &Saga, order: &Order, answer: &Answer) -> Record {
        let now = self.clock.now();
        let refund = saga.refund.and_then(|id| order.refunds.iter().find(|refund| refund.id == id));
        let confirm_over = now >= order.create_time.plus(self.limits.confirm_time());
        let circumstances = Circumstances {
            attempts: saga.attempts + 1,
            // Who waits for the customer is not given up because a service is away for a moment.
            give_up: if order.action_url.is_some() { confirm_over } else { now >= saga.give_up_time },
            confirm_over,
            cancel_requested: saga.cancel_requested,
            placed: order.state != State::Pending,
            restock: refund.is_some_and(|refund| refund.restock),
            gives_up_stock: refund.is_some_and(|refund| order.gives_up_stock(refund)),
            taking_back: saga.taking_back,
        };
        let next = saga::next(saga.kind, saga.step, answer.outcome.clone(), circumstances);
        let mut record = Record {
            outcome: answer.outcome.name(),
            failure: answer.failure.clone(),
            next: After::Ended,
            taking_back: None,
            effect: Effect::Nothing,
        };
        match next {
            Next::Go(step) => {
                record.next = After::Step(step);
                record.effect = effect_of_done(saga.step, answer);
            }
            Next::TakeBack(step, reason) => {
                record.next = After::Step(step);
                record.taking_back = Some(reason);
            }
            Next::Again(pause) => {
                let keep_lease = pause <= LONGEST_PAUSE_UNDER_LEASE;
                record.next = After::Again { at: now.plus(pause), keep_lease };
                if let Some(url) = answer.action_url.clone().filter(|url| order.action_url.as_ref() != Some(url)) {
                    record.effect = Effect::ActionNeeded(url);
                }
            }
            Next::Quarantine => (record.next, record.effect) = (After::Quarantined, Effect::Quarantined),
            Next::PaidThenCancel => (record.next, record.effect) = (After::Cancel, Effect::Paid),
            Next::End(ending) => {
                if matches!(ending, Ending::Canceled(Reason::PaymentDeclined | Reason::PaymentCanceled)) {
                    metrics::counter!("souk_orders_capture_refused_total").increment(1);
                    tracing::error!(
                        order.id = %order.id,
                        "the payment of order {} was refused after it was placed; it is cancelled", order.id
                    );
                }
                if ending == Ending::NotFulfilled {
                    metrics::counter!("souk_orders_out_of_step_total", "what" => "fulfill").increment(1);
                    tracing::error!(
                        order.id = %order.id,
                        "the goods of order {} must not leave: its payment or its stock is not what it says", order.id
                    );
                }
                record.effect = effect_of_end(ending, saga, order, answer);
            }
        }
        record
    }
}

fn effect_of_done(step: Step, answer: &Answer) -> Effect {
    match step {
        Step::Price => Effect::Priced(answer.lines.clone()),
        Step::Commit => Effect::Placed,
        _ => Effect::Nothing,
    }
}

fn effect_of_end(ending: Ending, saga: &Saga, order: &Order, answer: &Answer) -> Effect {
    match ending {
        Ending::Paid => Effect::Paid,
        Ending::Rejected(reason) => Effect::Rejected(reason, answer.facts.clone()),
        Ending::Canceled(reason) => Effect::Canceled(reason),
        Ending::Fulfilled => Effect::Fulfilled,
        Ending::RefundSucceeded | Ending::RefundFailed => {
            let id = saga.refund.expect("a refund saga names its refund");
            let is_pending = order.refunds.iter().any(|one| one.id == id && one.state == RefundState::Pending);
            match is_pending {
                true => Effect::RefundEnded(id, ending == Ending::RefundSucceeded),
                // It only released the stock that an earlier version of this program left reserved.
                false => Effect::Nothing,
            }
        }
        Ending::NotFulfilled => Effect::NotFulfilled(answer.facts.clone()),
        Ending::NotCanceled => Effect::Nothing,
    }
}

impl Outcome {
    /// Returns the name that stands in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused(_) => "refused",
            Outcome::Waiting => "waiting",
            Outcome::Unknown => "unknown",
            Outcome::Broken => "broken",
        }
    }
}
