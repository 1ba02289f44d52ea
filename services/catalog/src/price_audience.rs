//! Who may see a price and buy at it.

use sea_orm::{DeriveActiveEnum, EnumIter};

/// Who may see a price and buy at it, as it was said when the price was made. The first two numbers
/// are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum PriceAudience {
    /// Everyone.
    Public = 1,
    /// Staff and services.
    Restricted = 2,
    /// Nothing was said: everyone while the price is the default, then staff and services. So a
    /// price that was replaced is on offer no more.
    WhileDefault = 3,
}

impl PriceAudience {
    /// Returns whether the price is for everyone now.
    pub fn is_public(self, is_default: bool) -> bool {
        match self {
            Self::Public => true,
            Self::Restricted => false,
            Self::WhileDefault => is_default,
        }
    }
}
