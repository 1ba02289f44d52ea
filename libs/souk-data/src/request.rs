//! Idempotency records: a repeated request gets the first answer, committed together with the
//! effect.

use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{NotSet, Set};
use sha2::{Digest, Sha256};
use souk_contract::{Call, Method, RequestId};
use souk_types::Timestamp;

use crate::{Error, Find, Tx, given, rows};

/// How many days a record is kept.
pub const KEPT_DAYS: u32 = 7;

/// Names one request of one caller, and what was asked.
#[derive(Clone, Debug)]
pub struct RequestKey {
    caller: String,
    method: String,
    request_id: String,
    body_hash: [u8; 32],
}

impl RequestKey {
    /// Names the request of a call, and takes its id out of it. The customer whom the request names
    /// keeps it, no matter who sends it; else the customer of a person, or the caller.
    pub fn of<M>(call: &mut Call<M::Input>) -> Self
    where
        M: Method,
        M::Input: RequestId,
    {
        let request_id = call.request.take_request_id();
        let customer = M::customer(&mut call.request).filter(|customer| !customer.is_empty());
        let owner = customer.map_or_else(|| call.caller.owner(), |customer| customer.clone());
        RequestKey::new(owner, M::PATH, request_id, &call.request)
    }

    /// Names a request: `caller` as `customer_…` or `service:orders`, `method` as
    /// `/souk.orders.v1.OrderService/PlaceOrder`, the caller's `request_id`, and the request with
    /// that id cleared, of which only the SHA-256 is kept.
    ///
    /// The request must encode the same way each time, so it must hold no `HashMap`.
    pub fn new(
        caller: impl Into<String>,
        method: impl Into<String>,
        request_id: impl Into<String>,
        request_without_id: &impl Message,
    ) -> Self {
        let body_hash = Sha256::digest(request_without_id.encode_to_vec()).into();
        RequestKey {
            caller: caller.into(),
            method: method.into(),
            request_id: request_id.into(),
            body_hash,
        }
    }
}

/// The answer of one request.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "souk_requests")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub caller: String,
    pub method: String,
    pub request_id: String,
    pub body_hash: Vec<u8>,
    pub response: Vec<u8>,
    pub created_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

static BY_KEY: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Caller.eq(given(0)))
        .filter(Column::Method.eq(given(1)))
        .filter(Column::RequestId.eq(given(2)))
});

/// Returns the answer of an earlier request with this key, or an error if that asked for something
/// else.
pub(crate) async fn find<R: Message + Default>(
    tx: &Tx,
    key: &RequestKey,
) -> Result<Option<R>, Error> {
    let by =
        [key.caller.as_str().into(), key.method.as_str().into(), key.request_id.as_str().into()];
    let Some(earlier) = BY_KEY.one(tx, by).await? else {
        return Ok(None);
    };
    if earlier.body_hash != key.body_hash {
        return Err(Error::RequestIdReused(key.request_id.as_str().into()));
    }
    let response = R::decode(earlier.response.as_slice());
    Ok(Some(response.map_err(|_| Error::Corrupt("a recorded answer cannot be decoded".into()))?))
}

/// Records the answer.
pub(crate) async fn record(
    tx: &Tx,
    key: &RequestKey,
    response: &impl Message,
    now: Timestamp,
) -> Result<(), Error> {
    let record = ActiveModel {
        seq: NotSet,
        caller: Set(key.caller.clone()),
        method: Set(key.method.clone()),
        request_id: Set(key.request_id.clone()),
        body_hash: Set(key.body_hash.to_vec()),
        response: Set(response.encode_to_vec()),
        created_time: Set(now),
    };
    if rows::insert_missing(tx, &[record]).await? == 0 {
        // The same request came in twice at once, and the other one was first: run again, and find
        // its answer.
        return Err(tx.conflict().await);
    }
    Ok(())
}
