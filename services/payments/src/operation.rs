//! Carries out an operation so that a crash at any moment loses nothing and no customer is charged
//! twice:
//!
//! 1. A write adds the attempt and claims the slot of its payment (`operation/begin.rs`).
//! 2. The provider is called under the attempt's key; a replica that takes over an attempt inquires
//!    first.
//! 3. The ledger gets the transfers that follow from the attempt, under ids that follow from it.
//! 4. A write records the end, and the slot is free (`operation/finish.rs`).
//!
//! Until 4. the payment is in flight, and whatever died is repeated from 2.: the provider knows its
//! key, the ledger its ids. When the provider does not respond the attempt is left UNKNOWN, when
//! the ledger does not, LEDGER_DUE: two writes otherwise.

mod begin;
mod claim;
mod finish;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use souk_chassis::{Caller, Context, Deadline, Faults};
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Engine};
use souk_types::{Backoff, Clock, Money, PaymentId};
use tokio::sync::mpsc;
use tracing::error;

use crate::attempt::{Answer, Attempt, Kind, Method, Reply, Stage};
use crate::config::RecoveryConfig;
use crate::error::{Error, instead};
use crate::payment::Payment;
use crate::provider::{NoAnswer, Order, Provider};
use crate::state::State;
use crate::store;
use crate::transfers;
use crate::upstream::Ledger;

pub use begin::Command;
pub use claim::ClaimId;

use begin::Start;
use claim::Claim;
use finish::{End, Rest};

/// A moment at which a process may die.
#[derive(Clone, Copy, Debug)]
enum Moment {
    AfterAttempt,
    AfterProvider,
    BeforeRecord,
    AfterRecord,
}

macro_rules! fault_points {
    ($($kind:pat => $name:literal),*) => {
        /// The names of all fault points, in the order in which an operation passes them. The kill
        /// test enumerates them.
        pub const FAULT_POINTS: &[&str] = &[$(
            concat!("payments.", $name, ".after_attempt"),
            concat!("payments.", $name, ".after_provider"),
            concat!("payments.", $name, ".before_record"),
            concat!("payments.", $name, ".after_record"),
        )*];

        fn fault_point(kind: Kind, moment: Moment) -> &'static str {
            match (kind, moment) {$(
                ($kind, Moment::AfterAttempt) => concat!("payments.", $name, ".after_attempt"),
                ($kind, Moment::AfterProvider) => concat!("payments.", $name, ".after_provider"),
                ($kind, Moment::BeforeRecord) => concat!("payments.", $name, ".before_record"),
                ($kind, Moment::AfterRecord) => concat!("payments.", $name, ".after_record"),
            )*}
        }
    };
}

fault_points! {
    Kind::Authorize => "authorize",
    Kind::ApproveAction | Kind::DeclineAction | Kind::ExpireAction => "complete_action",
    Kind::Capture => "capture",
    Kind::Void | Kind::ExpireAuthorization => "void",
    Kind::Refund => "refund",
    Kind::ReverseCapture | Kind::ReverseRefund => "reverse"
}

/// The longest that a provider is waited for. With the ledger's time it stays below the shortest
/// lease.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(8);
const LEDGER_TIMEOUT: Duration = Duration::from_secs(8);

/// How long a call waits for its turn before it says that the payment is busy.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is left of a call's time for the response.
const TIME_TO_ANSWER: Duration = Duration::from_millis(100);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// How often one call starts again after another operation came in between.
const ROUNDS: u32 = 64;

/// The longest wait between two tries to finish an operation.
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// Carries operations out. Cloning is cheap.
#[derive(Clone)]
pub struct Operations {
    db: Db,
    provider: Arc<dyn Provider>,
    ledger: Ledger,
    faults: Faults,
    clock: Clock,
    config: RecoveryConfig,
    dropped: mpsc::Sender<ClaimId>,
    /// How many claims of this process are held.
    held: Arc<AtomicUsize>,
}

/// Signals the recovery when a claim is dropped without an end, as when the caller disconnects.
struct Guard {
    claim: ClaimId,
    dropped: mpsc::Sender<ClaimId>,
    held: Arc<AtomicUsize>,
    is_over: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.is_over {
            // When the queue is full the lease runs out instead.
            let _ = self.dropped.try_send(self.claim);
        }
        self.held.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Operations {
    /// Returns the executor of operations; dropped claims come out of `dropped`.
    pub fn new(
        db: Db,
        provider: Arc<dyn Provider>,
        ledger: Ledger,
        faults: Faults,
        clock: Clock,
        config: RecoveryConfig,
        dropped: mpsc::Sender<ClaimId>,
    ) -> Self {
        Operations { db, provider, ledger, faults, clock, config, dropped, held: Arc::default() }
    }

    /// Returns whether any operation of this process is in progress.
    pub fn is_any_held(&self) -> bool {
        self.held.load(Ordering::SeqCst) > 0
    }

    fn guard(&self, claim: &Claim) -> Guard {
        self.held.fetch_add(1, Ordering::SeqCst);
        Guard {
            claim: claim.id(),
            dropped: self.dropped.clone(),
            held: self.held.clone(),
            is_over: false,
        }
    }

    /// Carries out a command of a caller, or of this service itself, after completing an earlier
    /// one, and returns the payment in its state then.
    pub async fn carry_out(
        &self,
        id: PaymentId,
        command: Command,
        caller: Option<&Caller>,
        deadline: Deadline,
    ) -> Result<Payment, Error> {
        let patience = PATIENCE.min(deadline.remaining().saturating_sub(TIME_TO_ANSWER));
        let turn = Deadline::after(patience);
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let claimed_until = now.plus(self.config.lease());
            let request = begin::Request {
                payment: id,
                command: command.clone(),
                caller: caller.cloned(),
                now,
                claimed_until,
            };
            match self.db.write(ReadCommitted, request, begin::begin).await? {
                Start::Done(payment) => return Ok(*payment),
                Start::Run(claim) => match self.run(*claim).await {
                    // The other holder has carried it out; read its outcome.
                    Err(Error::LeaseLost(_)) => {}
                    ended => return ended,
                },
                Start::FinishFirst(claim) => match self.run(*claim).await {
                    Ok(_) | Err(Error::LeaseLost(_) | Error::Declined { .. }) => {}
                    Err(error) => return Err(error),
                },
                Start::Busy => {
                    let pause = backoff.next_pause();
                    if turn.remaining() < pause {
                        return Err(Error::Busy(id));
                    }
                    tokio::time::sleep(pause).await;
                }
            }
        }
        Err(Error::Busy(id))
    }

    /// Returns payments whose operation waits to be finished, the longest waiting first.
    pub async fn due(&self, limit: usize) -> Result<Vec<PaymentId>, Error> {
        store::payment::due(&self.db.read(), self.clock.now(), limit).await
    }

    /// Returns payments whose action or authorisation has expired, the first expired first.
    pub async fn expired(&self, limit: usize) -> Result<Vec<PaymentId>, Error> {
        store::payment::expired(&self.db.read(), self.clock.now(), limit).await
    }

    /// Ends an action or an authorisation that has expired.
    pub async fn expire(&self, id: PaymentId, deadline: Deadline) -> Result<(), Error> {
        match self.carry_out(id, Command::Expire, None, deadline).await {
            Ok(_) | Err(Error::Declined { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends the action of a payment that its caller is to pay with another method.
    pub async fn make_way_for(
        &self,
        id: PaymentId,
        other: &Method,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let payment = store::payment::get(&self.db.read(), id).await?;
        if payment.state == State::RequiresAction && payment.method.as_ref() != Some(other) {
            payment.is_open_to(caller, instead::PLACE)?;
            self.follow(id, Command::EndAction, deadline).await?;
        }
        Ok(())
    }

    /// Asks the provider what happened to a payment, and goes on with it. Returns the payment in
    /// its state then.
    pub async fn refresh(&self, id: PaymentId, deadline: Deadline) -> Result<Payment, Error> {
        let payment = self.follow(id, Command::Finish, deadline).await?;
        let payment = match payment.state {
            State::RequiresAction => match self.provider.decision(id).await? {
                Some(approve) => {
                    self.follow(id, Command::CompleteAction { approve }, deadline).await?
                }
                None => self.follow(id, Command::Expire, deadline).await?,
            },
            _ => payment,
        };
        if payment.captured == 0 && payment.refunded == 0 {
            return Ok(payment);
        }
        self.take_back(payment, deadline).await
    }

    /// Records what the provider has taken back.
    async fn take_back(&self, payment: Payment, deadline: Deadline) -> Result<Payment, Error> {
        let mut payment = payment;
        let reversed = self.provider.reversals(payment.id).await?;
        if reversed.is_empty() {
            return Ok(payment);
        }
        let attempts = store::attempt::between(&self.db.read(), payment.id, payment.id).await?;
        for attempt in attempts {
            if attempt.stage == Stage::Succeeded && reversed.contains(&attempt.id()) {
                let command = Command::Reverse(attempt.number);
                payment = self.follow(payment.id, command, deadline).await?;
            }
        }
        Ok(payment)
    }

    /// Carries out what the provider says. That it was a no, or that another call came first, is
    /// the state of the payment and no failure.
    async fn follow(
        &self,
        id: PaymentId,
        command: Command,
        deadline: Deadline,
    ) -> Result<Payment, Error> {
        match self.carry_out(id, command, None, deadline).await {
            Err(Error::Declined { .. } | Error::State { .. }) => {
                store::payment::get(&self.db.read(), id).await
            }
            ended => ended,
        }
    }

    /// Finishes what waits to be finished; true when there was something.
    pub async fn recover(&self, id: PaymentId) -> Result<bool, Error> {
        let now = self.clock.now();
        let claimed_until = now.plus(self.config.lease());
        let left =
            self.db.write(ReadCommitted, (id, now, claimed_until), begin::claim_left).await?;
        let Some(claim) = left else { return Ok(false) };
        match self.run(claim).await {
            Ok(_) | Err(Error::LeaseLost(_) | Error::Declined { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Gives a claim back whose holder went away.
    pub async fn free(&self, claim: ClaimId) -> Result<(), Error> {
        self.db.write(ReadCommitted, (claim, self.clock.now()), finish::free_claim).await
    }

    /// Gives all claims back at the start. Only on SQLite, where no other process can have the file
    /// open: any earlier holder is gone.
    pub async fn free_all(&self) -> Result<(), Error> {
        if self.db.engine() != Engine::Sqlite {
            return Ok(());
        }
        self.db.write(ReadCommitted, self.clock.now(), finish::free_all_claims).await
    }

    async fn run(&self, claim: Claim) -> Result<Payment, Error> {
        let kind = claim.attempt.kind;
        let id = claim.payment.id;
        let key = id.to_string();
        let mut guard = self.guard(&claim);
        self.faults.point(fault_point(kind, Moment::AfterAttempt), &key).await;

        let asked = tokio::time::timeout(PROVIDER_TIMEOUT, self.ask(&claim)).await;
        let reply = match asked.unwrap_or_else(|_| Err(NoAnswer("it took too long".into()))) {
            Ok(reply) => reply,
            Err(NoAnswer(_)) => {
                count(kind, "unknown");
                self.leave(&claim, Stage::Unknown, 0).await?;
                guard.is_over = true;
                return Err(Error::ProviderUnavailable(id));
            }
        };
        self.faults.point(fault_point(kind, Moment::AfterProvider), &key).await;

        let settled = claim.payment.clone().settle(claim.attempt.clone(), reply);
        let (payment, attempt) = match settled {
            Ok(settled) => settled,
            Err(error) => {
                error!(payment.id = %id, "{} of {id} cannot be completed: {error}", kind.name());
                self.leave(&claim, Stage::Unknown, 0).await?;
                guard.is_over = true;
                return Err(error);
            }
        };
        if attempt.stage == Stage::Succeeded
            && let Err(error) = self.post(&attempt, &payment).await
        {
            if let Error::LedgerRefused { .. } | Error::LedgerUnexpected(_) = &error {
                error!(payment.id = %id, "{error}");
            }
            count(kind, "ledger_due");
            self.leave(&claim, Stage::LedgerDue, attempt.fee).await?;
            guard.is_over = true;
            return Err(error);
        }
        self.faults.point(fault_point(kind, Moment::BeforeRecord), &key).await;

        let decline = attempt.decline.clone();
        count(kind, if decline.is_some() { "declined" } else { "succeeded" });
        let Claim { payment: before, epoch, .. } = claim;
        let end = End { payment, attempt, before, epoch, now: self.clock.now() };
        let payment = self.db.write(ReadCommitted, end, finish::record).await?;
        guard.is_over = true;
        self.faults.point(fault_point(kind, Moment::AfterRecord), &key).await;
        match decline {
            // A customer's own no is what was asked for.
            Some(decline) if kind != Kind::DeclineAction => {
                Err(Error::Declined { payment: id, decline })
            }
            _ => Ok(payment),
        }
    }

    /// Returns the provider's response: the one it gave before, if the attempt may have been sent
    /// before.
    async fn ask(&self, claim: &Claim) -> Result<Reply, NoAnswer> {
        let attempt = &claim.attempt;
        if attempt.stage == Stage::LedgerDue {
            return Ok(self.approved_before(attempt).await);
        }
        if claim.is_resumed
            && !attempt.kind.is_reversal()
            && let Some(reply) = self.provider.inquire(attempt.id()).await?
        {
            return Ok(reply);
        }
        let amount = Money::new(claim.payment.amount.currency, attempt.amount);
        let order = Order { key: attempt.id(), charge: claim.payment.id, amount };
        match attempt.kind {
            Kind::Authorize => {
                let method = claim
                    .payment
                    .method
                    .as_ref()
                    .ok_or_else(|| NoAnswer("there is no method".into()))?;
                let return_url = claim.payment.return_url.as_ref();
                self.provider.authorize(order, method, return_url).await
            }
            Kind::ApproveAction | Kind::DeclineAction => self.provider.complete_action(order).await,
            Kind::ExpireAction => self.provider.expire_action(order).await,
            Kind::Capture => self.provider.capture(order, attempt.rest == 0).await,
            Kind::Void | Kind::ExpireAuthorization => self.provider.void(order).await,
            Kind::Refund => self.provider.refund(order).await,
            Kind::ReverseCapture | Kind::ReverseRefund => Ok(Answer::Approved { fee: 0 }.into()),
        }
    }

    /// Returns the approval of an attempt that only the ledger lacks. The provider tells the
    /// details of an authorisation again, if it can be reached.
    async fn approved_before(&self, attempt: &Attempt) -> Reply {
        if attempt.kind.is_authorization()
            && let Ok(Some(reply)) = self.provider.inquire(attempt.id()).await
        {
            return reply;
        }
        Answer::Approved { fee: attempt.fee }.into()
    }

    async fn post(&self, attempt: &Attempt, payment: &Payment) -> Result<(), Error> {
        let transfers = transfers::of(attempt, payment.amount.currency);
        if transfers.is_empty() {
            return Ok(());
        }
        let context = Context::current().unwrap_or_else(|| Context::background("payments"));
        context.with_timeout(LEDGER_TIMEOUT).scope(self.ledger.post(&transfers)).await
    }

    async fn leave(&self, claim: &Claim, stage: Stage, fee: i64) -> Result<(), Error> {
        let tries = claim.attempt.tries;
        let pause = self.config.retry().saturating_mul(1 << tries.min(16)).min(LONGEST_RETRY);
        let rest = Rest {
            attempt: Attempt {
                stage,
                fee,
                tries: tries.saturating_add(1),
                ..claim.attempt.clone()
            },
            epoch: claim.epoch,
            due_time: self.clock.now().plus(pause),
        };
        self.db.write(ReadCommitted, rest, finish::leave).await
    }
}

fn count(kind: Kind, outcome: &'static str) {
    metrics::counter!("souk_payments_operations_total", "operation" => kind.name(), "outcome" => outcome).increment(1);
}
