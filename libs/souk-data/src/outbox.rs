//! The outbox: an event is written in the transaction of the change it tells of. Publishing it is the relay's work.

use souk_types::{EventId, Timestamp};

use crate::list::placeholders;
use crate::{Arg, Db, Engine, Error, Reader, ToArg, Tx};

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
    /// The W3C `traceparent` of the work that made the change, where it had one.
    pub traceparent: Option<String>,
}

/// How many events one statement adds.
const AT_A_TIME: usize = 50;

/// Adds an event to the write. Append it after the row of its key was written or locked, so that the order of events of that
/// key is the order of its changes.
pub async fn append(tx: &Tx, event: NewEvent) -> Result<(), Error> {
    append_all(tx, &[event]).await
}

/// Adds events to the write, in order.
pub async fn append_all(tx: &Tx, events: &[NewEvent]) -> Result<(), Error> {
    for events in events.chunks(AT_A_TIME) {
        let mut args: Vec<Arg<'_>> = Vec::with_capacity(events.len() * 6);
        let traceparent = tx.traceparent();
        for event in events {
            args.extend_from_slice(args!(event.id, event.kind, event.key, event.payload, event.time));
            args.push(Arg::Text(traceparent));
        }
        let sql = format!(
            "INSERT INTO souk_outbox (event_id, kind, subject, payload, created_time, traceparent) VALUES {}",
            placeholders(1, events.len(), 6)
        );
        tx.execute(&sql, &args).await?;
    }
    Ok(())
}

/// Returns the oldest events that the bus has not refused, at most `limit`.
pub async fn list(reader: &Reader, limit: u32) -> Result<Vec<Event>, Error> {
    let sql = "SELECT seq, event_id, kind, subject, payload, created_time, traceparent FROM souk_outbox \
               WHERE refused IS NULL ORDER BY seq LIMIT $1";
    let mut events = Vec::new();
    for row in reader.query(sql, args!(limit)).await? {
        let event = NewEvent {
            id: row.get("event_id")?,
            kind: row.get("kind")?,
            key: row.get("subject")?,
            payload: row.get("payload")?,
            time: row.get("created_time")?,
        };
        events.push(Event { seq: row.get("seq")?, event, traceparent: row.get("traceparent")? });
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

/// Sets an event aside that the bus refuses for good, with the reason. It is kept until somebody looks at it.
pub async fn refuse(tx: &Tx, seq: i64, reason: &str) -> Result<(), Error> {
    tx.execute("UPDATE souk_outbox SET refused = $1 WHERE seq = $2", args!(reason, seq)).await?;
    Ok(())
}

/// Returns how many events were refused for good.
pub async fn refused(reader: &Reader) -> Result<i64, Error> {
    let row = reader.query_row("SELECT COUNT(*) AS refused FROM souk_outbox WHERE refused IS NOT NULL", &[]).await?;
    row.map_or(Ok(0), |row| row.get("refused"))
}

/// Takes or keeps, for `seconds` from now, the right to empty the outbox. False: another replica has it.
///
/// A SQLite file belongs to one process anyway. The time is PostgreSQL's, so that the clocks of replicas do not matter.
pub async fn claim(db: &Db, owner: &str, seconds: i64) -> Result<bool, Error> {
    if db.engine() == Engine::Sqlite {
        return Ok(true);
    }
    let (owner, micros) = (owner.to_owned(), seconds * 1_000_000);
    let changed: u64 = db
        .write_locked(move |tx| {
            let owner = owner.clone();
            async move { tx.execute(CLAIM, args!(owner, micros)).await }
        })
        .await?;
    Ok(changed == 1)
}

/// Gives the right back, so that another replica goes on at once.
pub async fn release(db: &Db, owner: &str) -> Result<(), Error> {
    if db.engine() == Engine::Sqlite {
        return Ok(());
    }
    let owner = owner.to_owned();
    db.write_locked(move |tx| {
        let owner = owner.clone();
        async move {
            tx.execute("UPDATE souk_relay SET until_time = 0 WHERE name = 'outbox' AND owner = $1", args!(owner)).await
        }
    })
    .await
    .map(|_: u64| ())
}

const CLAIM: &str = "UPDATE souk_relay SET owner = $1, until_time = souk_now() + $2 \
                     WHERE name = 'outbox' AND (owner = $1 OR until_time < souk_now())";
