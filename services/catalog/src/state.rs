//! The states of a product.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};

/// Whether a product is for sale. Draft → Active → Archived, Archived → Active, Draft → Archived;
/// never back to Draft. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum State {
    /// Being prepared.
    Draft = 1,
    /// For sale.
    Active = 2,
    /// No longer for sale, and still readable.
    Archived = 3,
}

impl State {
    /// Returns whether a product in this state may enter the next.
    pub fn may_become(self, next: State) -> bool {
        self == next || next != State::Draft
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Draft => "DRAFT",
            State::Active => "ACTIVE",
            State::Archived => "ARCHIVED",
        })
    }
}
