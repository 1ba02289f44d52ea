//! The steps that inventory answers.

use std::collections::BTreeMap;

use souk_client::inventory::v1 as inventory;
use tonic::Status;
use tonic_types::StatusExt;

use super::response::{Refusals, done_if, not_believed, refusal};
use super::{Upstream, leased, refund_of};
use crate::order::Order;
use crate::reason::{Reason, SHORTAGE};
use crate::saga::{Answer, Outcome, Saga};
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

    pub(super) async fn release(&self, saga: &Saga, order: &Order) -> Answer {
        let request = inventory::ReleaseReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            ..Default::default()
        };
        match self.inventory.clone().release_reservation(leased(saga, request)).await {
            Err(status) => refusal(&status, &[], None),
            Ok(answer) => {
                use inventory::ReservationState::{Expired, Released};
                let is_released = answer.into_inner().reservation.is_some_and(|reservation| {
                    reservation.reservation_id == order.reservation_id().to_string()
                        && matches!(reservation.state(), Released | Expired)
                });
                done_if(saga, is_released, "a reservation that is not released")
            }
        }
    }

    /// Asks whether money and stock are there before the goods leave, and then lets them leave.
    pub(super) async fn consume(&self, saga: &Saga, order: &Order) -> Answer {
        if let Err(answer) = self.is_in_step(saga, order).await {
            return *answer;
        }
        let request = inventory::ConsumeReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            effective_time: Some(saga.effective_time.into()),
            ..Default::default()
        };
        let answer = self.inventory.clone().consume_reservation(leased(saga, request)).await;
        reservation_is(
            saga,
            order,
            answer.map(|one| one.into_inner().reservation),
            NOT_CONSUMED,
            |state| state == inventory::ReservationState::Consumed,
        )
    }

    pub(super) async fn take_back(&self, saga: &Saga, order: &Order) -> Answer {
        let refund = refund_of(saga, order);
        let mut units: BTreeMap<&str, i64> = BTreeMap::new();
        for line in &refund.lines {
            let ordered = order.line(line.number).expect("a refund names lines of its order");
            *units.entry(&ordered.sku).or_default() += line.quantity;
        }
        let lines = units
            .iter()
            .map(|(sku, quantity)| inventory::ReservationLine {
                sku: (*sku).to_owned(),
                location_id: String::new(),
                quantity: i32::try_from(*quantity).unwrap_or(i32::MAX),
            })
            .collect();
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
                    let mut returned: BTreeMap<&str, i64> = BTreeMap::new();
                    for line in &reservation.lines {
                        *returned.entry(&line.sku).or_default() += i64::from(line.returned);
                    }
                    reservation.state() == inventory::ReservationState::Consumed
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
    let mut units: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &order.lines {
        *units.entry(&line.sku).or_default() += line.quantity;
    }
    let mut held: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &reservation.lines {
        let sum = held.entry(&line.sku).or_default();
        *sum = sum.saturating_add(i64::from(line.quantity));
    }
    reservation.reservation_id == order.reservation_id().to_string() && units == held
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
