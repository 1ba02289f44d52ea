//! The rules of an order and its refunds. Pure: no async, no I/O, no database, no wire.
//!
//! ```text
//!            place           pay           fulfill            settle_refund (all paid back)
//!   Pending ───────▶ Placed ──────▶ Paid ──────────▶ Fulfilled ──────▶ Refunded
//!      │ reject         │ cancel      │ cancel  └──────────────────────▶ Refunded, and its stock is released
//!      ▼                ▼             ▼
//!   Rejected         Canceled      Canceled
//! ```

use std::collections::BTreeMap;

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_types::{
    Currency, Money, OrderId, PaymentId, PriceId, RefundId, ReservationId, Timestamp,
};

use crate::error::{EffectiveTimeFault, Error};
use crate::reason::Reason;
use crate::state::{MAX_REFUNDS, State};

/// What a customer ordered, and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: OrderId,
    pub customer: String,
    pub reference: String,
    pub currency: Currency,
    pub state: State,
    /// **Invariant:** empty until the prices are frozen, and never changed afterwards but for
    /// `refunded` and `returned`. The rules want all of them, numbered from 1; an order that was
    /// read to be shown has the first [`LINES_SHOWN`] only.
    pub lines: Vec<Line>,
    /// How many lines there are.
    pub line_count: i64,
    pub total: Option<Money>,
    /// **Invariant:** 0 ≤ refunded, and refunded plus every pending refund ≤ total.
    pub refunded: Money,
    pub refunds: Vec<Refund>,
    pub reason: Option<Reason>,
    /// **Invariant:** grows by one with every change, and each has its row in the history.
    pub version: i64,
    pub is_quarantined: bool,
    pub action_url: Option<String>,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Timestamp,
}

/// One line of an order, at its frozen price.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub number: i64,
    pub sku: String,
    pub price: PriceId,
    pub title: String,
    pub quantity: i64,
    pub unit_price: Money,
    /// Units whose price was paid back.
    pub refunded: i64,
    /// Units that came back on hand.
    pub returned: i64,
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
    /// **Invariant:** when it is 0, `lines` are units that only come back; otherwise they are units
    /// whose price goes back.
    pub amount: Money,
    pub lines: Vec<RefundLine>,
    pub restock: bool,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

/// Units of one line that are refunded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefundLine {
    pub number: i64,
    pub quantity: i64,
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
    pub restock: bool,
    pub effective_time: Option<Timestamp>,
}

/// Some lines, an amount, or everything that is left.
#[derive(Clone, Debug, PartialEq)]
pub enum RefundScope {
    /// Lines at their price, or, when goods come back, for an amount of the caller's.
    Lines(Vec<RefundLine>, Option<Money>),
    Amount(Money),
    Rest,
}

/// The largest total of an order, in minor units: the largest amount that payments take.
pub const MAX_TOTAL: i64 = 1_000_000_000_000_000;

/// The most lines of an order, and of each of its refunds, that are shown with it.
pub const LINES_SHOWN: usize = 200;

impl Order {
    /// Names the payment of this order; a repeat of any step arrives at the same one.
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
    /// [`MAX_TOTAL`].
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
        self.total = Some(total);
        Ok(())
    }

    /// Records that stock and payment are the order's own.
    pub fn place(&mut self) -> Result<(), Error> {
        self.step(&[State::Pending], State::Placed)
    }

    /// Records that the payment is captured.
    pub fn pay(&mut self) -> Result<(), Error> {
        self.step(&[State::Placed], State::Paid)
    }

    /// Records that it could not be placed.
    pub fn reject(&mut self, reason: Reason) -> Result<(), Error> {
        self.step(&[State::Pending], State::Rejected)?;
        self.reason = Some(reason);
        Ok(())
    }

    /// Records that it was taken back before the goods left.
    pub fn cancel(&mut self, reason: Reason) -> Result<(), Error> {
        self.step(&[State::Placed, State::Paid], State::Canceled)?;
        self.reason = Some(reason);
        Ok(())
    }

    /// Records that the goods have left.
    pub fn fulfill(&mut self) -> Result<(), Error> {
        self.step(&[State::Paid], State::Fulfilled)
    }

    fn step(&mut self, from: &[State], to: State) -> Result<(), Error> {
        if !from.contains(&self.state) {
            return Err(self.not_now());
        }
        self.state = to;
        self.action_url = None;
        Ok(())
    }

    fn not_now(&self) -> Error {
        Error::State { order: self.id, state: self.state }
    }

    /// Returns what can still be refunded: the total less what went back and what is on its way
    /// back.
    pub fn refundable(&self) -> i64 {
        let pending: i64 = self.open_refunds().map(|refund| refund.amount.minor).sum();
        self.total.map_or(0, |total| total.minor - self.refunded.minor - pending)
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

    /// Turns a request into a pending refund of this order, or says why it cannot be one.
    /// `has_left`: its goods have left.
    pub fn plan_refund(
        &self,
        id: RefundId,
        request: &RefundRequest,
        has_left: bool,
        now: Timestamp,
    ) -> Result<Refund, Error> {
        let state_allows = match (request.restock, self.state) {
            (_, State::Fulfilled) => true,
            (true, State::Refunded) => has_left,
            (false, State::Paid) => true,
            _ => false,
        };
        if !state_allows || self.open_refunds().next().is_some() {
            return Err(self.not_now());
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(Error::TooManyRefunds(self.id));
        }
        if request.effective_time.is_some_and(|time| time < self.effective_time) {
            return Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale));
        }
        let (amount, lines) = match &request.scope {
            RefundScope::Lines(lines, amount) => {
                self.refund_of_lines(lines, *amount, request.restock)?
            }
            RefundScope::Amount(amount) => (*amount, vec![]),
            RefundScope::Rest => self.refund_of_the_rest(request.restock),
        };
        let refundable = self.refundable();
        let is_something =
            amount.minor > 0 || (amount.minor == 0 && request.restock && !lines.is_empty());
        if amount.currency != self.currency || !is_something || amount.minor > refundable {
            return Err(Error::RefundExceedsOrder { order: self.id, refundable });
        }
        Ok(Refund {
            id,
            state: RefundState::Pending,
            amount,
            lines,
            restock: request.restock,
            create_time: now,
            effective_time: request.effective_time.unwrap_or(now),
        })
    }

    fn refund_of_lines(
        &self,
        requested: &[RefundLine],
        amount: Option<Money>,
        restock: bool,
    ) -> Result<(Money, Vec<RefundLine>), Error> {
        let mut summed: BTreeMap<i64, i64> = BTreeMap::new();
        for units in requested {
            let sum = summed.entry(units.number).or_default();
            *sum = sum.saturating_add(units.quantity);
        }
        // When nothing is left to pay back, goods come back for nothing.
        let left = Money::new(self.currency, self.refundable());
        let amount = if restock && left.minor == 0 { Some(amount.unwrap_or(left)) } else { amount };
        let is_for_nothing = amount.is_some_and(|amount| amount.minor == 0);
        let mut value = Money::zero(self.currency);
        for (&number, &quantity) in &summed {
            let line =
                self.line(number).ok_or(Error::LineNotFound { order: self.id, line: number })?;
            let returnable = line.quantity - line.returned;
            if restock && quantity > returnable {
                return Err(Error::ReturnExceedsOrder { order: self.id, line: number, returnable });
            }
            let refundable = line.quantity - line.refunded;
            if !is_for_nothing && quantity > refundable {
                return Err(Error::RefundExceedsOrder { order: self.id, refundable });
            }
            let part =
                line.unit_price.times(quantity).expect("a part of a line is smaller than the line");
            value = value.add(part).expect("a part of the order is smaller than its total");
        }
        let lines =
            summed.into_iter().map(|(number, quantity)| RefundLine { number, quantity }).collect();
        let amount = match amount {
            Some(amount) => amount,
            // Money that went back as a bare amount is not there for the goods that follow.
            None if restock && value.minor > left.minor => left,
            None => value,
        };
        Ok((amount, lines))
    }

    fn refund_of_the_rest(&self, restock: bool) -> (Money, Vec<RefundLine>) {
        let left = Money::new(self.currency, self.refundable());
        let units = |line: &Line| match (restock, left.minor) {
            (true, 0) => line.quantity - line.returned,
            (true, _) => line.quantity - line.refunded.max(line.returned),
            (false, _) => line.quantity - line.refunded,
        };
        let lines =
            self.lines.iter().map(|line| RefundLine { number: line.number, quantity: units(line) });
        (left, lines.filter(|line| line.quantity > 0).collect())
    }

    /// Returns whether this refund leaves nothing paid of an order whose goods have not left, so
    /// that its stock is to be released.
    pub fn gives_up_stock(&self, refund: &Refund) -> bool {
        let after = self.refunded.add(refund.amount);
        matches!(self.state, State::Paid) && self.total.is_some_and(|total| after == Ok(total))
    }

    /// Ends a pending refund. The order is Refunded once everything that was paid has gone back and
    /// nothing is on its way.
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
            if refund.amount.minor > 0 {
                line.refunded += units.quantity;
            }
            if refund.restock {
                line.returned += units.quantity;
            }
        }
        if refund.amount.minor > 0 {
            self.refunded =
                self.refunded.add(refund.amount).expect("refunds never exceed the total");
            if Some(self.refunded) == self.total {
                self.state = State::Refunded;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
