//! Migrations: forward only, all pending ones in one transaction, under a lock. What was applied is
//! compared with the program.

use sea_orm::sqlx::postgres::PgConnection;
use souk_types::Timestamp;

use crate::ddl::{Rewrite, Step};
use crate::own_tables::{OWN_TABLES, applied_migrations};
use crate::postgres::statement;
use crate::shop_file::Stored;
use crate::sqlite::connection::Connection;
use crate::value::Row;
use crate::{Ddl, Engine, Error, Migration, Schema};

const APPLIED: &str = "SELECT schema_name, version, name, checksum FROM souk_migrations ORDER BY schema_name, version";
const RECORD: &str = "INSERT INTO souk_migrations (schema_name, version, name, checksum, applied_time) VALUES ($1, $2, $3, $4, $5)";

/// Any number that nothing else in this database locks.
const ADVISORY_LOCK: i64 = 0x736f_756b;

/// Sets whose database it is, and its epoch.
const CLAIM: &str = "UPDATE souk_shop SET shop = $1, epoch = $2";

/// Migrates a SQLite file and writes down whose it is. The caller holds it.
pub(crate) fn sqlite(
    connection: &mut Connection,
    schema: &Schema,
    now: Timestamp,
    of: &Stored,
) -> Result<(), Error> {
    connection.run("BEGIN IMMEDIATE")?;
    let migrated = migrate_sqlite(connection, schema, now)
        .and_then(|()| connection.execute(CLAIM, args![&of.shop, of.epoch]).map(|_| ()));
    match migrated {
        Ok(()) => connection.run("COMMIT"),
        Err(error) => {
            let _ = connection.run("ROLLBACK");
            Err(error)
        }
    }
}

fn migrate_sqlite(
    connection: &mut Connection,
    schema: &Schema,
    now: Timestamp,
) -> Result<(), Error> {
    connection.run_all(&Ddl::render(Engine::Sqlite, applied_migrations))?;
    let applied = connection.query(APPLIED, &[])?;
    for (schema, migration) in pending(&applied, schema, Engine::Sqlite)? {
        for step in migration.steps(Engine::Sqlite) {
            let done = match step {
                Step::Sql(statements) => connection.run_all(&statements),
                Step::Rewrite(rewrite) => rewrite_sqlite(connection, &rewrite),
            };
            done.map_err(|e| failed(&schema, migration, e))?;
        }
        let checksum = migration.checksum(Engine::Sqlite);
        connection.execute(
            RECORD,
            args!(schema.name, migration.version, migration.name, checksum, now),
        )?;
    }
    let tables = connection.query(
        "SELECT l.name AS table_name, l.strict AS strict_table, c.name AS column_name, upper(c.type) AS column_type
         FROM pragma_table_list AS l JOIN pragma_table_info(l.name) AS c
         WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        &[],
    )?;
    for row in &tables {
        if !row.get::<bool>("strict_table")? {
            return Err(wrong(
                schema,
                format!("table {} is not STRICT", row.get::<String>("table_name")?),
            ));
        }
    }
    check_types(schema, &tables, &["INTEGER", "INT", "TEXT", "BLOB"])
}

fn rewrite_sqlite(connection: &mut Connection, rewrite: &Rewrite) -> Result<(), Error> {
    for row in connection.query(&rewrite.values(), &[])? {
        let old: String = row.get(Rewrite::VALUE)?;
        let new = (rewrite.new)(&old);
        connection.execute(&rewrite.update(), args!(&old, &new))?;
    }
    Ok(())
}

/// Migrates a PostgreSQL database and writes down whose it is; replicas that start together wait
/// for each other. `claim` takes what the database says of itself and returns what it says from now
/// on.
pub(crate) async fn postgres(
    connection: &mut PgConnection,
    schema: &Schema,
    now: Timestamp,
    claim: impl FnOnce(Stored) -> Result<Stored, Error>,
) -> Result<Stored, Error> {
    // The migration of another replica may well take longer than a row is waited for.
    statement::run_all(connection, "BEGIN; SET LOCAL lock_timeout = 0").await?;
    let migrated = async {
        migrate_postgres(connection, schema, now).await?;
        let rows = statement::query(connection, "SELECT shop, epoch FROM souk_shop", &[]).await?;
        let rows = statement::convert(rows)?;
        let row = rows.first().ok_or_else(|| Error::Corrupt("the shop's id is missing".into()))?;
        let of = claim(Stored { shop: row.get("shop")?, epoch: row.get("epoch")? })?;
        statement::execute(connection, CLAIM, args![&of.shop, of.epoch]).await?;
        Ok(of)
    }
    .await;
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = statement::run_all(connection, end).await;
    ended.and(migrated)
}

async fn migrate_postgres(
    connection: &mut PgConnection,
    schema: &Schema,
    now: Timestamp,
) -> Result<(), Error> {
    statement::query(
        connection,
        "SELECT pg_advisory_xact_lock($1) IS NULL AS locked",
        args!(ADVISORY_LOCK),
    )
    .await?;
    let create = Ddl::render(Engine::Postgres, applied_migrations);
    statement::run_all(connection, &create).await?;
    let applied = statement::convert(statement::query(connection, APPLIED, &[]).await?)?;
    for (schema, migration) in pending(&applied, schema, Engine::Postgres)? {
        for step in migration.steps(Engine::Postgres) {
            let done = match step {
                Step::Sql(statements) => statement::run_all(connection, &statements).await,
                Step::Rewrite(rewrite) => rewrite_postgres(connection, &rewrite).await,
            };
            done.map_err(|e| failed(&schema, migration, e))?;
        }
        let checksum = migration.checksum(Engine::Postgres);
        let record = args!(schema.name, migration.version, migration.name, checksum, now);
        statement::execute(connection, RECORD, record).await?;
    }
    let tables = statement::query(
        connection,
        "SELECT table_name::text AS table_name, column_name::text AS column_name, data_type::text AS column_type
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
        &[],
    );
    check_types(schema, &statement::convert(tables.await?)?, &["bigint", "text", "bytea"])
}

async fn rewrite_postgres(connection: &mut PgConnection, rewrite: &Rewrite) -> Result<(), Error> {
    let rows = statement::query(connection, &rewrite.values(), &[]).await?;
    for row in statement::convert(rows)? {
        let old: String = row.get(Rewrite::VALUE)?;
        let new = (rewrite.new)(&old);
        statement::execute(connection, &rewrite.update(), args!(&old, &new)).await?;
    }
    Ok(())
}

/// Returns what is left to do, or why the stored schema is not ours.
fn pending(
    applied: &[Row],
    schema: &Schema,
    engine: Engine,
) -> Result<Vec<(Schema, Migration)>, Error> {
    let mut left: Vec<(Schema, Migration)> = Vec::new();
    for row in applied {
        let name: String = row.get("schema_name")?;
        if name != OWN_TABLES.name && name != schema.name {
            return Err(wrong(schema, format!("the database belongs to {name}")));
        }
    }
    for schema in [&OWN_TABLES, schema] {
        let mut done = Vec::new();
        for row in applied {
            if row.get::<String>("schema_name")? == schema.name {
                done.push((row.get::<i64>("version")?, row.get::<String>("checksum")?));
            }
        }
        let ascending = schema.migrations.windows(2).all(|pair| pair[0].version < pair[1].version);
        if !ascending {
            return Err(wrong(schema, "its migrations are not in ascending order".into()));
        }
        let newest = schema.migrations.last().map_or(0, |migration| migration.version);
        if let Some((version, _)) = done.iter().find(|(version, _)| *version > newest) {
            let problem =
                format!("the database is at version {version}, newer than this program's {newest}");
            return Err(wrong(schema, problem));
        }
        for (index, (version, checksum)) in done.iter().enumerate() {
            match schema.migrations.get(index) {
                Some(migration) if migration.version != *version => {
                    return Err(wrong(
                        schema,
                        format!("migration {version} was applied, but is not this program's next"),
                    ));
                }
                Some(migration) if !migration.is_recorded_as(checksum, engine) => {
                    return Err(wrong(
                        schema,
                        format!("migration {version} was changed after it had been applied"),
                    ));
                }
                Some(_) => {}
                None => {
                    return Err(wrong(
                        schema,
                        format!("migration {version} is unknown to this program"),
                    ));
                }
            }
        }
        left.extend(schema.migrations[done.len()..].iter().map(|migration| (*schema, *migration)));
    }
    Ok(left)
}

fn check_types(schema: &Schema, columns: &[Row], allowed: &[&str]) -> Result<(), Error> {
    for row in columns {
        let kind: String = row.get("column_type")?;
        if !allowed.contains(&kind.as_str()) {
            let (table, column): (String, String) =
                (row.get("table_name")?, row.get("column_name")?);
            let problem = format!(
                "column {table}.{column} is {kind}; only {} are stored",
                allowed.join(", ")
            );
            return Err(wrong(schema, problem));
        }
    }
    Ok(())
}

fn wrong(schema: &Schema, problem: String) -> Error {
    Error::Schema { schema: schema.name.into(), problem: problem.into() }
}

fn failed(schema: &Schema, migration: Migration, error: Error) -> Error {
    match error {
        Error::Bug(problem)
        | Error::ConstraintViolation(problem)
        | Error::UniqueViolation(problem) => wrong(
            schema,
            format!("migration {} ({}) failed: {problem}", migration.version, migration.name),
        ),
        other => other,
    }
}
