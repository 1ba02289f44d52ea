//! Page tokens: opaque, and good only for the caller and the list they were issued for.

mod list;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::Value;
use sea_orm::sea_query::ValueType;
use sha2::Sha256;

use crate::value::{Arg, Cell, arg_of};
use crate::{Error, Row};

pub use list::{PAGE_BYTES, Page, fit};

const VERSION: u8 = 1;

/// How many bytes of HMAC-SHA256 a token carries.
const TAG: usize = 16;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 4096;

/// Issues and opens page tokens. The key is the database's own, so tokens outlive a restart and all
/// replicas know them.
#[derive(Clone)]
pub struct PageTokens {
    key: Vec<u8>,
}

/// Where a page starts: the sort key of the last row of the page before, in the order it was
/// issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<Cell>);

impl Cursor {
    /// Returns the value at a place. A missing one or another type means that the token is not of
    /// this list.
    pub fn get<T: ValueType>(&self, place: usize) -> Result<T, Error> {
        let value = match self.0.get(place) {
            Some(Cell::Integer(value)) => Value::BigInt(Some(*value)),
            Some(Cell::Text(value)) => Value::String(Some(value.clone())),
            Some(Cell::Bytes(value)) => Value::Bytes(Some(value.clone())),
            Some(Cell::Null) | None => return Err(Error::InvalidPageToken),
        };
        T::try_from(value).map_err(|_| Error::InvalidPageToken)
    }
}

impl PageTokens {
    /// Takes the key of a database, from `SELECT secret FROM souk_keys WHERE name = 'page'`.
    pub(crate) fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(PageTokens { key: row.get("secret")? })
    }

    /// Returns the token of the page after `cursor`. `scope` is everything the token is bound to:
    /// the method, the caller, and each part of the filter and the order.
    pub fn issue(&self, scope: &[&str], cursor: &[Value]) -> String {
        let mut token = vec![VERSION];
        // What a list is sorted by is a column, so it can be bound.
        for arg in cursor.iter().filter_map(|value| arg_of(value).ok()) {
            match arg {
                Arg::Integer(Some(value)) => {
                    token.push(1);
                    token.extend(value.to_be_bytes());
                }
                Arg::Text(Some(text)) => put(&mut token, 2, text.as_bytes()),
                Arg::Bytes(Some(bytes)) => put(&mut token, 3, bytes),
                Arg::Integer(None) | Arg::Text(None) | Arg::Bytes(None) => token.push(0),
            }
        }
        let tag = self.mac(scope, &token).finalize().into_bytes();
        token.extend(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Opens a token of the same scope. The empty token is the first page and gives none; anything
    /// else that was not issued for this scope is [`Error::InvalidPageToken`].
    pub fn open(&self, scope: &[&str], token: &str) -> Result<Option<Cursor>, Error> {
        if token.is_empty() {
            return Ok(None);
        }
        if token.len() > LONGEST {
            return Err(Error::InvalidPageToken);
        }
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::InvalidPageToken)?;
        let (body, tag) = token.split_last_chunk::<TAG>().ok_or(Error::InvalidPageToken)?;
        self.mac(scope, body).verify_truncated_left(tag).map_err(|_| Error::InvalidPageToken)?;
        let cells =
            body.strip_prefix(&[VERSION]).and_then(take_all).ok_or(Error::InvalidPageToken)?;
        Ok(Some(Cursor(cells)))
    }

    fn mac(&self, scope: &[&str], body: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        // Lengths before the parts, so that no two scopes look the same.
        mac.update(&(scope.len() as u64).to_be_bytes());
        for part in scope {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(body);
        mac
    }
}

fn put(token: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    token.push(kind);
    token.extend((bytes.len() as u32).to_be_bytes());
    token.extend(bytes);
}

fn take_all(mut rest: &[u8]) -> Option<Vec<Cell>> {
    let mut cells = Vec::new();
    while let Some((kind, after)) = rest.split_first() {
        rest = after;
        cells.push(match kind {
            0 => Cell::Null,
            1 => {
                let (value, after) = rest.split_first_chunk::<8>()?;
                rest = after;
                Cell::Integer(i64::from_be_bytes(*value))
            }
            2 | 3 => {
                let (length, after) = rest.split_first_chunk::<4>()?;
                let (bytes, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
                rest = after;
                if *kind == 2 {
                    Cell::Text(String::from_utf8(bytes.to_vec()).ok()?)
                } else {
                    Cell::Bytes(bytes.to_vec())
                }
            }
            _ => return None,
        });
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> PageTokens {
        PageTokens { key: vec![7; 32] }
    }

    #[test]
    fn a_token_gives_back_its_cursor() {
        let token = tokens().issue(
            &["ListOrders", "user:alice"],
            &[i64::MIN.into(), "é\0".into(), vec![0u8, 255].into()],
        );
        let cursor = tokens().open(&["ListOrders", "user:alice"], &token).unwrap().unwrap();
        assert_eq!(cursor.get::<i64>(0), Ok(i64::MIN));
        assert_eq!(cursor.get::<String>(1), Ok("é\0".to_owned()));
        assert_eq!(cursor.get::<Vec<u8>>(2), Ok(vec![0, 255]));
        assert_eq!(cursor.get::<i64>(3), Err(Error::InvalidPageToken));
        assert_eq!(cursor.get::<String>(0), Err(Error::InvalidPageToken));
    }

    #[test]
    fn the_empty_token_is_the_first_page() {
        assert_eq!(tokens().open(&["ListOrders"], ""), Ok(None));
    }

    #[test]
    fn a_token_of_another_caller_filter_or_key_is_refused() {
        let token = tokens().issue(&["ListOrders", "user:alice", "open"], &[5i64.into()]);
        let scopes: [&[&str]; 4] = [
            &["ListOrders", "user:bob", "open"],
            &["ListOrders", "user:alice", ""],
            &["ListOrders", "user:aliceopen"],
            &["ListOrders", "user:alice", "open", ""],
        ];
        for scope in scopes {
            assert_eq!(tokens().open(scope, &token), Err(Error::InvalidPageToken));
        }
        let other = PageTokens { key: vec![8; 32] };
        assert_eq!(
            other.open(&["ListOrders", "user:alice", "open"], &token),
            Err(Error::InvalidPageToken)
        );
    }

    #[test]
    fn a_changed_token_is_refused_at_every_place() {
        let token = tokens().issue(&["ListOrders"], &[5i64.into(), "sku".into()]);
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(
                tokens().open(&["ListOrders"], &changed),
                Err(Error::InvalidPageToken),
                "place {place}"
            );
        }
        assert_eq!(tokens().open(&["ListOrders"], "not a token"), Err(Error::InvalidPageToken));
    }
}
