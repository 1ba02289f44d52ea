//! What a batch of transfers reads and writes: the only SQL of the ledger that is written by hand,
//! without sea-orm.
//!
//! It is measured (`cargo xtask bench ledger`: 185,000 transfers a second on SQLite, 82,000 on
//! PostgreSQL), and a batch has up to 8,190 rows. SQLite takes them as VALUES in chunks of few
//! sizes, so that each statement is prepared once, with bare question marks: it looks names such as
//! `$1` up in a list, which for thousands of them takes far longer than the statement. PostgreSQL
//! takes one array a column, however many rows there are, so that a write is a handful of round
//! trips. A statement builder does neither, and would build as long as SQLite runs.

use std::fmt::Write;

use sea_orm::ActiveEnum;
use souk_data::{Arg, Engine, Error, Reader, Row, ToArg, Tx, args};
use souk_types::{AccountId, TransferId};

use crate::account::{AccountFlags, AccountNumber};
use crate::balance::Balance;
use crate::entry::{Checkpoint, Due};
use crate::party::Party;
use crate::transfer::{Kind, Resolution, Transfer};
use Type::{Bytes, Integer, Text};

/// The columns that [`Party`] needs.
const PARTY: &str = "number, id, ledger, flags, debits_pending, debits_posted, credits_pending, credits_posted, \
     transfer_count, last_sequence, last_time";

/// The columns of a transfer, in the order in which it is inserted.
const TRANSFER: &str = "sequence, id, debit_account, credit_account, amount, pending_amount, pending_id, user_data, \
     timeout_seconds, ledger, code, kind, linked, effective_time, create_time, debit_previous, credit_previous";

/// Returns the numbers of the accounts with these ids; unknown ids are left out.
pub async fn account_numbers(
    reader: &Reader,
    ids: &[AccountId],
) -> Result<Vec<AccountNumber>, Error> {
    let found =
        find(reader, ids, |keys| format!("SELECT number FROM account WHERE id {keys}")).await?;
    found.iter().map(|row| row.get("number")).collect()
}

/// Returns the accounts with these numbers.
pub async fn parties(reader: &Reader, numbers: &[AccountNumber]) -> Result<Vec<Party>, Error> {
    let found =
        find(reader, numbers, |keys| format!("SELECT {PARTY} FROM account WHERE number {keys}"))
            .await?;
    found.iter().map(party).collect()
}

/// Returns the transfers with these ids; unknown ids are left out.
pub async fn transfers(reader: &Reader, ids: &[TransferId]) -> Result<Vec<Transfer>, Error> {
    let found =
        find(reader, ids, |keys| format!("SELECT {TRANSFER} FROM transfer WHERE id {keys}"))
            .await?;
    found.iter().map(transfer).collect()
}

/// Returns how those of the pending transfers that are resolved ended.
pub async fn resolutions(
    reader: &Reader,
    pending: &[TransferId],
) -> Result<Vec<(TransferId, Resolution)>, Error> {
    let query =
        |keys: &str| format!("SELECT pending_id, kind FROM transfer WHERE pending_id {keys}");
    let mut resolutions = Vec::new();
    for row in find(reader, pending, query).await? {
        if let Some(resolution) = kind(&row)?.resolution() {
            resolutions.push((row.get("pending_id")?, resolution));
        }
    }
    Ok(resolutions)
}

fn party(row: &Row) -> Result<Party, Error> {
    Ok(Party {
        number: row.get("number")?,
        id: row.get("id")?,
        ledger: row.get("ledger")?,
        flags: AccountFlags::from_bits(row.get("flags")?),
        balance: Balance {
            debits_pending: row.get("debits_pending")?,
            debits_posted: row.get("debits_posted")?,
            credits_pending: row.get("credits_pending")?,
            credits_posted: row.get("credits_posted")?,
        },
        transfer_count: row.get("transfer_count")?,
        last_sequence: row.get("last_sequence")?,
        last_time: row.get("last_time")?,
    })
}

fn transfer(row: &Row) -> Result<Transfer, Error> {
    Ok(Transfer {
        sequence: row.get("sequence")?,
        id: row.get("id")?,
        debit_account: row.get("debit_account")?,
        credit_account: row.get("credit_account")?,
        amount: row.get("amount")?,
        pending_amount: row.get("pending_amount")?,
        pending: row.get("pending_id")?,
        user_data: row.get("user_data")?,
        timeout_seconds: row.get("timeout_seconds")?,
        ledger: row.get("ledger")?,
        code: row.get("code")?,
        kind: kind(row)?,
        linked: row.get("linked")?,
        effective_time: row.get("effective_time")?,
        create_time: row.get("create_time")?,
        debit_previous: row.get("debit_previous")?,
        credit_previous: row.get("credit_previous")?,
    })
}

fn kind(row: &Row) -> Result<Kind, Error> {
    Ok(Kind::try_from_value(&row.get("kind")?)?)
}

/// Appends transfers to the log. An id that is taken is a unique violation.
pub async fn insert_transfers(tx: &Tx, transfers: &[Transfer]) -> Result<(), Error> {
    const TYPES: &[Type] = &[
        Integer, Bytes, Integer, Integer, Integer, Integer, Bytes, Text, Integer, Integer, Integer,
        Integer, Integer, Integer, Integer, Integer, Integer,
    ];
    let kinds: Vec<i64> = transfers.iter().map(|transfer| transfer.kind.to_value()).collect();
    let mut rows = Rows::new(TYPES, transfers.len());
    for (transfer, kind) in transfers.iter().zip(&kinds) {
        rows.push(args![
            transfer.sequence,
            transfer.id,
            transfer.debit_account,
            transfer.credit_account,
            transfer.amount,
            transfer.pending_amount,
            transfer.pending,
            transfer.user_data,
            transfer.timeout_seconds,
            transfer.ledger,
            transfer.code,
            *kind,
            transfer.linked,
            transfer.effective_time,
            transfer.create_time,
            transfer.debit_previous,
            transfer.credit_previous,
        ]);
    }
    rows.execute(tx, |rows| format!("INSERT INTO transfer ({TRANSFER}) {rows}")).await
}

/// Writes the sums of accounts, and which transfer was their last.
pub async fn update_accounts(tx: &Tx, parties: &[Party]) -> Result<(), Error> {
    let mut rows = Rows::new(&[Integer; 8], parties.len());
    for party in parties {
        rows.push(args![
            party.number,
            party.balance.debits_pending,
            party.balance.debits_posted,
            party.balance.credits_pending,
            party.balance.credits_posted,
            party.transfer_count,
            party.last_sequence,
            party.last_time,
        ]);
    }
    let statement = |rows: &str| {
        format!(
            "UPDATE account SET debits_pending = change.column2, debits_posted = change.column3, \
                    credits_pending = change.column4, credits_posted = change.column5, \
                    transfer_count = change.column6, last_sequence = change.column7, last_time = change.column8 \
             FROM ({rows}) AS change WHERE account.number = change.column1"
        )
    };
    rows.execute(tx, statement).await
}

/// Adds checkpoints.
pub async fn insert_checkpoints(tx: &Tx, checkpoints: &[Checkpoint]) -> Result<(), Error> {
    let mut rows = Rows::new(&[Integer; 7], checkpoints.len());
    for checkpoint in checkpoints {
        rows.push(args![
            checkpoint.account,
            checkpoint.create_time,
            checkpoint.sequence,
            checkpoint.balance.debits_pending,
            checkpoint.balance.debits_posted,
            checkpoint.balance.credits_pending,
            checkpoint.balance.credits_posted,
        ]);
    }
    let columns = "account, create_time, sequence, debits_pending, debits_posted, credits_pending, credits_posted";
    rows.execute(tx, |rows| format!("INSERT INTO checkpoint ({columns}) {rows}")).await
}

/// Adds pending transfers to the work list of the expiry.
pub async fn insert_due(tx: &Tx, due: &[Due]) -> Result<(), Error> {
    due_rows(due)
        .execute(tx, |rows| format!("INSERT INTO due (expire_time, pending_id) {rows}"))
        .await
}

/// Takes pending transfers off the work list of the expiry.
pub async fn delete_due(tx: &Tx, due: &[Due]) -> Result<(), Error> {
    due_rows(due)
        .execute(tx, |rows| format!("DELETE FROM due WHERE (expire_time, pending_id) IN ({rows})"))
        .await
}

fn due_rows(due: &[Due]) -> Rows<'_> {
    let mut rows = Rows::new(&[Integer, Bytes], due.len());
    for due in due {
        rows.push(args![due.expire_time, due.pending]);
    }
    rows
}

/// How many rows or keys one SQLite statement takes: the largest that fits, again and again.
const SIZES: [usize; 4] = [1000, 100, 10, 1];

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Integer,
    Bytes,
    Text,
}

/// Rows to bind to one statement.
struct Rows<'a> {
    types: &'static [Type],
    values: Vec<Arg<'a>>,
}

impl<'a> Rows<'a> {
    /// Starts with no rows, and allocates for `capacity` of them.
    fn new(types: &'static [Type], capacity: usize) -> Self {
        Rows { types, values: Vec::with_capacity(capacity * types.len()) }
    }

    /// Adds a row.
    fn push(&mut self, row: &[Arg<'a>]) {
        debug_assert_eq!(row.len(), self.types.len());
        self.values.extend_from_slice(row);
    }

    /// Runs a statement that `write` builds around the rows: a VALUES or a SELECT, with columns
    /// named `column1`, `column2`, ….
    async fn execute(&self, tx: &Tx, write: impl Fn(&str) -> String) -> Result<(), Error> {
        if self.values.is_empty() {
            return Ok(());
        }
        let columns = self.types.len();
        match tx.engine() {
            Engine::Sqlite => {
                let row = format!("({})", vec!["?"; columns].join(","));
                for chunk in chunks(&self.values, columns) {
                    let rows = vec![row.as_str(); chunk.len() / columns].join(",");
                    tx.execute(&write(&format!("VALUES {rows}")), chunk).await?;
                }
            }
            Engine::Postgres => {
                let arrays: Vec<String> = (0..columns)
                    .map(|column| array(self.values.iter().skip(column).step_by(columns)))
                    .collect();
                let args: Vec<Arg<'_>> = arrays.iter().map(ToArg::to_arg).collect();
                tx.execute(&write(&unnest(self.types)), &args).await?;
            }
        }
        Ok(())
    }
}

/// Runs a query that `write` builds around a condition on some keys: `IN (…)` or what amounts to
/// it.
async fn find<K: ToArg>(
    reader: &Reader,
    keys: &[K],
    write: impl Fn(&str) -> String,
) -> Result<Vec<Row>, Error> {
    let keys: Vec<Arg<'_>> = keys.iter().map(ToArg::to_arg).collect();
    let Some(first) = keys.first() else { return Ok(Vec::new()) };
    match reader.engine() {
        Engine::Sqlite => {
            let mut found = Vec::new();
            for chunk in chunks(&keys, 1) {
                let query = write(&format!("IN ({})", vec!["?"; chunk.len()].join(",")));
                found.extend(reader.query(&query, chunk).await?);
            }
            Ok(found)
        }
        Engine::Postgres => {
            let r#type = if matches!(first, Arg::Integer(_)) { Integer } else { Bytes };
            // Not `= ANY (CAST …)`: where PostgreSQL scans the table, that would read the array
            // again for each row.
            let query =
                write(&format!("IN (SELECT unnest(CAST($1 AS {}[])))", postgres_name(r#type)));
            reader.query(&query, &[array(keys.iter()).to_arg()]).await
        }
    }
}

/// Splits rows into chunks of the few sizes that statements have.
fn chunks<T>(mut rest: &[T], columns: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = *SIZES.iter().find(|size| **size * columns <= rest.len())?;
        let (chunk, after) = rest.split_at(size * columns);
        rest = after;
        Some(chunk)
    })
}

fn postgres_name(r#type: Type) -> &'static str {
    match r#type {
        Integer => "BIGINT",
        Bytes => "BYTEA",
        Text => "TEXT",
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
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        match value {
            Arg::Integer(Some(number)) => {
                write!(text, "{number}").expect("a string takes all text")
            }
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
    use super::*;

    #[test]
    fn chunks_have_few_sizes_and_leave_nothing_out() {
        let all: Vec<usize> = (0..2345 * 3).collect();
        let sizes: Vec<usize> = chunks(&all, 3).map(|chunk| chunk.len() / 3).collect();
        assert_eq!(sizes, [1000, 1000, 100, 100, 100, 10, 10, 10, 10, 1, 1, 1, 1, 1]);
        assert_eq!(chunks(&all, 3).flatten().copied().collect::<Vec<_>>(), all);
        assert_eq!(chunks::<usize>(&[], 3).count(), 0);
    }

    #[test]
    fn an_array_holds_numbers_bytes_texts_and_nothing() {
        let text =
            array(args![5, -1, None::<i64>, vec![0u8, 255], "a \"b\" \\ {c,}", "NULL", ""].iter());
        assert_eq!(text, r#"{5,-1,NULL,"\\x00ff","a \"b\" \\ {c,}","NULL",""}"#);
    }

    #[test]
    fn rows_are_one_array_a_column() {
        let expected = "SELECT * FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BYTEA[])) AS rows (column1, column2)";
        assert_eq!(unnest(&[Integer, Bytes]), expected);
    }
}
