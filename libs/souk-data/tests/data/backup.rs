//! A backup of a running database is a database, as of one moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use souk_data::{DataConfig, Db, Engine, Error, Isolation, Tx, args};

use crate::support::{SCHEMA, TestDb, add_counter, counter, move_one};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_of_a_busy_database_is_consistent() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let db = test.open().await;
    for id in [1, 2] {
        add_counter(&db, id, 100_000).await.unwrap();
    }
    // Something to copy, so that writes happen meanwhile.
    let _: () = db
        .write(Isolation::Serializable, (), async |tx: &Tx, (): &()| {
            for id in 0..2000 {
                let sql = "INSERT INTO items (id, number, name, data) VALUES ($1, 0, '', $2)";
                tx.execute(sql, args![id, vec![0u8; 2000]]).await?;
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mover = db.clone();
    let stopped = stop.clone();
    let moving = tokio::spawn(async move {
        let mut moved = 0;
        while !stopped.load(Ordering::Relaxed) {
            mover.write(Isolation::Serializable, (), move_one).await.unwrap();
            moved += 1;
        }
        moved
    });
    for number in 0..5 {
        let copy = test.folder.path().join(format!("backup {number}/test.db"));
        db.backup(&copy).await.unwrap();
        let config = DataConfig::new("sqlite:test.db");
        let copy =
            Db::open(&config, copy.parent().unwrap(), &SCHEMA, test.clock.clone()).await.unwrap();
        let values =
            [counter(&copy.read(), 1).await.unwrap(), counter(&copy.read(), 2).await.unwrap()];
        assert_eq!(values[0] + values[1], 200_000);
        // The copy is a database of its own: it can be written to.
        add_counter(&copy, 3, 1).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    assert!(moving.await.unwrap() > 0);
    assert_eq!(counter(&db.read(), 3).await, None);
}

#[tokio::test]
async fn a_backup_overwrites_nothing() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let db = test.open().await;
    let path = test.folder.path().join("precious");
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(db.backup(&path).await, Err(Error::Config(_))));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}
