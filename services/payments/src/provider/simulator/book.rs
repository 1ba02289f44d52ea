//! The simulator's own database: charges, every operation under its key, scripts. All SQL of the simulator.

use souk_client::payments::v1 as pb;
use souk_data::page::PageTokens;
use souk_data::{Db, Migration, RequestKey, Row, Schema, Tx, args};
use souk_types::{AttemptId, Clock, PaymentId, Timestamp};

use super::charge::{ChargeState, Detail, Fees, Line};
use super::token::{Operation, Outcome, Token};
use crate::attempt::{Answer, Decline, Method};
use crate::error::Error;
use crate::provider::{Charge, Order};

/// What the simulator's database must look like.
pub const SCHEMA: Schema = Schema {
    name: "payments-simulator",
    migrations: &[
        Migration {
            version: 1,
            name: "simulator",
            sqlite: include_str!("../../../migrations/sqlite/0001_simulator.sql"),
            postgres: include_str!("../../../migrations/postgres/0001_simulator.sql"),
        },
        Migration {
            version: 2,
            name: "decision",
            sqlite: include_str!("../../../migrations/sqlite/0002_decision.sql"),
            postgres: include_str!("../../../migrations/postgres/0002_decision.sql"),
        },
    ],
};

/// What stands before the secret part of an action url. `.invalid` leads nowhere (RFC 2606): the simulator has no page.
const ACTION_URL: &str = "https://simulator.invalid/actions/";

/// What the secret part of an action url is bound to.
const ACTION_SCOPE: [&str; 1] = ["simulator action"];

/// What a script is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Method(Method),
    Payment(PaymentId),
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    Answered(Answer),
    Slowly(Answer),
    /// It took effect, and the caller does not learn of it.
    AnswerLost,
    /// It did not take effect.
    RequestLost,
}

/// The book. Cloning is cheap.
#[derive(Clone)]
pub struct Book {
    db: Db,
    fees: Fees,
    clock: Clock,
}

const APPROVED: i64 = 1;
const DECLINED: i64 = 2;
const ACTION_REQUIRED: i64 = 3;

impl Book {
    /// Returns the book that is kept in this database.
    pub fn new(db: Db, fees: Fees, clock: Clock) -> Self {
        Book { db, fees, clock }
    }

    /// Returns what issues and opens page tokens.
    pub fn tokens(&self) -> &PageTokens {
        self.db.page_tokens()
    }

    /// Delivers an operation, once per key. `token` and `method` come with an authorisation; later operations find them in the book.
    pub async fn deliver(
        &self,
        order: Order,
        operation: Operation,
        detail: Detail,
        token: Option<Token>,
        method: Option<String>,
    ) -> Result<Delivered, Error> {
        let (fees, now) = (self.fees, self.clock.now());
        let action_url = self.action_url(order.charge);
        self.db
            .write_locked(move |tx| {
                let (order, method, url) = (order.clone(), method.clone(), action_url.clone());
                async move { deliver(&tx, order, operation, detail, token, method, url, fees, now).await }
            })
            .await
    }

    /// Returns where the customer decides about a charge. Nobody can guess it, since it is sealed with the key of this database.
    fn action_url(&self, charge: PaymentId) -> String {
        format!("{ACTION_URL}{}", self.db.page_tokens().issue(&ACTION_SCOPE, args![charge]))
    }

    /// Returns the charge that an action url is about; none when this simulator did not give it out.
    pub fn charge_behind(&self, action_url: &str) -> Option<PaymentId> {
        let secret = action_url.strip_prefix(ACTION_URL).filter(|secret| !secret.is_empty())?;
        self.db.page_tokens().open(&ACTION_SCOPE, secret).ok()??.get(0).ok()
    }

    /// Writes down what the customer decides, unless something was decided before; returns what holds.
    pub async fn decide(&self, charge: PaymentId, approve: bool) -> Result<bool, Error> {
        self.db
            .write_locked(move |tx| async move {
                let sql = format!("SELECT state, decision FROM charges WHERE payment_id = $1{}", tx.lock_rows());
                let row = tx.query_row(&sql, args![charge]).await?.ok_or(Error::ActionNotFound)?;
                match row.get::<Option<i64>>("decision")? {
                    Some(decided) => Ok(decided == 1),
                    None if row.get::<i64>("state")? != ChargeState::WaitsForAction as i64 => {
                        Err(Error::ActionExpired(charge))
                    }
                    None => {
                        let sql = "UPDATE charges SET decision = $1 WHERE payment_id = $2";
                        tx.execute(sql, args![i64::from(approve), charge]).await?;
                        Ok(approve)
                    }
                }
            })
            .await
    }

    /// Returns what the customer decided about a charge.
    pub async fn decision(&self, charge: PaymentId) -> Result<Option<bool>, Error> {
        let sql = "SELECT decision FROM charges WHERE payment_id = $1";
        let Some(row) = self.db.read().query_row(sql, args![charge]).await? else { return Ok(None) };
        Ok(row.get::<Option<i64>>("decision")?.map(|decided| decided == 1))
    }

    /// Returns what was answered under this key.
    pub async fn answer(&self, key: AttemptId) -> Result<Option<Answer>, Error> {
        let row = self.db.read().query_row(ANSWER, args![key]).await?;
        row.map(|row| answer_of(&row)).transpose()
    }

    /// Returns charges by payment.
    pub async fn charges(&self, after: Option<PaymentId>, limit: usize) -> Result<Vec<Charge>, Error> {
        let after = after.map_or_else(Vec::new, PaymentId::to_bytes);
        let sql = "SELECT payment_id, currency_code, held_minor, captured_minor, refunded_minor, fees_minor, operations
                   FROM charges WHERE payment_id > $1 ORDER BY payment_id LIMIT $2";
        let rows = self.db.read().query(sql, args![after, limit as i64]).await?;
        rows.iter().map(charge_of).collect()
    }

    /// Returns one charge.
    pub async fn charge(&self, payment: PaymentId) -> Result<Option<Charge>, Error> {
        let sql = "SELECT payment_id, currency_code, held_minor, captured_minor, refunded_minor, fees_minor, operations
                   FROM charges WHERE payment_id = $1";
        self.db.read().query_row(sql, args![payment]).await?.as_ref().map(charge_of).transpose()
    }

    /// Writes a script down.
    pub async fn script(
        &self,
        key: RequestKey,
        target: Target,
        operation: Option<Operation>,
        outcomes: Vec<Outcome>,
    ) -> Result<(), Error> {
        let (method, payment) = match target {
            Target::Method(method) => (Some(method.0), None),
            Target::Payment(payment) => (None, Some(payment)),
        };
        let operation = operation.map(|operation| operation as i64);
        let written = self.db.write_once(key, move |tx| {
            let (method, outcomes) = (method.clone(), outcomes.clone());
            async move {
                let sql = "SELECT COALESCE(MAX(script_number), 0) AS last FROM scripts";
                let last = tx.query_row(sql, args![]).await?.map_or(Ok(0), |row| row.get::<i64>("last"))?;
                for (number, outcome) in (last + 1..).zip(outcomes) {
                    let sql = "INSERT INTO scripts (script_number, method, payment_id, operation, outcome)
                               VALUES ($1, $2, $3, $4, $5)";
                    tx.execute(sql, args![number, method, payment, operation, outcome as i64]).await?;
                }
                Ok::<_, Error>(pb::ScriptResponse {})
            }
        });
        written.await.map(|_| ())
    }
}

const ANSWER: &str =
    "SELECT answer, fee_minor, decline, is_retryable, action_url FROM operations WHERE operation_key = $1";

#[allow(clippy::too_many_arguments)] // One delivery in one place; a struct would be taken apart on the next line.
async fn deliver(
    tx: &Tx,
    order: Order,
    operation: Operation,
    mut detail: Detail,
    token: Option<Token>,
    method: Option<String>,
    action_url: String,
    fees: Fees,
    now: Timestamp,
) -> Result<Delivered, Error> {
    // The row of the charge comes first and is locked: everything about one charge happens one after another.
    let currency = order.amount.currency;
    tx.execute(
        "INSERT INTO charges (payment_id, currency_code, method, state, create_time) VALUES ($1, $2, $3, 1, $4)
         ON CONFLICT (payment_id) DO NOTHING",
        args![order.charge, currency.as_str(), method, now],
    )
    .await?;
    let sql = format!(
        "SELECT method, state, decision, held_minor, captured_minor, refunded_minor, fees_minor FROM charges
         WHERE payment_id = $1{}",
        tx.lock_rows()
    );
    let row = tx.query_row(&sql, args![order.charge]).await?.ok_or(Error::Unreadable("no charge"))?;
    if let Some(row) = tx.query_row(ANSWER, args![order.key]).await? {
        return Ok(Delivered::Answered(answer_of(&row)?));
    }
    if operation == Operation::CompleteAction {
        match row.get::<Option<i64>>("decision")? {
            Some(decided) => detail.approve = decided == 1,
            // A provider that was not told by its customer has nothing to say.
            None => return Ok(Delivered::RequestLost),
        }
    }
    let charged: Option<String> = row.get("method")?;
    let method = method.or(charged);
    let token = token.or_else(|| Token::of(&Method(method.clone()?)));
    let outcome = match scripted(tx, &order, operation, method.as_deref()).await? {
        Some(outcome) => outcome,
        None => token.map_or(Outcome::Approve, |token| token.outcome(operation)),
    };
    match outcome {
        Outcome::Down => return Ok(Delivered::RequestLost),
        Outcome::LoseRequest => {
            let sql = "INSERT INTO lost_requests (operation_key) VALUES ($1) ON CONFLICT (operation_key) DO NOTHING";
            if tx.execute(sql, args![order.key]).await? == 1 {
                return Ok(Delivered::RequestLost);
            }
        }
        _ => {}
    }
    let mut line = line_of(&row)?;
    let mut answer = line.take(operation, order.amount.minor, detail, outcome, fees);
    if let Answer::ActionRequired { url } = &mut answer {
        *url = action_url;
    }
    write_down(tx, &order, operation, &line, &answer, method, now).await?;
    Ok(match outcome {
        Outcome::LoseAnswer => Delivered::AnswerLost,
        Outcome::Slow => Delivered::Slowly(answer),
        _ => Delivered::Answered(answer),
    })
}

/// Takes the next outcome that a script has for this operation.
async fn scripted(
    tx: &Tx,
    order: &Order,
    operation: Operation,
    method: Option<&str>,
) -> Result<Option<Outcome>, Error> {
    // The usual case costs one look at an empty table.
    let sql = "SELECT script_number, outcome FROM scripts
               WHERE (payment_id = $1 OR method = $2) AND (operation IS NULL OR operation = $3)
               ORDER BY script_number LIMIT 1";
    let Some(row) = tx.query_row(sql, args![order.charge, method, operation as i64]).await? else { return Ok(None) };
    tx.execute("DELETE FROM scripts WHERE script_number = $1", args![row.get::<i64>("script_number")?]).await?;
    Ok(Some(Outcome::from_number(row.get("outcome")?).ok_or(Error::Unreadable("an outcome"))?))
}

async fn write_down(
    tx: &Tx,
    order: &Order,
    operation: Operation,
    line: &Line,
    answer: &Answer,
    method: Option<String>,
    now: Timestamp,
) -> Result<(), Error> {
    let (number, fee, decline, url) = match answer {
        Answer::Approved { fee } => (APPROVED, *fee, None, None),
        Answer::Declined(decline) => (DECLINED, 0, Some(decline), None),
        Answer::ActionRequired { url } => (ACTION_REQUIRED, 0, None, Some(url)),
    };
    tx.execute(
        "UPDATE charges SET state = $1, held_minor = $2, captured_minor = $3, refunded_minor = $4, fees_minor = $5,
             operations = operations + $6, method = $7,
             -- Another authorisation asks the customer again.
             decision = CASE WHEN $8 = 1 THEN NULL ELSE decision END
         WHERE payment_id = $9",
        args![
            line.state as i64,
            line.held,
            line.captured,
            line.refunded,
            line.fees,
            i64::from(number == APPROVED),
            method,
            operation as i64,
            order.charge
        ],
    )
    .await?;
    tx.execute(
        "INSERT INTO operations (operation_key, payment_id, operation, amount_minor, answer, fee_minor, decline,
             is_retryable, action_url, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            order.key,
            order.charge,
            operation as i64,
            order.amount.minor,
            number,
            fee,
            decline.map(|decline| decline.reason.clone()),
            decline.is_some_and(|decline| decline.is_retryable),
            url.cloned(),
            now
        ],
    )
    .await?;
    Ok(())
}

fn line_of(row: &Row) -> Result<Line, Error> {
    Ok(Line {
        state: ChargeState::from_number(row.get("state")?).ok_or(Error::Unreadable("a state of a charge"))?,
        held: row.get("held_minor")?,
        captured: row.get("captured_minor")?,
        refunded: row.get("refunded_minor")?,
        fees: row.get("fees_minor")?,
    })
}

fn answer_of(row: &Row) -> Result<Answer, Error> {
    Ok(match row.get::<i64>("answer")? {
        APPROVED => Answer::Approved { fee: row.get("fee_minor")? },
        DECLINED => {
            let reason = row.get::<Option<String>>("decline")?.unwrap_or_default();
            Answer::Declined(Decline { reason, is_retryable: row.get("is_retryable")? })
        }
        ACTION_REQUIRED => Answer::ActionRequired { url: row.get::<Option<String>>("action_url")?.unwrap_or_default() },
        _ => return Err(Error::Unreadable("an answer")),
    })
}

fn charge_of(row: &Row) -> Result<Charge, Error> {
    let currency: String = row.get("currency_code")?;
    Ok(Charge {
        payment: row.get("payment_id")?,
        currency: currency.parse().map_err(|_| Error::Unreadable("a currency"))?,
        held: row.get("held_minor")?,
        captured: row.get("captured_minor")?,
        refunded: row.get("refunded_minor")?,
        fees: row.get("fees_minor")?,
        operations: row.get("operations")?,
    })
}
