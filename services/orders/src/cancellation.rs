//! The rules of cancellations: which units are canceled, what that does to the money, and where it
//! leaves the order. Pure.

use souk_types::{CancellationId, CaptureId, RefundId};

use crate::error::Error;
use crate::order::{Order, RefundState};
use crate::part::{CancelPlan, CanceledUnits, Cancellation, DueCapture, LinesCancellation, Units};
use crate::reason::Reason;
use crate::state::{PaymentStatus, State};

impl LinesCancellation {
    /// Names the refund that it makes.
    pub fn refund_id(&self) -> RefundId {
        RefundId::of_step(self.id.as_uuid(), "cancel")
    }

    /// Names the capture that it makes.
    pub fn capture_id(&self) -> CaptureId {
        CaptureId::of_step(self.id.as_uuid(), "capture")
    }
}

impl Order {
    /// Turns a request into a cancellation of some units, or says why it cannot be one.
    pub fn plan_lines_cancellation(
        &self,
        id: CancellationId,
        wanted: &[Units],
        request: &Cancellation,
    ) -> Result<LinesCancellation, Error> {
        self.check(self.axes.state == State::Placed)?;
        let mut units = self.units_are_open(wanted, "lines")?;
        units.sort_by_key(|units| units.number);
        Ok(LinesCancellation { id, lines: self.priced(&units), request: request.clone() })
    }

    /// Returns what the cancellation of lines in progress does, or the cancellation of all that is
    /// open. `is_lost` says that the provider has released the authorization, so that nothing more
    /// can be captured.
    pub fn cancel_plan(&self, is_lost: bool) -> CancelPlan {
        let has_left = self.axes.fulfillment.has_left();
        match &self.cancellation {
            Some(part) if !is_lost => {
                let lines = part.lines.clone();
                let units: Vec<Units> = lines.iter().map(CanceledUnits::units).collect();
                if !has_left && self.are_the_last(&units) {
                    return self.plan_of_the_rest(false);
                }
                let amount = lines.iter().map(|line| line.amount).sum();
                self.plan_of(lines, amount, false)
            }
            _ => self.plan_of_the_rest(is_lost),
        }
    }

    fn plan_of_the_rest(&self, is_lost: bool) -> CancelPlan {
        let lines = self.priced(&self.open_units());
        let of_lines: i64 = lines.iter().map(|line| line.amount).sum();
        let amount = match () {
            () if !self.axes.fulfillment.has_left() => self.owed() - self.refunded.minor,
            () if is_lost => of_lines.max(self.uncaptured()),
            () => of_lines,
        };
        self.plan_of(lines, amount, is_lost)
    }

    fn plan_of(&self, lines: Vec<CanceledUnits>, amount: i64, is_lost: bool) -> CancelPlan {
        let units: Vec<Units> = lines.iter().map(CanceledUnits::units).collect();
        let closes = self.are_the_last(&units);
        let rest = self.owed() - amount - self.captured_net();
        let is_authorized = self.axes.payment.is_authorized();
        let captures = is_authorized && closes && rest > 0 && !is_lost;
        CancelPlan {
            lines,
            amount,
            closes,
            has_left: self.axes.fulfillment.has_left(),
            pays_back: (-rest).max(0),
            capture: captures.then_some(DueCapture { minor: rest, is_final: true }),
            voids: is_authorized && rest <= 0
                || self.is_authorized_beside_reversed() && (closes || rest <= self.reversed),
        }
    }

    /// Returns how much less is owed for units: their price, but not what was paid back for their
    /// line before, and not more than what is left of the order.
    fn priced(&self, units: &[Units]) -> Vec<CanceledUnits> {
        let mut left = self.owed() - self.refunded.minor;
        let mut lines = Vec::with_capacity(units.len());
        for Units { number, quantity } in units.iter().copied() {
            let line = self.line(number).expect("units name lines of their order");
            let paid_back: i64 = self
                .refunds
                .iter()
                .filter(|refund| refund.state == RefundState::Succeeded)
                .flat_map(|refund| &refund.lines)
                .filter(|line| line.number == number)
                .map(|line| line.amount)
                .sum();
            let of_line = line.price_of(line.quantity) - line.canceled_minor - paid_back;
            let amount = line.price_of(quantity).min(of_line).min(left).max(0);
            left -= amount;
            lines.push(CanceledUnits { number, quantity, amount });
        }
        lines
    }

    /// Records a cancellation of units: the order goes on when others are open.
    pub fn cancel_units(&mut self, plan: &CancelPlan) -> Result<(), Error> {
        self.check(self.axes.state == State::Placed)?;
        for units in &plan.lines {
            let line = self.line_mut(units.number);
            line.canceled += units.quantity;
            line.canceled_minor += units.amount;
        }
        self.canceled += plan.amount;
        self.given_back += plan.pays_back;
        self.pay_back(plan.pays_back, None);
        self.cancellation = None;
        self.reversed = self.reversed_and_owed();
        self.axes.payment = self.payment_status();
        self.axes.fulfillment = self.fulfillment_status();
        if !self.is_open() {
            self.axes.state = State::Completed;
        }
        Ok(())
    }

    /// Records that all of it was taken back before any goods left, and that what was captured went
    /// back.
    pub fn cancel(&mut self, reason: Reason) -> Result<(), Error> {
        self.check(!self.axes.fulfillment.has_left())?;
        let was_paid = self.captured > 0 || self.axes.payment.is_captured();
        let plan = self.plan_of_the_rest(reason.is_lost_authorization());
        self.cancel_units(&plan)?;
        self.axes.state = State::Canceled;
        self.axes.payment = if was_paid { PaymentStatus::Refunded } else { PaymentStatus::Voided };
        self.closure = Some(reason);
        Ok(())
    }

    /// Names the refund that the cancellation in progress makes.
    pub fn cancel_refund(&self) -> RefundId {
        self.cancellation.as_ref().map_or_else(|| self.cancel_refund_id(), |part| part.refund_id())
    }

    /// Records that a cancellation was refused: everything is as it was before.
    pub fn refuse_cancellation(&mut self) {
        self.cancellation = None;
    }
}

impl CanceledUnits {
    fn units(&self) -> Units {
        Units { number: self.number, quantity: self.quantity }
    }
}
