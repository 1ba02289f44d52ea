//! Lists in statements: placeholders for many rows, in chunks that stay under the engines' limits
//! of bound values.

use std::fmt::Write;

use crate::Engine;

impl Engine {
    /// Returns the most values one statement may bind.
    pub const fn bind_limit(self) -> usize {
        match self {
            Engine::Sqlite => 32_766,
            Engine::Postgres => 65_535,
        }
    }

    /// Returns how many rows of `columns` values fit into one statement:
    /// `rows.chunks(engine.rows_per_statement(4))`.
    pub const fn rows_per_statement(self, columns: usize) -> usize {
        self.bind_limit() / columns
    }
}

/// Returns placeholders from `$first` on for so many rows of so many columns, as VALUES and IN take
/// them: `placeholders(1, 2, 2)` is `($1,$2),($3,$4)`, and `placeholders(1, 1, 3)` is `($1,$2,$3)`.
pub fn placeholders(first: usize, rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    let mut number = first;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            let separator = if column == 0 { "" } else { "," };
            write!(text, "{separator}${number}").expect("a string takes all text");
            number += 1;
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_through_all_rows() {
        assert_eq!(placeholders(1, 2, 2), "($1,$2),($3,$4)");
        assert_eq!(placeholders(3, 1, 3), "($3,$4,$5)");
    }

    #[test]
    fn a_statement_never_binds_more_than_the_engine_takes() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            for columns in 1..100 {
                assert!(engine.rows_per_statement(columns) * columns <= engine.bind_limit());
            }
        }
    }
}
