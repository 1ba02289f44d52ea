//! The states of a product.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};

/// Whether a product is for sale. The numbers are those of the contract and of the table.
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

/// A change of the state of a product. None leads back to Draft, because orders may refer to what
/// was public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateChange {
    /// Draft → Active.
    Publish,
    /// Draft or Active → Archived.
    Archive,
    /// Archived → Active.
    Restore,
}

impl StateChange {
    /// Returns the state that it leads to.
    pub fn target(self) -> State {
        match self {
            StateChange::Publish | StateChange::Restore => State::Active,
            StateChange::Archive => State::Archived,
        }
    }

    /// Returns whether a product in this state can make the change; in its target it changes
    /// nothing.
    pub fn is_possible_in(self, state: State) -> bool {
        let from: &[State] = match self {
            StateChange::Publish => &[State::Draft],
            StateChange::Archive => &[State::Draft, State::Active],
            StateChange::Restore => &[State::Archived],
        };
        state == self.target() || from.contains(&state)
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
