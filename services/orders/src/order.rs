//! The rules of an order and its refunds. Pure: no async, no I/O, no database, no wire. Those of
//! goods that leave are in `fulfillment.rs`, those of units that are canceled in `cancellation.rs`.
//!
//! ```text
//!            place              capture        fulfill, in parts
//!   Pending ───────▶ Placed ────────▶ Placed ──────────▶ Completed, when nothing is open
//!   Unpaid   │       Authorized │     Paid    │          Paid, then PartiallyRefunded, Refunded
//!            │                  │             │          Fulfilled, Delivered, Returned
//!            ▼ reject           ▼ cancel      ▼ cancel, or paid back in full, before any left
//!         Rejected           Canceled      Canceled
//!         Unpaid             Voided        Refunded
//! ```
//!
//! A capture in parts is PartiallyPaid in between, goods that leave in parts PartiallyFulfilled.
//! When the provider takes back a capture the payment is Reversed: `reversal.rs`.

use std::collections::BTreeMap;

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_client::types::v1::{Address, Contact};
use souk_contract::FieldError;
use souk_types::{
    Currency, Money, OrderId, PaymentId, PriceId, ProductId, RefundId, ReservationId, Timestamp,
    VariantId,
};

use crate::actor::Actor;
use crate::error::{EffectiveTimeFault, Error};
use crate::part::{Fulfillment, LinesCancellation};
use crate::reason::Reason;
use crate::share::Share;
use crate::state::{Axes, CaptureMethod, MAX_REFUNDS, PaymentStatus, State};

/// What a customer ordered, and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: OrderId,
    /// The number that people use.
    pub number: i64,
    pub customer: String,
    pub reference: String,
    pub channel: String,
    pub locale: String,
    pub currency: Currency,
    pub axes: Axes,
    pub capture: CaptureMethod,
    /// **Invariant:** empty until the prices are frozen, and never changed afterwards but for the
    /// counts of units. The rules want all of them, numbered from 1; an order that was
    /// read to be shown has the first [`LINES_SHOWN`] only.
    pub lines: Vec<Line>,
    /// How many lines there are.
    pub line_count: i64,
    pub total: Option<Money>,
    /// What the total is made of.
    pub parts: Parts,
    /// What refunds paid back.
    ///
    /// **Invariant:** 0 ≤ refunded, and refunded plus every pending refund ≤ what was captured less
    /// what cancellations paid back ≤ total less what was canceled.
    pub refunded: Money,
    /// How much was captured, in minor units.
    pub captured: i64,
    /// How much of it cancellations paid back, in minor units.
    pub given_back: i64,
    /// How much of the total is not owed because units were canceled, in minor units.
    pub canceled: i64,
    /// How much of what is owed the provider took back after it was captured, in minor units.
    pub reversed: i64,
    pub refunds: Vec<Refund>,
    /// Its payments, when there are several: empty for an order with one, whose amounts stand
    /// above.
    pub payments: Vec<Share>,
    /// All of them; in an order that was read to be shown the first.
    pub fulfillments: Vec<Fulfillment>,
    pub fulfillment_count: i64,
    /// The cancellation of some units that is in progress.
    pub cancellation: Option<LinesCancellation>,
    /// Why it was rejected or canceled.
    pub closure: Option<Reason>,
    /// Why the provider declined its payment, while it waits for another payment method.
    pub decline: Option<String>,
    /// How many payment methods were tried, from 1.
    pub tries: i64,
    /// **Invariant:** grows by one with every change, and each has its row in the history.
    pub version: i64,
    pub is_quarantined: bool,
    pub action: Option<Action>,
    /// Until when a customer who has not paid yet is waited for.
    pub expire_time: Timestamp,
    pub details: Details,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Timestamp,
}

/// What the total of an order is made of, in minor units.
///
/// **Invariant:** total = subtotal - discount + shipping + tax, and none is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub subtotal: i64,
    pub discount: i64,
    pub shipping: i64,
    pub tax: i64,
}

/// Where the customer confirms the payment, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub url: String,
    pub expire_time: Option<Timestamp>,
}

/// What the request said about the order and the rules do not need. It is personal data for the
/// most part: never logged, and not in events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    pub contact: Option<Contact>,
    pub shipping_address: Option<Address>,
    pub billing_address: Option<Address>,
    pub customer_note: String,
    pub metadata: BTreeMap<String, String>,
}

/// One line of an order, at its frozen price.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub number: i64,
    pub sku: String,
    pub price: PriceId,
    /// None in orders of earlier versions, and where the catalog did not say.
    pub product: Option<ProductId>,
    pub variant: Option<VariantId>,
    pub title: String,
    pub quantity: i64,
    pub unit_price: Money,
    /// Units whose price was paid back.
    pub refunded: i64,
    /// Units that came back on hand.
    pub returned: i64,
    /// Units that have left.
    pub fulfilled: i64,
    /// Units that were canceled.
    ///
    /// **Invariant:** fulfilled + canceled ≤ quantity, and returned ≤ fulfilled.
    pub canceled: i64,
    /// How much less is owed for them, in minor units.
    pub canceled_minor: i64,
}

impl Line {
    /// Returns how many units have neither left nor been canceled.
    pub fn open(&self) -> i64 {
        self.quantity - self.fulfilled - self.canceled
    }

    /// Returns the price of this many units, in minor units.
    pub fn price_of(&self, quantity: i64) -> i64 {
        self.unit_price.times(quantity).map_or(i64::MAX, |price| price.minor)
    }
}

/// What a line asks for, before its price is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Sku(String),
    Price(PriceId),
}

/// A line as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestedLine {
    pub item: Item,
    pub quantity: i64,
}

/// Money that goes back, or goods that come back for nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Refund {
    pub id: RefundId,
    pub state: RefundState,
    /// **Invariant:** at least the sum of the amounts of its lines.
    pub amount: Money,
    pub lines: Vec<RefundLine>,
    /// Why: a number of the contract's `RefundReason`.
    pub reason: i64,
    pub note: String,
    pub actor: Actor,
    /// The payment that it all goes back from, if that was decided elsewhere.
    pub payment: Option<PaymentId>,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

/// Units of one line that are refunded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefundLine {
    pub number: i64,
    pub quantity: i64,
    /// How much goes back for them, in minor units.
    pub amount: i64,
    /// Whether they come back on hand.
    pub restock: bool,
    /// Whether they count as paid back: not, when they only come back.
    pub is_refunded: bool,
}

/// The state of a refund. The numbers are those of the contract and of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum RefundState {
    Pending = 1,
    Succeeded = 2,
    Failed = 3,
}

/// What a caller wants to have refunded.
#[derive(Clone, Debug, PartialEq)]
pub struct RefundRequest {
    pub scope: RefundScope,
    pub reason: i64,
    pub note: String,
    pub actor: Actor,
    /// The payment that it all goes back from, if that was decided elsewhere.
    pub payment: Option<PaymentId>,
    pub effective_time: Option<Timestamp>,
}

/// Some lines, an amount, or everything that is left.
#[derive(Clone, Debug, PartialEq)]
pub enum RefundScope {
    /// Lines, each once.
    Lines(Vec<RequestedRefundLine>),
    Amount(Money),
    Rest {
        restock: bool,
    },
}

/// Units of a line that a caller wants to have refunded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestedRefundLine {
    pub number: i64,
    pub quantity: i64,
    /// None for their price, or what is left.
    pub amount: Option<Money>,
    pub restock: bool,
}

impl RefundScope {
    /// Returns whether goods come back.
    fn takes_goods_back(&self) -> bool {
        match self {
            RefundScope::Lines(lines) => lines.iter().any(|line| line.restock),
            RefundScope::Amount(_) => false,
            RefundScope::Rest { restock } => *restock,
        }
    }
}

impl Refund {
    /// Returns whether goods come back.
    pub fn takes_goods_back(&self) -> bool {
        self.lines.iter().any(|line| line.restock)
    }
}

/// The largest total of an order, in minor units: the largest amount that payments take.
pub const MAX_TOTAL: i64 = 1_000_000_000_000_000;

/// The most lines of an order, and of each of its refunds and fulfillments, that are shown with it.
pub const LINES_SHOWN: usize = 200;

/// The most fulfillments that are shown with their order.
pub const FULFILLMENTS_SHOWN: usize = 20;

impl Order {
    /// Names the payment of this order, or of several the one that pays the rest; a repeat of any
    /// step arrives at the same one.
    pub fn payment_id(&self) -> PaymentId {
        PaymentId::of_step(self.id.as_uuid(), "payment")
    }

    /// Names the reservation of this order.
    pub fn reservation_id(&self) -> ReservationId {
        ReservationId::of_step(self.id.as_uuid(), "reservation")
    }

    /// Names the refund of a cancellation.
    pub fn cancel_refund_id(&self) -> RefundId {
        RefundId::of_step(self.id.as_uuid(), "cancel")
    }

    /// Freezes lines and total. Fails with [`Reason::TotalOverflow`] when the total is beyond
    /// [`MAX_TOTAL`], and with [`Reason::PartialPaymentsExceedTotal`] when they leave nothing to
    /// pay.
    pub fn price(&mut self, lines: Vec<Line>) -> Result<(), Reason> {
        let mut total = Money::zero(self.currency);
        for line in &lines {
            let amount = line.unit_price.times(line.quantity).map_err(|_| Reason::TotalOverflow)?;
            total = total.add(amount).map_err(|_| Reason::TotalOverflow)?;
        }
        if total.minor > MAX_TOTAL {
            return Err(Reason::TotalOverflow);
        }
        self.line_count = lines.len() as i64;
        self.lines = lines;
        self.parts = Parts { subtotal: total.minor, ..Parts::default() };
        self.total = Some(total);
        self.share_out(total.minor)
    }

    /// Records that stock and payment are the order's own.
    pub fn place(&mut self) -> Result<(), Error> {
        self.check(self.axes.state == State::Pending)?;
        self.all_authorized();
        self.leave_pending(State::Placed, PaymentStatus::Authorized);
        Ok(())
    }

    /// Records that it could not be placed.
    pub fn reject(&mut self, reason: Reason) -> Result<(), Error> {
        self.check(self.axes.state == State::Pending)?;
        self.leave_pending(State::Rejected, PaymentStatus::Unpaid);
        self.closure = Some(reason);
        Ok(())
    }

    /// Records where the customer confirms the payment.
    pub fn require_action(&mut self, action: Action) -> Result<(), Error> {
        self.check(self.axes.state == State::Pending)?;
        self.axes.payment = PaymentStatus::ActionRequired;
        self.action = Some(action);
        Ok(())
    }

    /// Records that the payment method was declined and another one may come.
    pub fn decline(&mut self, decline: String) -> Result<(), Error> {
        self.check(self.axes.state == State::Pending)?;
        self.axes.payment = PaymentStatus::Unpaid;
        self.action = None;
        self.decline = Some(decline);
        Ok(())
    }

    /// Records that another payment method has come.
    pub fn retry_payment(&mut self) -> Result<(), Error> {
        self.check(self.axes.state == State::Pending && self.decline.is_some())?;
        self.decline = None;
        self.tries += 1;
        self.try_again();
        Ok(())
    }

    /// Returns whether it waits for nothing that happens by itself: it was placed or is over, or
    /// the customer must act.
    pub fn is_settled(&self) -> bool {
        self.axes.state != State::Pending || self.action.is_some() || self.decline.is_some()
    }

    /// Returns whether its payment is captured as soon as it is placed.
    pub fn captures_at_once(&self) -> bool {
        self.capture == CaptureMethod::Automatic
    }

    /// Returns whether more of its payment is to be captured.
    pub fn is_capturable(&self) -> bool {
        self.axes.state == State::Placed && self.axes.payment.is_authorized()
    }

    fn leave_pending(&mut self, state: State, payment: PaymentStatus) {
        self.axes.state = state;
        self.axes.payment = payment;
        self.action = None;
        self.decline = None;
    }

    pub(crate) fn check(&self, is_allowed: bool) -> Result<(), Error> {
        if is_allowed { Ok(()) } else { Err(self.not_now()) }
    }

    /// Returns the error that the order does not allow something as it is.
    pub fn not_now(&self) -> Error {
        Error::State { order: self.id, axes: self.axes }
    }

    /// Returns what can still be refunded: what was captured less what went back and what is on its
    /// way back.
    pub fn refundable(&self) -> i64 {
        let pending: i64 = self.open_refunds().map(|refund| refund.amount.minor).sum();
        self.captured_net() - self.refunded.minor - pending
    }

    /// Returns a refund by its id.
    pub fn refund(&self, id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    fn open_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| refund.state == RefundState::Pending)
    }

    /// Returns a line by its number.
    pub fn line(&self, number: i64) -> Option<&Line> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.lines.get(index).filter(|line| line.number == number)
    }

    pub(crate) fn line_mut(&mut self, number: i64) -> &mut Line {
        let index = usize::try_from(number - 1).expect("lines are numbered from 1");
        self.lines.get_mut(index).expect("units name lines of their order")
    }

    /// Turns a request into a pending refund of this order, or says why it cannot be one.
    pub fn plan_refund(
        &self,
        id: RefundId,
        request: &RefundRequest,
        now: Timestamp,
    ) -> Result<Refund, Error> {
        let takes_goods_back = request.scope.takes_goods_back();
        let is_paid = match self.axes.payment {
            PaymentStatus::Paid
            | PaymentStatus::PartiallyPaid
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Reversed => true,
            PaymentStatus::Refunded => takes_goods_back,
            _ => false,
        };
        let has_goods = !takes_goods_back || self.axes.fulfillment.has_left();
        if !is_paid || !has_goods || self.open_refunds().next().is_some() {
            return Err(self.not_now());
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(Error::TooManyRefunds(self.id));
        }
        if request.effective_time.is_some_and(|time| time < self.effective_time) {
            return Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale));
        }
        let refundable = self.refundable();
        let (amount, lines) = match &request.scope {
            RefundScope::Lines(lines) => self.refund_of_lines(lines)?,
            RefundScope::Amount(amount) => {
                self.is_in_currency(*amount, "amount")?;
                (amount.minor, vec![])
            }
            RefundScope::Rest { restock } => self.refund_of_the_rest(*restock),
        };
        let is_something = amount > 0 || lines.iter().any(|line| line.restock);
        if !is_something || amount > refundable {
            let field = match request.scope {
                RefundScope::Lines(_) => "lines",
                _ => "amount",
            };
            let field = field.to_owned();
            return Err(Error::RefundExceedsOrder { order: self.id, refundable, field });
        }
        Ok(Refund {
            id,
            state: RefundState::Pending,
            amount: Money::new(self.currency, amount),
            lines,
            reason: request.reason,
            note: request.note.clone(),
            actor: request.actor.clone(),
            payment: request.payment,
            create_time: now,
            effective_time: request.effective_time.unwrap_or(now),
        })
    }

    /// Checks that an amount of a request is in the currency of the order.
    pub(crate) fn is_in_currency(&self, amount: Money, field: &str) -> Result<(), Error> {
        if amount.currency == self.currency {
            return Ok(());
        }
        let problem = format!("must be {}, the currency of the order", self.currency);
        Err(FieldError::new(format!("{field}.currency_code"), problem).into())
    }

    fn refund_of_lines(
        &self,
        requested: &[RequestedRefundLine],
    ) -> Result<(i64, Vec<RefundLine>), Error> {
        let refundable = self.refundable();
        let mut lines = Vec::with_capacity(requested.len());
        let mut sum = 0_i64;
        for (index, wanted) in requested.iter().enumerate() {
            let RequestedRefundLine { number, quantity, restock, .. } = *wanted;
            let line = self.line(number);
            let line = line.ok_or(Error::LineNotFound {
                order: self.id,
                line: number,
                field: "lines",
                index,
            })?;
            let returnable = line.fulfilled - line.returned;
            if restock && quantity > returnable {
                return Err(Error::ReturnExceedsOrder {
                    order: self.id,
                    line: number,
                    returnable,
                    index,
                });
            }
            let price = line.price_of(quantity);
            let amount = match wanted.amount {
                Some(amount) => {
                    self.is_in_currency(amount, &format!("lines[{index}].amount"))?;
                    amount.minor
                }
                // Money that went back as a bare amount is not there for the goods that follow.
                None if restock => price.min((refundable - sum).max(0)),
                None => price,
            };
            let is_refunded = amount > 0 || !restock;
            let left = line.quantity - line.canceled - line.refunded;
            if is_refunded && quantity > left {
                let field = format!("lines[{index}].quantity");
                return Err(Error::RefundExceedsOrder { order: self.id, refundable: left, field });
            }
            sum = sum.saturating_add(amount);
            lines.push(RefundLine { number, quantity, amount, restock, is_refunded });
        }
        lines.sort_by_key(|line| line.number);
        Ok((sum, lines))
    }

    fn refund_of_the_rest(&self, restock: bool) -> (i64, Vec<RefundLine>) {
        let left = self.refundable();
        let mut unassigned = left;
        let mut lines = vec![];
        for line in &self.lines {
            let returnable = line.fulfilled - line.returned;
            let refundable = line.quantity - line.canceled - line.refunded;
            let quantity = match (restock, left) {
                (true, 0) => returnable,
                (true, _) => returnable.min(refundable),
                (false, _) => refundable,
            };
            if quantity <= 0 {
                continue;
            }
            let amount = line.price_of(quantity).min(unassigned);
            unassigned -= amount;
            let is_refunded = left > 0;
            lines.push(RefundLine { number: line.number, quantity, amount, restock, is_refunded });
        }
        (left, lines)
    }

    /// Returns whether this refund leaves nothing paid of an order with open units, so that its
    /// stock is to be released.
    pub fn gives_up_stock(&self, refund: &Refund) -> bool {
        let after = self.refunded.minor + refund.amount.minor;
        self.axes.state == State::Placed && self.uncaptured() == 0 && after == self.owed()
    }

    /// Ends a pending refund. The payment is Refunded once everything that is owed has gone back;
    /// what is open is canceled then.
    pub fn settle_refund(&mut self, id: RefundId, succeeded: bool) -> Result<(), Error> {
        let not_now = self.not_now();
        let refund = self
            .refunds
            .iter_mut()
            .find(|refund| refund.id == id && refund.state == RefundState::Pending);
        let Some(refund) = refund else { return Err(not_now) };
        if !succeeded {
            refund.state = RefundState::Failed;
            return Ok(());
        }
        refund.state = RefundState::Succeeded;
        for units in &refund.lines {
            let line = self
                .lines
                .get_mut(units.number as usize - 1)
                .expect("a refund names lines of its order");
            if units.is_refunded {
                line.refunded += units.quantity;
            }
            if units.restock {
                line.returned += units.quantity;
            }
        }
        let is_of_money = refund.amount.minor > 0;
        let takes_goods_back = refund.takes_goods_back();
        let amount = refund.amount;
        let payment = refund.payment;
        self.pay_back(amount.minor, payment);
        self.refunded = self.refunded.add(amount).expect("refunds never exceed the total");
        if is_of_money {
            self.axes.payment = self.payment_status();
        }
        if is_of_money
            && self.axes.payment == PaymentStatus::Refunded
            && self.axes.state == State::Placed
        {
            for line in &mut self.lines {
                line.canceled += line.open();
            }
            let has_left = self.axes.fulfillment.has_left();
            self.axes.state = if has_left { State::Completed } else { State::Canceled };
            self.closure = (!has_left).then_some(Reason::Refunded);
        }
        if takes_goods_back || self.axes.state == State::Completed {
            self.axes.fulfillment = self.fulfillment_status();
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
pub(crate) mod tests;
