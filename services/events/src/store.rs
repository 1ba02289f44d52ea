//! All SQL of events, by table. Functions that take a [`Tx`](souk_data::Tx) belong to a write that the caller opened.
//!
//! **Invariant:** a write locks the row of its subscription first, then places by partition, then partitions of the log by
//! number; so no two writes wait for each other in a circle, and READ COMMITTED is enough.

pub mod audit;
pub mod dead_letter;
pub mod log;
pub mod place;
pub mod retry;
pub mod subscription;

use souk_data::{Engine, Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "events",
    migrations: &[Migration {
        version: 1,
        name: "events",
        sqlite: include_str!("../migrations/sqlite/0001_events.sql"),
        postgres: include_str!("../migrations/postgres/0001_events.sql"),
    }],
};

/// How many rows one statement takes. Few sizes make few statements, each prepared once. PostgreSQL is far away, so its
/// statements are long; SQLite is not, and looks for each `$n` in a list.
fn sizes(engine: Engine) -> &'static [usize] {
    match engine {
        Engine::Sqlite => &[16, 4, 1],
        Engine::Postgres => &[256, 64, 16, 8, 7, 6, 5, 4, 3, 2, 1],
    }
}

/// Cuts rows into pieces of the sizes that statements have, in order.
fn pieces<T>(mut rest: &[T], engine: Engine) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = *sizes(engine).iter().find(|size| **size <= rest.len())?;
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
        let all: Vec<usize> = (0..347).collect();
        let sizes = |engine| pieces(&all, engine).map(<[usize]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(Engine::Postgres), [256, 64, 16, 8, 3]);
        assert_eq!(sizes(Engine::Sqlite)[20..], [16, 4, 4, 1, 1, 1]);
        for engine in [Engine::Postgres, Engine::Sqlite] {
            assert_eq!(pieces(&all, engine).flatten().copied().collect::<Vec<_>>(), all);
        }
    }
}
