//! Carrying an operation out: written down, then the provider, then the ledger, then written down again. Whoever finds
//! one half done inquires with the provider and finishes it.

use souk_chassis::Faults;
use souk_types::{Clock, Money, TransferId};

use crate::attempt::{self, Attempt, Kind, Verdict};
use crate::error::Error;
use crate::payment::{Payment, Wish};
use crate::provider::{Operation, Provider, Silence};
use crate::store::{Ask, Begun, Flight, Lease, Store};
use crate::upstream::Ledger;

macro_rules! fault_points {
    ($($kind:ident = $name:literal),*) => {
        /// The names of all fault points of an operation, in the order in which it passes them. The kill test enumerates them.
        pub const FAULT_POINTS: &[&str] = &[$(
            concat!("payments.", $name, ".before_call"),
            concat!("payments.", $name, ".after_effect"),
            concat!("payments.", $name, ".before_record"),
            concat!("payments.", $name, ".after_record"),
        )*];

        fn fault_point(kind: Kind, moment: Moment) -> &'static str {
            match (kind, moment) {$(
                (Kind::$kind, Moment::BeforeCall) => concat!("payments.", $name, ".before_call"),
                (Kind::$kind, Moment::AfterEffect) => concat!("payments.", $name, ".after_effect"),
                (Kind::$kind, Moment::BeforeRecord) => concat!("payments.", $name, ".before_record"),
                (Kind::$kind, Moment::AfterRecord) => concat!("payments.", $name, ".after_record"),
            )*}
        }
    };
}

fault_points! {
    Authorize = "authorize", Complete = "complete", Capture = "capture", Void = "void", Refund = "refund"
}

/// A moment at which a process may die: before the provider is asked, after it has answered, after the ledger has it, and
/// after the answer is written down.
#[derive(Clone, Copy, Debug)]
enum Moment {
    BeforeCall,
    AfterEffect,
    BeforeRecord,
    AfterRecord,
}

/// How often an operation that stands in the way is finished before the caller is told to try again.
const MOST_IN_THE_WAY: usize = 3;

/// Carries operations out; a cheap handle.
#[derive(Clone)]
pub struct Operator<P> {
    pub store: Store,
    pub provider: P,
    pub ledger: Ledger,
    pub clock: Clock,
    pub faults: Faults,
    pub lease: Lease,
}

impl<P: Provider> Operator<P> {
    /// Carries out what is asked for and returns the payment after it, with the attempt if there is one. An attempt that
    /// was declined is [`Error::Declined`], also when the call is repeated.
    pub async fn run(&self, ask: Ask) -> Result<(Payment, Option<Attempt>), Error> {
        let is_void = matches!(ask.wish, Some(Wish::Void));
        for _ in 0..MOST_IN_THE_WAY {
            let flight = match self.store.begin(ask.clone(), self.lease, self.clock.now()).await? {
                Begun::Done(payment, attempt) => return answer(*payment, attempt.map(|attempt| *attempt)),
                Begun::Flight(flight) => *flight,
            };
            let is_asked = flight.is_asked;
            // Whoever voids does not want an authorisation that never arrived to be sent after all.
            let (payment, attempt) = self.fly(flight, is_void && !is_asked).await?;
            if is_asked {
                return answer(payment, Some(attempt));
            }
        }
        Err(Error::Busy(ask.payment))
    }

    /// Brings one operation to its end.
    pub async fn fly(&self, flight: Flight, withdraw: bool) -> Result<(Payment, Attempt), Error> {
        let kind = flight.attempt.kind;
        self.point(&flight, Moment::BeforeCall).await;
        let Ok(verdict) = self.ask_provider(&flight, withdraw).await else {
            self.store.leave_unknown(&flight, self.lease, self.clock.now()).await?;
            metrics::counter!("souk_payments_provider_silent_total", "kind" => kind.name()).increment(1);
            return Err(Error::ProviderUnavailable(flight.payment.id));
        };
        self.point(&flight, Moment::AfterEffect).await;

        let hold = match verdict {
            Verdict::Approved => match self.ledger.post(&flight.payment, &flight.attempt).await {
                Ok(hold) => hold,
                Err(error) => {
                    // The money has moved; the books follow as soon as they can.
                    self.store.leave_unknown(&flight, self.lease, self.clock.now()).await?;
                    return Err(error);
                }
            },
            _ => unchanged(&flight),
        };
        self.point(&flight, Moment::BeforeRecord).await;
        let recorded = self.store.record(flight.clone(), verdict, hold, self.clock.now()).await?;
        self.point(&flight, Moment::AfterRecord).await;
        Ok(recorded)
    }

    async fn ask_provider(&self, flight: &Flight, withdraw: bool) -> Result<Verdict, Silence> {
        let operation = operation_of(flight);
        if !flight.is_resumed {
            return self.provider.perform(operation).await;
        }
        match self.provider.inquire(operation.key).await? {
            Some(verdict) => Ok(verdict),
            None if withdraw => {
                let withdrawn = Verdict::Declined { code: "withdrawn".to_owned(), is_retryable: false };
                Ok(self.provider.withdraw(operation).await?.unwrap_or(withdrawn))
            }
            // It never arrived; it is sent under the same key.
            None => self.provider.perform(operation).await,
        }
    }

    async fn point(&self, flight: &Flight, moment: Moment) {
        self.faults.point(fault_point(flight.attempt.kind, moment), &flight.payment.id.to_string()).await;
    }
}

fn unchanged(flight: &Flight) -> Option<TransferId> {
    flight.payment.hold
}

fn operation_of(flight: &Flight) -> Operation {
    let (payment, attempt) = (&flight.payment, &flight.attempt);
    Operation {
        key: attempt.id,
        payment: payment.id,
        kind: attempt.kind,
        amount: Money::new(payment.amount.currency, attempt.amount),
        payment_method: payment.payment_method.clone().filter(|_| attempt.kind == Kind::Authorize),
        is_approval: attempt.is_approval,
    }
}

fn answer(payment: Payment, attempt: Option<Attempt>) -> Result<(Payment, Option<Attempt>), Error> {
    match &attempt {
        Some(Attempt { state: attempt::State::Declined, decline, is_retryable, .. }) => Err(Error::Declined {
            payment: payment.id,
            decline: decline.clone().unwrap_or_default(),
            is_retryable: *is_retryable,
        }),
        _ => Ok((payment, attempt)),
    }
}
