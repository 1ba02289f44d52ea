//! The databases of programs in other languages: they raise their epoch themselves, and the
//! program that starts them keeps the list.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Error;
use crate::shop_file::{Named, ShopFile, Stored};
use crate::sqlite::sort::sort;

/// How long such a database may be busy with its own program.
const PATIENCE: Duration = Duration::from_secs(2);

/// A SQLite file in a subfolder of a data folder, that a program in another language writes to.
pub struct ForeignDatabase<'a> {
    folder: &'a Path,
    name: &'a str,
}

impl<'a> ForeignDatabase<'a> {
    /// Names a database: `notifications/notifications.db` in the data folder.
    pub fn new(folder: &'a Path, name: &'a str) -> Self {
        ForeignDatabase { folder, name }
    }

    /// Checks, before its program starts, that it is the one that the list knows. One that was
    /// accepted is listed as it is.
    ///
    /// # Errors
    /// [`Error::Lost`] as [`Db::open`](crate::Db::open) has it, or what keeps the file from being
    /// read.
    pub fn check(&self, list: &ShopFile) -> Result<(), Error> {
        let path = self.folder.join(self.name);
        let place = path.display().to_string();
        let named = Named { place: &place, name: self.name };
        let is_there = path.metadata().is_ok_and(|about| about.len() > 0);
        if !is_there {
            named.check_there(Some(list))?;
        }
        let stored = if is_there { self.stored()? } else { None };
        if let Some(stored) = &stored {
            named.check(list, stored)?;
        }
        if list.accept.contains(self.name) {
            if stored.is_some() {
                self.claim(&list.shop)?;
            }
            ShopFile::update(self.folder, |list| {
                list.accept.remove(self.name);
                list.databases.remove(self.name);
                if let Some(stored) = &stored {
                    list.record(self.name, stored.epoch);
                }
            })?;
        }
        Ok(())
    }

    /// Lists it as it is now, and writes the shop's id into it if it has none. Returns its epoch;
    /// none while its program has not made its tables.
    ///
    /// # Errors
    /// What keeps it or the list from being read or written.
    pub fn follow(&self, listed: Option<i64>) -> Result<Option<i64>, Error> {
        let Some(stored) = self.stored()? else { return Ok(None) };
        if stored.shop.is_empty() {
            // Its id comes before its line in the list: a list that names a database without an id
            // refuses the next start.
            let list = ShopFile::update(self.folder, |_| {})?;
            self.claim(&list.shop)?;
        }
        if Some(stored.epoch) != listed || stored.shop.is_empty() {
            ShopFile::update(self.folder, |list| list.record(self.name, stored.epoch))?;
        }
        Ok(Some(stored.epoch))
    }

    fn stored(&self) -> Result<Option<Stored>, Error> {
        let file = self.open()?;
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'souk_shop'";
        let count: i64 = file.query_row(tables, [], |row| row.get(0)).map_err(|e| sort(&e))?;
        if count == 0 {
            return Ok(None);
        }
        let stored = |row: &rusqlite::Row<'_>| Ok(Stored { shop: row.get(0)?, epoch: row.get(1)? });
        file.query_row("SELECT shop, epoch FROM souk_shop", [], stored)
            .map(Some)
            .map_err(|e| sort(&e))
    }

    fn claim(&self, shop: &str) -> Result<(), Error> {
        self.open()?
            .execute("UPDATE souk_shop SET shop = ?1", [shop])
            .map(|_| ())
            .map_err(|e| sort(&e))
    }

    fn open(&self) -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags(self.folder.join(self.name), flags)
            .map_err(|e| sort(&e))?;
        file.busy_timeout(PATIENCE).map_err(|e| sort(&e))?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "fake/fake.sqlite3";

    /// Makes a database as a program in another language has just made it: no shop's id, and an
    /// epoch.
    fn young(folder: &Path) {
        std::fs::create_dir(folder.join("fake")).unwrap();
        let file = Connection::open(folder.join(NAME)).unwrap();
        file.execute_batch(
            "CREATE TABLE souk_shop (shop, epoch); INSERT INTO souk_shop VALUES ('', 3)",
        )
        .unwrap();
    }

    #[test]
    fn a_database_that_is_followed_is_claimed_and_listed() {
        let folder = tempfile::tempdir().unwrap();
        young(folder.path());
        let database = ForeignDatabase::new(folder.path(), NAME);
        assert_eq!(database.follow(None), Ok(Some(3)));
        let list = ShopFile::read(folder.path()).unwrap().unwrap();
        assert_eq!(
            (list.databases[NAME], database.stored().unwrap().unwrap().shop),
            (3, list.shop.clone())
        );
        assert_eq!(database.check(&list), Ok(()));
    }

    #[test]
    fn a_database_that_cannot_be_claimed_is_not_listed_so_that_the_next_start_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        young(folder.path());
        let held = Connection::open(folder.path().join(NAME)).unwrap();
        held.execute_batch("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE").unwrap();
        let database = ForeignDatabase::new(folder.path(), NAME);
        assert!(database.follow(None).is_err(), "its program holds it");
        drop(held);
        let list = ShopFile::read(folder.path()).unwrap().unwrap();
        assert!(list.databases.is_empty(), "{list:?}");
        assert_eq!(database.check(&list), Ok(()));
    }
}
