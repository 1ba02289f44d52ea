//! `souk backup`: copies every SQLite database of a shop, even while it is written to.

mod beside;

use std::fmt::Display;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rusqlite::backup::Backup as Copying;
use rusqlite::{Connection, OptionalExtension as _};
use souk_data::ShopFile;

use crate::data::{self, Owner};
use crate::services_file::ServicesFile;

/// Copies the databases of a shop, even while it runs.
///
/// All databases are copied as of the same moment, as if the shop had crashed then; what else the
/// manifests of services in other languages name follows. Start `souk up --data DIR` on the copy:
/// it completes the orders that were in progress, and `souk audit` shows that everything agrees.
/// A failed copy leaves nothing behind. PostgreSQL databases and the logs of brokers are not
/// included.
#[derive(Args)]
pub struct Backup {
    /// The folder for the copy; it must be new or empty.
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// The folder of the shop.
    #[arg(long, value_name = "DIR", default_value = "souk-data")]
    data: PathBuf,
}

/// Pages that are copied in one step.
const PAGES_AT_ONCE: i32 = 256;

/// How long a database may be busy before it can be held.
const WRITER_PATIENCE: Duration = Duration::from_secs(10);

/// The prefix of a PostgreSQL database in the list.
const POSTGRES: &str = "postgres:";

/// What a backup has.
struct Copied {
    databases: usize,
    /// A line for each thing that is no database.
    others: Vec<String>,
}

/// A database to copy.
struct Source {
    from: PathBuf,
    /// Its path in the data folder.
    name: String,
    connection: Connection,
}

impl Backup {
    /// Copies, and prints what was copied.
    pub fn run(self) -> ExitCode {
        match self.copy_all() {
            Ok(copied) if copied.databases == 0 => {
                eprintln!("souk: {} holds no database", self.data.display());
                ExitCode::FAILURE
            }
            Ok(Copied { databases, others }) => {
                println!("copied {databases} databases to {}", self.to.display());
                others.iter().for_each(|line| println!("copied {line}"));
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("souk: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn copy_all(&self) -> Result<Copied, String> {
        let is_taken = fs::read_dir(&self.to).is_ok_and(|mut entries| entries.next().is_some());
        if is_taken || self.to.is_file() {
            return Err(about(&self.to, &"already exists; choose another folder"));
        }
        let list = ShopFile::read(&self.data).map_err(|error| error.to_string())?;
        let known = ServicesFile::read(&self.data).map_err(|error| error.to_string())?;
        let sources = self.sources(list.as_ref(), &known)?;
        if sources.is_empty() {
            return Ok(Copied { databases: 0, others: Vec::new() });
        }
        // Under another name until it is complete.
        let mut unfinished = std::path::absolute(&self.to)
            .map_err(|error| about(&self.to, &error))?
            .into_os_string();
        unfinished.push(format!(".unfinished-{}", std::process::id()));
        let unfinished = PathBuf::from(unfinished);
        let copied = copy(&sources, list, &unfinished).and_then(|()| {
            let others = beside::copy(&known, &self.data, &unfinished)?;
            fs::rename(&unfinished, &self.to).map_err(|error| about(&self.to, &error))?;
            sync(unfinished.parent().unwrap_or(Path::new("/")))?;
            Ok(others)
        });
        if copied.is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        Ok(Copied { databases: sources.len(), others: copied? })
    }

    /// Opens the databases of the shop, always in the same order. All that the list names must be
    /// there.
    fn sources(
        &self,
        list: Option<&ShopFile>,
        known: &ServicesFile,
    ) -> Result<Vec<Source>, String> {
        let failed = |error: std::io::Error| about(&self.data, &error);
        let mut files = data::databases_in(&self.data).map_err(failed)?;
        for folder in data::folders_in(&self.data).map_err(failed)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let named = known.entry(&name).and_then(|entry| entry.databases.clone());
            let there = Owner::new(&name, named).files(&self.data);
            files.extend(there.map_err(|error| about(&folder, &error))?);
        }
        let mut names: Vec<String> =
            files.iter().map(|file| data::name_of(&self.data, file)).collect();
        let mut elsewhere = vec![];
        for listed in list.map(|list| list.databases.keys()).into_iter().flatten() {
            match listed.strip_prefix(POSTGRES) {
                Some(service) => elsewhere.push(service),
                None if names.contains(listed) => {}
                // An earlier version of its service had it.
                None if self.data.join(listed).is_file() => {
                    files.push(self.data.join(listed));
                    names.push(listed.clone());
                }
                None => {
                    return Err(about(
                        &self.data.join(listed),
                        &"is missing, but shop.json lists it",
                    ));
                }
            }
        }
        if !elsewhere.is_empty() {
            eprintln!(
                "souk: not in this copy, because they are on PostgreSQL: {}",
                elsewhere.join(", ")
            );
        }
        let opened = files.into_iter().zip(names).map(|(from, name)| -> Result<Source, String> {
            let connection = Connection::open(&from).map_err(|error| about(&from, &error))?;
            Ok(Source { from, name, connection })
        });
        opened.collect()
    }
}

fn about(path: &Path, error: &dyn Display) -> String {
    format!("{}: {error}", path.display())
}

/// Copies all databases and their list, as of one moment, to a new folder for this user only.
fn copy(sources: &[Source], list: Option<ShopFile>, to: &Path) -> Result<(), String> {
    let make = |folder: &Path| {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| about(folder, &error))
    };
    make(to)?;
    hold_one_moment(sources)?;
    let mut copy = list;
    if let Some(copy) = &mut copy {
        // PostgreSQL databases keep their entries; the others are listed as they are copied.
        copy.databases.retain(|name, _| name.starts_with(POSTGRES));
        copy.accept.clear();
    }
    for source in sources {
        let file = to.join(&source.name);
        if let Some(folder) = file.parent() {
            make(folder)?;
        }
        let epoch =
            copy_one(&source.connection, &file).map_err(|error| about(&source.from, &error))?;
        if let Some(folder) = file.parent() {
            sync(folder)?;
        }
        if let (Some(copy), Some(epoch)) = (&mut copy, epoch) {
            copy.databases.insert(source.name.clone(), epoch);
        }
    }
    if let Some(copy) = copy {
        ShopFile::update(to, |list| *list = copy).map_err(|error| error.to_string())?;
    }
    sync(to)
}

fn sync(folder: &Path) -> Result<(), String> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| about(folder, &error))
}

/// Begins a read transaction on every database while writes to all of them are blocked, so that all
/// show the same moment. Writers wait for some milliseconds.
fn hold_one_moment(sources: &[Source]) -> Result<(), String> {
    let mut stopped = vec![];
    for Source { from, .. } in sources {
        stopped.push(stop_writing(from).map_err(|error| about(from, &error))?);
    }
    for Source { from, connection, .. } in sources {
        // The first read takes the snapshot.
        let begun = connection.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema;");
        begun.map_err(|error| about(from, &error))?;
    }
    Ok(())
}

/// Blocks all other writers of a database for as long as the result lives.
fn stop_writing(file: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(WRITER_PATIENCE)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(connection)
}

/// Copies one database and returns its epoch; none when it predates epochs, or is so new that it
/// has no shop id yet: a list that names it would then refuse it.
fn copy_one(source: &Connection, to: &Path) -> Result<Option<i64>, Box<dyn std::error::Error>> {
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(to)?;
    let mut target = Connection::open(to)?;
    Copying::new(source, &mut target)?.run_to_completion(PAGES_AT_ONCE, Duration::ZERO, None)?;
    target.execute_batch("PRAGMA journal_mode = WAL")?;
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'souk_shop'";
    if target.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(None);
    }
    let listed = "SELECT epoch FROM souk_shop WHERE shop <> ''";
    Ok(target.query_row(listed, [], |row| row.get(0)).optional()?)
}
