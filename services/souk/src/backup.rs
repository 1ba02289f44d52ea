//! `souk backup`: copies every SQLite database of a shop, also while it is written to.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rusqlite::Connection;
use rusqlite::backup::Backup as Copying;

/// Copies the databases of a shop, also while it runs.
///
/// All databases are copied as of the same moment, as if the shop had been cut off then. Start `souk up --data DIR` on
/// the copy: the orders that were under way are brought to their end, and `souk audit` shows that all agree.
#[derive(Args)]
pub struct Backup {
    /// The new folder of the copy; it must not hold a shop already.
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

impl Backup {
    /// Copies, and says what was copied.
    pub fn run(self) -> ExitCode {
        match self.copy_all() {
            Ok(0) => {
                eprintln!("souk: {} holds no database", self.data.display());
                ExitCode::FAILURE
            }
            Ok(count) => {
                println!("copied {count} databases to {}", self.to.display());
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("souk: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn copy_all(&self) -> Result<usize, String> {
        fs::create_dir_all(&self.to).map_err(|error| about(&self.to, &error))?;
        let mut sources = vec![];
        for from in self.databases()? {
            let to = self.to.join(from.file_name().ok_or_else(|| about(&from, &"has no name"))?);
            if to.exists() {
                return Err(about(&to, &"is there already; choose another folder"));
            }
            let source = Connection::open(&from).map_err(|error| about(&from, &error))?;
            sources.push((from, to, source));
        }
        hold_one_moment(&sources)?;
        for (from, to, source) in &sources {
            copy(source, to).map_err(|error| about(from, &error))?;
        }
        Ok(sources.len())
    }

    /// Returns the databases of the shop, always in the same order.
    fn databases(&self) -> Result<Vec<PathBuf>, String> {
        let mut files = vec![];
        for entry in fs::read_dir(&self.data).map_err(|error| about(&self.data, &error))? {
            files.push(entry.map_err(|error| about(&self.data, &error))?.path());
        }
        files.retain(|file| file.extension().is_some_and(|extension| extension == "db"));
        files.sort();
        Ok(files)
    }
}

fn about(path: &Path, error: &dyn Display) -> String {
    format!("{}: {error}", path.display())
}

/// Begins a read transaction on every database while none of them can be written to, so that all show the same moment.
/// Writers wait for some milliseconds.
fn hold_one_moment(sources: &[(PathBuf, PathBuf, Connection)]) -> Result<(), String> {
    let mut stopped = vec![];
    for (from, _, _) in sources {
        stopped.push(stop_writing(from).map_err(|error| about(from, &error))?);
    }
    for (from, _, source) in sources {
        // The first read is what makes the moment.
        let begun = source.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema;");
        begun.map_err(|error| about(from, &error))?;
    }
    Ok(())
}

/// Keeps everybody else from writing to a database for as long as the result lives.
fn stop_writing(file: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(WRITER_PATIENCE)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(connection)
}

fn copy(source: &Connection, to: &Path) -> Result<(), rusqlite::Error> {
    let mut target = Connection::open(to)?;
    Copying::new(source, &mut target)?.run_to_completion(PAGES_AT_ONCE, Duration::ZERO, None)?;
    target.execute_batch("PRAGMA journal_mode = WAL")
}
