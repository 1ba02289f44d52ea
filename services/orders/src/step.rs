//! The kinds of sagas, and the steps that they consist of.

use sea_orm::{DeriveActiveEnum, EnumIter};

/// Which operation a saga carries out. The numbers are those of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Kind {
    Place = 1,
    Cancel = 2,
    Fulfill = 3,
    Refund = 4,
    CancelLines = 5,
    Capture = 6,
}

/// A call to another service. The numbers are those of the database; the names are those of the
/// fault points and of the quarantine list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Step {
    Price = 1,
    Reserve = 2,
    Authorize = 3,
    Commit = 4,
    Capture = 5,
    Void = 6,
    Release = 7,
    Consume = 8,
    PayBack = 9,
    TakeBack = 10,
}

impl Step {
    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Price => "price",
            Step::Reserve => "reserve",
            Step::Authorize => "authorize",
            Step::Commit => "commit",
            Step::Capture => "capture",
            Step::Void => "void",
            Step::Release => "release",
            Step::Consume => "consume",
            Step::PayBack => "pay_back",
            Step::TakeBack => "take_back",
        }
    }
}

impl Kind {
    /// Returns the name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Place => "place",
            Kind::Cancel => "cancel",
            Kind::Fulfill => "fulfill",
            Kind::Refund => "refund",
            Kind::CancelLines => "cancel_lines",
            Kind::Capture => "capture",
        }
    }

    /// Returns whether it cancels what was placed, all that is open or some units.
    pub fn is_cancellation(self) -> bool {
        matches!(self, Kind::Cancel | Kind::CancelLines)
    }

    /// Returns the step that a saga of this kind starts with, unless the order says otherwise.
    pub fn first(self) -> Step {
        match self {
            Kind::Place => Step::Price,
            Kind::Cancel | Kind::CancelLines | Kind::Refund => Step::PayBack,
            Kind::Fulfill => Step::Consume,
            Kind::Capture => Step::Capture,
        }
    }
}
