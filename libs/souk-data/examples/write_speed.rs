//! Measures what a write and a read cost on SQLite, by SQL text and by sea-orm. Run in release:
//! `cargo run --release -p souk-data --example write_speed`.

use std::time::{Duration, Instant};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Table;
use sea_orm::{ActiveValue, IntoActiveModel};
use souk_data::{DataConfig, Db, Ddl, Error, Find, Isolation, Migration, Schema, Tx, args, given};
use souk_types::Clock;

const SCHEMA: Schema = Schema {
    name: "speed",
    migrations: &[Migration { version: 1, name: "entries", up: entries, earlier_checksums: &[] }],
};

fn entries(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("entries")
            .col(ddl.integer("id").primary_key())
            .col(ddl.integer("account"))
            .col(ddl.integer("amount"))
            .col(ddl.text("note").null()),
    );
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub account: i64,
    pub amount: i64,
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::Id.eq(given(0))));

const TIME: Duration = Duration::from_secs(2);

/// How many entries are there to be found.
const ENTRIES: i64 = 1000;

/// Where the ids of the entities begin, so that they are not those of SQL text.
const BY_ENTITY: i64 = 1 << 40;

fn entry(id: i64) -> Model {
    Model { id, account: id % 10_000, amount: 1, note: Some("a note".to_owned()) }
}

async fn insert_by_sql(tx: &Tx, entry: &Model) -> Result<(), Error> {
    let sql = "INSERT INTO entries (id, account, amount, note) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, args![entry.id, entry.account, entry.amount, entry.note]).await?;
    Ok(())
}

async fn insert_by_entity(tx: &Tx, entry: &Model) -> Result<(), Error> {
    let entry = ActiveModel {
        id: ActiveValue::Set(BY_ENTITY + entry.id),
        ..entry.clone().into_active_model()
    };
    Entity::insert(entry).exec_without_returning(tx).await?;
    Ok(())
}

async fn find_by_sql(db: Db, id: i64) -> Result<Option<Model>, Error> {
    let sql = "SELECT id, account, amount, note FROM entries WHERE id = $1";
    let Some(row) = db.read().query_row(sql, args![id % ENTRIES]).await? else { return Ok(None) };
    let (id, account, amount, note) =
        (row.get("id")?, row.get("account")?, row.get("amount")?, row.get("note")?);
    Ok(Some(Model { id, account, amount, note }))
}

async fn find_by_id(db: Db, id: i64) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id(id % ENTRIES).one(&db.read()).await?)
}

async fn find_prepared(db: Db, id: i64) -> Result<Option<Model>, Error> {
    BY_ID.one(&db.read(), [(id % ENTRIES).into()]).await
}

/// Runs `step` from so many callers at once, with a number that is new each time, and prints how
/// many a second were done.
async fn measure<F, Fut, T>(what: &str, db: &Db, callers: i64, step: F)
where
    F: Fn(Db, i64) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = Result<T, Error>> + Send,
{
    let started = Instant::now();
    let commits = *db.committed().borrow();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut done = 0;
                while started.elapsed() < TIME {
                    step(db.clone(), done * callers + caller).await.expect("the database answers");
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a caller finishes");
    }
    let seconds = started.elapsed().as_secs_f64();
    let commits = *db.committed().borrow() - commits;
    let a_commit =
        if commits == 0 { String::new() } else { format!("{:.1}", done as f64 / commits as f64) };
    println!(
        "{what:<36} {callers:>7} {:>10.0} {:>8.1} {a_commit:>9}",
        done as f64 / seconds,
        seconds * 1e6 / done as f64,
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{:<36} {:>7} {:>10} {:>8} {:>9}", "", "callers", "a second", "µs each", "a commit");
    for (durable, how) in [(false, "not durable"), (true, "durable")] {
        for callers in [1, 64] {
            let folder = tempfile::tempdir()?;
            let config = DataConfig { durable, ..DataConfig::new("sqlite:speed.db") };
            let db = Db::open(&config, folder.path(), &SCHEMA, Clock::system()).await?;
            measure(&format!("insert, {how}: SQL text"), &db, callers, async |db: Db, id| {
                db.write(Isolation::Serializable, entry(id), insert_by_sql).await
            })
            .await;
            measure(&format!("insert, {how}: entity"), &db, callers, async |db: Db, id| {
                db.write(Isolation::Serializable, entry(id), insert_by_entity).await
            })
            .await;
            if durable && callers == 64 {
                measure("find by key: SQL text", &db, 1, find_by_sql).await;
                measure("find by key: Find", &db, 1, find_prepared).await;
                measure("find by key: find_by_id", &db, 1, find_by_id).await;
            }
        }
    }
    Ok(())
}
