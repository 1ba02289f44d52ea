//! The states of a product.

use std::fmt;

/// Whether a product is for sale. Draft → Active → Archived, Archived → Active, Draft → Archived; never back to Draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Being prepared.
    Draft = 1,
    /// For sale.
    Active = 2,
    /// No longer for sale, and still readable.
    Archived = 3,
}

impl State {
    /// Every state.
    pub const ALL: [State; 3] = [State::Draft, State::Active, State::Archived];

    /// Returns the state with this number, which is that of the contract and of the database.
    pub fn from_number(number: i64) -> Option<State> {
        State::ALL.into_iter().find(|state| *state as i64 == number)
    }

    /// Tells whether a product in this state may enter the next.
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
