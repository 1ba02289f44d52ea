//! Statements about many rows in few shapes, so that each is prepared once.

use souk_data::{Arg, Engine, Error, Tx, placeholders};

/// The most values that one IN list has.
pub const LIST: usize = 1000;

/// Returns the values of an IN list, the last repeated until their number is a power of two.
pub fn padded<'a>(mut values: Vec<Arg<'a>>) -> Vec<Arg<'a>> {
    if let Some(last) = values.last().copied() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

/// Returns `($1,$2,…)` for so many values from `$first` on.
pub fn list(first: usize, values: usize) -> String {
    placeholders(first, 1, values)
}

/// How many rows one INSERT takes: the largest that fits, again and again. SQLite gains nothing from long statements.
const fn rows(engine: Engine) -> &'static [usize] {
    match engine {
        Engine::Sqlite => &[10, 1],
        Engine::Postgres => &[100, 10, 1],
    }
}

/// Inserts rows of `columns` values each, laid end to end, with `INSERT … VALUES` and an ending; returns how many it took.
pub async fn insert(tx: &Tx, start: &str, columns: usize, mut values: &[Arg<'_>], end: &str) -> Result<u64, Error> {
    let mut inserted = 0;
    while !values.is_empty() {
        let left = values.len() / columns;
        let rows = rows(tx.engine()).iter().copied().find(|rows| *rows <= left).unwrap_or(1);
        let (now, later) = values.split_at(rows * columns);
        let sql = format!("{start} {} {end}", placeholders(1, rows, columns));
        inserted += tx.execute(&sql, now).await?;
        values = later;
    }
    Ok(inserted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_lengths_and_name_nothing_new() {
        for length in 1..=LIST as i64 {
            let values = padded((0..length).map(|value| Arg::Integer(Some(value))).collect());
            assert!(values.len().is_power_of_two());
            assert_eq!(values.last(), Some(&Arg::Integer(Some(length - 1))));
        }
        assert!(padded(vec![]).is_empty());
    }
}
