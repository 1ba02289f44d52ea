//! The inbox: what a consumer has handled, recorded in the transaction of its effect, so that effects happen once.

use souk_types::{EventId, Timestamp};

use crate::{Error, Tx};

/// How many days a record is kept; a broker must not deliver an event again later than that.
pub const KEPT_DAYS: u32 = 30;

/// Records that `consumer` handles this event now. Returns false if it did so before: then do nothing.
pub async fn is_first(tx: &Tx, consumer: &str, event: EventId, now: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO souk_inbox (consumer, event_id, created_time) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, args!(consumer, event, now)).await? == 1)
}
