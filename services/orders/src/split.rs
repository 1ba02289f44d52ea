//! The rules of orders that several payments pay: which one is authorized, captured and paid back
//! when, and how much. Pure. An order with one payment has the amounts in the order itself.

use souk_types::{CaptureId, PaymentId, RefundId};

use crate::error::Error;
use crate::order::{Order, Refund};
use crate::part::DueCapture;
use crate::reason::Reason;
use crate::reversal::ReversedCapture;
use crate::share::{Part, Share, step_of};
use crate::state::{PaymentStatus, State};

impl Order {
    /// Returns whether several payments pay it.
    pub fn is_split(&self) -> bool {
        !self.payments.is_empty()
    }

    /// Returns its payments, in the order in which they are authorized and captured.
    pub fn shares(&self) -> Vec<Share> {
        if self.is_split() {
            return self.payments.clone();
        }
        vec![Share {
            number: 1,
            id: self.payment_id(),
            amount: self.total.map_or(0, |total| total.minor),
            is_authorized: !matches!(self.axes.state, State::Pending | State::Rejected),
            captured: self.captured,
            paid_back: self.refunded.minor + self.given_back,
            reversed: self.reversed,
            tries: self.tries,
        }]
    }

    /// Returns one of its payments by its id.
    pub fn share_of(&self, id: PaymentId) -> Option<Share> {
        self.shares().into_iter().find(|share| share.id == id)
    }

    /// Returns the payment that is to be authorized: the first that is not, or else the last.
    pub fn share_in_turn(&self) -> Share {
        let shares = self.shares();
        let open = shares.iter().find(|share| !share.is_authorized);
        *open.or(shares.last()).expect("an order has a payment")
    }

    /// Returns the payment that is captured next, or else the last.
    pub fn share_to_capture(&self) -> Share {
        let shares = self.shares();
        let open = shares.iter().find(|share| share.left() > 0);
        *open.or(shares.last()).expect("an order has a payment")
    }

    /// Returns whether one of its payments was authorized while it is being placed.
    pub fn has_authorized(&self) -> bool {
        self.payments.iter().any(|share| share.is_authorized)
    }

    /// Returns whether another payment is to be authorized after the one in turn.
    pub fn authorizes_more(&self) -> bool {
        self.payments.iter().filter(|share| !share.is_authorized).count() > 1
    }

    /// Gives the payment of the rest its amount. Fails when nothing is left for it.
    pub(crate) fn share_out(&mut self, total: i64) -> Result<(), Reason> {
        let Some((rest, partial)) = self.payments.split_last_mut() else { return Ok(()) };
        let taken = partial.iter().fold(0_i64, |sum, share| sum.saturating_add(share.amount));
        if taken >= total {
            return Err(Reason::PartialPaymentsExceedTotal);
        }
        rest.amount = total - taken;
        Ok(())
    }

    /// Records that the payment in turn was authorized, and that another one follows.
    pub fn authorized(&mut self) -> Result<(), Error> {
        self.check(self.axes.state == State::Pending && self.authorizes_more())?;
        let in_turn = self.payments.iter_mut().find(|share| !share.is_authorized);
        in_turn.expect("two or more follow").is_authorized = true;
        self.axes.payment = PaymentStatus::Unpaid;
        self.action = None;
        self.decline = None;
        Ok(())
    }

    /// Records that another payment method has come for the payment in turn.
    pub(crate) fn try_again(&mut self) {
        if let Some(share) = self.payments.iter_mut().find(|share| !share.is_authorized) {
            share.tries += 1;
        }
    }

    /// Records that all payments are authorized.
    pub(crate) fn all_authorized(&mut self) {
        for share in &mut self.payments {
            share.is_authorized = true;
        }
    }

    /// Returns what the payment that is captured next pays of a capture.
    pub fn next_capture(&self, due: DueCapture) -> Part {
        let share = self.share_to_capture();
        let minor = if self.is_split() { due.minor.min(share.left()) } else { due.minor };
        Part { share, minor }
    }

    /// Returns that part of a capture which one payment pays, and whether more of it is due then.
    pub fn next_due_capture(&self, due: DueCapture) -> (DueCapture, bool) {
        let minor = self.next_capture(due).minor;
        let is_more = minor < due.minor;
        (DueCapture { minor, is_final: due.is_final && !is_more }, is_more)
    }

    /// Records how much of which payment was captured.
    pub(crate) fn take(&mut self, minor: i64) {
        let mut rest = minor;
        for share in &mut self.payments {
            let taken = share.left().min(rest);
            share.captured += taken;
            rest -= taken;
        }
    }

    /// Returns from which payments an amount goes back: from the last one first, as much as is
    /// there.
    pub fn parts_to_pay_back(&self, minor: i64, only: Option<PaymentId>) -> Vec<Part> {
        if !self.is_split() {
            return vec![Part { share: self.share_in_turn(), minor }];
        }
        let mut rest = minor;
        let mut parts = vec![];
        for share in self.payments.iter().rev() {
            let minor = rest.min(share.refundable());
            if minor > 0 && only.is_none_or(|only| only == share.id) {
                rest -= minor;
                parts.push(Part { share: *share, minor });
            }
        }
        parts
    }

    /// Returns whether its payments can pay back an amount, or the one of them that is to.
    pub fn can_pay_back(&self, minor: i64, only: Option<PaymentId>) -> bool {
        self.parts_to_pay_back(minor, only).iter().map(|part| part.minor).sum::<i64>() == minor
    }

    /// Records that the provider took back what was captured of one of its payments.
    pub(crate) fn take_off(&mut self, payment: PaymentId, minor: i64) {
        if let Some(share) = self.payments.iter_mut().find(|share| share.id == payment) {
            share.captured -= minor;
            share.reversed += minor;
        }
    }

    /// Adds what the provider took back of one of its payments, when it is read.
    pub(crate) fn add_reversed(&mut self, reversed: &ReversedCapture) {
        if let Some(share) = self.payments.iter_mut().find(|share| share.id == reversed.payment) {
            share.reversed += reversed.minor;
        }
    }

    /// Records that the shop has what one of its payments had paid back.
    pub(crate) fn put_back(&mut self, payment: Option<PaymentId>, minor: i64) {
        if let Some(share) = self.payments.iter_mut().find(|share| Some(share.id) == payment) {
            share.paid_back -= minor;
        }
    }

    /// Records how much of which payment went back.
    pub(crate) fn pay_back(&mut self, minor: i64, only: Option<PaymentId>) {
        if !self.is_split() {
            return;
        }
        for Part { share, minor } in self.parts_to_pay_back(minor, only) {
            let of_order = self.payments.iter_mut().find(|one| one.number == share.number);
            of_order.expect("a payment of the order").paid_back += minor;
        }
    }

    /// Returns the payments of which something may be authorized and is not captured: those that
    /// were authorized, and the one in turn, whose call may be on its way.
    pub fn shares_to_void(&self) -> Vec<Share> {
        if !self.is_split() {
            return self.shares();
        }
        let asked = self.payments.iter().filter(|share| share.is_authorized).count() + 1;
        self.payments.iter().take(asked).filter(|share| share.left() > 0).copied().collect()
    }

    /// Returns whether what is not captured of its payments is still authorized.
    fn holds_authorizations(&self) -> bool {
        self.axes.payment.is_authorized() || self.is_authorized_beside_reversed()
    }

    /// Returns what happened to one of its payments.
    pub fn status_of(&self, share: &Share) -> PaymentStatus {
        if !self.is_split() {
            return self.axes.payment;
        }
        let is_held = self.holds_authorizations() && share.left() > 0;
        match self.axes.state {
            State::Pending if share.is_authorized => PaymentStatus::Authorized,
            State::Pending if share.number == self.share_in_turn().number => self.axes.payment,
            State::Pending => PaymentStatus::Unpaid,
            _ if !share.is_authorized => PaymentStatus::Unpaid,
            _ if self.reversed > 0 && share.reversed > 0 => PaymentStatus::Reversed,
            _ if is_held && share.captured == 0 => PaymentStatus::Authorized,
            _ if is_held => PaymentStatus::PartiallyPaid,
            _ if share.captured == 0 => PaymentStatus::Voided,
            _ if share.paid_back == 0 => PaymentStatus::Paid,
            _ if share.refundable() > 0 => PaymentStatus::PartiallyRefunded,
            _ => PaymentStatus::Refunded,
        }
    }

    /// Names the capture of one payment; `of_rest` is that of the payment of the rest.
    pub fn capture_part_id(&self, of_rest: CaptureId, share: &Share) -> CaptureId {
        match step_of(share.number, self.payments.len() as i64) {
            Some(step) => CaptureId::of_step(of_rest.as_uuid(), &step),
            None => of_rest,
        }
    }

    /// Names the refund of one payment; `of_rest` is that of the payment of the rest.
    pub fn refund_part_id(&self, of_rest: RefundId, share: &Share) -> RefundId {
        match step_of(share.number, self.payments.len() as i64) {
            Some(step) => RefundId::of_step(of_rest.as_uuid(), &step),
            None => of_rest,
        }
    }

    /// Names what a refund of this order is at one of its payments.
    pub fn id_at_payment(&self, refund: &Refund, share: &Share) -> RefundId {
        match refund.payment {
            Some(_) => refund.id,
            None => self.refund_part_id(refund.id, share),
        }
    }

    /// Returns the refund of this order that has this id at one of its payments.
    pub fn refund_at_payment(&self, id: RefundId, payment: PaymentId) -> Option<&Refund> {
        let share = self.share_of(payment)?;
        let is_of = |refund: &&Refund| {
            refund.payment.is_none_or(|only| only == payment)
                && self.id_at_payment(refund, &share) == id
        };
        self.refunds.iter().find(is_of)
    }
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
