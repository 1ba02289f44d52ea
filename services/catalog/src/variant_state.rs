//! The states of a variant.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};

/// Whether a variant is for sale, when its product is. Each can follow each. The numbers are those
/// of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum VariantState {
    /// For sale.
    Active = 1,
    /// Not for sale now, and still shown with its product.
    Disabled = 2,
    /// No longer for sale, and only read by who names it.
    Archived = 3,
}

impl VariantState {
    /// The states that products and lists show unless others are named.
    pub const SHOWN: [VariantState; 2] = [VariantState::Active, VariantState::Disabled];
}

impl fmt::Display for VariantState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VariantState::Active => "ACTIVE",
            VariantState::Disabled => "DISABLED",
            VariantState::Archived => "ARCHIVED",
        })
    }
}
