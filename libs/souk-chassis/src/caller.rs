//! The claims of a verified token.

use std::sync::{Arc, LazyLock};

use souk_contract::Caller;

/// The claims of a verified token: who is calling and which scopes were granted.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) caller: Caller,
    /// `user:alice`, made once because limits and the log ask for it on every request.
    pub(crate) key: String,
    pub(crate) scopes: Vec<String>,
}

impl Identity {
    pub(crate) fn new(caller: Caller, scopes: Vec<String>) -> Arc<Self> {
        let key = caller.key();
        Arc::new(Identity { caller, key, scopes })
    }

    pub(crate) fn anonymous() -> Arc<Self> {
        static ANONYMOUS: LazyLock<Arc<Identity>> =
            LazyLock::new(|| Identity::new(Caller::Anonymous, Vec::new()));
        ANONYMOUS.clone()
    }
}
