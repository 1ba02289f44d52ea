//! The outbox: an event is written in the transaction of the change it tells of. Publishing it is the relay's work.

use souk_types::{EventId, Timestamp};

use crate::list::placeholders;
use crate::{Error, Reader, ToArg, Tx};

/// An event to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Tells this event from every other; consumers handle each once.
    pub id: EventId,
    /// The full name of the payload's message: `souk.orders.v1.OrderPlaced`.
    pub kind: String,
    /// What the event is about, for instance an order's id. Events of one key are published in order.
    pub key: String,
    /// The encoded message.
    pub payload: Vec<u8>,
    /// When it happened.
    pub time: Timestamp,
}

/// An event that waits to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The order within the database. On PostgreSQL it is not the order of commits between different keys: never remember the
    /// highest one seen, delete what was published.
    pub seq: i64,
    pub event: NewEvent,
}

/// Adds an event to the write. Append it after the row of its key was written or locked, so that the order of events of that
/// key is the order of its changes.
pub async fn append(tx: &Tx, event: NewEvent) -> Result<(), Error> {
    let sql = "INSERT INTO souk_outbox (event_id, kind, subject, payload, created_time) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, args!(event.id, event.kind, event.key, event.payload, event.time)).await?;
    Ok(())
}

/// Returns the oldest events, at most `limit`.
pub async fn list(reader: &Reader, limit: u32) -> Result<Vec<Event>, Error> {
    let sql = "SELECT seq, event_id, kind, subject, payload, created_time FROM souk_outbox ORDER BY seq LIMIT $1";
    let mut events = Vec::new();
    for row in reader.query(sql, args!(limit)).await? {
        let event = NewEvent {
            id: row.get("event_id")?,
            kind: row.get("kind")?,
            key: row.get("subject")?,
            payload: row.get("payload")?,
            time: row.get("created_time")?,
        };
        events.push(Event { seq: row.get("seq")?, event });
    }
    Ok(events)
}

/// Deletes events that were published, at most 1,000 a call.
pub async fn delete(tx: &Tx, seqs: &[i64]) -> Result<u64, Error> {
    if seqs.is_empty() {
        return Ok(0);
    }
    let args: Vec<_> = seqs.iter().map(ToArg::to_arg).collect();
    let sql = format!("DELETE FROM souk_outbox WHERE seq IN {}", placeholders(1, 1, args.len()));
    tx.execute(&sql, &args).await
}
