//! What the parts of an order are: units that leave together, units that are canceled, and what is
//! captured for them. The rules are in `fulfillment` and `cancellation`.

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_client::orders::v1 as pb;
use souk_types::{CancellationId, FulfillmentId, Timestamp};

use crate::actor::Actor;

/// Goods of an order that leave together.
#[derive(Clone, Debug, PartialEq)]
pub struct Fulfillment {
    pub id: FulfillmentId,
    pub state: FulfillmentState,
    /// The first of them in an order that was read to be shown. A pending one has all in an order
    /// that the rules work with.
    pub lines: Vec<Units>,
    pub line_count: i64,
    /// Empty for wherever the units are reserved.
    pub location: String,
    pub tracking: Tracking,
    /// Grows with every change.
    pub version: i64,
    pub actor: Actor,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Timestamp,
    pub delivery_time: Option<Timestamp>,
}

/// Units of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    pub number: i64,
    pub quantity: i64,
}

/// How the customer finds a parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    pub carrier: String,
    pub number: String,
    pub uri: String,
}

/// The state of a fulfillment. The numbers are those of the contract and of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum FulfillmentState {
    Pending = 1,
    Shipped = 2,
    Delivered = 3,
}

impl FulfillmentState {
    /// Returns the name in the contract.
    pub fn name(self) -> &'static str {
        pb::FulfillmentState::try_from(self as i32).map_or("", |state| state.as_str_name())
    }
}

/// What is to leave.
#[derive(Clone, Debug)]
pub struct NewFulfillment {
    pub id: FulfillmentId,
    /// Lines, each once; none for all that are open.
    pub lines: Vec<Units>,
    pub location: String,
    pub tracking: Tracking,
    pub actor: Actor,
    pub effective_time: Option<Timestamp>,
}

/// A capture that is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueCapture {
    /// In minor units.
    pub minor: i64,
    /// Nothing is left to capture afterwards, so that the rest of the authorization is released.
    pub is_final: bool,
}

/// Who asked for a cancellation, and with which words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancellation {
    pub actor: Actor,
    /// A number of the contract's `CancelReason`.
    pub reason: i64,
    pub note: String,
}

/// A cancellation of some units that is in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct LinesCancellation {
    pub id: CancellationId,
    pub lines: Vec<CanceledUnits>,
    /// Who asked for it, and why.
    pub request: Cancellation,
}

/// Units that are canceled, and how much less is owed for them, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanceledUnits {
    pub number: i64,
    pub quantity: i64,
    pub amount: i64,
}

/// What a cancellation does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CancelPlan {
    pub lines: Vec<CanceledUnits>,
    /// How much less is owed, in minor units. More than that of the lines when the whole order is
    /// canceled and owes more than its lines.
    pub amount: i64,
    /// No unit is open afterwards.
    pub closes: bool,
    /// Units have left before.
    pub has_left: bool,
    /// How much goes back of what was captured, in minor units.
    pub pays_back: i64,
    /// What is captured for the units that have left, since nothing will leave any more.
    pub capture: Option<DueCapture>,
    /// Nothing is left to capture, so the authorization is voided.
    pub voids: bool,
}
