//! What a write and a read promise on both engines.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use souk_data::{Engine, Error, Find, Isolation, Reader, Tx, args, given};
use tokio::sync::Notify;

use crate::counter::{Column, Entity, Model};
use crate::support::{
    TestDb, add_counter, count, counter, execute, move_one, on_each_engine, until,
};

/// Locks a counter. SQLite knows no such lock, and needs none.
static LOCKED: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::Id.eq(given(0))).limit(1).lock_exclusive());

/// A store's error, as services have them.
#[derive(Debug, thiserror::Error, PartialEq)]
enum ShopError {
    #[error("sold out")]
    SoldOut,
    #[error("database failed")]
    Database(#[from] Error),
}

async fn increment(tx: &Tx, id: &i64) -> Result<i64, Error> {
    let sql = "SELECT value FROM counters WHERE id = $1 FOR UPDATE";
    let row = tx.query_row(sql, args![id]).await?.expect("the counter exists");
    let value = row.get::<i64>("value")? + 1;
    tx.execute("UPDATE counters SET value = $1 WHERE id = $2", args![value, id]).await?;
    Ok(value)
}

async fn increment_by_orm(tx: &Tx, id: &i64) -> Result<i64, Error> {
    let found =
        Entity::find_by_id(*id).lock(LockType::Update).one(tx).await?.expect("the counter exists");
    raise(tx, found).await
}

async fn increment_by_find(tx: &Tx, id: &i64) -> Result<i64, Error> {
    raise(tx, LOCKED.one(tx, [(*id).into()]).await?.expect("the counter exists")).await
}

async fn increment_by_sql(tx: &Tx, id: &i64) -> Result<i64, Error> {
    let row =
        tx.query_row("SELECT id, value FROM counters WHERE id = $1 FOR UPDATE", args![id]).await?;
    let row = row.expect("the counter exists");
    raise(tx, Model { id: row.get("id")?, value: row.get("value")? }).await
}

async fn raise(tx: &Tx, found: Model) -> Result<i64, Error> {
    let value = found.value + 1;
    tx.execute("UPDATE counters SET value = $1 WHERE id = $2", args![value, found.id]).await?;
    Ok(value)
}

/// Reads without locking, so that only SERIALIZABLE keeps it right.
async fn increment_unlocked(tx: &Tx, id: &i64) -> Result<i64, Error> {
    let row = tx
        .query_row("SELECT value FROM counters WHERE id = $1", args![id])
        .await?
        .expect("the counter exists");
    let value = row.get::<i64>("value")? + 1;
    tx.execute("UPDATE counters SET value = $1 WHERE id = $2", args![value, id]).await?;
    Ok(value)
}

on_each_engine! {
    async fn a_write_is_seen_by_every_later_read(test: TestDb) {
        let db = test.open().await;
        for id in 0..50 {
            add_counter(&db, id, id).await.unwrap();
            assert_eq!(counter(&db.read(), id).await, Some(id));
        }
        db.ping().await.unwrap();
    }

    async fn an_error_undoes_its_write_and_comes_back_as_it_was(test: TestDb) {
        let db = test.open().await;
        let refused: Result<(), ShopError> = db.write(Isolation::Serializable, (), async |tx: &Tx, (): &()| {
            tx.execute("INSERT INTO counters (id, value) VALUES (1, 1)", &[]).await?;
            Err(ShopError::SoldOut)
        }).await;
        assert_eq!(refused, Err(ShopError::SoldOut));
        assert_eq!(count(&db, "counters").await, 0);
    }

    async fn a_panic_undoes_only_its_own_write(test: TestDb) {
        let db = test.open().await;
        let writes = (0..20i64).map(|id| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(Isolation::Serializable, id, async |tx: &Tx, id: &i64| {
                    tx.execute("INSERT INTO counters (id, value) VALUES ($1, 0)", args![id]).await?;
                    assert!(id % 5 != 0, "a write that panics, as this test wants");
                    Ok::<_, Error>(())
                })
                .await
            })
        });
        for (id, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
            let expected = if id % 5 == 0 { Err(Error::Panicked) } else { Ok(()) };
            assert_eq!(write.await.unwrap(), expected, "write {id}");
        }
        assert_eq!(count(&db, "counters").await, 16);
        add_counter(&db, 100, 0).await.unwrap();
    }

    async fn concurrent_serializable_increments_add_up(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        let tasks: Vec<_> = (0..8).map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    db.write(Isolation::Serializable, 1, increment_unlocked).await.unwrap();
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(counter(&db.read(), 1).await, Some(80));
    }

    async fn concurrent_locked_increments_add_up(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        let tasks: Vec<_> = (0..16).map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    db.write(Isolation::ReadCommitted, 1, increment).await.unwrap();
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(counter(&db.read(), 1).await, Some(320));
    }

    async fn a_select_for_update_locks_where_the_engine_has_locks(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 0).await.unwrap();
        let tasks: Vec<_> = (0..8).map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    db.write(Isolation::ReadCommitted, 1, increment_by_orm).await.unwrap();
                    db.write(Isolation::ReadCommitted, 1, increment_by_find).await.unwrap();
                    db.write(Isolation::ReadCommitted, 1, increment_by_sql).await.unwrap();
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(counter(&db.read(), 1).await, Some(240));
    }

    async fn a_caller_that_goes_away_does_not_stop_its_write(test: TestDb) {
        let db = test.open().await;
        let writer = db.clone();
        let begun = Arc::new(Notify::new());
        let signal = begun.clone();
        let caller = tokio::spawn(async move {
            writer.write(Isolation::Serializable, signal, async |tx: &Tx, signal: &Arc<Notify>| {
                signal.notify_one();
                std::thread::sleep(Duration::from_millis(50));
                tx.execute("INSERT INTO counters (id, value) VALUES (1, 1)", &[]).await
            }).await
        });
        begun.notified().await;
        caller.abort();
        until("the write is there", || async { counter(&db.read(), 1).await.is_some() }).await;
    }

    async fn a_transaction_cannot_be_used_after_its_end(test: TestDb) {
        let db = test.open().await;
        let kept: Arc<Mutex<Option<Tx>>> = Arc::default();
        let keep = kept.clone();
        db.write(Isolation::Serializable, keep, async |tx: &Tx, keep: &Arc<Mutex<Option<Tx>>>| {
            *keep.lock() = Some(tx.clone());
            Ok::<_, Error>(())
        }).await.unwrap();
        let tx = kept.lock().take().unwrap();
        let late = tx.execute("INSERT INTO counters (id, value) VALUES (1, 1)", &[]).await;
        assert!(matches!(late, Err(Error::Bug(_))));
        assert_eq!(count(&db, "counters").await, 0);
    }

    async fn nothing_goes_on_after_a_failed_statement(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 1).await.unwrap();
        let result: Result<(), Error> = db.write(Isolation::Serializable, (), async |tx: &Tx, (): &()| {
            tx.execute("INSERT INTO counters (id, value) VALUES (2, 2)", &[]).await?;
            let taken = tx.execute("INSERT INTO counters (id, value) VALUES (1, 5)", &[]).await;
            assert!(taken.is_err_and(|error| error.is_unique_violation()));
            let next = tx.execute("INSERT INTO counters (id, value) VALUES (3, 3)", &[]).await;
            assert!(matches!(next, Err(Error::Bug(_))));
            Ok(())
        }).await;
        assert!(result.is_err_and(|error| error.is_unique_violation()));
        assert_eq!(count(&db, "counters").await, 1);
    }

    async fn a_reader_cannot_write(test: TestDb) {
        use sea_orm::ConnectionTrait;
        let db = test.open().await;
        let refused = db.read().execute_unprepared("DELETE FROM counters").await.map_err(Error::from);
        assert!(matches!(refused, Err(Error::Bug(_))));
    }

    async fn a_snapshot_is_one_state(test: TestDb) {
        let db = test.open().await;
        for id in [1, 2] {
            add_counter(&db, id, 1000).await.unwrap();
        }
        let mover = db.clone();
        let moving = tokio::spawn(async move {
            for _ in 0..100 {
                mover.write(Isolation::Serializable, (), move_one).await.unwrap();
            }
        });
        while !moving.is_finished() {
            let sum = db.snapshot(|reader: Reader| async move {
                let one = counter(&reader, 1).await.unwrap();
                std::thread::sleep(Duration::from_millis(2));
                Ok::<_, Error>(one + counter(&reader, 2).await.unwrap())
            }).await.unwrap();
            assert_eq!(sum, 2000);
        }
        moving.await.unwrap();
    }

    async fn a_commit_wakes_those_who_wait_for_it(test: TestDb) {
        let db = test.open().await;
        let mut committed = db.committed();
        add_counter(&db, 1, 1).await.unwrap();
        tokio::time::timeout(Duration::from_secs(60), committed.changed()).await.unwrap().unwrap();
    }

    async fn a_check_of_the_schema_is_told_as_such(test: TestDb) {
        let db = test.open().await;
        let refused = add_counter(&db, 1, -1).await;
        assert!(matches!(refused, Err(Error::ConstraintViolation(_))), "{refused:?}");
        let misspelt = execute(&db, "DELETE FROM nowhere").await;
        assert!(matches!(misspelt, Err(Error::Bug(_))), "{misspelt:?}");
    }

    async fn an_error_never_quotes_a_value(test: TestDb) {
        let db = test.open().await;
        let secret = 918_273_645;
        add_counter(&db, secret, 1).await.unwrap();
        let mut texts = vec![add_counter(&db, secret, 1).await.unwrap_err().to_string()];
        texts.push(add_counter(&db, 2, -secret).await.unwrap_err().to_string());
        let update = async |tx: &Tx, secret: &String| {
            tx.execute("UPDATE counters SET value = CAST($1 AS BIGINT) WHERE nothing = 1", args![secret]).await
        };
        let wrong: Result<u64, Error> = db.write(Isolation::Serializable, secret.to_string(), update).await;
        texts.push(wrong.unwrap_err().to_string());
        for text in texts {
            assert!(!text.contains("918273645"), "{text}");
        }
    }
}

#[tokio::test]
async fn postgresql_compiles_no_statement() {
    let Some(test) = TestDb::new(Engine::Postgres).await else { return };
    let db = test.open().await;
    let jit = db.read().query_row("SHOW jit", &[]).await.unwrap().unwrap();
    assert_eq!(jit.get::<String>("jit").unwrap(), "off");
}
