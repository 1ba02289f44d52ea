//! The simulator's own book: what a real provider would keep on its side. No other part of payments reads it, but for
//! the audit, as one reads a statement.

use souk_data::{Db, Migration, Row, Schema, Tx, args};
use souk_types::{AttemptId, PaymentId};

use super::Operation;
use crate::attempt::{Kind, Verdict};
use crate::error::Error;

/// The schema of the simulator's database.
pub static SCHEMA: Schema = Schema {
    name: "simulator",
    migrations: &[Migration {
        version: 1,
        name: "simulator",
        sqlite: include_str!("../../migrations/sqlite/0001_simulator.sql"),
        postgres: include_str!("../../migrations/postgres/0001_simulator.sql"),
    }],
};

/// One charge of the book, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub payment: PaymentId,
    pub currency_code: String,
    pub held: i64,
    pub captured: i64,
    pub refunded: i64,
    pub operations: i64,
}

/// How an operation stands in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Withdrawn,
    Answered(Verdict),
}

const WITHDRAWN: i64 = 0;
const APPROVED: i64 = 1;
const DECLINED: i64 = 2;
const DECLINED_FOR_NOW: i64 = 3;
const WAITS: i64 = 4;

/// Where the customer of a waiting payment is sent.
fn action_url(payment: PaymentId) -> String {
    format!("https://simulator.invalid/actions/{payment}")
}

fn entry_of(row: &Row) -> Result<Entry, Error> {
    let decline = || -> Result<String, Error> { Ok(row.get::<Option<String>>("decline")?.unwrap_or_default()) };
    Ok(match row.get::<i64>("outcome")? {
        WITHDRAWN => Entry::Withdrawn,
        APPROVED => Entry::Answered(Verdict::Approved),
        DECLINED => Entry::Answered(Verdict::Declined { code: decline()?, is_retryable: false }),
        DECLINED_FOR_NOW => Entry::Answered(Verdict::Declined { code: decline()?, is_retryable: true }),
        WAITS => Entry::Answered(Verdict::ActionRequired { url: action_url(row.get("payment_id")?) }),
        _ => return Err(Error::Unreadable("an outcome of the simulator")),
    })
}

/// The simulator's database.
#[derive(Clone)]
pub struct Book(pub Db);

impl Book {
    /// Returns how an operation stands, if it is known.
    pub async fn find(&self, key: AttemptId) -> Result<Option<Entry>, Error> {
        let sql = "SELECT payment_id, outcome, decline FROM operations WHERE operation_key = $1";
        let row = self.0.read().query_row(sql, args![key]).await?;
        row.as_ref().map(entry_of).transpose()
    }

    /// Returns the token that a charge was made with.
    pub async fn payment_method(&self, payment: PaymentId) -> Result<Option<String>, Error> {
        let sql = "SELECT payment_method FROM charges WHERE payment_id = $1";
        let row = self.0.read().query_row(sql, args![payment]).await?;
        Ok(row.map(|row| row.get("payment_method")).transpose()?)
    }

    /// Enters an operation with its outcome and its effect on the charge, unless its key is entered already; returns how
    /// it stands.
    pub async fn enter(&self, operation: Operation, verdict: Option<Verdict>) -> Result<Entry, Error> {
        self.0
            .write_locked(move |tx| {
                let (operation, verdict) = (operation.clone(), verdict.clone());
                async move { enter(&tx, operation, verdict).await }
            })
            .await
    }

    /// Remembers that the first sending of a key was lost; returns whether this is the first.
    pub async fn lose_once(&self, key: AttemptId) -> Result<bool, Error> {
        self.0
            .write_locked(move |tx| async move {
                let sql = "INSERT INTO losses (operation_key) VALUES ($1) ON CONFLICT (operation_key) DO NOTHING";
                Ok(tx.execute(sql, args![key]).await? == 1)
            })
            .await
    }

    /// Puts outcomes at the end of a token's script, once per request id.
    pub async fn script(&self, request: String, payment_method: String, outcomes: Vec<i64>) -> Result<(), Error> {
        self.0
            .write(move |tx| {
                let (request, method, outcomes) = (request.clone(), payment_method.clone(), outcomes.clone());
                async move {
                    let sql =
                        "INSERT INTO script_requests (request_id) VALUES ($1) ON CONFLICT (request_id) DO NOTHING";
                    if tx.execute(sql, args![request]).await? == 0 {
                        return Ok(());
                    }
                    let sql =
                        "SELECT CAST(COALESCE(MAX(turn), 0) AS BIGINT) AS last FROM scripts WHERE payment_method = $1";
                    let row = tx.query_row(sql, args![method]).await?;
                    let last: i64 = row.map_or(Ok(0), |row| row.get("last"))?;
                    for (index, outcome) in outcomes.iter().enumerate() {
                        let sql = "INSERT INTO scripts (payment_method, turn, outcome) VALUES ($1, $2, $3)";
                        tx.execute(sql, args![method, last + 1 + index as i64, *outcome]).await?;
                    }
                    Ok(())
                }
            })
            .await
    }

    /// Returns whether a token has a script at all: what every operation asks, so it must be cheap.
    pub async fn is_scripted(&self, payment_method: &str) -> Result<bool, Error> {
        let sql = "SELECT turn FROM scripts WHERE payment_method = $1 LIMIT 1";
        Ok(self.0.read().query_row(sql, args![payment_method]).await?.is_some())
    }

    /// Takes the next outcome of a token's script.
    pub async fn next_of_script(&self, payment_method: String) -> Result<Option<i64>, Error> {
        self.0
            .write(move |tx| {
                let method = payment_method.clone();
                async move {
                    let sql = "SELECT turn, outcome FROM scripts WHERE payment_method = $1 ORDER BY turn LIMIT 1";
                    let Some(row) = tx.query_row(sql, args![method]).await? else { return Ok(None) };
                    let sql = "DELETE FROM scripts WHERE payment_method = $1 AND turn = $2";
                    tx.execute(sql, args![method, row.get::<i64>("turn")?]).await?;
                    Ok(Some(row.get("outcome")?))
                }
            })
            .await
    }

    /// Returns one page of charges by payment id, and whether more follow.
    pub async fn charges(&self, after: Option<PaymentId>, size: usize) -> Result<(Vec<Charge>, bool), Error> {
        let sql = "SELECT payment_id, currency_code, held, captured, refunded, operations FROM charges
                   WHERE payment_id > $1 ORDER BY payment_id LIMIT $2";
        let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
        let mut rows = self.0.read().query(sql, args![after, size as i64 + 1]).await?;
        let has_more = rows.len() > size;
        rows.truncate(size);
        Ok((rows.iter().map(charge_of).collect::<Result<_, _>>()?, has_more))
    }

    /// Returns one charge, if there is one.
    pub async fn charge(&self, payment: PaymentId) -> Result<Option<Charge>, Error> {
        let sql =
            "SELECT payment_id, currency_code, held, captured, refunded, operations FROM charges WHERE payment_id = $1";
        self.0.read().query_row(sql, args![payment]).await?.as_ref().map(charge_of).transpose()
    }
}

fn charge_of(row: &Row) -> Result<Charge, Error> {
    Ok(Charge {
        payment: row.get("payment_id")?,
        currency_code: row.get("currency_code")?,
        held: row.get("held")?,
        captured: row.get("captured")?,
        refunded: row.get("refunded")?,
        operations: row.get("operations")?,
    })
}

async fn enter(tx: &Tx, operation: Operation, verdict: Option<Verdict>) -> Result<Entry, Error> {
    let (outcome, decline) = match &verdict {
        None => (WITHDRAWN, None),
        Some(Verdict::Approved) => (APPROVED, None),
        Some(Verdict::Declined { code, is_retryable: false }) => (DECLINED, Some(code)),
        Some(Verdict::Declined { code, is_retryable: true }) => (DECLINED_FOR_NOW, Some(code)),
        Some(Verdict::ActionRequired { .. }) => (WAITS, None),
    };
    let inserted = tx
        .execute(
            "INSERT INTO operations (operation_key, payment_id, kind, amount, outcome, decline) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (operation_key) DO NOTHING",
            args![operation.key, operation.payment, operation.kind as i64, operation.amount.minor, outcome, decline],
        )
        .await?;
    if inserted == 0 {
        let sql = "SELECT payment_id, outcome, decline FROM operations WHERE operation_key = $1";
        let row = tx.query_row(sql, args![operation.key]).await?;
        return entry_of(&row.ok_or(Error::Unreadable("no operation where one must be"))?);
    }
    let sql = "INSERT INTO charges (payment_id, currency_code, payment_method, held, captured, refunded, operations)
               VALUES ($1, $2, $3, 0, 0, 0, 0) ON CONFLICT (payment_id) DO NOTHING";
    if let Some(method) = operation.payment_method.as_ref().filter(|_| verdict.is_some()) {
        tx.execute(sql, args![operation.payment, operation.amount.currency.as_str(), method]).await?;
    }
    if verdict == Some(Verdict::Approved) {
        tx.execute(effect_of(operation.kind), args![operation.amount.minor, operation.payment]).await?;
    }
    Ok(verdict.map_or(Entry::Withdrawn, Entry::Answered))
}

/// What an approved operation does to its charge.
fn effect_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Authorize | Kind::Complete => {
            "UPDATE charges SET held = held + $1, operations = operations + 1 WHERE payment_id = $2"
        }
        Kind::Capture => {
            "UPDATE charges SET captured = captured + $1, held = held - $1, operations = operations + 1 WHERE payment_id = $2"
        }
        Kind::Void => "UPDATE charges SET held = held - $1, operations = operations + 1 WHERE payment_id = $2",
        Kind::Refund => {
            "UPDATE charges SET refunded = refunded + $1, operations = operations + 1 WHERE payment_id = $2"
        }
    }
}
