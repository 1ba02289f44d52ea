//! How many rows each table of a database has: the quickest way to show that a refused request
//! wrote nothing.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};

/// Rows by table.
pub type RowCounts = BTreeMap<String, i64>;

/// Counts the rows of all tables of the database at `url`, of either engine.
///
/// # Panics
/// When the database cannot be read.
pub(crate) async fn count(url: &str) -> RowCounts {
    match url.strip_prefix("sqlite:") {
        Some(file) => count_sqlite(file).expect("the SQLite file can be read beside its service"),
        None => count_postgres(url).await.expect("the PostgreSQL for tests answers"),
    }
}

fn count_sqlite(file: &str) -> rusqlite::Result<RowCounts> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut tables = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )?;
    let tables =
        tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let mut counts = RowCounts::new();
    for table in tables {
        let rows =
            connection
                .query_row(&format!("SELECT COUNT(*) FROM \"{table}\""), [], |row| row.get(0))?;
        counts.insert(table, rows);
    }
    Ok(counts)
}

async fn count_postgres(url: &str) -> Result<RowCounts, sea_orm::DbErr> {
    let mut options = ConnectOptions::new(url.to_owned());
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await?;
    let tables =
        "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = 'public'";
    let mut counts = RowCounts::new();
    for row in query(&connection, tables).await? {
        let table: String = row.try_get("", "name")?;
        let counted =
            query(&connection, &format!("SELECT COUNT(*) AS rows FROM \"{table}\"")).await?;
        counts.insert(table, counted[0].try_get("", "rows")?);
    }
    connection.close().await?;
    Ok(counts)
}

async fn query(
    connection: &DatabaseConnection,
    sql: &str,
) -> Result<Vec<sea_orm::QueryResult>, sea_orm::DbErr> {
    connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await
}
