//! The payment: its transitions, and how they change its amounts. Pure.
//!
//! ```text
//! REQUIRES_PAYMENT_METHOD ─method─▶ REQUIRES_CONFIRMATION ─confirm─▶ PROCESSING
//! PROCESSING ─approved─▶ REQUIRES_CAPTURE ─captured─▶ SUCCEEDED
//! PROCESSING ─declined─▶ REQUIRES_PAYMENT_METHOD
//! PROCESSING ─the customer must confirm─▶ REQUIRES_ACTION ─approve, decline, too late─▶ PROCESSING
//! any state before SUCCEEDED ─void, nothing captured─▶ CANCELED
//! SUCCEEDED ─the provider takes all of it back─▶ CANCELED
//! ```
//!
//! **Invariant:** 0 ≤ refunded ≤ captured ≤ authorized ≤ amount. PROCESSING means that an attempt
//! is in flight; a capture, void or refund in flight leaves the state as it is until it is
//! resolved. A payment of amount 0 never reaches the provider.

use std::time::Duration;

use souk_chassis::Caller;
use souk_types::{
    CaptureId, Currency, CustomerId, Money, OrderId, PaymentId, Timestamp, TransferId,
};

use crate::attempt::{
    Answer, Attempt, CaptureKey, Decline, Kind, Method, MethodSummary, Reply, ReturnUrl, Stage,
};
use crate::error::Error;
use crate::refund::NewRefund;
use crate::state::{Cancellation, State};

/// The largest amount, in minor units: what the ledger takes.
pub const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;

/// When a provider is asked again about an authorisation that it did not let go of when it expired.
const NEXT_LOOK_AT_EXPIRY: Duration = Duration::from_secs(3600);

/// ISO 4217's code for no currency.
const NO_CURRENCY: &str = "XXX";

/// A payment that is about to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayment {
    pub id: PaymentId,
    /// Who makes it, and alone may change it: `service:orders`.
    pub owner: String,
    /// None for one that is for no order.
    pub order: Option<OrderId>,
    /// What it is for, in the caller's words.
    pub reference: String,
    /// None for a sale without one.
    pub customer: Option<CustomerId>,
    pub amount: Money,
    pub method: Option<Method>,
    pub return_url: Option<ReturnUrl>,
    pub effective_time: Option<Timestamp>,
}

/// What the provider is asked for when the method of a payment is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// None for the method that the payment has.
    pub method: Option<Method>,
    pub return_url: Option<ReturnUrl>,
}

/// An amount of money that a customer is to pay.
///
/// **Invariant:** a payment with an order is changed by the service that made it alone; methods ask
/// [`Payment::is_open_to`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    /// Who made it; empty in a tombstone.
    pub owner: String,
    /// The order that it belongs to; none for one that is for no order, and in a tombstone.
    pub order: Option<OrderId>,
    pub reference: String,
    /// None for a sale without one.
    pub customer: Option<CustomerId>,
    pub amount: Money,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub fees: i64,
    pub state: State,
    pub cancellation: Option<Cancellation>,
    pub method: Option<Method>,
    pub return_url: Option<ReturnUrl>,
    pub summary: Option<MethodSummary>,
    pub decline: Option<Decline>,
    pub action_url: Option<String>,
    /// When the action, or what is authorised, expires.
    pub expire_time: Option<Timestamp>,
    /// The provider, and its own id of the charge; none before it was asked.
    pub provider: Option<String>,
    pub provider_reference: Option<String>,
    /// The pending transfer in the ledger for what is authorised and not captured.
    pub hold: Option<TransferId>,
    /// How many attempts were made; the last is the one in flight, if any is.
    pub attempts: i64,
    pub is_in_flight: bool,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Timestamp,
}

/// What a capture is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCapture {
    pub id: CaptureId,
    /// None for all that is left.
    pub amount: Option<Money>,
    pub is_final: bool,
    pub effective_time: Option<Timestamp>,
}

impl NewCapture {
    /// Returns what recognises a repeat of it.
    pub fn key(&self) -> CaptureKey {
        let asked = self.amount.map(|amount| amount.minor);
        CaptureKey { id: self.id, asked, is_final: self.is_final }
    }
}

/// What follows a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a step lives for one write, and is nearly always an Ask"
)]
pub enum Step {
    /// It was done before.
    Nothing,
    /// The payment changes without a call to the provider.
    Change(Payment),
    /// The provider is asked.
    Ask(Payment, Attempt),
}

impl Payment {
    /// Returns a new payment, which waits for its method or its confirmation.
    pub fn create(new: NewPayment, now: Timestamp) -> Self {
        let state = match new.method {
            Some(_) => State::RequiresConfirmation,
            None => State::RequiresPaymentMethod,
        };
        Payment {
            id: new.id,
            owner: new.owner,
            order: new.order,
            reference: new.reference,
            customer: new.customer,
            amount: new.amount,
            authorized: 0,
            captured: 0,
            refunded: 0,
            fees: 0,
            state,
            cancellation: None,
            method: new.method,
            return_url: new.return_url,
            summary: None,
            decline: None,
            action_url: None,
            expire_time: None,
            provider: None,
            provider_reference: None,
            hold: None,
            attempts: 0,
            is_in_flight: false,
            create_time: now,
            update_time: now,
            effective_time: at(new.effective_time, now),
        }
    }

    /// Returns what remembers that a payment was voided before it arrived. Its currency is XXX, ISO
    /// 4217's "no currency".
    pub fn tombstone(id: PaymentId, now: Timestamp) -> Self {
        let currency: Currency = NO_CURRENCY.parse().expect("three capital letters");
        Payment {
            id,
            owner: String::new(),
            order: None,
            reference: String::new(),
            customer: None,
            amount: Money::zero(currency),
            authorized: 0,
            captured: 0,
            refunded: 0,
            fees: 0,
            state: State::Canceled,
            cancellation: Some(Cancellation::Voided),
            method: None,
            return_url: None,
            summary: None,
            decline: None,
            action_url: None,
            expire_time: None,
            provider: None,
            provider_reference: None,
            hold: None,
            attempts: 0,
            is_in_flight: false,
            create_time: now,
            update_time: now,
            effective_time: now,
        }
    }

    /// Returns whether it remembers only that its id was voided. Nothing is paid in XXX.
    pub fn is_tombstone(&self) -> bool {
        self.order.is_none() && self.amount.currency.as_str() == NO_CURRENCY
    }

    /// Checks that a caller may change it: staff what belongs to no order, a service what it made
    /// itself. What belongs to an order is changed through the order, by `instead`.
    pub fn is_open_to(&self, caller: &Caller, instead: &'static str) -> Result<(), Error> {
        let is_open = match caller {
            Caller::Service(_) => self.owner == caller.key(),
            _ => self.order.is_none(),
        };
        match self.order {
            _ if is_open => Ok(()),
            Some(order) => Err(Error::OfOrder { payment: self.id, order, instead }),
            None => Err(Error::NotFound(self.id)),
        }
    }

    /// Returns whether a caller may see it: a person sees its own payments only.
    pub fn is_shown_to(&self, caller: &Caller) -> bool {
        caller.customer().is_none_or(|own| self.customer == Some(own))
    }

    /// Checks that a repeated creation has the fields of this payment; an id is always the same
    /// payment. The method is compared only when `with_method` is set, since a confirmation may
    /// have changed it. The customer is not compared: the order and its payment learn at different
    /// moments that a customer has claimed what a guest bought.
    pub fn is_repeated_by(&self, new: &NewPayment, with_method: bool) -> Result<(), Error> {
        if self.is_tombstone() {
            return Err(self.refused());
        }
        let same_time =
            new.effective_time.is_none_or(|time| time.min(self.create_time) == self.effective_time);
        let field = if self.order != new.order {
            "order_id"
        } else if self.reference != new.reference {
            "reference"
        } else if self.amount != new.amount {
            "amount"
        } else if with_method && self.method != new.method {
            "payment_method"
        } else if !same_time {
            "effective_time"
        } else {
            return Ok(());
        };
        Err(Error::Differs { payment: self.id, field })
    }

    /// Returns how many minor units are authorised and not captured.
    pub fn capturable(&self) -> i64 {
        self.authorized - self.captured
    }

    /// Returns how many minor units were captured and not refunded.
    pub fn refundable(&self) -> i64 {
        self.captured - self.refunded
    }

    /// Answers a repeated authorisation: the current payment, or the same decline.
    pub fn authorize_again(self, now: Timestamp) -> Result<Step, Error> {
        match (self.state, &self.decline) {
            (State::RequiresConfirmation, _) => self.confirm(Confirmation::default(), now),
            (State::RequiresPaymentMethod, Some(decline)) => {
                Err(Error::Declined { payment: self.id, decline: decline.clone() })
            }
            (State::Canceled, _) => Err(self.refused()),
            _ => Ok(Step::Nothing),
        }
    }

    /// Asks for the authorisation, with this method or the one it has.
    pub fn confirm(mut self, new: Confirmation, now: Timestamp) -> Result<Step, Error> {
        let Confirmation { method, return_url } = new;
        match self.state {
            State::RequiresPaymentMethod | State::RequiresConfirmation => {}
            State::Canceled => return Err(self.refused()),
            _ if method.is_none() || method == self.method => return Ok(Step::Nothing),
            _ => return Err(self.refused()),
        }
        let is_same = method.is_none() || method == self.method;
        match &self.decline {
            Some(decline) if is_same && !decline.is_retryable => {
                return Err(Error::Declined { payment: self.id, decline: decline.clone() });
            }
            _ => {}
        }
        self.method = method.or(self.method);
        if self.method.is_none() {
            return Err(self.refused());
        }
        self.return_url = return_url.or(self.return_url);
        self.decline = None;
        if self.amount.minor == 0 {
            self.state = State::RequiresCapture;
            return Ok(Step::Change(self));
        }
        self.state = State::Processing;
        Ok(self.ask(Kind::Authorize, now, |payment, attempt| {
            attempt.amount = payment.amount.minor;
            attempt.hold = Some(attempt.transfer("hold"));
            attempt.effective_time = payment.effective_time;
        }))
    }

    /// Goes on after the customer acted.
    pub fn complete_action(mut self, approve: bool, now: Timestamp) -> Result<Step, Error> {
        match (self.state, approve, &self.decline) {
            (State::RequiresAction, ..) => {}
            (State::RequiresCapture | State::Succeeded, true, _) => return Ok(Step::Nothing),
            (State::RequiresPaymentMethod, false, Some(_)) => return Ok(Step::Nothing),
            (State::RequiresPaymentMethod, true, Some(decline)) => {
                return Err(Error::Declined { payment: self.id, decline: decline.clone() });
            }
            _ => return Err(self.refused()),
        }
        self.state = State::Processing;
        let kind = if approve { Kind::ApproveAction } else { Kind::DeclineAction };
        Ok(self.ask(kind, now, |payment, attempt| {
            attempt.amount = payment.amount.minor;
            attempt.hold = approve.then(|| attempt.transfer("hold"));
            attempt.effective_time = payment.effective_time;
        }))
    }

    /// Ends an action, because its time is over or another method is to be used. What the customer
    /// did by then holds.
    pub fn end_action(mut self, now: Timestamp) -> Result<Step, Error> {
        if self.state != State::RequiresAction {
            return Ok(Step::Nothing);
        }
        self.state = State::Processing;
        Ok(self.ask(Kind::ExpireAction, now, |payment, attempt| {
            attempt.amount = payment.amount.minor;
            attempt.hold = Some(attempt.transfer("hold"));
            attempt.effective_time = payment.effective_time;
        }))
    }

    /// Ends what has expired: an action that the customer did not do in time, an authorisation that
    /// was not captured in time. The provider has the last word on both.
    pub fn expire(self, now: Timestamp) -> Result<Step, Error> {
        if self.expire_time.is_none_or(|time| time > now) {
            return Ok(Step::Nothing);
        }
        match self.state {
            State::RequiresAction => self.end_action(now),
            State::RequiresCapture => {
                Ok(self.ask(Kind::ExpireAuthorization, now, |payment, attempt| {
                    attempt.amount = payment.capturable();
                    attempt.hold = payment.hold;
                }))
            }
            _ => Ok(Step::Nothing),
        }
    }

    /// Records that the provider has taken back what an earlier attempt did: a capture, or a refund
    /// whose money did not arrive.
    pub fn reverse(self, before: &Attempt, now: Timestamp) -> Result<Step, Error> {
        let kind = match (before.kind, before.stage) {
            (Kind::Capture | Kind::Refund, Stage::Reversed) => return Ok(Step::Nothing),
            (Kind::Capture, Stage::Succeeded) if before.amount <= self.refundable() => {
                Kind::ReverseCapture
            }
            (Kind::Refund, Stage::Succeeded) => Kind::ReverseRefund,
            _ => return Err(Error::ProviderOutOfTurn("reverse")),
        };
        Ok(self.ask(kind, now, |_, attempt| {
            attempt.amount = before.amount;
            attempt.reverses = Some(before.number);
        }))
    }

    /// Takes all that is authorised, or a part; `before` is the attempt that this capture id made
    /// earlier.
    pub fn capture(
        mut self,
        new: &NewCapture,
        before: Option<&Attempt>,
        now: Timestamp,
    ) -> Result<Step, Error> {
        if let Some(before) = before {
            if before.payment != self.id || before.capture != Some(new.key()) {
                return Err(Error::CaptureDiffers(new.id));
            }
            return match &before.decline {
                Some(decline) if before.stage == Stage::Declined => {
                    Err(Error::Declined { payment: self.id, decline: decline.clone() })
                }
                _ => Ok(Step::Nothing),
            };
        }
        let amount = match new.amount {
            Some(_) if self.is_tombstone() => return Err(self.refused()),
            Some(amount) if amount.currency != self.amount.currency => {
                return Err(self.other_currency());
            }
            Some(amount) => amount.minor,
            None => self.capturable(),
        };
        if self.amount.minor == 0
            && amount == 0
            && matches!(self.state, State::RequiresCapture | State::Succeeded)
        {
            self.state = State::Succeeded;
            return Ok(Step::Change(self));
        }
        if self.state != State::RequiresCapture {
            return Err(self.refused());
        }
        if amount <= 0 {
            return Err(Error::Amount {
                field: "amount",
                problem: "must be more than 0 minor units".into(),
            });
        }
        if amount > self.capturable() {
            return Err(Error::CaptureExceeds { payment: self.id, capturable: self.capturable() });
        }
        let effective_time = self.after_the_sale(new.effective_time, now)?;
        Ok(self.ask(Kind::Capture, now, |payment, attempt| {
            attempt.amount = amount;
            attempt.rest = if new.is_final { 0 } else { payment.capturable() - amount };
            attempt.hold = payment.hold;
            attempt.capture = Some(new.key());
            attempt.effective_time = effective_time;
        }))
    }

    /// Releases what is authorised and not captured. `unresolved` is an authorisation with an
    /// unknown outcome.
    pub fn void(mut self, unresolved: Option<&Attempt>, now: Timestamp) -> Result<Step, Error> {
        let makes_hold = match (self.state, unresolved) {
            (State::Canceled, _) => return Ok(Step::Nothing),
            // The rest of it was released before.
            (State::Succeeded, _) if self.captured < self.amount.minor => return Ok(Step::Nothing),
            (State::Succeeded, _) => return Err(self.refused()),
            (State::RequiresPaymentMethod | State::RequiresConfirmation, _) => {
                self.cancel(Cancellation::Voided);
                return Ok(Step::Change(self));
            }
            (State::RequiresCapture, _) if self.amount.minor == 0 => {
                self.cancel(Cancellation::Voided);
                return Ok(Step::Change(self));
            }
            (State::Processing, Some(attempt)) => attempt.hold.is_some(),
            (State::Processing, None) => return Err(Error::Busy(self.id)),
            (State::RequiresAction | State::RequiresCapture, _) => false,
        };
        let hold = unresolved.map_or(self.hold, |attempt| attempt.hold);
        Ok(self.ask(Kind::Void, now, |payment, attempt| {
            attempt.amount = if makes_hold { payment.amount.minor } else { payment.capturable() };
            attempt.hold = hold;
            attempt.makes_hold = makes_hold;
            attempt.effective_time = if makes_hold { payment.effective_time } else { now };
        }))
    }

    /// Pays captured money back.
    pub fn refund(self, new: &NewRefund, now: Timestamp) -> Result<Step, Error> {
        if new.amount.currency != self.amount.currency && !self.is_tombstone() {
            return Err(self.other_currency());
        }
        if new.amount.minor > self.refundable() {
            return Err(Error::RefundExceeds { payment: self.id, refundable: self.refundable() });
        }
        let effective_time = self.after_the_sale(new.effective_time, now)?;
        Ok(self.ask(Kind::Refund, now, |_, attempt| {
            attempt.amount = new.amount.minor;
            attempt.refund = Some(new.id);
            attempt.effective_time = effective_time;
        }))
    }

    /// Returns when a capture or refund happened, which is not before the sale. Clocks of replicas
    /// differ a little, so only a time that the caller named can be too early.
    fn after_the_sale(&self, time: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Error> {
        if time.is_some_and(|time| time < self.effective_time) {
            let problem = format!("must not be before the payment's own, {}", self.effective_time);
            return Err(Error::field("effective_time", problem));
        }
        Ok(at(time, now).max(self.effective_time))
    }

    fn cancel(&mut self, why: Cancellation) {
        self.state = State::Canceled;
        self.cancellation = Some(why);
        (self.action_url, self.expire_time) = (None, None);
    }

    /// Ends the authorisation: nothing is set aside any more.
    fn release(&mut self, why: Cancellation) {
        (self.authorized, self.hold) = (self.captured, None);
        if self.captured == 0 {
            self.cancel(why);
        } else {
            self.state = State::Succeeded;
            self.expire_time = None;
        }
    }

    /// Applies the provider's response to the payment and the attempt.
    pub fn settle(
        mut self,
        mut attempt: Attempt,
        reply: impl Into<Reply>,
    ) -> Result<(Payment, Attempt), Error> {
        let Reply { answer, details } = reply.into();
        let mut authorized_until = None;
        if let Some(details) = details {
            self.provider = Some(details.provider.to_owned());
            self.provider_reference = Some(details.reference);
            self.summary = Some(details.method);
            authorized_until = details.expire_time;
        }
        attempt.stage = match &answer {
            Answer::Approved { .. } => Stage::Succeeded,
            Answer::Declined(_) => Stage::Declined,
            Answer::ActionRequired { .. } => Stage::ActionRequired,
        };
        match (attempt.kind, answer) {
            (
                Kind::Authorize | Kind::ApproveAction | Kind::ExpireAction,
                Answer::Approved { .. },
            ) => {
                self.state = State::RequiresCapture;
                (self.authorized, self.hold) = (self.amount.minor, attempt.hold);
                (self.action_url, self.expire_time) = (None, authorized_until);
            }
            (Kind::Authorize, Answer::ActionRequired { url, expire_time })
                if url.starts_with("https://") =>
            {
                self.state = State::RequiresAction;
                (self.action_url, self.expire_time) = (Some(url), Some(expire_time));
                attempt.hold = None;
            }
            (kind, Answer::Declined(decline)) if kind.is_authorization() => {
                self.state = State::RequiresPaymentMethod;
                (self.action_url, self.expire_time) = (None, None);
                self.decline = Some(decline.clone());
                attempt.decline = Some(decline);
                attempt.hold = None;
            }
            (Kind::Capture, Answer::Approved { fee }) if (0..=attempt.amount).contains(&fee) => {
                self.captured += attempt.amount;
                self.fees += fee;
                attempt.fee = fee;
                if attempt.rest == 0 {
                    self.release(Cancellation::Voided);
                } else {
                    self.hold = Some(attempt.transfer("hold"));
                }
            }
            (Kind::Void, Answer::Approved { .. }) => self.release(Cancellation::Voided),
            (Kind::ExpireAuthorization, Answer::Approved { .. }) => {
                self.release(Cancellation::AuthorizationExpired);
            }
            (Kind::Refund, Answer::Approved { .. }) => self.refunded += attempt.amount,
            (Kind::ReverseCapture, Answer::Approved { .. }) => {
                self.captured -= attempt.amount;
                self.authorized -= attempt.amount;
                if self.state == State::Succeeded && self.captured == 0 {
                    self.cancel(Cancellation::CaptureReversed);
                }
            }
            (Kind::ReverseRefund, Answer::Approved { .. }) => self.refunded -= attempt.amount,
            (Kind::Capture | Kind::Refund, Answer::Declined(decline)) => {
                attempt.decline = Some(decline)
            }
            (Kind::Void, Answer::Declined(decline)) if self.state == State::RequiresCapture => {
                attempt.decline = Some(decline);
            }
            (Kind::ExpireAuthorization, Answer::Declined(decline)) => {
                // It has not expired at the provider; ask again later.
                self.expire_time = Some(attempt.create_time.plus(NEXT_LOOK_AT_EXPIRY));
                attempt.decline = Some(decline);
            }
            _ => return Err(Error::ProviderOutOfTurn(attempt.kind.name())),
        }
        self.is_in_flight = false;
        Ok((self, attempt))
    }

    fn ask(
        mut self,
        kind: Kind,
        now: Timestamp,
        fill: impl FnOnce(&Payment, &mut Attempt),
    ) -> Step {
        self.attempts += 1;
        self.is_in_flight = true;
        let mut attempt = Attempt {
            payment: self.id,
            number: self.attempts,
            kind,
            stage: Stage::Calling,
            amount: 0,
            rest: 0,
            hold: None,
            makes_hold: false,
            capture: None,
            refund: None,
            reverses: None,
            fee: 0,
            decline: None,
            tries: 0,
            actor: String::new(),
            create_time: now,
            effective_time: now,
        };
        fill(&self, &mut attempt);
        Step::Ask(self, attempt)
    }

    /// Returns the refusal of a step that this state does not allow.
    pub fn refused(&self) -> Error {
        Error::State { payment: self.id, state: self.state }
    }

    fn other_currency(&self) -> Error {
        Error::Amount {
            field: "amount.currency_code",
            problem: format!("must be {}", self.amount.currency),
        }
    }
}

/// A time ahead of the clock counts as now.
fn at(time: Option<Timestamp>, now: Timestamp) -> Timestamp {
    time.map_or(now, |time| time.min(now))
}
