//! The lock file beside a database: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::Error;

/// Holds a database for this process until it is dropped. The system lets go of it when the process dies.
#[derive(Debug)]
pub(crate) struct LockFile {
    _file: File,
}

impl LockFile {
    /// Takes the lock of the database at `path`, or says who is in the way.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let lock_path = lock_path(path);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let file = file.map_err(|e| Error::unavailable(format!("cannot open {}: {e}", lock_path.display())))?;
        match file.try_lock() {
            Ok(()) => Ok(LockFile { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(path.display().to_string().into())),
            Err(TryLockError::Error(e)) => Err(Error::unavailable(format!("cannot lock {}: {e}", lock_path.display()))),
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
