//! Statements over many rows or keys at once.
//!
//! SQLite takes them as VALUES in pieces of few sizes, so that each statement is prepared once, with bare question marks:
//! it looks names such as `$1` up in a list, which for thousands of them takes far longer than the statement. PostgreSQL
//! takes one array a column, however many rows there are, so that a write is a handful of round trips.

use std::fmt::Write;

use souk_data::{Arg, Engine, Error, Reader, Row, ToArg, Tx};

/// How many rows or keys one SQLite statement takes: the largest that fits, again and again.
const SIZES: [usize; 4] = [1000, 100, 10, 1];

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Integer,
    Bytes,
    Text,
}

/// Rows to bind to one statement.
pub(super) struct Rows<'a> {
    types: &'static [Type],
    values: Vec<Arg<'a>>,
}

impl<'a> Rows<'a> {
    /// Starts with no rows; there is room for `capacity` of them.
    pub fn new(types: &'static [Type], capacity: usize) -> Self {
        Rows { types, values: Vec::with_capacity(capacity * types.len()) }
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[Arg<'a>]) {
        debug_assert_eq!(row.len(), self.types.len());
        self.values.extend_from_slice(row);
    }

    /// Runs a statement that `write` builds around the rows: a VALUES or a SELECT, with columns named `column1`, `column2`, ….
    pub async fn execute(&self, tx: &Tx, write: impl Fn(&str) -> String) -> Result<(), Error> {
        if self.values.is_empty() {
            return Ok(());
        }
        let columns = self.types.len();
        match tx.engine() {
            Engine::Sqlite => {
                let row = format!("({})", vec!["?"; columns].join(","));
                for piece in pieces(&self.values, columns) {
                    let rows = vec![row.as_str(); piece.len() / columns].join(",");
                    tx.execute(&write(&format!("VALUES {rows}")), piece).await?;
                }
            }
            Engine::Postgres => {
                let arrays: Vec<String> =
                    (0..columns).map(|column| array(self.values.iter().skip(column).step_by(columns))).collect();
                let args: Vec<Arg<'_>> = arrays.iter().map(ToArg::to_arg).collect();
                tx.execute(&write(&unnest(self.types)), &args).await?;
            }
        }
        Ok(())
    }
}

/// Runs a query that `write` builds around a condition on some keys: `IN (…)` or what amounts to it.
pub(super) async fn find<K: ToArg>(
    reader: &Reader,
    keys: &[K],
    write: impl Fn(&str) -> String,
) -> Result<Vec<Row>, Error> {
    let keys: Vec<Arg<'_>> = keys.iter().map(ToArg::to_arg).collect();
    let Some(first) = keys.first() else { return Ok(Vec::new()) };
    match reader.engine() {
        Engine::Sqlite => {
            let mut found = Vec::new();
            for piece in pieces(&keys, 1) {
                let query = write(&format!("IN ({})", vec!["?"; piece.len()].join(",")));
                found.extend(reader.query(&query, piece).await?);
            }
            Ok(found)
        }
        Engine::Postgres => {
            let r#type = if matches!(first, Arg::Integer(_)) { Type::Integer } else { Type::Bytes };
            // Not `= ANY (CAST …)`: where PostgreSQL scans the table, that would read the array anew for each row.
            let query = write(&format!("IN (SELECT unnest(CAST($1 AS {}[])))", postgres_name(r#type)));
            reader.query(&query, &[array(keys.iter()).to_arg()]).await
        }
    }
}

/// Cuts rows of so many values into pieces of the few sizes that statements have.
fn pieces<T>(mut rest: &[T], columns: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = *SIZES.iter().find(|size| **size * columns <= rest.len())?;
        let (piece, after) = rest.split_at(size * columns);
        rest = after;
        Some(piece)
    })
}

fn postgres_name(r#type: Type) -> &'static str {
    match r#type {
        Type::Integer => "BIGINT",
        Type::Bytes => "BYTEA",
        Type::Text => "TEXT",
    }
}

/// Returns the SELECT of rows that are bound as one array a column.
fn unnest(types: &[Type]) -> String {
    let arrays: Vec<String> = types
        .iter()
        .enumerate()
        .map(|(column, r#type)| format!("CAST(${} AS {}[])", column + 1, postgres_name(*r#type)))
        .collect();
    let names: Vec<String> = (1..=types.len()).map(|column| format!("column{column}")).collect();
    format!("SELECT * FROM unnest({}) AS rows ({})", arrays.join(", "), names.join(", "))
}

/// Returns the text of a PostgreSQL array (section 8.15.2 of its manual).
fn array<'a>(values: impl Iterator<Item = &'a Arg<'a>>) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::from("{");
    for (place, value) in values.enumerate() {
        if place > 0 {
            text.push(',');
        }
        match value {
            Arg::Integer(Some(number)) => write!(text, "{number}").expect("a string takes all text"),
            Arg::Bytes(Some(bytes)) => {
                text.push_str("\"\\\\x");
                for byte in *bytes {
                    text.push(HEX[usize::from(byte >> 4)].into());
                    text.push(HEX[usize::from(byte & 15)].into());
                }
                text.push('"');
            }
            Arg::Text(Some(value)) => {
                text.push('"');
                for character in value.chars() {
                    if matches!(character, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(character);
                }
                text.push('"');
            }
            Arg::Integer(None) | Arg::Bytes(None) | Arg::Text(None) => text.push_str("NULL"),
        }
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use souk_data::args;

    use super::*;

    #[test]
    fn pieces_have_few_sizes_and_leave_nothing_out() {
        let all: Vec<usize> = (0..2345 * 3).collect();
        let sizes: Vec<usize> = pieces(&all, 3).map(|piece| piece.len() / 3).collect();
        assert_eq!(sizes, [1000, 1000, 100, 100, 100, 10, 10, 10, 10, 1, 1, 1, 1, 1]);
        assert_eq!(pieces(&all, 3).flatten().copied().collect::<Vec<_>>(), all);
        assert_eq!(pieces::<usize>(&[], 3).count(), 0);
    }

    #[test]
    fn an_array_holds_numbers_bytes_texts_and_nothing() {
        let text = array(args![5, -1, None::<i64>, vec![0u8, 255], "a \"b\" \\ {c,}", "NULL", ""].iter());
        assert_eq!(text, r#"{5,-1,NULL,"\\x00ff","a \"b\" \\ {c,}","NULL",""}"#);
    }

    #[test]
    fn rows_are_one_array_a_column() {
        let expected = "SELECT * FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BYTEA[])) AS rows (column1, column2)";
        assert_eq!(unnest(&[Type::Integer, Type::Bytes]), expected);
    }
}
