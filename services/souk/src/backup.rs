//! `souk backup`: copies every SQLite database of a shop, also while it is written to.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rusqlite::backup::Backup as Copying;
use rusqlite::{Connection, OpenFlags};

/// Copies the databases of a shop, also while it runs.
///
/// Each database is copied as of one moment, the moments of different databases differ. Start `souk up --data DIR` on
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

/// Pages that are copied before the shop may write again.
const PAGES_AT_ONCE: i32 = 256;

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
        let about = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        std::fs::create_dir_all(&self.to).map_err(|error| about(&self.to, &error))?;
        let entries = std::fs::read_dir(&self.data).map_err(|error| about(&self.data, &error))?;
        let mut count = 0;
        for entry in entries {
            let from = entry.map_err(|error| about(&self.data, &error))?.path();
            if from.extension().is_none_or(|extension| extension != "db") {
                continue;
            }
            let name = from.file_name().ok_or_else(|| about(&from, &"has no name"))?;
            let to = self.to.join(name);
            if to.exists() {
                return Err(about(&to, &"is there already; choose another folder"));
            }
            copy(&from, &to).map_err(|error| about(&from, &error))?;
            count += 1;
        }
        Ok(count)
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), rusqlite::Error> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // One read transaction holds the moment of the copy; without it a busy shop would make the copy start over.
    source.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema;")?;
    let mut target = Connection::open(to)?;
    Copying::new(&source, &mut target)?.run_to_completion(PAGES_AT_ONCE, Duration::ZERO, None)?;
    target.execute_batch("PRAGMA journal_mode = WAL")
}
