//! The list of a data folder's databases, `shop.json`: which shop they belong to, and how far each
//! has come.
//!
//! Every database carries the shop's id and an epoch, a number that grows with each start and with
//! each second in which it is written to. A database that is missing, empty, older than the list or
//! of another shop refuses the start.
//!
//! **Invariant:** an epoch in the list is durable in its database before it is listed, and at most
//! one behind it. So a process that dies at any moment leaves a folder that starts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The file's name in a data folder.
pub const SHOP_FILE: &str = "shop.json";

/// What a data folder's `shop.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopFile {
    /// The id of the shop.
    pub shop: String,
    /// The epoch of each database, by its file name or, on PostgreSQL, `postgres:` and the
    /// service's name.
    #[serde(default)]
    pub databases: BTreeMap<String, i64>,
    /// Databases that the next start takes as they are, whatever the list says of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accept: BTreeSet<String>,
}

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Empty in a database that was just made, and in one that is older than the list.
    pub(crate) shop: String,
    pub(crate) epoch: i64,
}

impl ShopFile {
    /// Returns the list of a new shop, with an id of its own.
    #[expect(clippy::new_without_default, reason = "each has another id")]
    pub fn new() -> ShopFile {
        let shop = format!("shop_{:032x}", rand::random::<u128>());
        ShopFile { shop, databases: BTreeMap::new(), accept: BTreeSet::new() }
    }

    /// Reads the list of a data folder; none when there is none.
    ///
    /// # Errors
    /// [`Error::Lost`] when it is there and cannot be understood, [`Error::Unavailable`] when it
    /// cannot be read.
    pub fn read(folder: &Path) -> Result<Option<ShopFile>, Error> {
        let path = folder.join(SHOP_FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Error::unavailable(format!("cannot read {}: {error}", path.display())));
            }
        };
        let damaged = |error| {
            let path = path.display();
            Error::Lost(
                format!(
                    "{path} is damaged ({error}): put it back from a backup with all databases"
                )
                .into(),
            )
        };
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Changes the list of a data folder, or begins one, and makes it durable. Processes that share
    /// the folder wait for each other.
    ///
    /// # Errors
    /// Those of [`read`](ShopFile::read), and [`Error::Full`] or [`Error::Unavailable`] when it
    /// cannot be written.
    pub fn update(folder: &Path, change: impl FnOnce(&mut ShopFile)) -> Result<ShopFile, Error> {
        let locked = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
        let locked = locked.map_err(|e| cannot("lock", folder, &e))?;
        let mut file = ShopFile::read(folder)?.unwrap_or_else(ShopFile::new);
        change(&mut file);
        file.replace(folder).map_err(|e| cannot("write", &folder.join(SHOP_FILE), &e))?;
        drop(locked);
        Ok(file)
    }

    fn replace(&self, folder: &Path) -> io::Result<()> {
        let unfinished = folder.join("shop.json.new");
        let mut options = OpenOptions::new();
        let mut file =
            options.create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
        let mut text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        text.push('\n');
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, folder.join(SHOP_FILE))?;
        File::open(folder)?.sync_all()
    }

    /// Sets the epoch of a database; a list never goes back.
    pub(crate) fn record(&mut self, name: &str, epoch: i64) {
        let listed = self.databases.entry(name.to_owned()).or_insert(0);
        *listed = epoch.max(*listed);
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Error {
    let text = format!("cannot {what} {}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full(text.into()),
        _ => Error::unavailable(text),
    }
}

/// How a database is called in messages and in the list.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    /// The file's path, or its counterpart on PostgreSQL.
    pub(crate) place: &'a str,
    /// Its key in the list.
    pub(crate) name: &'a str,
}

impl Named<'_> {
    pub(crate) fn lost(self, problem: &str) -> Error {
        let Named { place, name } = self;
        let way_on = format!(
            "restore a whole backup, or start once with --accept-data {name} to go on as it is"
        );
        Error::Lost(format!("{place} {problem}: {way_on}").into())
    }

    /// Refuses a database that the list knows and that is not there.
    pub(crate) fn check_there(self, list: Option<&ShopFile>) -> Result<(), Error> {
        let Some(list) = list else { return Ok(()) };
        if !list.databases.contains_key(self.name) || list.accept.contains(self.name) {
            return Ok(());
        }
        Err(self.lost("is gone or empty, although shop.json lists it"))
    }

    /// Compares what a database says of itself with the list.
    pub(crate) fn check(self, list: &ShopFile, stored: &Stored) -> Result<(), Error> {
        if list.accept.contains(self.name) {
            return Ok(());
        }
        let listed = list.databases.get(self.name).copied();
        if stored.shop.is_empty() {
            return match listed {
                None => Ok(()),
                Some(_) => Err(self.lost("is not the database that shop.json lists")),
            };
        }
        if stored.shop != list.shop {
            let problem =
                format!("belongs to another shop ({}, and this is {})", stored.shop, list.shop);
            return Err(self.lost(&problem));
        }
        let listed = listed.unwrap_or(0);
        let epoch = stored.epoch;
        if epoch < listed {
            let problem = format!(
                "went back in time (epoch {epoch} after {listed}): an older copy, or a lost log"
            );
            return Err(self.lost(&problem));
        }
        Ok(())
    }

    /// Refuses a database file that is ahead of its list: files of different backups were mixed.
    pub(crate) fn check_not_ahead(self, list: &ShopFile, stored: &Stored) -> Result<(), Error> {
        let listed = list.databases.get(self.name).copied().unwrap_or(0);
        let is_accepted = list.accept.contains(self.name) || stored.shop.is_empty();
        if is_accepted || stored.epoch <= listed + 1 {
            return Ok(());
        }
        let problem = format!(
            "is newer than shop.json (epoch {}, listed {listed}): mixed backups",
            stored.epoch
        );
        Err(self.lost(&problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: Named<'_> = Named { place: "data/orders.db", name: "orders.db" };

    fn list(epoch: Option<i64>) -> ShopFile {
        let mut list = ShopFile { shop: "shop_a".to_owned(), ..ShopFile::new() };
        list.databases.extend(epoch.map(|epoch| ("orders.db".to_owned(), epoch)));
        list
    }

    fn stored(shop: &str, epoch: i64) -> Stored {
        Stored { shop: shop.to_owned(), epoch }
    }

    fn is_refused(list: &ShopFile, stored: &Stored) -> bool {
        ORDERS.check(list, stored).and_then(|()| ORDERS.check_not_ahead(list, stored)).is_err()
    }

    #[test]
    fn a_database_is_where_its_list_says_or_one_step_ahead() {
        for (listed, epoch, refused) in [
            (Some(7), 7, false),
            (Some(7), 8, false),
            (Some(7), 6, true),
            (Some(7), 9, true),
            (None, 1, false),
            (None, 2, true),
        ] {
            assert_eq!(
                is_refused(&list(listed), &stored("shop_a", epoch)),
                refused,
                "{listed:?} {epoch}"
            );
        }
    }

    #[test]
    fn one_without_an_id_is_new_to_the_list_or_refused() {
        assert!(!is_refused(&list(None), &stored("", 0)));
        assert!(is_refused(&list(Some(1)), &stored("", 0)));
        assert!(ORDERS.check_there(Some(&list(Some(1)))).is_err());
        assert!(ORDERS.check_there(Some(&list(None))).is_ok());
    }

    #[test]
    fn another_shops_is_refused_and_what_is_accepted_is_not() {
        assert!(is_refused(&list(Some(7)), &stored("shop_b", 7)));
        let mut accepting = list(Some(7));
        accepting.accept.insert("orders.db".to_owned());
        for stored in [stored("shop_b", 70), stored("", 0), stored("shop_a", 1)] {
            assert!(!is_refused(&accepting, &stored));
        }
        assert!(ORDERS.check_there(Some(&accepting)).is_ok());
    }

    #[test]
    fn an_update_begins_the_list_keeps_its_id_and_is_readable_by_nobody_else() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(ShopFile::read(folder.path()), Ok(None));
        let first = ShopFile::update(folder.path(), |list| list.record("orders.db", 3)).unwrap();
        let second = ShopFile::update(folder.path(), |list| list.record("orders.db", 2)).unwrap();
        assert_eq!(first, second);
        assert_eq!(ShopFile::read(folder.path()), Ok(Some(first)));
        let mode = fs::metadata(folder.path().join(SHOP_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.path().join(SHOP_FILE), "").unwrap();
        assert!(matches!(ShopFile::read(folder.path()), Err(Error::Lost(_))));
    }
}
