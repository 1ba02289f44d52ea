//! A database that an earlier program made opens, keeps its rows, and has the schema of a new one.
//!
//! `upgrade/` holds the databases of a shop that had taken six orders, made when migrations were
//! texts of SQL: what `.dump` of sqlite3 and `pg_dump --inserts` print, without its settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, iter};

use rusqlite::Connection;
use rusqlite::types::Value;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection, Row};
use souk_data::{Db, Schema, ShopFile};
use souk_testkit::{Engine, TestDb, on_each_engine};
use souk_types::Clock;

/// Lines that describe a schema, one for each column, constraint, index and trigger.
type Description = BTreeSet<String>;

on_each_engine! {
    async fn databases_of_earlier_programs_open_with_the_schema_of_new_ones(engine: Engine) {
        let schemas = [
            &catalog::SCHEMA,
            &events::SCHEMA,
            &inventory::SCHEMA,
            &ledger::SCHEMA,
            &orders::SCHEMA,
            &payments::SCHEMA,
            &payments::SIMULATOR_SCHEMA,
        ];
        for schema in schemas {
            let new = TestDb::new(engine).await;
            open(&new, schema).await;

            let old = TestDb::new(engine).await;
            load(&old, schema).await;
            let rows = row_counts(&old).await;
            open(&old, schema).await;
            assert_eq!(row_counts(&old).await, rows, "{}", schema.name);

            let new = describe(&new).await;
            let old = describe(&old).await;
            let missing: Vec<_> = old.difference(&new).collect();
            let added: Vec<_> = new.difference(&old).collect();
            assert!(
                missing.is_empty() && added.is_empty(),
                "a new database of {} lacks {missing:#?} and has instead {added:#?}",
                schema.name
            );
        }
    }
}

on_each_engine! {
    async fn prices_of_earlier_programs_are_on_offer_while_they_are_the_default(engine: Engine) {
        let db = TestDb::new(engine).await;
        load(&db, &catalog::SCHEMA).await;

        open(&db, &catalog::SCHEMA).await;

        let while_default = number(&db, "SELECT COUNT(*) FROM prices WHERE audience = 3").await;
        assert_eq!(while_default, number(&db, "SELECT COUNT(*) FROM prices").await);
        assert!(while_default > 0);
        for change in ["audience = 1", "minor_units = 5"] {
            let sql = format!("UPDATE prices SET {change}");
            assert!(run(&db, sql).await.is_err(), "a price never changes: {change}");
        }
        run(&db, "UPDATE prices SET archive_time = 9".into()).await.unwrap();
    }
}

/// Counts the rows of each table but the list of migrations, which a newer program makes longer.
async fn row_counts(db: &TestDb) -> BTreeMap<String, i64> {
    let mut counts = db.row_counts().await;
    counts.remove("souk_migrations");
    counts
}

/// Runs statements.
async fn run(db: &TestDb, sql: String) -> Result<(), String> {
    match db.file() {
        Some(file) => {
            Connection::open(file).unwrap().execute_batch(&sql).map_err(|error| error.to_string())
        }
        None => {
            let mut connection = PgConnection::connect(db.url()).await.unwrap();
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
            done.map(|_| ()).map_err(|error| error.to_string())
        }
    }
}

/// Returns the whole number that a query finds.
async fn number(db: &TestDb, sql: &'static str) -> i64 {
    match db.file() {
        Some(file) => Connection::open(file).unwrap().query_row(sql, [], |row| row.get(0)).unwrap(),
        None => {
            let sql = format!("SELECT CAST(({sql}) AS BIGINT)");
            let mut connection = PgConnection::connect(db.url()).await.unwrap();
            let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
            row.get(0)
        }
    }
}

/// Loads the dump of a service's database into an empty one.
async fn load(db: &TestDb, schema: &Schema) {
    let engine = match db.engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    let name = schema.name.replace('-', "_");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/upgrade");
    let dump = fs::read_to_string(folder.join(format!("{name}.{engine}.sql"))).unwrap();
    run(db, dump).await.unwrap();
}

/// Opens and closes a database as its service does.
async fn open(db: &TestDb, schema: &Schema) {
    // The folder is not the one that it was made in.
    ShopFile::update(db.folder(), |list| {
        list.accept.extend(["test.db".to_owned(), format!("postgres:{}", schema.name)]);
    })
    .unwrap();
    let opened = Db::open(&db.config, db.folder(), schema, Clock::system()).await;
    opened.unwrap_or_else(|error| panic!("{}: {error}", schema.name));
}

async fn describe(db: &TestDb) -> Description {
    match db.file() {
        Some(file) => describe_sqlite(&Connection::open(file).unwrap()),
        None => describe_postgres(db.url()).await,
    }
}

/// The parts of a SQLite schema that have pragmas. A foreign key that names no column refers to the
/// primary key.
const SQLITE: [&str; 4] = [
    "SELECT 'table', name, strict, wr FROM pragma_table_list WHERE schema = 'main'",
    "SELECT 'column', t.name, c.cid, c.name, upper(c.type), c.\"notnull\", c.dflt_value, c.pk, c.hidden
     FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS c WHERE t.schema = 'main'",
    "SELECT 'index', t.name, i.name, i.\"unique\", i.origin, i.partial, c.seqno, c.name, c.\"desc\", c.coll, c.key
     FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i JOIN pragma_index_xinfo(i.name) AS c
     WHERE t.schema = 'main'",
    "SELECT 'foreign key', t.name, f.\"table\", f.\"from\",
         coalesce(f.\"to\", (SELECT name FROM pragma_table_info(f.\"table\") WHERE pk = 1)),
         f.on_update, f.on_delete, f.match
     FROM pragma_table_list AS t JOIN pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main'",
];

/// What has none: its text.
const SQLITE_TEXTS: &str = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL";

fn describe_sqlite(connection: &Connection) -> Description {
    let mut lines = Description::new();
    for sql in SQLITE {
        lines.extend(rows(connection, sql).iter().map(|row| format!("{row:?}")));
    }
    for row in rows(connection, SQLITE_TEXTS) {
        let [Value::Text(kind), Value::Text(name), Value::Text(sql)] = &row[..] else {
            panic!("a schema is texts, not {row:?}");
        };
        let sql = plain(sql);
        match kind.as_str() {
            "table" => lines.extend(clauses(&sql).map(|clause| format!("{name}: {clause}"))),
            _ => _ = lines.insert(sql),
        }
    }
    lines
}

fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Returns SQL without comments, quotes of names and needless spaces.
fn plain(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    words.replace('"', "").replace("( ", "(").replace(" )", ")")
}

/// Finds what no pragma says of a table: its checks, and whether it never uses a number twice.
fn clauses(sql: &str) -> impl Iterator<Item = &str> {
    let checks = sql.match_indices("CHECK (").map(|(start, _)| {
        let mut depth = 0;
        let length = sql[start..].find(|character| {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            character == ')' && depth == 0
        });
        // A name goes before it.
        let named = sql[..start].rfind("CONSTRAINT ").filter(|name| start - name < 64);
        &sql[named.unwrap_or(start)..=start + length.unwrap()]
    });
    checks.chain(iter::once("AUTOINCREMENT").filter(|word| sql.contains(word)))
}

/// Everything of a PostgreSQL schema, as the server itself prints it. `octet_length` of bytes is
/// `length`: one migration used to say the one on PostgreSQL and the other on SQLite.
const POSTGRES: &str = r#"
SELECT replace(line, 'octet_length(', 'length(') FROM (
    SELECT concat_ws(' ', 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod),
        attnotnull, attidentity, attcollation::regcollation, pg_get_expr(adbin, adrelid)) AS line
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind = 'r' AND attnum > 0 AND relnamespace = 'public'::regnamespace
UNION ALL
    SELECT concat_ws(' ', 'relation', relkind, relname, reloptions)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
    SELECT pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
UNION ALL
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
    SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
    SELECT concat_ws(' ', 'sequence', seqrelid::regclass, seqstart, seqincrement, seqcycle) FROM pg_sequence
) AS lines"#;

async fn describe_postgres(url: &str) -> Description {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows = sqlx::raw_sql(POSTGRES).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| plain(row.get(0))).collect()
}
