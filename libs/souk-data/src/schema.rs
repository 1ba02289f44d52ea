//! A schema: the tables of one service, as the migrations that made them.

use std::path::Path;
use std::{env, fs};

use sha2::{Digest, Sha256};

use crate::ddl::Step;
use crate::{Ddl, Engine};

/// Names the tables of one service and how they came to be.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The service's name. A database of another service is refused.
    pub name: &'static str,
    /// All migrations ever made, by ascending version.
    pub migrations: &'static [Migration],
}

/// One step of a schema. Once released it never changes; the running version of the program must
/// survive it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Ascending, from 1.
    pub version: i64,
    /// What the step does, for people.
    pub name: &'static str,
    /// Writes down the statements, without BEGIN and COMMIT.
    pub up: fn(&mut Ddl),
    /// Checksums that earlier programs recorded for the same step: of the SQL texts, for SQLite and
    /// for PostgreSQL, that it was before it became a function, or of another rendering. A database
    /// that carries one of them is as good as new.
    pub earlier_checksums: &'static [&'static str],
}

impl Migration {
    /// Returns the text of the migration for an engine: its statements, each ended by a semicolon,
    /// and a comment for each column that it rewrites.
    pub(crate) fn statements(&self, engine: Engine) -> String {
        Ddl::render(engine, self.up)
    }

    /// Returns what the migration does on an engine, in order.
    pub(crate) fn steps(&self, engine: Engine) -> Vec<Step> {
        Ddl::steps(engine, self.up)
    }

    /// Returns what tells this migration from one that was changed since.
    pub(crate) fn checksum(&self, engine: Engine) -> String {
        let digest = Sha256::digest(self.statements(engine).as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns whether a database that recorded this checksum has run this migration.
    pub(crate) fn is_recorded_as(&self, checksum: &str, engine: Engine) -> bool {
        self.earlier_checksums.contains(&checksum) || self.checksum(engine) == checksum
    }
}

impl Schema {
    /// Compares the statements of all migrations with the files `schema/NAME.sqlite.sql` and
    /// `schema/NAME.postgres.sql` of a package. Each schema has a test that calls this: whatever
    /// changes a released migration, be it a newer sea-query, fails there and not at an operator.
    ///
    /// With `SOUK_WRITE_SCHEMAS=1` in the environment it writes the files instead.
    ///
    /// # Panics
    /// When they differ, or cannot be written.
    pub fn check_statements(&self, package: impl AsRef<Path>) {
        let name = self.name.replace('-', "_");
        for (engine, suffix) in [(Engine::Sqlite, "sqlite"), (Engine::Postgres, "postgres")] {
            let path = package.as_ref().join(format!("schema/{name}.{suffix}.sql"));
            let statements = self.statements(engine);
            if env::var_os("SOUK_WRITE_SCHEMAS").is_some() {
                let written = fs::write(&path, &statements);
                written.unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
                continue;
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                committed == statements,
                "the migrations of {} are no longer what {} says. A released migration must not \
                 change: databases would differ, and those that have it would be refused. If this \
                 one is not released yet, run the test again with SOUK_WRITE_SCHEMAS=1 and commit \
                 the file. If only the wording changed, as a newer sea-query may do, add the \
                 checksum that the file gives to its earlier_checksums first.",
                self.name,
                path.display(),
            );
        }
    }

    fn statements(&self, engine: Engine) -> String {
        let mut text = String::from(
            "-- What the migrations run. Written by a test, see Schema::check_statements.\n",
        );
        for migration in self.migrations {
            let Migration { version, name, .. } = migration;
            let checksum = migration.checksum(engine);
            text.push_str(&format!("\n-- {version}: {name}\n-- checksum {checksum}\n"));
            text.push_str(&migration.statements(engine));
        }
        text
    }
}
