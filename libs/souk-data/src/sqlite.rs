//! The embedded engine: one file, one writer thread, readers inline.

pub(crate) mod connection;
pub(crate) mod held;
pub(crate) mod keeper;
pub(crate) mod readers;
pub(crate) mod sort;
pub(crate) mod transaction;
pub(crate) mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::OpenFlags;
use souk_types::Clock;
use tokio::sync::{Semaphore, watch};

use crate::migrate;
use crate::once::run_once;
use crate::shop_file::{Named, ShopFile, Stored};
use crate::trouble::Trouble;
use crate::write::Snapshot;
use crate::{DataConfig, Error, Reader, Schema};
use connection::Connection;
use held::Hold;
use keeper::Listed;
use readers::Readers;
use transaction::Transaction;
use writer::Writer;

/// An open SQLite database.
pub(crate) struct Sqlite {
    pub(crate) writer: Writer,
    pub(crate) readers: Arc<Readers>,
    pub(crate) trouble: Arc<Trouble>,
    /// How many snapshots may be read at once; each keeps a thread busy.
    snapshots: Semaphore,
}

impl Sqlite {
    /// Opens or creates the file, migrates it and starts its writer.
    pub(crate) fn open(
        config: &DataConfig,
        path: PathBuf,
        data_dir: &Path,
        schema: &Schema,
        clock: &Clock,
        committed: watch::Sender<u64>,
    ) -> Result<Self, Error> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .to_owned();
        held::make_folder(&folder)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = path.display().to_string();
        let named = Named { place: &place, name: &name };
        let is_there = fs::metadata(&path).is_ok_and(|about| about.len() > 0);
        let list = ShopFile::read(&folder)?;
        if !is_there && config.durable {
            named.check_there(list.as_ref())?;
        }
        let hold = Hold::take(&path)?;
        let mut connection = Connection::writer(&path, config, hold.file().clone())?;
        let stored = stored(&mut connection)?;
        let list =
            begin_list(&folder, named, list, is_there, config.durable && !stored.shop.is_empty())?;
        if config.durable {
            named.check(&list, &stored)?;
            named.check_not_ahead(&list, &stored)?;
        }
        hold.file().check_there().map_err(Error::unavailable)?;
        held::tighten(&folder, &path, path.parent() == Some(data_dir));

        // One step ahead of the list, and of itself if it was accepted as it is.
        let listed = list.databases.get(&name).copied().unwrap_or(0);
        let is_accepted = list.accept.contains(&name);
        let epoch = match config.durable {
            true if is_accepted => listed.max(stored.epoch) + 1,
            true => listed + 1,
            // What may be lost is not followed.
            false => stored.epoch,
        };
        let of = Stored { shop: list.shop, epoch };
        migrate::sqlite(&mut connection, schema, clock.now(), &of)?;
        if !is_there && config.durable {
            // SQLite syncs the file; that the file has a name is for us to make durable.
            fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|e| {
                Error::unavailable(format!("cannot sync {}: {e}", folder.display()))
            })?;
        }
        let listed = if config.durable {
            ShopFile::update(&folder, |list| {
                list.record(&name, epoch);
                list.accept.remove(&name);
            })?;
            Some(Arc::new(Listed::new(folder, name, epoch)))
        } else {
            None
        };
        let trouble = Arc::new(Trouble::new(place));
        let keep = config.max_connections.max(1) as usize;
        let readers = Arc::new(Readers::new(path.clone(), hold.file().clone(), keep));
        let writer = Writer::start(
            schema.name,
            config.clone(),
            connection,
            hold,
            listed,
            trouble.clone(),
            committed,
        )?;
        let snapshots = Semaphore::new(config.max_connections.max(1) as usize);
        Ok(Sqlite { writer, readers, trouble, snapshots })
    }

    /// Reads one consistent state of the data, in a thread of its own.
    pub(crate) async fn snapshot(&self, read: Snapshot) -> Result<(), Error> {
        let _permit = self
            .snapshots
            .acquire()
            .await
            .map_err(|_| Error::unavailable("the database is closed"))?;
        let readers = self.readers.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let connection = readers.take()?;
            connection.lock().run("BEGIN")?;
            let transaction = Arc::new(Transaction::new(connection.clone()));
            let read = run_once(|| read(Reader::sqlite_snapshot(transaction.clone())));
            let failure = transaction.end();
            // A connection whose transaction does not end cleanly is dropped, which ends it.
            if failure.is_none() && connection.lock().run("COMMIT").is_ok() {
                readers.give_back(connection);
            }
            match (read?, failure) {
                (true, Some(failure)) => Err(failure),
                _ => Ok(()),
            }
        });
        reading.await.unwrap_or(Err(Error::Panicked))
    }

    /// Writes a copy of the database, as of one moment, to a new file, and makes it durable.
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), Error> {
        let readers = self.readers.clone();
        let to = to.to_owned();
        let copy = tokio::task::spawn_blocking(move || backup(&readers, &to));
        copy.await.unwrap_or(Err(Error::Panicked))
    }
}

/// Returns what a database says of itself.
fn stored(connection: &mut Connection) -> Result<Stored, Error> {
    let tables =
        connection.query("SELECT name FROM sqlite_schema WHERE name = 'souk_shop'", &[])?;
    if tables.is_empty() {
        return Ok(Stored { shop: String::new(), epoch: 0 });
    }
    let rows = connection.query("SELECT shop, epoch FROM souk_shop", &[])?;
    let row = rows.first().ok_or_else(|| Error::Corrupt("the shop's id is missing".into()))?;
    Ok(Stored { shop: row.get("shop")?, epoch: row.get("epoch")? })
}

/// Returns the folder's list, begun when there was none. It is there before the first database has
/// the shop's id.
fn begin_list(
    folder: &Path,
    named: Named<'_>,
    list: Option<ShopFile>,
    is_there: bool,
    was_listed: bool,
) -> Result<ShopFile, Error> {
    if let Some(list) = list {
        return Ok(list);
    }
    if was_listed {
        return Err(
            named.lost("is here, and shop.json, which lists the databases of this folder, is not")
        );
    }
    let list = ShopFile::update(folder, |_| {})?;
    if is_there {
        let folder = folder.display();
        let shop = &list.shop;
        tracing::info!("{folder} gets an id, {shop}, and a list of its databases: shop.json");
    }
    Ok(list)
}

/// A reader's single transaction covers the whole copy, so that it is consistent however many
/// writes happen meanwhile.
fn backup(readers: &Readers, to: &Path) -> Result<(), Error> {
    let failed = |what: &str, e: std::io::Error| {
        Error::unavailable(format!("cannot {what} {}: {e}", to.display()))
    };
    if to.exists() {
        return Err(Error::Config(
            format!("{} exists already; a backup overwrites nothing", to.display()).into(),
        ));
    }
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|e| failed("create the folder of", e))?;
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // What an earlier, interrupted backup left behind.
    let _ = fs::remove_file(&partial);
    let name = partial
        .to_str()
        .ok_or_else(|| Error::Config("the path of a backup is not UTF-8".into()))?;
    readers.with(|connection| {
        connection.raw().execute("VACUUM INTO ?1", [name]).map(|_| ()).map_err(|e| sort::sort(&e))
    })?;
    let synced = fs::File::open(&partial).and_then(|file| file.sync_all());
    synced.map_err(|e| failed("sync", e))?;
    list_copy(&partial, folder, to)?;
    fs::rename(&partial, to).map_err(|e| failed("name", e))?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| failed("sync the folder of", e))
}

/// Lists a copy in its folder, so that it can be opened there.
fn list_copy(copy: &Path, folder: &Path, to: &Path) -> Result<(), Error> {
    let file = rusqlite::Connection::open(copy).map_err(|e| sort::sort(&e))?;
    let read = |row: &rusqlite::Row<'_>| Ok(Stored { shop: row.get(0)?, epoch: row.get(1)? });
    let stored = file
        .query_row("SELECT shop, epoch FROM souk_shop", [], read)
        .map_err(|e| sort::sort(&e))?;
    let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ShopFile::update(folder, |list| {
        list.shop = stored.shop;
        list.databases.insert(name, stored.epoch);
    })?;
    Ok(())
}

/// Opens a file with the operating system's own file functions, or, where the program is built for
/// it and `SOUK_UNSYNCED_VFS` is set, with those that lose what was not synced.
pub(crate) fn open_file(path: &Path, flags: OpenFlags) -> rusqlite::Result<rusqlite::Connection> {
    #[cfg(feature = "unsynced-vfs")]
    if std::env::var_os("SOUK_UNSYNCED_VFS").is_some() {
        return rusqlite::Connection::open_with_flags_and_vfs(
            path,
            flags,
            crate::unsynced_vfs::name(),
        );
    }
    rusqlite::Connection::open_with_flags(path, flags)
}
