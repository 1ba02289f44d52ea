//! The steps that inventory answers.

use std::collections::BTreeMap;

use souk_client::inventory::v1 as inventory;
use tonic::Status;
use tonic_types::StatusExt;

use super::response::{Refusals, done_if, not_believed, refusal};
use super::{Upstream, leased, refund_of};
use crate::answer::{Answer, Outcome};
use crate::order::{Line, Order};
use crate::reason::{Reason, SHORTAGE};
use crate::saga::Saga;
use crate::step::Step;

const NOT_RESERVED: &Refusals = &[
    ("ERROR_REASON_OUT_OF_STOCK", Reason::OutOfStock),
    // It was taken back before it arrived.
    ("ERROR_REASON_RESERVATION_STATE", Reason::ReservationExpired),
];
const NOT_COMMITTED: &Refusals = &[
    ("ERROR_REASON_RESERVATION_NOT_FOUND", Reason::ReservationExpired),
    ("ERROR_REASON_RESERVATION_STATE", Reason::ReservationExpired),
];
const NOT_CONSUMED: &Refusals = &[
    ("ERROR_REASON_RESERVATION_NOT_FOUND", Reason::OutOfStock),
    ("ERROR_REASON_RESERVATION_STATE", Reason::OutOfStock),
    ("ERROR_REASON_STOCK_NOT_ON_HAND", Reason::StockNotOnHand),
    // They are reserved at another location than the one that is named.
    ("ERROR_REASON_EXCEEDS_RESERVED", Reason::StockNotOnHand),
];
const NOT_TAKEN_BACK: &Refusals = &[
    ("ERROR_REASON_RESERVATION_NOT_FOUND", Reason::OutOfStock),
    ("ERROR_REASON_RESERVATION_STATE", Reason::OutOfStock),
    ("ERROR_REASON_RETURN_EXCEEDS_CONSUMED", Reason::OutOfStock),
];

impl Upstream {
    pub(super) async fn reserve(&self, saga: &Saga, order: &Order) -> Answer {
        let lines = order
            .lines
            .iter()
            .map(|line| inventory::ReservationLine {
                sku: line.sku.clone(),
                location_id: String::new(),
                quantity: i32::try_from(line.quantity).unwrap_or(i32::MAX),
            })
            .collect();
        let request = inventory::CreateReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            lines,
            ttl: Some(self.hold.try_into().expect("the configuration limits it")),
            effective_time: Some(order.effective_time.into()),
            order_id: order.id.to_string(),
        };
        let answer = self.inventory.clone().create_reservation(leased(saga, request)).await;
        let short = answer.as_ref().err().map(shortages).unwrap_or_default();
        let mut answer = reservation_is(
            saga,
            order,
            answer.map(|one| one.into_inner().reservation),
            NOT_RESERVED,
            |state| {
                use inventory::ReservationState::{Committed, Consumed, Held};
                matches!(state, Held | Committed | Consumed)
            },
        );
        answer.facts.extend(short);
        answer
    }

    pub(super) async fn commit(&self, saga: &Saga, order: &Order) -> Answer {
        let request = inventory::CommitReservationRequest {
            reservation_id: order.reservation_id().to_string(),
        };
        let answer = self.inventory.clone().commit_reservation(leased(saga, request)).await;
        reservation_is(
            saga,
            order,
            answer.map(|one| one.into_inner().reservation),
            NOT_COMMITTED,
            |state| {
                use inventory::ReservationState::{Committed, Consumed};
                matches!(state, Committed | Consumed)
            },
        )
    }

    /// Releases all that is still reserved, or the units that a cancellation is about.
    pub(super) async fn release(&self, saga: &Saga, order: &Order) -> Answer {
        let plan = order.cancel_plan(saga.has_lost_authorization());
        let part = order.cancellation.as_ref().filter(|_| !plan.closes);
        let canceled = plan.lines.iter().map(|line| (line.number, line.quantity));
        let units = part.map(|part| (part.id, units_of(order, canceled)));
        let request = inventory::ReleaseReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            request_id: units.as_ref().map_or_else(String::new, |(id, _)| id.to_string()),
            lines: units.as_ref().map_or_else(Vec::new, |(_, units)| reserved_lines(units, "")),
            ..Default::default()
        };
        match self.inventory.clone().release_reservation(leased(saga, request)).await {
            Err(status) => refusal(&status, &[], None),
            Ok(answer) => {
                use inventory::ReservationState::{Committed, Consumed, Expired, Released};
                let reservation = answer.into_inner().reservation.filter(|reservation| {
                    reservation.reservation_id == order.reservation_id().to_string()
                });
                let is_released = reservation.is_some_and(|reservation| match &units {
                    None => match reservation.state() {
                        Released | Expired => true,
                        Consumed => plan.has_left,
                        _ => false,
                    },
                    Some((_, units)) => {
                        let released = sum_of(&reservation, |line| line.released);
                        reservation.state() == Committed
                            && is_reservation_of(&reservation, order)
                            && is_after(order, units, &released, |line| line.canceled)
                    }
                });
                done_if(saga, is_released, "a reservation of which other units are released")
            }
        }
    }

    /// Asks whether money and stock are there before the goods leave, and then lets them leave.
    pub(super) async fn consume(&self, saga: &Saga, order: &Order) -> Answer {
        if let Err(answer) = self.is_in_step(saga, order).await {
            return *answer;
        }
        let Some(pending) = order.pending() else {
            return not_believed(saga.step, "an order without the fulfillment of its saga");
        };
        let leaving = pending.lines.iter().map(|units| (units.number, units.quantity));
        let units = units_of(order, leaving);
        let is_last = order.are_the_last(&pending.lines);
        // A whole order needs no list.
        let is_all = is_last && order.lines.iter().all(|line| line.open() == line.quantity);
        let is_anywhere = pending.location.is_empty();
        let (request_id, lines) = if is_all && is_anywhere {
            (String::new(), vec![])
        } else {
            (pending.id.to_string(), reserved_lines(&units, &pending.location))
        };
        let request = inventory::ConsumeReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            effective_time: Some(saga.effective_time.into()),
            request_id,
            lines,
        };
        let answer = self.inventory.clone().consume_reservation(leased(saga, request)).await;
        let answered = answer.map(|one| one.into_inner().reservation);
        let consumed = answered.as_ref().ok().and_then(Option::as_ref).map(consumed_of);
        let wanted = if is_last {
            inventory::ReservationState::Consumed
        } else {
            inventory::ReservationState::Committed
        };
        let answer = reservation_is(saga, order, answered, NOT_CONSUMED, |state| state == wanted);
        let is_right = consumed
            .is_some_and(|consumed| is_after(order, &units, &consumed, |line| line.fulfilled));
        if answer.outcome == Outcome::Done && !is_right {
            return not_believed(saga.step, "a reservation of which other units left");
        }
        answer
    }

    pub(super) async fn take_back(&self, saga: &Saga, order: &Order) -> Answer {
        let refund = refund_of(saga, order);
        let returning = refund.lines.iter().filter(|line| line.restock);
        let units = units_of(order, returning.map(|line| (line.number, line.quantity)));
        let lines = reserved_lines(&units, "");
        let request = inventory::ReturnStockRequest {
            reservation_id: order.reservation_id().to_string(),
            request_id: refund.id.to_string(),
            lines,
            effective_time: Some(saga.effective_time.into()),
        };
        match self.inventory.clone().return_stock(leased(saga, request)).await {
            Err(status) => refusal(&status, NOT_TAKEN_BACK, reservation_key(order)),
            Ok(answer) => {
                let reservation =
                    answer.into_inner().reservation.filter(|one| is_reservation_of(one, order));
                let is_back = reservation.is_some_and(|reservation| {
                    use inventory::ReservationState::{Committed, Consumed};
                    let returned = sum_of(&reservation, |line| line.returned);
                    matches!(reservation.state(), Committed | Consumed)
                        && units
                            .iter()
                            .all(|(sku, units)| returned.get(sku).is_some_and(|back| back >= units))
                });
                done_if(saga, is_back, "a reservation to which these units were not returned")
            }
        }
    }
}

/// Says what the reservation that was answered means, which must be this order's: done in the
/// states that are `wanted`.
fn reservation_is(
    saga: &Saga,
    order: &Order,
    answered: Result<Option<inventory::Reservation>, Status>,
    refusals: &Refusals,
    wanted: impl Fn(inventory::ReservationState) -> bool,
) -> Answer {
    use inventory::ReservationState::{Expired, Released};
    let reservation = match answered {
        Err(status) => return refusal(&status, refusals, reservation_key(order)),
        Ok(reservation) => reservation.filter(|reservation| is_reservation_of(reservation, order)),
    };
    match reservation.map(|reservation| reservation.state()) {
        None => not_believed(saga.step, "another reservation than requested"),
        Some(state) if wanted(state) => Answer::of(Outcome::Done),
        // A repeat returns the current state: it may have expired, or been released by another
        // replica.
        Some(Expired | Released) if saga.step != Step::Consume => {
            Answer::refused(Reason::ReservationExpired)
        }
        Some(_) => not_believed(saga.step, "a reservation in another state than the step leads to"),
    }
}

/// The most skus that a refusal names as short, as inventory does.
const SKUS_NAMED: usize = 16;

/// Returns the skus that are short, as inventory lists them: the subject of each is
/// `sku@location_id`, its description `requested 3, available 2`.
fn shortages(status: &Status) -> Vec<(String, String)> {
    let Some(details) = status.get_details_precondition_failure() else { return vec![] };
    let short = details.violations.iter().filter_map(|violation| {
        let (sku, _) = violation.subject.rsplit_once('@')?;
        let (requested, available) =
            violation.description.strip_prefix("requested ")?.split_once(", available ")?;
        let (requested, available): (i64, i64) = (requested.parse().ok()?, available.parse().ok()?);
        Some((SHORTAGE.to_owned(), format!("{requested} {available} {sku}")))
    });
    short.take(SKUS_NAMED).collect()
}

/// Returns whether a reservation has the id of this order's, and its units.
pub(super) fn is_reservation_of(reservation: &inventory::Reservation, order: &Order) -> bool {
    let ordered = units_of(order, order.lines.iter().map(|line| (line.number, line.quantity)));
    let held = sum_of(reservation, |line| line.quantity);
    reservation.reservation_id == order.reservation_id().to_string() && ordered == held
}

/// Units by sku.
type UnitsOfSkus = BTreeMap<String, i64>;

/// Adds units of lines up by their skus.
fn units_of(order: &Order, units: impl Iterator<Item = (i64, i64)>) -> UnitsOfSkus {
    let mut sums = UnitsOfSkus::new();
    for (number, quantity) in units {
        let line = order.line(number).expect("units name lines of their order");
        *sums.entry(line.sku.clone()).or_default() += quantity;
    }
    sums
}

/// Adds a number of the lines of a reservation up by their skus.
fn sum_of(
    reservation: &inventory::Reservation,
    number: impl Fn(&inventory::ReservedLine) -> i32,
) -> UnitsOfSkus {
    let mut sums = UnitsOfSkus::new();
    for line in &reservation.lines {
        let sum = sums.entry(line.sku.clone()).or_default();
        *sum = sum.saturating_add(i64::from(number(line)));
    }
    sums
}

fn consumed_of(reservation: &inventory::Reservation) -> UnitsOfSkus {
    sum_of(reservation, |line| line.consumed)
}

/// Returns whether a reservation counts, for each sku, what the order had before and these units.
fn is_after(
    order: &Order,
    units: &UnitsOfSkus,
    counted: &UnitsOfSkus,
    before: impl Fn(&Line) -> i64,
) -> bool {
    let before = units_of(order, order.lines.iter().map(|line| (line.number, before(line))));
    before.iter().all(|(sku, before)| {
        let after = before + units.get(sku).copied().unwrap_or(0);
        counted.get(sku).copied().unwrap_or(0) == after
    })
}

fn reserved_lines(units: &UnitsOfSkus, location: &str) -> Vec<inventory::ReservationLine> {
    let lines = units.iter().map(|(sku, quantity)| inventory::ReservationLine {
        sku: sku.clone(),
        location_id: location.to_owned(),
        quantity: i32::try_from(*quantity).unwrap_or(i32::MAX),
    });
    lines.collect()
}

fn reservation_key(order: &Order) -> Option<(&'static str, String)> {
    Some(("reservation_id", order.reservation_id().to_string()))
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn every_sku_that_is_short_is_read() {
        let mut details = ErrorDetails::new();
        for (subject, description) in [
            ("MUG@main", "requested 3, available 2"),
            ("A @ B@main", "requested 1, available 0"),
            ("JUG@main", "is odd"),
        ] {
            details.add_precondition_failure_violation("OUT_OF_STOCK", subject, description);
        }
        let status = Status::with_error_details(Code::FailedPrecondition, "short", details);
        let read: Vec<String> = shortages(&status).into_iter().map(|(_, value)| value).collect();
        assert_eq!(read, ["3 2 MUG", "1 0 A @ B"]);
    }
}
