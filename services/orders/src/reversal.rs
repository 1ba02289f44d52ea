//! The rules of money that a provider takes back: a capture, or a refund that did not arrive. Pure.

use souk_types::{CaptureId, PaymentId, RefundId};

use crate::error::Error;
use crate::order::{Order, Refund, RefundState};
use crate::state::{MAX_REFUNDS, State};

/// A capture that the provider took back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversedCapture {
    pub payment: PaymentId,
    pub id: CaptureId,
    /// In minor units.
    pub minor: i64,
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

    /// Records that a refund which had succeeded failed after all: its money is the shop's again,
    /// and can be paid back once more. Goods that came back stay, and an order that it closed stays
    /// closed. All of it came from one payment of the order.
    pub fn reverse_refund(&mut self, id: RefundId, payment: PaymentId) -> Result<(), Error> {
        let not_now = self.not_now();
        let paid_back = self.share_of(payment).map_or(0, |share| share.paid_back);
        let refund = self.refunds.iter_mut().find(|refund| {
            refund.id == id
                && refund.state == RefundState::Succeeded
                && (1..=paid_back).contains(&refund.amount.minor)
        });
        let Some(refund) = refund else { return Err(not_now) };
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

#[cfg(test)]
#[path = "reversal_tests.rs"]
mod tests;
