//! What a migration is written in: the schema builder of sea-query, rendered for one engine, and
//! the few things of either engine that the builder does not know.

use sea_orm::sea_query::{
    ColumnDef, IndexCreateStatement, PostgresQueryBuilder, SchemaStatementBuilder,
    SqliteQueryBuilder, TableAlterStatement, TableCreateStatement,
};

use crate::Engine;

/// Collects the statements of one migration, for one engine.
///
/// Only whole numbers, texts and bytes are stored, so there are three types of columns. They are
/// NOT NULL unless `.null()` follows.
#[derive(Debug)]
pub struct Ddl {
    engine: Engine,
    steps: Vec<Step>,
}

/// A part of a migration.
#[derive(Debug)]
pub(crate) enum Step {
    /// Statements, each ended by a semicolon.
    Sql(String),
    Rewrite(Rewrite),
}

/// A column whose values change by a function of this program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewrite {
    table: &'static str,
    column: &'static str,
    name: &'static str,
    pub(crate) new: fn(&str) -> String,
}

impl Rewrite {
    /// The column of [`Rewrite::values`].
    pub(crate) const VALUE: &str = "value";

    /// Returns the query of the values that are stored.
    pub(crate) fn values(&self) -> String {
        let Rewrite { table, column, .. } = self;
        format!("SELECT DISTINCT {column} AS value FROM {table} WHERE {column} IS NOT NULL")
    }

    /// Returns the statement that writes `$2` wherever `$1` is stored.
    pub(crate) fn update(&self) -> String {
        let Rewrite { table, column, .. } = self;
        format!("UPDATE {table} SET {column} = $2 WHERE {column} = $1")
    }
}

impl Ddl {
    /// Returns what a migration does on an engine, in order.
    pub(crate) fn steps(engine: Engine, migration: fn(&mut Ddl)) -> Vec<Step> {
        let mut ddl = Ddl { engine, steps: Vec::new() };
        migration(&mut ddl);
        ddl.steps
    }

    /// Returns the text of a migration on an engine: its statements, and a comment for each column
    /// that it rewrites.
    pub(crate) fn render(engine: Engine, migration: fn(&mut Ddl)) -> String {
        let text = |step| match step {
            Step::Sql(statements) => statements,
            Step::Rewrite(Rewrite { table, column, name, .. }) => {
                format!("-- rewrites {table}.{column} by {name}\n")
            }
        };
        Ddl::steps(engine, migration).into_iter().map(text).collect()
    }

    /// Returns the engine that the statements are for.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Returns a column of whole numbers: also times, in microseconds since 1970, and 0 or 1.
    pub fn integer(&self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().take()
    }

    /// Returns a column of text.
    pub fn text(&self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).text().not_null().take()
    }

    /// Returns a column of text that is compared and sorted byte by byte, as Rust does it. SQLite
    /// always does; PostgreSQL would go by the language of the server.
    pub fn key_text(&self, name: &'static str) -> ColumnDef {
        let mut column = self.text(name);
        match self.engine {
            Engine::Sqlite => column,
            Engine::Postgres => column.extra(r#"COLLATE "C""#).take(),
        }
    }

    /// Returns a column of bytes.
    pub fn bytes(&self, name: &'static str) -> ColumnDef {
        ColumnDef::new(name).blob().not_null().take()
    }

    /// Returns the primary key of a table whose rows the database numbers.
    pub fn number(&self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.engine {
            Engine::Sqlite => column.big_integer(),
            Engine::Postgres => column.custom("bigint GENERATED ALWAYS AS IDENTITY"),
        };
        column.primary_key().take()
    }

    /// Returns the primary key of a table whose rows the database numbers, and no number twice:
    /// SQLite would give that of a deleted row to the next one, PostgreSQL never does.
    pub fn number_used_once(&self, name: &'static str) -> ColumnDef {
        match self.engine {
            Engine::Sqlite => {
                ColumnDef::new(name).big_integer().primary_key().auto_increment().take()
            }
            Engine::Postgres => self.number(name),
        }
    }

    /// Returns the primary key of a table whose rows the program numbers, or the database when it
    /// does not.
    pub fn number_or_given(&self, name: &'static str) -> ColumnDef {
        match self.engine {
            Engine::Sqlite => self.number(name),
            Engine::Postgres => {
                ColumnDef::new(name).big_integer().primary_key().auto_increment().take()
            }
        }
    }

    /// Creates a table. On SQLite it is STRICT.
    pub fn create(&mut self, table: &TableCreateStatement) {
        let options = match self.engine {
            Engine::Sqlite => " STRICT",
            Engine::Postgres => "",
        };
        self.add(table, options);
    }

    /// Creates a table that SQLite stores in the order of its primary key, without numbering its
    /// rows: for keys that are not a number.
    pub fn create_without_rowid(&mut self, table: &TableCreateStatement) {
        let options = match self.engine {
            Engine::Sqlite => " STRICT, WITHOUT ROWID",
            Engine::Postgres => "",
        };
        self.add(table, options);
    }

    /// Has PostgreSQL leave half of each page of a table empty, for rows that change all the time:
    /// a changed row then fits beside its old version, and no index is touched.
    pub fn leave_space_for_updates(&mut self, table: &str) {
        self.on(Engine::Postgres, &format!("ALTER TABLE {table} SET (fillfactor = 50)"));
    }

    /// Creates an index.
    pub fn index(&mut self, index: &IndexCreateStatement) {
        self.add(index, "");
    }

    /// Changes a table. SQLite can add one column a statement, and little else.
    pub fn alter(&mut self, table: &TableAlterStatement) {
        self.add(table, "");
    }

    /// Lets a table only grow: its rows can be neither changed nor deleted.
    pub fn append_only(&mut self, table: &str) {
        let message = format!("table {table} is append-only");
        for (trigger, event) in [("no_update", "UPDATE"), ("no_delete", "DELETE")] {
            let name = format!("{table}_{trigger}");
            let change = format!("{event} ON {table}");
            self.refuse_on_sqlite(&name, &change, &message);
        }
        for (trigger, event, each) in
            [("append_only", "UPDATE OR DELETE", "ROW"), ("no_truncate", "TRUNCATE", "STATEMENT")]
        {
            let name = format!("{table}_{trigger}");
            let change = format!("{event} ON {table} FOR EACH {each}");
            self.refuse_on_postgres(&name, &change, "souk_refuse_change");
        }
    }

    /// Creates a trigger on SQLite that refuses a change, such as `UPDATE ON prices`, with a
    /// message.
    pub fn refuse_on_sqlite(&mut self, trigger: &str, change: &str, message: &str) {
        let sql = format!(
            "CREATE TRIGGER {trigger} BEFORE {change} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        );
        self.on(Engine::Sqlite, &sql);
    }

    /// Creates a trigger on PostgreSQL that refuses a change such as `UPDATE ON prices FOR EACH
    /// ROW`. `souk_refuse_change` is a function that every database has.
    pub fn refuse_on_postgres(&mut self, trigger: &str, change: &str, function: &str) {
        let sql = format!("CREATE TRIGGER {trigger} BEFORE {change} EXECUTE FUNCTION {function}()");
        self.on(Engine::Postgres, &sql);
    }

    /// Runs a statement that reads the same on both engines.
    pub fn run(&mut self, sql: &str) {
        let statement = format!("{sql};\n");
        match self.steps.last_mut() {
            Some(Step::Sql(statements)) => statements.push_str(&statement),
            _ => self.steps.push(Step::Sql(statement)),
        }
    }

    /// Replaces every text in a column by what a function makes of it. The name stands for the
    /// function in the checksum of the migration: once released, what it returns never changes. A
    /// table that only grows has to let its rows change for as long.
    ///
    /// No text may become one that is there already and is itself replaced by another, because the
    /// texts are replaced one after another.
    pub fn rewrite(
        &mut self,
        table: &'static str,
        column: &'static str,
        name: &'static str,
        new: fn(&str) -> String,
    ) {
        self.steps.push(Step::Rewrite(Rewrite { table, column, name, new }));
    }

    /// Runs a statement on one engine only.
    pub fn on(&mut self, engine: Engine, sql: &str) {
        if self.engine == engine {
            self.run(sql);
        }
    }

    fn add(&mut self, statement: &impl SchemaStatementBuilder, options: &str) {
        let sql = match self.engine {
            Engine::Sqlite => statement.build(SqliteQueryBuilder),
            Engine::Postgres => statement.build(PostgresQueryBuilder),
        };
        self.run(&(sql + options));
    }
}
