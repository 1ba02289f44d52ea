//! All SQL of inventory, by table. Functions that take a [`Tx`](souk_data::Tx) belong to a write that the caller opened.
//!
//! **Invariant:** every write locks its reservations first and then its stock, in the order of their keys; so no two writes
//! wait for each other in a circle, and READ COMMITTED is enough.

pub mod audit;
pub mod location;
pub mod movement;
pub mod reservation;
pub mod stock;

use souk_data::{Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "inventory",
    migrations: &[
        Migration {
            version: 1,
            name: "inventory",
            sqlite: include_str!("../migrations/sqlite/0001_inventory.sql"),
            postgres: include_str!("../migrations/postgres/0001_inventory.sql"),
        },
        Migration {
            version: 2,
            name: "owner",
            sqlite: include_str!("../migrations/sqlite/0002_owner.sql"),
            postgres: include_str!("../migrations/postgres/0002_owner.sql"),
        },
    ],
};

/// How many rows one statement takes. Few sizes make few statements, each prepared once; small ones go at once.
const SIZES: [usize; 11] = [256, 64, 16, 8, 7, 6, 5, 4, 3, 2, 1];

/// Cuts rows into pieces of the sizes that statements have, in order.
fn pieces<T>(mut rest: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (piece, after) = rest.split_at(size);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_few_sizes_and_leave_nothing_out() {
        let all: Vec<usize> = (0..603).collect();
        let sizes: Vec<usize> = pieces(&all).map(<[usize]>::len).collect();
        assert_eq!(sizes, [256, 256, 64, 16, 8, 3]);
        assert_eq!(pieces(&all).flatten().copied().collect::<Vec<_>>(), all);
        assert_eq!(pieces::<usize>(&[]).count(), 0);
    }
}
