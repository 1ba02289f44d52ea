//! The database's own file, held for this process alone, and watched: what is deleted, replaced or
//! cut off under a running process is noticed at the next commit.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::Error;

/// What a write-ahead log begins with, but for the last bit.
const LOG_MAGIC: u32 = 0x377f_0682;

/// A file as the system knows it: device and inode.
type Identity = (u64, u64);

/// The files that this process holds. One of them must not even be opened a second time: closing it
/// again would drop SQLite's locks.
static HELD: Mutex<Option<HashSet<Identity>>> = Mutex::new(None);

/// A database's file, open for as long as any connection to it.
///
/// **Invariant:** it is not closed before the last connection is, since that would drop SQLite's
/// locks.
#[derive(Debug)]
pub(crate) struct HeldFile {
    file: File,
    path: PathBuf,
    log: PathBuf,
    identity: Identity,
    seen: Mutex<Seen>,
}

/// How far the files had come at the last commit.
#[derive(Debug, Default)]
struct Seen {
    length: u64,
    log: Option<Identity>,
    log_length: u64,
    /// Frames of the log are lost for good, whatever is appended behind the hole.
    log_is_cut: bool,
}

/// Holds a database for this process until it is dropped; readers may keep the file open a little
/// longer. The system lets go of it when the process dies.
///
/// The lock is flock's, on the file itself: another kind than SQLite's own, which other programs go
/// on sharing.
#[derive(Debug)]
pub(crate) struct Hold(Arc<HeldFile>);

impl Hold {
    /// Takes the file at `path`, made if there is none, or says who is in the way.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let failed = |what: &str, e: &io::Error| {
            Error::unavailable(format!("cannot {what} {}: {e}", path.display()))
        };
        let in_use = || Error::InUse(path.display().to_string().into());
        let mut all_held = HELD.lock();
        let all_held = all_held.get_or_insert_default();
        if fs::metadata(path).is_ok_and(|about| all_held.contains(&(about.dev(), about.ino()))) {
            return Err(in_use());
        }
        let mut options = OpenOptions::new();
        let file =
            options.create(true).truncate(false).read(true).write(true).mode(0o600).open(path);
        let file = file.map_err(|e| failed("open", &e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use()),
            Err(TryLockError::Error(e)) => return Err(failed("lock", &e)),
        }
        let about = file.metadata().map_err(|e| failed("read", &e))?;
        let identity = (about.dev(), about.ino());
        all_held.insert(identity);
        let (path, log) = (path.to_owned(), beside(path, "-wal"));
        Ok(Hold(Arc::new(HeldFile { file, path, log, identity, seen: Mutex::default() })))
    }

    /// Returns the file, to keep it open.
    pub(crate) fn file(&self) -> &Arc<HeldFile> {
        &self.0
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        HELD.lock().get_or_insert_default().remove(&self.0.identity);
        let _ = self.0.file.unlock();
    }
}

impl HeldFile {
    /// Returns the path that it was opened at.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what is wrong when the database's path or its log's is no longer the file that this
    /// process writes to.
    pub(crate) fn check_there(&self) -> Result<(), String> {
        let length = self.same(&self.path, Some(self.identity))?.1;
        let mut seen = self.seen.lock();
        if length < seen.length && !self.is_whole(length) {
            return Err(format!("{} was emptied or cut off", self.path.display()));
        }
        seen.length = length;
        if seen.log_is_cut {
            return Err(format!("{} was emptied or cut off", self.log.display()));
        }
        if seen.log.is_some() {
            self.same(&self.log, seen.log)?;
        }
        Ok(())
    }

    /// Returns whether the log may be copied back into the database: out of a log with a hole, or
    /// into a file that was cut off, it would do more harm.
    pub(crate) fn may_copy_back(&self) -> bool {
        let seen = self.seen.lock();
        let length = self.file.metadata().map_or(0, |about| about.len());
        !seen.log_is_cut && (length >= seen.length || self.is_whole(length))
    }

    /// Returns whether the log is shorter than after the last commit. Whoever copies it back into
    /// the database may cut it.
    pub(crate) fn log_was_cut(&self) -> bool {
        let before = self.seen.lock().log_length;
        before > 0 && fs::metadata(&self.log).is_ok_and(|log| log.len() < before)
    }

    /// Like [`check_there`](HeldFile::check_there), right after a commit, whose frames must be
    /// found again: after a lawful cut the log begins with a header, after another one with
    /// nothing.
    pub(crate) fn check_committed(&self, log_was_cut: bool) -> Result<(), String> {
        self.check_there()?;
        let known = self.seen.lock().log;
        let (identity, length) = self.same(&self.log, known)?;
        let mut seen = self.seen.lock();
        if log_was_cut && length > 0 && !self.log_is_whole() {
            seen.log_is_cut = true;
            return Err(format!("{} was emptied or cut off", self.log.display()));
        }
        seen.log = Some(identity);
        seen.log_length = length;
        Ok(())
    }

    /// Takes it that the log may be another one, since it goes with the last connection.
    pub(crate) fn forget_log(&self) {
        let mut seen = self.seen.lock();
        (seen.log, seen.log_length) = (None, 0);
    }

    fn log_is_whole(&self) -> bool {
        let mut magic = [0; 4];
        let read = File::open(&self.log).and_then(|log| log.read_exact_at(&mut magic, 0));
        read.is_ok() && u32::from_be_bytes(magic) & !1 == LOG_MAGIC
    }

    /// Returns whether the file holds all pages that its header counts.
    fn is_whole(&self, length: u64) -> bool {
        let mut header = [0; 32];
        if self.file.read_exact_at(&mut header, 0).is_err() {
            return false;
        }
        let page = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            page => u64::from(page),
        };
        let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
        header.starts_with(b"SQLite format 3\0") && u64::from(pages) * page <= length
    }

    fn same(&self, path: &Path, known: Option<Identity>) -> Result<(Identity, u64), String> {
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(format!("{} is gone", path.display()));
            }
            Err(error) => return Err(format!("cannot look at {}: {error}", path.display())),
        };
        let identity = (about.dev(), about.ino());
        if known.is_some_and(|known| known != identity) {
            return Err(format!("{} was replaced by another file", path.display()));
        }
        Ok((identity, about.len()))
    }
}

/// Returns the path of what SQLite keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the folder of databases, for this user alone.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| Error::unavailable(format!("cannot create {}: {e}", folder.display())))
}

/// Takes from others what an older version of this program let them read: the folder, when it is
/// one of data alone, and the databases in it.
pub(crate) fn tighten(folder: &Path, path: &Path, is_data_folder: bool) {
    let mut files = vec![path.to_owned(), beside(path, "-wal"), beside(path, "-shm")];
    if is_data_folder {
        files.extend(
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).filter(
                |path| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    ["db", "db-wal", "db-shm"].iter().any(|end| name.ends_with(&format!(".{end}")))
                },
            ),
        );
    }
    let mut count = 0;
    for file in files {
        count += u32::from(tighten_one(&file, 0o600));
    }
    // One that everybody may write to, such as /tmp, is nobody's.
    let is_shared = fs::metadata(folder).is_ok_and(|about| about.mode() & 0o1000 != 0);
    let was_open = is_data_folder && !is_shared && tighten_one(folder, 0o700);
    if was_open || count > 0 {
        let folder = folder.display();
        let files = if count == 1 { "file" } else { "files" };
        let what = if was_open { "the folder and " } else { "" };
        tracing::warn!(
            "{folder}: others could read {what}{count} {files} in it; now only this user can (0700, 0600)"
        );
    }
}

fn tighten_one(path: &Path, mode: u32) -> bool {
    let is_open = fs::metadata(path).is_ok_and(|about| about.mode() & 0o077 != 0);
    if !is_open {
        return false;
    }
    let changed = fs::set_permissions(path, Permissions::from_mode(mode));
    if let Err(error) = &changed {
        tracing::warn!(
            "{} can be read by others, and its mode cannot be changed: {error}",
            path.display()
        );
    }
    changed.is_ok()
}
