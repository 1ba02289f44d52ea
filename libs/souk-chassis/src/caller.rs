//! The claims of a verified token.

use std::sync::{Arc, LazyLock};

use souk_contract::Caller;
use souk_types::Timestamp;

/// The claims of a verified token: who is calling and which scopes were granted.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) caller: Caller,
    /// `user:alice`, made once because limits and the log ask for it on every request.
    pub(crate) key: String,
    pub(crate) scopes: Vec<String>,
    /// Until when the token is good; without one it never expires.
    pub(crate) expires: Option<Timestamp>,
}

impl Identity {
    pub(crate) fn new(caller: Caller, scopes: Vec<String>) -> Arc<Self> {
        Arc::new(Identity::of(caller, scopes))
    }

    pub(crate) fn of(caller: Caller, scopes: Vec<String>) -> Self {
        let key = caller.key();
        Identity { caller, key, scopes, expires: None }
    }

    pub(crate) fn anonymous() -> Arc<Self> {
        static ANONYMOUS: LazyLock<Arc<Identity>> =
            LazyLock::new(|| Identity::new(Caller::Anonymous, Vec::new()));
        ANONYMOUS.clone()
    }
}
