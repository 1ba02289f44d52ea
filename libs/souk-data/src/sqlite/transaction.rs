//! What a closure holds while it runs on a SQLite connection: the connection, until the closure is
//! over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::connection::Connection;
use crate::Error;

pub(crate) struct Transaction {
    connection: Arc<Mutex<Connection>>,
    over: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Transaction {
    pub(crate) fn new(connection: Arc<Mutex<Connection>>) -> Self {
        Transaction { connection, over: AtomicBool::new(false), failure: Mutex::new(None) }
    }

    /// Runs statements on the connection. **Invariant:** after a failed statement nothing runs any
    /// more, as on PostgreSQL, so that no store comes to rely on going on.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = self.connection.lock();
        if self.over.load(Ordering::Relaxed) {
            return Err(Error::bug("a transaction was used after its end"));
        }
        let mut failure = self.failure.lock();
        if failure.is_some() {
            return Err(Error::bug(
                "a statement followed one that had failed in the same transaction",
            ));
        }
        work(&mut connection).inspect_err(|error| *failure = Some(error.clone()))
    }

    /// Ends the use of the connection by this closure, and returns the first failure of a
    /// statement.
    pub(crate) fn end(&self) -> Option<Error> {
        let _in_use = self.connection.lock();
        self.over.store(true, Ordering::Relaxed);
        self.failure.lock().take()
    }

    /// Marks the transaction as failed.
    pub(crate) fn fail(&self, error: Error) {
        self.failure.lock().get_or_insert(error);
    }
}
