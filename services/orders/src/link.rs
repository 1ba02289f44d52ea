//! Tokens that open one order. They are stateless: the id and the expiry, with an HMAC-SHA256 by a
//! key that the database made for itself.

use souk_data::page::PageTokens;
use souk_types::{OrderId, Timestamp};

use crate::error::Error;

/// Keeps links apart from other tokens that the same key signs.
const SCOPE: &[&str] = &["order link"];

/// Returns the token that opens an order until it expires.
pub fn issue(tokens: &PageTokens, order: OrderId, expires: Timestamp) -> String {
    tokens.issue(SCOPE, &[order.into(), expires.into()])
}

/// Returns the order that a token opens now.
pub fn open(tokens: &PageTokens, token: &str, now: Timestamp) -> Result<OrderId, Error> {
    let link = tokens.open(SCOPE, token).map_err(|_| Error::LinkRefused)?;
    let link = link.ok_or(Error::LinkRefused)?;
    let expires: Timestamp = link.get(1).map_err(|_| Error::LinkRefused)?;
    if expires <= now {
        return Err(Error::LinkRefused);
    }
    link.get(0).map_err(|_| Error::LinkRefused)
}
