//! The data folder of the one program: its databases, including those of services in other
//! languages, and their entries in `shop.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use souk_chassis::{Drain, StartError};
use souk_data::{ForeignDatabase, ShopFile};
use tracing::warn;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How often the databases of services in other languages are polled.
const EVERY: Duration = Duration::from_secs(1);

/// The name by which `--accept-data` accepts all databases.
const ALL: &str = "all";

/// Returns the SQLite databases right in a folder, by name, sorted.
///
/// It opens and closes every file, so no database of this process may be among them: that would
/// drop SQLite's locks.
pub fn databases_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mut magic = [0; 16];
        let is_database = entry.file_type()?.is_file()
            && File::open(entry.path()).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
            && magic == *MAGIC;
        if is_database {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// A service in another language, and which files of its folder are its databases.
#[derive(Clone)]
pub struct Owner {
    name: String,
    databases: Option<Vec<String>>,
}

impl Owner {
    /// Names a service and its databases; none named are those right in its folder.
    pub fn new(name: &str, databases: Option<Vec<String>>) -> Owner {
        Owner { name: name.to_owned(), databases }
    }

    /// Returns the databases that are there, sorted.
    pub fn files(&self, data: &Path) -> std::io::Result<Vec<PathBuf>> {
        let folder = data.join(&self.name);
        let Some(named) = &self.databases else { return databases_in(&folder) };
        let mut files: Vec<PathBuf> = named.iter().map(|name| folder.join(name)).collect();
        files.retain(|file| file.metadata().is_ok_and(|about| about.is_file() && about.len() > 0));
        files.sort();
        Ok(files)
    }
}

/// Returns the folders right in a folder, sorted: one for each service in another language.
pub fn folders_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Returns a database's name in the list: its path in the data folder.
pub fn name_of(data: &Path, file: &Path) -> String {
    file.strip_prefix(data).unwrap_or(file).display().to_string()
}

/// Lets the next start take these databases as they are. Runs before any of them is open.
///
/// # Errors
/// A name that matches no database here.
pub fn accept(data: &Path, names: &[String]) -> Result<(), StartError> {
    if names.is_empty() {
        return Ok(());
    }
    let mut known: BTreeSet<String> =
        ShopFile::read(data)?.map(|list| list.databases).unwrap_or_default().into_keys().collect();
    let folders = folders_in(data).unwrap_or_default();
    for folder in folders.iter().map(PathBuf::as_path).chain([data]) {
        known.extend(
            databases_in(folder).unwrap_or_default().iter().map(|file| name_of(data, file)),
        );
    }
    let mut accepted = BTreeSet::new();
    for name in names {
        let before = accepted.len();
        accepted.extend(known.iter().filter(|database| is_meant(name, database)).cloned());
        if accepted.len() == before && !known.iter().any(|database| is_meant(name, database)) {
            let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let allowed =
                format!("is not a database in {}; choose from {known}, or {ALL}", data.display());
            return Err(StartError::configuration("--accept-data", name, &allowed));
        }
    }
    ShopFile::update(data, |list| list.accept.extend(accepted))?;
    Ok(())
}

fn is_meant(name: &str, database: &str) -> bool {
    let stem = Path::new(database).file_stem().is_some_and(|stem| stem == name);
    name == ALL || name == database || stem || database.strip_prefix("postgres:") == Some(name)
}

/// Checks the databases of services in other languages before anything starts.
///
/// # Errors
/// A database that is missing, empty, older than listed, or another shop's.
pub fn check(data: &Path, services: &[Owner]) -> Result<(), StartError> {
    let Some(list) = ShopFile::read(data)? else { return Ok(()) };
    for service in services {
        let mut names: BTreeSet<String> = list
            .databases
            .keys()
            .filter(|name| name.starts_with(&format!("{}/", service.name)))
            .cloned()
            .collect();
        let files = service.files(data).unwrap_or_default();
        names.extend(files.iter().map(|file| name_of(data, file)));
        for name in names {
            ForeignDatabase::new(data, &name)
                .check(&list)
                .map_err(|error| StartError::new(format!("{}: {error}", service.name)))?;
        }
    }
    Ok(())
}

/// Keeps the list up to date with the databases of services in other languages.
pub struct Follower {
    data: PathBuf,
    services: Vec<Owner>,
    /// The epoch of each that is listed, and when its log was last written to.
    seen: BTreeMap<String, (i64, Option<SystemTime>)>,
    last_problem: String,
}

impl Follower {
    /// Follows the databases of these services.
    pub fn new(data: &Path, services: Vec<Owner>) -> Follower {
        Follower {
            data: data.to_owned(),
            services,
            seen: BTreeMap::new(),
            last_problem: String::new(),
        }
    }

    /// Follows until the drain.
    pub async fn run(mut self, drain: Drain) -> Follower {
        while !self.services.is_empty() && drain.pause(EVERY).await {
            self = self.look_in_thread().await;
        }
        self
    }

    /// Polls once, in a thread that may block on files.
    pub async fn look_in_thread(mut self) -> Follower {
        let looked = tokio::task::spawn_blocking(move || {
            self.look();
            self
        });
        looked.await.expect("looking at files does not panic")
    }

    fn look(&mut self) {
        for service in self.services.clone() {
            for file in service.files(&self.data).unwrap_or_default() {
                let name = name_of(&self.data, &file);
                if let Err(error) = self.follow(&name, &file) {
                    let problem = format!("shop.json lags behind {name}: {error}");
                    if problem != self.last_problem {
                        warn!("{problem}");
                    }
                    self.last_problem = problem;
                }
            }
        }
    }

    fn follow(&mut self, name: &str, file: &Path) -> Result<(), souk_data::Error> {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let written = fs::metadata(log).and_then(|log| log.modified()).ok();
        let seen = self.seen.get(name).copied();
        if seen.is_some_and(|(_, before)| before.is_some() && before == written) {
            return Ok(());
        }
        let database = ForeignDatabase::new(&self.data, name);
        if let Some(epoch) = database.follow(seen.map(|(epoch, _)| epoch))? {
            self.seen.insert(name.to_owned(), (epoch, written));
        }
        Ok(())
    }
}
