//! Subscriptions: who wants to be told what.

use std::time::Duration;

use souk_data::{Engine, Reader, Row, Tx, args};
use souk_types::Timestamp;

use crate::subscription::{EventTypes, Retries, Settings, Subscription};

type Error = souk_data::Error;

const COLUMNS: &str = "number, name, owner, event_types, ack_deadline, max_attempts, min_retry_delay, max_retry_delay, \
                       create_time, revision FROM subscription";

/// Returns a subscription by its name.
pub async fn find(reader: &Reader, name: &str) -> Result<Option<Subscription>, Error> {
    let row = reader.query_row(&format!("SELECT {COLUMNS} WHERE name = $1"), args![name]).await?;
    row.as_ref().map(read).transpose()
}

/// Returns a subscription by its number.
pub async fn find_by_number(reader: &Reader, number: i64) -> Result<Option<Subscription>, Error> {
    let row = reader.query_row(&format!("SELECT {COLUMNS} WHERE number = $1"), args![number]).await?;
    row.as_ref().map(read).transpose()
}

/// Returns a subscription by its name and locks its row, but not against rows that merely refer to it.
pub async fn lock(tx: &Tx, name: &str) -> Result<Option<Subscription>, Error> {
    let lock = match tx.engine() {
        Engine::Sqlite => "",
        Engine::Postgres => " FOR NO KEY UPDATE",
    };
    let sql = format!("SELECT {COLUMNS} WHERE name = $1{lock}");
    tx.query_row(&sql, args![name]).await?.as_ref().map(read).transpose()
}

/// Adds a subscription unless its name is taken. Returns whether it was added.
pub async fn insert(tx: &Tx, name: &str, owner: &str, settings: &Settings, now: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO subscription (name, owner, event_types, ack_deadline, max_attempts, min_retry_delay, \
               max_retry_delay, create_time, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) ON CONFLICT DO NOTHING";
    let Settings { event_types, ack_deadline, retries } = settings;
    let (types, deadline) = (event_types.names().join("\n"), micros(*ack_deadline));
    let (min, max) = (micros(retries.min_delay), micros(retries.max_delay));
    Ok(tx.execute(sql, args![name, owner, types, deadline, retries.max_attempts, min, max, now]).await? == 1)
}

/// Changes the settings.
pub async fn set(tx: &Tx, number: i64, settings: &Settings) -> Result<(), Error> {
    let sql = "UPDATE subscription SET event_types = $1, ack_deadline = $2, max_attempts = $3, min_retry_delay = $4, \
               max_retry_delay = $5 WHERE number = $6";
    let Settings { event_types, ack_deadline, retries } = settings;
    let (types, deadline) = (event_types.names().join("\n"), micros(*ack_deadline));
    let (min, max) = (micros(retries.min_delay), micros(retries.max_delay));
    tx.execute(sql, args![types, deadline, retries.max_attempts, min, max, number]).await.map(drop)
}

/// Ends the streams that are open, wherever they are.
pub async fn revise(tx: &Tx, number: i64) -> Result<(), Error> {
    tx.execute("UPDATE subscription SET revision = revision + 1 WHERE number = $1", args![number]).await.map(drop)
}

/// Deletes a subscription and everything that is its.
pub async fn delete(tx: &Tx, number: i64) -> Result<(), Error> {
    for table in ["retry", "dead_letter", "reader", "place"] {
        tx.execute(&format!("DELETE FROM {table} WHERE subscription = $1"), args![number]).await?;
    }
    tx.execute("DELETE FROM subscription WHERE number = $1", args![number]).await.map(drop)
}

/// Returns the subscriptions after this name, of one owner or of all.
pub async fn list(reader: &Reader, owner: Option<&str>, after: &str, limit: i64) -> Result<Vec<Subscription>, Error> {
    let rows = match owner {
        Some(owner) => {
            let sql = format!("SELECT {COLUMNS} WHERE owner = $1 AND name > $2 ORDER BY name LIMIT $3");
            reader.query(&sql, args![owner, after, limit]).await?
        }
        None => {
            let sql = format!("SELECT {COLUMNS} WHERE name > $1 ORDER BY name LIMIT $2");
            reader.query(&sql, args![after, limit]).await?
        }
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Subscription, Error> {
    let types: String = row.get("event_types")?;
    let duration = |column| Ok::<_, Error>(Duration::from_micros(row.get::<i64>(column)?.unsigned_abs()));
    Ok(Subscription {
        number: row.get("number")?,
        name: row.get("name")?,
        owner: row.get("owner")?,
        settings: Settings {
            event_types: EventTypes::new(types.lines().map(str::to_owned).collect()),
            ack_deadline: duration("ack_deadline")?,
            retries: Retries {
                max_attempts: row.get("max_attempts")?,
                min_delay: duration("min_retry_delay")?,
                max_delay: duration("max_retry_delay")?,
            },
        },
        create_time: row.get("create_time")?,
        revision: row.get("revision")?,
    })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
