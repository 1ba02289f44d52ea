//! The states of a reservation.

use std::fmt;

/// Where a reservation stands. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Held = 1,
    Committed = 2,
    Consumed = 3,
    Released = 4,
    Expired = 5,
}

impl State {
    /// Every state.
    pub const ALL: [State; 5] = [State::Held, State::Committed, State::Consumed, State::Released, State::Expired];

    /// Returns the state with this number.
    pub fn from_number(number: i64) -> Option<Self> {
        State::ALL.into_iter().find(|state| *state as i64 == number)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Held => "held",
            State::Committed => "committed",
            State::Consumed => "consumed",
            State::Released => "released",
            State::Expired => "expired",
        })
    }
}
