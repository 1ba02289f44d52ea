//! The read-only connections of a SQLite file. A statement borrows one, runs inline and gives it
//! back.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::connection::Connection;
use super::held::HeldFile;
use crate::Error;

pub(crate) struct Readers {
    path: PathBuf,
    held: Arc<HeldFile>,
    idle: Mutex<Vec<Arc<Mutex<Connection>>>>,
    keep: usize,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, held: Arc<HeldFile>, keep: usize) -> Self {
        Readers { path, held, idle: Mutex::new(Vec::new()), keep }
    }

    /// Runs statements on an idle connection, or on a new one. There are never more than threads
    /// that read, since nothing waits while it holds one.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let connection = self.take()?;
        let result = work(&mut connection.lock());
        // A connection that met trouble with the file is not trusted again.
        if !matches!(result, Err(Error::Unavailable(_) | Error::Corrupt(_) | Error::Full(_))) {
            self.give_back(connection);
        }
        result
    }

    /// Returns the file that is read.
    pub(crate) fn held(&self) -> &HeldFile {
        &self.held
    }

    pub(crate) fn take(&self) -> Result<Arc<Mutex<Connection>>, Error> {
        let idle = self.idle.lock().pop();
        match idle {
            Some(connection) => Ok(connection),
            None => Ok(Arc::new(Mutex::new(Connection::reader(&self.path, self.held.clone())?))),
        }
    }

    pub(crate) fn give_back(&self, connection: Arc<Mutex<Connection>>) {
        let mut idle = self.idle.lock();
        if idle.len() < self.keep {
            idle.push(connection);
        }
    }
}
