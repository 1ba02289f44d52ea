//! Measures what a write and a read cost on SQLite, with and without waiting for the disk. Run in release:
//! `cargo run --release -p souk-data --example write_speed`.

use std::time::{Duration, Instant};

use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, IntoActiveModel, Statement};
use souk_data::{DataConfig, Db, Error, Migration, Schema, args};
use souk_types::Clock;

const SCHEMA: Schema = Schema {
    name: "speed",
    migrations: &[Migration {
        version: 1,
        name: "entries",
        sqlite: "CREATE TABLE entries (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, amount INTEGER NOT NULL, note TEXT) STRICT;
                 CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
                 WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
                 INSERT INTO accounts SELECT i, 0 FROM n;",
        postgres: "",
    }],
};

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

const TIME: Duration = Duration::from_secs(2);

async fn plain(db: &Db, id: i64) -> Result<(), Error> {
    db.write(move |tx| async move {
        let account = id % 10_000;
        tx.execute("UPDATE accounts SET balance = balance + $1 WHERE id = $2", args![1, account]).await?;
        let sql = "INSERT INTO entries (id, account, amount, note) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, args![id, account, 1, "a note"]).await?;
        Ok(())
    })
    .await
}

async fn by_orm(db: &Db, id: i64) -> Result<(), Error> {
    db.write(move |tx| async move {
        let account = id % 10_000;
        tx.execute("UPDATE accounts SET balance = balance + $1 WHERE id = $2", args![1, account]).await?;
        let model = Model { id, account, amount: 1, note: Some("a note".to_owned()) };
        Entity::insert(model.into_active_model()).exec_without_returning(&tx).await?;
        Ok(())
    })
    .await
}

/// Runs `step` from so many callers at once and prints how many a second were done.
async fn measure<F, Fut>(what: &str, db: &Db, callers: i64, step: F)
where
    F: Fn(Db, i64) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let started = Instant::now();
    let commits = *db.committed().borrow();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (db, step) = (db.clone(), step.clone());
            tokio::spawn(async move {
                let mut done = 0;
                while started.elapsed() < TIME {
                    step(db.clone(), done * callers + caller).await;
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
    println!(
        "{what:<44} {callers:>4} callers {:>9.0}/s {:>7.1} µs each, {:.1} a commit",
        done as f64 / seconds,
        seconds * 1e6 / done as f64,
        done as f64 / commits.max(1) as f64,
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for durable in [false, true] {
        println!("durable = {durable}");
        for callers in [1, 16, 64, 256] {
            let folder = tempfile::tempdir()?;
            let config = DataConfig { durable, ..DataConfig::new("sqlite:speed.db") };
            let db = Db::open(&config, folder.path(), &SCHEMA, Clock::system()).await?;
            measure("write: update and insert, SQL", &db, callers, |db, id| async move {
                plain(&db, id).await.expect("it is written");
            })
            .await;
            let from = 1 << 40;
            measure("write: update by SQL, insert by sea-orm", &db, callers, move |db, id| async move {
                by_orm(&db, from + id).await.expect("it is written");
            })
            .await;
            if callers == 16 {
                measure("read: one row, SQL", &db, 2, |db, id| async move {
                    let sql = "SELECT id, account, amount, note FROM entries WHERE id = $1";
                    db.read().query_row(sql, args![id % 1000]).await.expect("it is read");
                })
                .await;
                measure("read: one row, sea-orm, its SQL built before", &db, 2, |db, id| async move {
                    let sql = "SELECT id, account, amount, note FROM entries WHERE id = $1";
                    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [(id % 1000).into()]);
                    Entity::find().from_raw_sql(statement).one(&db.read()).await.expect("it is read");
                })
                .await;
                measure("read: one row, sea-orm", &db, 2, |db, id| async move {
                    Entity::find_by_id(id % 1000).one(&db.read()).await.expect("it is read");
                })
                .await;
            }
        }
    }
    Ok(())
}
