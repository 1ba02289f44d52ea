//! The outbox: an event is written in the transaction of the change it tells of. Publishing it is
//! the relay's work.

use prost::Name;
use sea_orm::entity::prelude::*;
use sea_orm::{NotSet, QueryOrder, QuerySelect, Set, raw_sql};
use souk_types::{EventId, Timestamp};

use crate::{Db, Engine, Error, Find, Isolation, Reader, Tx, given_limit, rows};

/// An event to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Tells this event from every other; consumers handle each once.
    pub id: EventId,
    /// The full name of the payload's message: `souk.orders.v1.OrderPlaced`.
    pub kind: String,
    /// What the event is about, for instance an order's id. Events of one key are published in
    /// order.
    pub key: String,
    /// The encoded message.
    pub payload: Vec<u8>,
    /// When it happened.
    pub time: Timestamp,
}

impl NewEvent {
    /// Returns an event that happened now, with a new id. Its type is the full name of its message,
    /// its key what the contract says. Fields that no event may carry are left out.
    pub fn new<M: souk_contract::Event + Name>(message: &M, now: Timestamp) -> Self {
        NewEvent {
            id: EventId::new(now),
            kind: M::full_name(),
            key: message.key().to_owned(),
            payload: match message.without_private() {
                Some(public) => public.encode_to_vec(),
                None => message.encode_to_vec(),
            },
            time: now,
        }
    }
}

/// An event that waits to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The order within the database. On PostgreSQL it is not the order of commits between
    /// different keys: never remember the highest one seen, delete what was published.
    pub seq: i64,
    pub event: NewEvent,
    /// The W3C `traceparent` of the work that made the change, where it had one.
    pub traceparent: Option<String>,
}

/// An event of the table.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "souk_outbox")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub event_id: EventId,
    pub kind: String,
    pub subject: String,
    pub payload: Vec<u8>,
    pub created_time: Timestamp,
    pub traceparent: Option<String>,
    /// Why the bus refuses it for good.
    pub refused: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds an event to the write. Append it after the row of its key was written or locked, so that
/// the order of events of that key is the order of its changes.
pub async fn append(tx: &Tx, event: NewEvent) -> Result<(), Error> {
    append_all(tx, std::slice::from_ref(&event)).await
}

/// Adds events to the write, in order.
pub async fn append_all(tx: &Tx, events: &[NewEvent]) -> Result<(), Error> {
    let rows = events.iter().map(|event| ActiveModel {
        seq: NotSet,
        event_id: Set(event.id),
        kind: Set(event.kind.clone()),
        subject: Set(event.key.clone()),
        payload: Set(event.payload.clone()),
        created_time: Set(event.time),
        traceparent: Set(tx.traceparent().map(str::to_owned)),
        refused: NotSet,
    });
    rows::insert_all(tx, &rows.collect::<Vec<_>>()).await
}

static WAITING: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::Refused.is_null()).order_by_asc(Column::Seq).limit(given_limit(0))
});

/// Returns the oldest events that the bus has not refused, at most `limit`.
pub async fn list(reader: &Reader, limit: u32) -> Result<Vec<Event>, Error> {
    let waiting = WAITING.all(reader, [limit.into()]).await?;
    let events = waiting.into_iter().map(|row| Event {
        seq: row.seq,
        event: NewEvent {
            id: row.event_id,
            kind: row.kind,
            key: row.subject,
            payload: row.payload,
            time: row.created_time,
        },
        traceparent: row.traceparent,
    });
    Ok(events.collect())
}

/// Deletes events that were published.
pub async fn delete(tx: &Tx, seqs: &[i64]) -> Result<u64, Error> {
    let mut deleted = 0;
    for seqs in rows::chunks(seqs) {
        let published = Entity::delete_many().filter(Column::Seq.is_in(seqs.iter().copied()));
        deleted += published.exec(tx).await?.rows_affected;
    }
    Ok(deleted)
}

/// Sets an event aside that the bus refuses for good, with the reason. It is kept until somebody
/// looks at it.
pub async fn refuse(tx: &Tx, seq: i64, reason: &str) -> Result<(), Error> {
    let refused = Entity::update_many().col_expr(Column::Refused, Expr::val(reason));
    refused.filter(Column::Seq.eq(seq)).exec(tx).await?;
    Ok(())
}

/// Returns how many events were refused for good.
pub async fn refused(reader: &Reader) -> Result<u64, Error> {
    Ok(Entity::find().filter(Column::Refused.is_not_null()).count(reader).await?)
}

/// Takes or keeps, for `seconds` from now, the right to empty the outbox. False: another replica
/// has it.
///
/// A SQLite file belongs to one process anyway. The time is PostgreSQL's, so that the clocks of
/// replicas do not matter.
pub async fn claim(db: &Db, owner: &str, seconds: i64) -> Result<bool, Error> {
    if db.engine() == Engine::Sqlite {
        return Ok(true);
    }
    let claim = (owner.to_owned(), seconds * 1_000_000);
    let changed = db.write(Isolation::ReadCommitted, claim, set_claim).await?;
    Ok(changed == 1)
}

async fn set_claim(tx: &Tx, (owner, micros): &(String, i64)) -> Result<u64, Error> {
    // SQL, for the server's own clock.
    let claim = raw_sql!(
        Postgres,
        "UPDATE souk_relay SET owner = {owner}, until_time = souk_now() + {micros}
         WHERE name = 'outbox' AND (owner = {owner} OR until_time < souk_now())"
    );
    Ok(tx.execute_raw(claim).await?.rows_affected())
}

/// Gives the right back, so that another replica goes on at once.
pub async fn release(db: &Db, owner: &str) -> Result<(), Error> {
    if db.engine() == Engine::Sqlite {
        return Ok(());
    }
    db.write(Isolation::ReadCommitted, owner.to_owned(), end_claim).await.map(|_| ())
}

async fn end_claim(tx: &Tx, owner: &String) -> Result<u64, Error> {
    let end = raw_sql!(
        Postgres,
        "UPDATE souk_relay SET until_time = 0 WHERE name = 'outbox' AND owner = {owner}"
    );
    Ok(tx.execute_raw(end).await?.rows_affected())
}
