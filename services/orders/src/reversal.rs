//! The rules of money that a provider takes back: a capture, or a refund that did not arrive. Pure.

use souk_types::{CaptureId, Money, PaymentId, RefundId};

use crate::error::Error;
use crate::order::{Order, Refund, RefundLine, RefundState};
use crate::state::{MAX_REFUNDS, State};

/// A capture that the provider took back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversedCapture {
    pub payment: PaymentId,
    pub id: CaptureId,
    /// In minor units.
    pub minor: i64,
}

/// A refund, or the part of it that one of several payments paid back, whose money the provider
/// returned to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversedRefund {
    /// The refund of the order.
    pub id: RefundId,
    pub payment: PaymentId,
    /// In minor units.
    pub minor: i64,
    /// The refund that is FAILED then: the same one, or a new one of the part.
    pub failed: RefundId,
}

impl ReversedRefund {
    /// Returns whether the rest of the refund is still with the customer.
    pub fn is_part(&self) -> bool {
        self.failed != self.id
    }
}

impl Order {
    /// Records that the provider took back a capture: the payment is Reversed as long as what was
    /// taken back is owed. Fails when more was taken back than there is.
    ///
    /// A canceled order owes nothing for goods, so that its customer just has the money.
    pub fn reverse_capture(&mut self, reversed: &ReversedCapture) -> Result<(), Error> {
        let minor = reversed.minor;
        let share = self.share_of(reversed.payment);
        let left = share.map_or(0, |share| share.refundable()).min(self.refundable());
        self.check(minor > 0 && minor <= left)?;
        self.captured -= minor;
        self.take_off(reversed.payment, minor);
        if self.axes.state == State::Canceled {
            self.canceled += minor;
        } else {
            self.reversed += minor;
        }
        self.axes.payment = self.payment_status();
        Ok(())
    }

    /// Returns how much of what was taken back is still missing after units were canceled, in minor
    /// units: what is canceled counts against what was not captured yet first. Nothing more is
    /// captured of an order with no open units.
    pub(crate) fn reversed_and_owed(&self) -> i64 {
        match self.reversed {
            0 => 0,
            _ if !self.is_open() => self.uncaptured(),
            reversed => reversed.min(self.uncaptured()),
        }
    }

    /// Returns whether some of the payment is still authorized although another part was taken
    /// back.
    pub(crate) fn is_authorized_beside_reversed(&self) -> bool {
        self.reversed > 0 && self.uncaptured() > self.reversed
    }

    /// Makes what a cancellation paid back a refund of its own, since the provider could not
    /// deliver the money: the customer pays for the canceled units until it goes back. Fails when
    /// cancellations did not pay back that much.
    pub fn own_cancel_refund(&mut self, refund: Refund) -> Result<(), Error> {
        let minor = refund.amount.minor;
        self.check(minor > 0 && minor <= self.given_back && minor <= self.canceled)?;
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(Error::TooManyRefunds(self.id));
        }
        self.given_back -= minor;
        self.canceled -= minor;
        self.refunded = self.refunded.add(refund.amount).expect("it was within the total");
        self.refunds.push(refund);
        Ok(())
    }

    /// Returns what is lost when one payment did not pay back an amount of a refund. What the
    /// others paid back is still a refund that succeeded.
    pub fn reversed_refund(
        &self,
        refund: &Refund,
        payment: PaymentId,
        minor: i64,
    ) -> Option<ReversedRefund> {
        let share = self.share_of(payment)?;
        let is_part = minor < refund.amount.minor && self.is_split() && refund.payment.is_none();
        let at_payment = self.id_at_payment(refund, &share);
        let failed = if is_part { id_of_part(at_payment) } else { refund.id };
        Some(ReversedRefund { id: refund.id, payment, minor, failed })
    }

    /// Returns whether it is recorded that a refund with this id at one of its payments failed.
    pub fn has_lost_refund(&self, id: RefundId, payment: PaymentId) -> bool {
        let whole = self.refund_at_payment(id, payment);
        whole.is_some_and(|refund| refund.state == RefundState::Failed)
            || self.refund(id_of_part(id)).is_some()
    }

    /// Records that a refund which had succeeded, or a part of it, failed after all: its money is
    /// the shop's again, and can be paid back once more. Goods that came back stay, and an order
    /// that it closed stays closed. All of it came from one payment of the order.
    ///
    /// A part becomes a refund of its own, so that each refund succeeded or failed as a whole.
    pub fn reverse_refund(&mut self, reversed: &ReversedRefund) -> Result<(), Error> {
        let ReversedRefund { id, payment, minor, failed } = *reversed;
        let paid_back = self.share_of(payment).map_or(0, |share| share.paid_back);
        let found = self.refunds.iter().position(|refund| {
            let left = refund.amount.minor;
            let fits = if reversed.is_part() { minor < left } else { minor == left };
            refund.id == id && refund.state == RefundState::Succeeded && fits
        });
        let not_now = self.not_now();
        let mut index = found.filter(|_| (1..=paid_back).contains(&minor)).ok_or(not_now)?;
        if reversed.is_part() {
            if self.refunds.len() >= MAX_REFUNDS {
                return Err(Error::TooManyRefunds(self.id));
            }
            let part = self.refunds[index].set_apart(failed, payment, minor);
            index = self.refunds.len();
            self.refunds.push(part);
        }
        let refund = &mut self.refunds[index];
        refund.state = RefundState::Failed;
        let amount = refund.amount;
        let lines = refund.lines.clone();
        for units in lines.iter().filter(|units| units.is_refunded) {
            self.line_mut(units.number).refunded -= units.quantity;
        }
        self.refunded = self.refunded.subtract(amount).expect("it was part of what was refunded");
        self.put_back(Some(payment), amount.minor);
        self.axes.payment = self.payment_status();
        Ok(())
    }
}

impl Refund {
    /// Makes what one payment paid back of it a refund of its own.
    fn set_apart(&mut self, id: RefundId, payment: PaymentId, minor: i64) -> Refund {
        let lines = self.take_off_lines(minor);
        let currency = self.amount.currency;
        let part = Money::new(currency, minor);
        self.amount = self.amount.subtract(part).expect("a part is less than the whole");
        Refund { id, amount: part, lines, payment: Some(payment), ..self.clone() }
    }

    /// Takes an amount off its lines, and returns what was taken off: what exceeds the lines goes
    /// first, and then the lines from the last one. Units count as paid back until nothing is left
    /// of their amount. Goods that came back stay with this refund.
    fn take_off_lines(&mut self, minor: i64) -> Vec<RefundLine> {
        let of_lines: i64 = self.lines.iter().map(|line| line.amount).sum();
        let beside_lines = self.amount.minor - of_lines;
        let mut left = (minor - beside_lines).max(0);
        let mut taken = vec![];
        for line in self.lines.iter_mut().rev() {
            let amount = line.amount.min(left);
            if amount == 0 {
                continue;
            }
            left -= amount;
            line.amount -= amount;
            line.is_refunded = line.amount > 0;
            let is_refunded = !line.is_refunded;
            taken.push(RefundLine { amount, restock: false, is_refunded, ..*line });
        }
        self.lines.retain(|line| line.is_refunded || line.restock);
        taken.reverse();
        taken
    }
}

/// Names the refund of a part that failed; `at_payment` names the part at its payment. That of the
/// payment of the rest has the id of the whole refund there.
fn id_of_part(at_payment: RefundId) -> RefundId {
    RefundId::of_step(at_payment.as_uuid(), "reversed")
}

#[cfg(test)]
#[path = "reversal_tests.rs"]
mod tests;
