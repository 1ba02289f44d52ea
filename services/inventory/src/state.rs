//! The states of a reservation.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};

/// The state of a reservation. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum State {
    Held = 1,
    Committed = 2,
    Consumed = 3,
    Released = 4,
    Expired = 5,
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
