//! All SQL.

use souk_data::{Error, Migration, Reader, Row, Schema, Tx, args};

use crate::entry::{Entry, EntryId};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "{{name}}",
    migrations: &[Migration {
        version: 1,
        name: "entries",
        sqlite: include_str!("../migrations/sqlite/0001_entries.sql"),
        postgres: include_str!("../migrations/postgres/0001_entries.sql"),
    }],
};

/// Adds an entry.
pub async fn insert(tx: &Tx, entry: &Entry) -> Result<(), Error> {
    let sql = "INSERT INTO entry (entry_id, user_id, text, create_time) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, args![entry.id.as_bytes(), entry.user_id, entry.text, entry.create_time]).await?;
    Ok(())
}

/// Returns how many entries a user has.
pub async fn count(reader: &Reader, user_id: &str) -> Result<i64, Error> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS entries FROM entry WHERE user_id = $1";
    reader.query_row(sql, args![user_id]).await?.map_or(Ok(0), |row| row.get("entries"))
}

/// Returns a user's entries, the newest first.
pub async fn recent(reader: &Reader, user_id: &str, most: i64) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT entry_id, user_id, text, create_time FROM entry WHERE user_id = $1 ORDER BY number DESC LIMIT $2";
    reader.query(sql, args![user_id, most]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Entry, Error> {
    let id: Vec<u8> = row.get("entry_id")?;
    Ok(Entry {
        id: EntryId::from_bytes(&id).expect("the table holds ids of 16 bytes only"),
        user_id: row.get("user_id")?,
        text: row.get("text")?,
        create_time: row.get("create_time")?,
    })
}
