//! Operations: work that goes on after the call that started it, with its progress and its result.
//!
//! A step of an operation and its progress are one transaction, so a step happens once, whatever
//! dies in between. Metadata, responses and errors are encoded messages that this library does not
//! read.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryOrder, QuerySelect, Set};
use souk_types::{OperationId, Timestamp};

use crate::{Error, Find, Reader, Tx, given, rows};

/// How many days an operation is kept after it has ended.
pub const KEPT_DAYS: u32 = 30;

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "souk_operations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation_id: OperationId,
    /// The method that started it: `/souk.catalog.v1.CatalogService/ImportProducts`.
    pub method: String,
    /// Who started it, such as `staff:ann`, with which request.
    pub caller: String,
    pub request_id: String,
    pub request_hash: Vec<u8>,
    /// How many steps are done; what they are is the service's own affair.
    pub position: i64,
    /// An encoded `google.protobuf.Any`.
    pub metadata: Vec<u8>,
    /// An encoded `google.protobuf.Any`, of one that succeeded.
    pub response: Option<Vec<u8>>,
    /// An encoded `google.rpc.Status`, of one that failed.
    pub error: Option<Vec<u8>>,
    pub cancel_time: Option<Timestamp>,
    pub done_time: Option<Timestamp>,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

impl Model {
    /// Returns when it may be deleted; none while it is not done.
    pub fn expire_time(&self) -> Option<Timestamp> {
        Some(self.done_time?.plus(Duration::from_secs(u64::from(KEPT_DAYS) * 24 * 60 * 60)))
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What starts an operation.
#[derive(Clone, Debug)]
pub struct NewOperation {
    pub id: OperationId,
    /// The method that starts it: `/souk.catalog.v1.CatalogService/ImportProducts`.
    pub method: &'static str,
    /// Who starts it, such as `staff:ann`.
    pub caller: String,
    pub request_id: String,
    /// What distinguishes the request from another one with the same id, such as its SHA-256.
    pub request_hash: Vec<u8>,
    /// An encoded `google.protobuf.Any`.
    pub metadata: Vec<u8>,
}

/// How an operation ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a response, an encoded `google.protobuf.Any`.
    Response(Vec<u8>),
    /// With an error, an encoded `google.rpc.Status`.
    Error(Vec<u8>),
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::OperationId.eq(given(0))));

static BY_REQUEST: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Caller.eq(given(0)))
        .filter(Column::Method.eq(given(1)))
        .filter(Column::RequestId.eq(given(2)))
});

static OPEN: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Method.eq(given(0)))
        .filter(Column::DoneTime.is_null())
        .order_by_asc(Column::OperationId)
        .limit(1)
});

/// Starts an operation. A request that started one before gets that, as it is now, for as long as
/// it is kept; with another hash it is [`Error::RequestIdReused`].
pub async fn start(tx: &Tx, new: &NewOperation, now: Timestamp) -> Result<Model, Error> {
    let request = [new.caller.as_str().into(), new.method.into(), new.request_id.as_str().into()];
    if let Some(earlier) = BY_REQUEST.one(tx, request).await? {
        if earlier.request_hash != new.request_hash {
            return Err(Error::RequestIdReused(new.request_id.as_str().into()));
        }
        return Ok(earlier);
    }
    let row = ActiveModel {
        operation_id: Set(new.id),
        method: Set(new.method.to_owned()),
        caller: Set(new.caller.clone()),
        request_id: Set(new.request_id.clone()),
        request_hash: Set(new.request_hash.clone()),
        position: Set(0),
        metadata: Set(new.metadata.clone()),
        response: Set(None),
        error: Set(None),
        cancel_time: Set(None),
        done_time: Set(None),
        create_time: Set(now),
        update_time: Set(now),
    };
    if rows::insert_missing(tx, &[row]).await? == 0 {
        // The same request came in twice at once: run again, and find the other one.
        return Err(tx.conflict().await);
    }
    let started = find(tx, new.id).await?;
    started.ok_or_else(|| Error::bug("an operation is not there after it was inserted"))
}

/// Returns the operation with this id.
pub async fn find(reader: &Reader, id: OperationId) -> Result<Option<Model>, Error> {
    BY_ID.one(reader, [id.into()]).await
}

/// Returns the oldest operation of a method that is not done.
pub async fn next(reader: &Reader, method: &str) -> Result<Option<Model>, Error> {
    OPEN.one(reader, [method.into()]).await
}

/// Returns operations, newest first, that were made before `after`: those that one of these methods
/// started.
pub async fn list(
    reader: &Reader,
    methods: &[&str],
    after: Option<OperationId>,
    limit: i64,
) -> Result<Vec<Model>, Error> {
    let mut query = Entity::find()
        .filter(Column::Method.is_in(methods.iter().copied()))
        .order_by_desc(Column::OperationId)
        .limit(u64::try_from(limit).unwrap_or_default());
    if let Some(after) = after {
        query = query.filter(Column::OperationId.lt(after));
    }
    Ok(query.all(reader).await?)
}

/// Records that steps were done: the operation moves from position `from` to `to`, which this
/// transaction has read. Fails with [`Error::Conflict`] when another process was faster.
pub async fn advance(
    tx: &Tx,
    id: OperationId,
    (from, to): (i64, i64),
    metadata: &[u8],
    now: Timestamp,
) -> Result<(), Error> {
    let changed = Entity::update_many()
        .col_expr(Column::Position, Expr::value(to))
        .col_expr(Column::Metadata, Expr::value(metadata.to_vec()))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .filter(Column::OperationId.eq(id))
        .filter(Column::Position.eq(from))
        .filter(Column::DoneTime.is_null())
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 {
        return Err(tx.conflict().await);
    }
    Ok(())
}

/// Ends an operation. One that is done stays as it is.
pub async fn finish(
    tx: &Tx,
    id: OperationId,
    ending: &Ending,
    now: Timestamp,
) -> Result<(), Error> {
    let (column, bytes) = match ending {
        Ending::Response(bytes) => (Column::Response, bytes),
        Ending::Error(bytes) => (Column::Error, bytes),
    };
    Entity::update_many()
        .col_expr(column, Expr::value(bytes.clone()))
        .col_expr(Column::DoneTime, Expr::value(now))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .filter(Column::OperationId.eq(id))
        .filter(Column::DoneTime.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Asks an operation to stop before its next step. One that was asked before, or is done, stays as
/// it is.
pub async fn cancel(tx: &Tx, id: OperationId, now: Timestamp) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::CancelTime, Expr::value(now))
        .filter(Column::OperationId.eq(id))
        .filter(Column::CancelTime.is_null())
        .filter(Column::DoneTime.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes some operations that ended before a time, and returns how many.
pub(crate) async fn purge(tx: &Tx, (before, limit): &(Timestamp, i64)) -> Result<u64, Error> {
    let sql = "DELETE FROM souk_operations WHERE operation_id IN (\
         SELECT operation_id FROM souk_operations WHERE done_time < $1 \
         ORDER BY done_time LIMIT $2)";
    tx.execute(sql, args!(*before, *limit)).await
}
