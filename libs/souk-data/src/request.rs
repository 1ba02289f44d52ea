//! Idempotency records: a repeated request gets the first answer, committed together with the effect.

use prost::Message;
use sha2::{Digest, Sha256};
use souk_types::Timestamp;

use crate::{Error, Tx};

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
    /// Names a request: `caller` as `user:alice`, `method` as `/souk.orders.v1.OrderService/PlaceOrder`, the caller's
    /// `request_id`, and the request with that id cleared, of which only the SHA-256 is kept.
    ///
    /// The request must encode the same way each time, so it must hold no `HashMap`.
    pub fn new(
        caller: impl Into<String>,
        method: impl Into<String>,
        request_id: impl Into<String>,
        request_without_id: &impl Message,
    ) -> Self {
        let body_hash = Sha256::digest(request_without_id.encode_to_vec()).into();
        RequestKey { caller: caller.into(), method: method.into(), request_id: request_id.into(), body_hash }
    }
}

/// Returns the answer of an earlier request with this key, or an error if that asked for something else.
pub(crate) async fn find<R: Message + Default>(tx: &Tx, key: &RequestKey) -> Result<Option<R>, Error> {
    let sql = "SELECT body_hash, response FROM souk_requests WHERE caller = $1 AND method = $2 AND request_id = $3";
    let Some(row) = tx.query_row(sql, args!(key.caller, key.method, key.request_id)).await? else {
        return Ok(None);
    };
    if row.get::<Vec<u8>>("body_hash")? != key.body_hash {
        return Err(Error::RequestIdReused(key.request_id.as_str().into()));
    }
    let response: Vec<u8> = row.get("response")?;
    let response = R::decode(response.as_slice());
    Ok(Some(response.map_err(|_| Error::Corrupt("a recorded answer cannot be decoded".into()))?))
}

/// Records the answer.
pub(crate) async fn record(tx: &Tx, key: &RequestKey, response: &impl Message, now: Timestamp) -> Result<(), Error> {
    let response = response.encode_to_vec();
    let sql = "INSERT INTO souk_requests (caller, method, request_id, body_hash, response, created_time)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let args = args!(key.caller, key.method, key.request_id, key.body_hash, response, now);
    if tx.execute(sql, args).await? == 0 {
        // The same request came in twice at once, and the other one was first: run again, and find its answer.
        return Err(tx.conflict().await);
    }
    Ok(())
}
