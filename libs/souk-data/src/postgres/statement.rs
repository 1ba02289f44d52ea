//! One statement on one PostgreSQL connection.

use sea_orm::sqlx::postgres::{PgArguments, PgConnection, PgQueryResult, PgRow};
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe, Column, Row as _, TypeInfo};

use super::sort;
use crate::Error;
use crate::value::{Arg, Cell, Row, unique_names};

/// Runs a statement and returns how many rows it changed.
pub(crate) async fn execute(
    connection: &mut PgConnection,
    sql: &str,
    args: &[Arg<'_>],
) -> Result<PgQueryResult, Error> {
    let query = sqlx::query_with(AssertSqlSafe(sql), bind(args)?);
    query.execute(connection).await.map_err(|e| sort(&e))
}

/// Runs a query and returns its rows as sqlx decodes them.
pub(crate) async fn query(
    connection: &mut PgConnection,
    sql: &str,
    args: &[Arg<'_>],
) -> Result<Vec<PgRow>, Error> {
    let query = sqlx::query_with(AssertSqlSafe(sql), bind(args)?);
    let rows = query.fetch_all(connection).await.map_err(|e| sort(&e))?;
    if let Some(row) = rows.first() {
        unique_names(row.columns().iter().map(|column| column.name()))?;
    }
    Ok(rows)
}

/// Runs several statements, separated by semicolons.
pub(crate) async fn run_all(connection: &mut PgConnection, sql: &str) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map_err(|e| sort(&e))?;
    Ok(())
}

/// Turns the rows of one answer into ours. bool and the narrower integers become i64, as they are
/// on SQLite.
pub(crate) fn convert(rows: Vec<PgRow>) -> Result<Vec<Row>, Error> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let columns = unique_names(first.columns().iter().map(|column| column.name()))?;
    let mut converted = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut cells = Vec::with_capacity(columns.len());
        for (index, column) in row.columns().iter().enumerate() {
            cells.push(cell(row, index, column.type_info().name(), column.name())?);
        }
        converted.push(Row { columns: columns.clone(), cells });
    }
    Ok(converted)
}

fn cell(row: &PgRow, index: usize, kind: &str, name: &str) -> Result<Cell, Error> {
    let cell = match kind {
        "INT8" => row.try_get::<Option<i64>, _>(index).map(|value| value.map(Cell::Integer)),
        "INT4" => row
            .try_get::<Option<i32>, _>(index)
            .map(|value| value.map(|value| Cell::Integer(value.into()))),
        "INT2" => row
            .try_get::<Option<i16>, _>(index)
            .map(|value| value.map(|value| Cell::Integer(value.into()))),
        "BOOL" => row
            .try_get::<Option<bool>, _>(index)
            .map(|value| value.map(|value| Cell::Integer(value.into()))),
        "TEXT" | "VARCHAR" | "NAME" => {
            row.try_get::<Option<String>, _>(index).map(|value| value.map(Cell::Text))
        }
        "BYTEA" => row.try_get::<Option<Vec<u8>>, _>(index).map(|value| value.map(Cell::Bytes)),
        _ => {
            return Err(Error::bug(format!(
                "column {name} is {kind}; only bigint, text and bytea are stored (cast sums)"
            )));
        }
    };
    Ok(cell.map_err(|e| sort(&e))?.unwrap_or(Cell::Null))
}

fn bind(args: &[Arg<'_>]) -> Result<PgArguments, Error> {
    let mut bound = PgArguments::default();
    bound.reserve(args.len(), 0);
    for arg in args {
        let added = match *arg {
            Arg::Integer(value) => bound.add(value),
            Arg::Text(value) => bound.add(value),
            Arg::Bytes(value) => bound.add(value),
        };
        // An i64, a text and bytes always encode, except that PostgreSQL's text holds no NUL, which
        // it tells itself.
        added.map_err(|_| Error::bug("a value cannot be sent to PostgreSQL"))?;
    }
    Ok(bound)
}
