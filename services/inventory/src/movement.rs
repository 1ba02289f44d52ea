//! Movements: what can happen to a stock, what each kind changes, and its permanent record. Pure.

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_types::{MovementId, ReservationId, Timestamp};

use crate::stock_key::{Quantities, StockKey};

/// Why a stock changed. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum MovementKind {
    Received = 1,
    Adjusted = 2,
    Reserved = 3,
    Released = 4,
    Expired = 5,
    Consumed = 6,
    Returned = 7,
}

/// One change of one stock.
///
/// **Invariant:** the movements of a stock add up to its two numbers; so a stock is written by
/// [`store::stock::record`](crate::store::stock::record) alone, together with its movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub id: MovementId,
    pub key: StockKey,
    pub kind: MovementKind,
    /// By how many units on_hand changed.
    pub on_hand_change: i64,
    /// By how many units reserved changed.
    pub reserved_change: i64,
    /// The reservation that moved them; none for receipts and adjustments.
    pub reservation: Option<ReservationId>,
    pub create_time: Timestamp,
    /// When it happened in the world.
    pub effective_time: Timestamp,
    pub note: String,
    /// Who caused it, as `service:orders`, or `system`; empty when it is older than this record.
    pub actor: String,
}

/// What the movements of one write have in common.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    pub reservation: Option<ReservationId>,
    pub now: Timestamp,
    pub effective_time: Timestamp,
    pub note: &'a str,
    pub actor: &'a str,
}

/// Who acts when a time is over.
pub const SYSTEM: &str = "system";

impl MovementKind {
    /// Returns by how much on_hand and reserved change when this many units move.
    pub const fn changes(self, quantity: i64) -> (i64, i64) {
        match self {
            MovementKind::Received | MovementKind::Adjusted | MovementKind::Returned => {
                (quantity, 0)
            }
            MovementKind::Reserved => (0, quantity),
            MovementKind::Released | MovementKind::Expired => (0, -quantity),
            MovementKind::Consumed => (-quantity, -quantity),
        }
    }
}

impl Movement {
    /// Returns the movements of the units of each stock, with new ids.
    pub fn of(kind: MovementKind, units: &Quantities, occasion: Occasion<'_>) -> Vec<Movement> {
        let movements = units.iter().map(|(key, &quantity)| {
            let (on_hand_change, reserved_change) = kind.changes(quantity);
            Movement {
                id: MovementId::new(occasion.now),
                key: key.clone(),
                kind,
                on_hand_change,
                reserved_change,
                reservation: occasion.reservation,
                create_time: occasion.now,
                effective_time: occasion.effective_time,
                note: occasion.note.to_owned(),
                actor: occasion.actor.to_owned(),
            }
        });
        movements.collect()
    }
}

impl<'a> Occasion<'a> {
    /// Returns something that someone does now and that needs no note.
    pub fn by(actor: &'a str, now: Timestamp) -> Self {
        Occasion { reservation: None, now, effective_time: now, note: "", actor }
    }

    /// Returns the same, as part of a reservation.
    #[must_use]
    pub fn of(self, reservation: ReservationId) -> Self {
        Occasion { reservation: Some(reservation), ..self }
    }

    /// Returns the same, having happened in the world at another time.
    #[must_use]
    pub fn at(self, effective_time: Timestamp) -> Self {
        Occasion { effective_time, ..self }
    }

    /// Returns the same, with a caller's note.
    #[must_use]
    pub fn noted(self, note: &'a str) -> Self {
        Occasion { note, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_promised_and_then_leaves_or_comes_free_leaves_no_promise_behind() {
        let reserved = |kind: MovementKind| kind.changes(3).1;
        for end in [MovementKind::Released, MovementKind::Expired, MovementKind::Consumed] {
            assert_eq!(reserved(MovementKind::Reserved) + reserved(end), 0, "{end:?}");
        }
    }

    #[test]
    fn what_is_consumed_and_returned_is_on_hand_again() {
        assert_eq!(MovementKind::Consumed.changes(3).0 + MovementKind::Returned.changes(3).0, 0);
    }
}
