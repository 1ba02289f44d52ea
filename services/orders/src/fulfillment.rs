//! The rules of fulfillments: which units of an order may leave, what is captured for them first,
//! and how far they are. Pure.

use std::collections::BTreeSet;

use souk_types::{CaptureId, FulfillmentId, Timestamp};

use crate::error::{EffectiveTimeFault, Error};
use crate::order::{Line, Order};
use crate::part::{DueCapture, Fulfillment, FulfillmentState, NewFulfillment, Tracking, Units};
use crate::state::{CaptureMethod, FulfillmentStatus, MAX_FULFILLMENTS, PaymentStatus, State};

impl Order {
    /// Turns a request into a pending fulfillment, or says why it cannot be one.
    pub fn plan_fulfillment(
        &self,
        new: &NewFulfillment,
        now: Timestamp,
    ) -> Result<Fulfillment, Error> {
        if new.effective_time.is_some_and(|time| time < self.effective_time) {
            return Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale));
        }
        // Goods do not leave for money that was taken back.
        let is_reversed = self.axes.payment == PaymentStatus::Reversed;
        self.check(self.axes.state == State::Placed && !is_reversed)?;
        let lines = match new.lines.as_slice() {
            [] => self.open_units(),
            wanted => {
                let mut lines = self.units_are_open(wanted, "fulfillment.lines")?;
                lines.sort_by_key(|units| units.number);
                lines
            }
        };
        if self.fulfillments.len() >= MAX_FULFILLMENTS {
            return Err(Error::TooManyFulfillments(self.id));
        }
        let fulfillment = Fulfillment {
            id: new.id,
            state: FulfillmentState::Pending,
            line_count: lines.len() as i64,
            lines,
            location: new.location.clone(),
            tracking: new.tracking.clone(),
            version: 1,
            actor: new.actor.clone(),
            create_time: now,
            update_time: now,
            effective_time: new.effective_time.unwrap_or(now),
            delivery_time: None,
        };
        let is_covered = self.capture_before(&fulfillment).is_none();
        self.check(is_covered || self.capture == CaptureMethod::OnFulfillment)?;
        Ok(fulfillment)
    }

    /// Checks that units of lines are open, and returns them; `field` is that of the request.
    pub(crate) fn units_are_open(
        &self,
        wanted: &[Units],
        field: &'static str,
    ) -> Result<Vec<Units>, Error> {
        let order = self.id;
        let mut units = Vec::with_capacity(wanted.len());
        for (index, Units { number, quantity }) in wanted.iter().copied().enumerate() {
            let line = self.line(number);
            let line = line.ok_or(Error::LineNotFound { order, line: number, field, index })?;
            let open = line.open();
            if quantity > open {
                return Err(Error::ExceedsOpenUnits { order, line: number, open, field, index });
            }
            units.push(Units { number, quantity });
        }
        Ok(units)
    }

    /// Returns all units that have neither left nor been canceled.
    pub fn open_units(&self) -> Vec<Units> {
        let open = self.lines.iter().filter(|line| line.open() > 0);
        open.map(|line| Units { number: line.number, quantity: line.open() }).collect()
    }

    /// Returns whether units have neither left nor been canceled.
    pub fn is_open(&self) -> bool {
        self.lines.iter().any(|line| line.open() > 0)
    }

    /// Returns whether nothing but these units is open.
    pub fn are_the_last(&self, units: &[Units]) -> bool {
        let open: i64 = self.lines.iter().map(Line::open).sum();
        let taken: i64 = units.iter().map(|units| units.quantity).sum();
        open == taken
    }

    /// Returns what must be captured before this leaves; none when it is paid.
    ///
    /// What is captured covers the price of all that has left and that leaves now. With the last
    /// goods it is all that is owed.
    pub fn capture_before(&self, fulfillment: &Fulfillment) -> Option<DueCapture> {
        if !self.axes.payment.is_authorized() {
            return None;
        }
        let wanted = if self.are_the_last(&fulfillment.lines) {
            self.owed()
        } else {
            let left: i64 = self.lines.iter().map(|line| line.price_of(line.fulfilled)).sum();
            let leaving: i64 = fulfillment
                .lines
                .iter()
                .filter_map(|units| Some(self.line(units.number)?.price_of(units.quantity)))
                .sum();
            self.owed().min(left + leaving)
        };
        let minor = (wanted - self.captured_net()).max(0);
        let is_final = minor == self.uncaptured();
        // An order for nothing has a payment all the same, and it is captured.
        (minor > 0 || is_final).then_some(DueCapture { minor, is_final })
    }

    /// Returns the pending fulfillment with this id.
    pub fn pending_fulfillment(&self, id: FulfillmentId) -> Option<&Fulfillment> {
        self.fulfillment(id).filter(|one| one.state == FulfillmentState::Pending)
    }

    /// Returns the fulfillment that is in progress.
    pub fn pending(&self) -> Option<&Fulfillment> {
        self.fulfillments.iter().find(|one| one.state == FulfillmentState::Pending)
    }

    /// Returns a fulfillment by its id.
    pub fn fulfillment(&self, id: FulfillmentId) -> Option<&Fulfillment> {
        self.fulfillments.iter().find(|one| one.id == id)
    }

    fn fulfillment_mut(&mut self, id: FulfillmentId) -> Result<&mut Fulfillment, Error> {
        let found = self.fulfillments.iter_mut().find(|one| one.id == id);
        found.ok_or(Error::FulfillmentNotFound(id))
    }

    /// Records that the goods of a pending fulfillment have left. The order is completed when none
    /// is open any more.
    pub fn fulfill(&mut self, id: FulfillmentId) -> Result<(), Error> {
        let not_now = self.not_now();
        let Some(fulfillment) = self.pending_fulfillment(id) else { return Err(not_now) };
        let is_paid = self.capture_before(fulfillment).is_none();
        self.check(self.axes.state == State::Placed && is_paid)?;
        let units = fulfillment.lines.clone();
        for units in units {
            let line = self.line_mut(units.number);
            line.fulfilled += units.quantity;
        }
        let now = self.update_time;
        let fulfillment = self.fulfillment_mut(id)?;
        fulfillment.state = FulfillmentState::Shipped;
        fulfillment.version += 1;
        fulfillment.update_time = now;
        self.axes.fulfillment = self.fulfillment_status();
        if !self.is_open() {
            self.axes.state = State::Completed;
        }
        Ok(())
    }

    /// Forgets a pending fulfillment that was refused.
    pub fn refuse_fulfillment(&mut self, id: FulfillmentId) -> Result<(), Error> {
        self.check(self.pending_fulfillment(id).is_some())?;
        self.fulfillments.retain(|one| one.id != id);
        self.fulfillment_count -= 1;
        Ok(())
    }

    /// Records how the customer finds the parcel of a fulfillment. Fails when `etag` is not empty
    /// and not the present one.
    pub fn track(
        &mut self,
        id: FulfillmentId,
        tracking: &Tracking,
        now: Timestamp,
    ) -> Result<(), Error> {
        let fulfillment = self.fulfillment_mut(id)?;
        fulfillment.has_left()?;
        fulfillment.tracking = tracking.clone();
        fulfillment.version += 1;
        fulfillment.update_time = now;
        Ok(())
    }

    /// Records that the goods of a fulfillment have arrived.
    pub fn deliver(
        &mut self,
        id: FulfillmentId,
        effective_time: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let fulfillment = self.fulfillment_mut(id)?;
        fulfillment.has_left()?;
        if effective_time < fulfillment.effective_time {
            return Err(Error::EffectiveTime(EffectiveTimeFault::BeforeItLeft));
        }
        fulfillment.state = FulfillmentState::Delivered;
        fulfillment.delivery_time = Some(effective_time);
        fulfillment.version += 1;
        fulfillment.update_time = now;
        self.axes.fulfillment = self.fulfillment_status();
        Ok(())
    }

    /// Returns what happened to the goods, by the units of the lines.
    pub(crate) fn fulfillment_status(&self) -> FulfillmentStatus {
        let fulfilled: i64 = self.lines.iter().map(|line| line.fulfilled).sum();
        let returned: i64 = self.lines.iter().map(|line| line.returned).sum();
        let have_arrived =
            self.fulfillments.iter().all(|one| one.state == FulfillmentState::Delivered);
        match () {
            () if fulfilled == 0 => FulfillmentStatus::Unfulfilled,
            () if self.is_open() => FulfillmentStatus::PartiallyFulfilled,
            () if returned == fulfilled => FulfillmentStatus::Returned,
            () if returned > 0 => FulfillmentStatus::PartiallyReturned,
            () if have_arrived => FulfillmentStatus::Delivered,
            () => FulfillmentStatus::Fulfilled,
        }
    }

    /// Records a capture. Fails when that much is not authorized and owed.
    pub fn captured(&mut self, capture: DueCapture) -> Result<(), Error> {
        let is_right = capture.minor >= 0
            && capture.minor <= self.uncaptured()
            && capture.is_final == (capture.minor == self.uncaptured());
        self.check(
            self.axes.state == State::Placed && self.axes.payment.is_authorized() && is_right,
        )?;
        self.captured += capture.minor;
        self.take(capture.minor);
        self.axes.payment = if capture.is_final && self.captured == 0 {
            PaymentStatus::Paid
        } else {
            self.payment_status()
        };
        Ok(())
    }

    /// Returns what is captured when all that is owed is.
    pub fn capture_of_the_rest(&self) -> DueCapture {
        DueCapture { minor: self.uncaptured(), is_final: true }
    }

    /// Returns what happened to the money of a placed order, by its amounts. That of an order for
    /// nothing stays as it is.
    pub(crate) fn payment_status(&self) -> PaymentStatus {
        let refunded = self.refunded.minor;
        match () {
            () if self.reversed > 0 => PaymentStatus::Reversed,
            () if self.uncaptured() > 0 && self.captured == 0 => PaymentStatus::Authorized,
            () if self.uncaptured() > 0 => PaymentStatus::PartiallyPaid,
            () if self.total.is_none_or(|total| total.minor == 0) => self.axes.payment,
            () if self.captured == 0 => PaymentStatus::Voided,
            () if refunded == self.owed() => PaymentStatus::Refunded,
            () if refunded == 0 => PaymentStatus::Paid,
            () => PaymentStatus::PartiallyRefunded,
        }
    }

    /// Returns how much the customer owes, in minor units: the total without what was canceled.
    pub fn owed(&self) -> i64 {
        self.total.map_or(0, |total| total.minor) - self.canceled
    }

    /// Returns how much was captured and not paid back by a cancellation, in minor units.
    pub fn captured_net(&self) -> i64 {
        self.captured - self.given_back
    }

    /// Returns how much is owed and not captured, in minor units.
    pub fn uncaptured(&self) -> i64 {
        (self.owed() - self.captured_net()).max(0)
    }
}

impl Fulfillment {
    /// Names the capture that is made for it.
    pub fn capture_id(&self) -> CaptureId {
        CaptureId::of_step(self.id.as_uuid(), "capture")
    }

    /// Checks that its goods have left.
    pub fn has_left(&self) -> Result<(), Error> {
        if self.state == FulfillmentState::Pending {
            return Err(Error::FulfillmentState { id: self.id, state: self.state });
        }
        Ok(())
    }
}

/// Returns the first line that is named a second time, by its index.
pub fn first_repeated(units: &[Units]) -> Option<usize> {
    let mut named = BTreeSet::new();
    units.iter().position(|units| !named.insert(units.number))
}
