//! The request that created an order or a refund: stored with it permanently, so that a repeat
//! finds it.

use prost::Message;
use sha2::{Digest, Sha256};
use souk_chassis::Caller;

/// Names a request that must not take effect twice, and what it asked for.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The caller and its request id.
    pub key: String,
    /// SHA-256 of the request without its id.
    pub hash: Vec<u8>,
}

impl RequestKey {
    /// Names a caller's request, which comes without its id.
    pub fn of(caller: &Caller, request_id: &str, request_without_id: &impl Message) -> Self {
        let hash = Sha256::digest(request_without_id.encode_to_vec()).to_vec();
        RequestKey { key: format!("{caller}\n{request_id}"), hash }
    }
}

/// Returns whether the key is that of a user's request.
pub fn is_of_user(key: &str) -> bool {
    key.starts_with("user:")
}
