//! A full disk, a file in use, a damaged file, a lost connection: a clear error, and everything
//! acknowledged is still there.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use souk_data::{DataConfig, Db, Engine, Error, Isolation, Tx};

use crate::support::{SCHEMA, TestDb, add_counter, add_item, count, counter, execute};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_refuses_writes_and_loses_none_that_was_acknowledged() {
    let mut test = TestDb::new(Engine::Sqlite).await.unwrap();
    test.config.max_bytes = 400 << 10;
    let db = test.open().await;
    add_counter(&db, 1, 1).await.unwrap();

    let mut writes = Vec::new();
    for id in 0..200 {
        let db = db.clone();
        writes.push((id, tokio::spawn(async move { add_item(&db, id, 5000).await })));
    }
    let mut kept = Vec::new();
    for (id, write) in writes {
        match write.await.unwrap() {
            Ok(()) => kept.push(id),
            Err(error) => assert!(matches!(error, Error::Full(_)), "{error}"),
        }
    }
    assert!(!kept.is_empty() && kept.len() < 200, "{} writes fitted", kept.len());
    // A group that failed as a whole has left some place.
    for id in 1000.. {
        match add_item(&db, id, 5000).await {
            Ok(()) => kept.push(id),
            Err(error) => {
                assert!(matches!(error, Error::Full(_)), "{error}");
                break;
            }
        }
    }
    assert_eq!(count(&db, "items").await, kept.len() as i64);
    // Whoever asks whether it is ready is told which file is full, until a write has a place again.
    for _ in 0..2 {
        let full = db.ping().await.unwrap_err().to_string();
        assert!(full.contains("test.db cannot grow") && full.contains("full"), "{full}");
    }

    // Room is made by deleting, and the process goes on as if nothing had been.
    assert_eq!(execute(&db, "DELETE FROM items").await, Ok(kept.len() as u64));
    add_item(&db, 1, 5000).await.unwrap();
    db.ping().await.unwrap();
    drop(db);
    let db = test.open().await;
    assert_eq!((count(&db, "items").await, counter(&db.read(), 1).await), (1, Some(1)));
}

#[tokio::test]
async fn a_write_too_large_for_the_disk_leaves_those_beside_it_alone() {
    let mut test = TestDb::new(Engine::Sqlite).await.unwrap();
    test.config.max_bytes = 400 << 10;
    let db = test.open().await;
    for round in 0..10 {
        assert!(matches!(add_item(&db, 1000 + round, 1 << 20).await, Err(Error::Full(_))));
        add_item(&db, round, 10).await.unwrap();
    }
    assert_eq!(count(&db, "items").await, 10);
}

#[tokio::test]
async fn a_second_opener_of_a_file_is_told_who_is_in_the_way() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let db = test.open().await;
    let second = test.try_open(&SCHEMA).await.err();
    assert!(matches!(second, Some(Error::InUse(_))), "{second:?}");
    assert!(second.unwrap().to_string().contains("test.db is in use by another process"));
    add_counter(&db, 1, 1).await.unwrap();
    drop(db);
    assert_eq!(counter(&test.open().await.read(), 1).await, Some(1));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    std::fs::write(test.folder.path().join("test.db"), [7; 10_000]).unwrap();
    let opened = test.try_open(&SCHEMA).await.err();
    assert!(matches!(opened, Some(Error::Corrupt(_))), "{opened:?}");
}

#[tokio::test]
async fn a_damaged_page_is_corrupt_and_never_an_answer() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let db = test.open().await;
    for id in 0..300 {
        add_item(&db, id, 500).await.unwrap();
    }
    drop(db);
    let path = test.folder.path().join("test.db");
    let pages = std::fs::metadata(&path).unwrap().len() / 4096;
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    for page in pages / 2..pages {
        file.seek(SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0xff; 4096]).unwrap();
    }
    drop(file);
    let read = match test.try_open(&SCHEMA).await {
        Ok(db) => db.read().query("SELECT * FROM items", &[]).await.map(|rows| rows.len()),
        Err(error) => Err(error),
    };
    assert!(matches!(read, Err(Error::Corrupt(_))), "{read:?}");
}

#[tokio::test]
async fn an_address_that_cannot_work_is_told_before_anything_starts() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    for url in ["sqlite:", "sqlite::memory:", "mysql://localhost/x", "orders.db"] {
        let config = DataConfig::new(url);
        let opened = Db::open(&config, test.folder.path(), &SCHEMA, test.clock.clone()).await.err();
        assert!(matches!(opened, Some(Error::Config(_))), "{url}: {opened:?}");
    }
    let nobody = DataConfig {
        retry_milliseconds: 100,
        ..DataConfig::new("postgres://souk@127.0.0.1:1/souk")
    };
    let opened = Db::open(&nobody, test.folder.path(), &SCHEMA, test.clock.clone()).await.err();
    assert!(matches!(opened, Some(Error::Unavailable(_))), "{opened:?}");
}

const KILL_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_connection_is_replaced() {
    let Some(test) = TestDb::new(Engine::Postgres).await else { return };
    let db = test.open().await;
    add_counter(&db, 1, 0).await.unwrap();
    for _ in 0..5 {
        test.as_admin(KILL_OTHERS).await;
        // A connection that died while idle costs nobody anything: the write takes another.
        assert_eq!(execute(&db, "UPDATE counters SET value = value + 1 WHERE id = 1").await, Ok(1));
        test.as_admin(KILL_OTHERS).await;
        assert!(counter(&db.read(), 1).await.is_some());
        test.as_admin(KILL_OTHERS).await;
        let seen = db
            .snapshot(|reader| async move { Ok::<_, Error>(counter(&reader, 1).await) })
            .await
            .unwrap();
        assert!(seen.is_some());
    }
    assert_eq!(counter(&db.read(), 1).await, Some(5));
}

async fn lose_connection(tx: &Tx, (killed, test): &(AtomicBool, Arc<TestDb>)) -> Result<(), Error> {
    tx.execute("INSERT INTO counters (id, value) VALUES (1, 1)", &[]).await?;
    assert!(
        !killed.swap(true, Ordering::SeqCst),
        "a write whose outcome is unknown must not run again"
    );
    test.as_admin(KILL_OTHERS).await;
    tx.execute("INSERT INTO counters (id, value) VALUES (2, 2)", &[]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_lost_in_a_write_is_unavailable_and_nothing_is_kept() {
    let Some(test) = TestDb::new(Engine::Postgres).await else { return };
    let db = test.open().await;
    let test = Arc::new(test);
    let lost = db
        .write(Isolation::Serializable, (AtomicBool::new(false), test.clone()), lose_connection)
        .await;
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
    add_counter(&db, 3, 3).await.unwrap();
    assert_eq!(count(&db, "counters").await, 1);
    db.ping().await.unwrap();
}

#[tokio::test]
async fn a_server_that_may_lose_writes_is_refused_unless_they_may_be_lost() {
    let Some(mut test) = TestDb::new(Engine::Postgres).await else { return };
    let name = test.config.url.rsplit_once('/').unwrap().1.to_owned();
    test.as_admin(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let opened = test.try_open(&SCHEMA).await.err();
    assert!(
        matches!(&opened, Some(Error::Config(text)) if text.contains("synchronous_commit")),
        "{opened:?}"
    );
    test.config.durable = false;
    add_counter(&test.open().await, 1, 1).await.unwrap();
}
