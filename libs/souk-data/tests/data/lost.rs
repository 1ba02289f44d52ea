//! What is lost on disk is noticed: under a running process at the next commit, and at the start,
//! with the way on.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use souk_data::{DataConfig, Db, Engine, Error, SHOP_FILE, ShopFile};
use tempfile::TempDir;

use crate::support::{SCHEMA, TestDb, add_counter, count, counter, until};

/// Copies what a process that was killed now would leave behind, or a part of it.
fn copy(test: &TestDb, names: &[&str]) -> TempDir {
    let copy = TempDir::new().unwrap();
    for name in names {
        fs::copy(test.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    copy
}

async fn open_in(folder: &Path) -> Result<Db, Error> {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    Db::open(&test.config, folder, &SCHEMA, test.clock.clone()).await
}

/// Asserts that a folder is refused in one line that names the file and the way on, and that it is
/// taken once accepted.
async fn refused_until_accepted(folder: &Path, problem: &str) {
    for _ in 0..2 {
        let refused = open_in(folder).await.err();
        let Some(Error::Lost(line)) = &refused else { panic!("{problem}: {refused:?}") };
        assert!(
            line.contains("test.db") && line.contains(problem) && !line.contains('\n'),
            "{problem}: {line}"
        );
        assert!(line.contains("--accept-data test.db"), "{line}");
    }
    ShopFile::update(folder, |list| _ = list.accept.insert("test.db".to_owned())).unwrap();
    drop(open_in(folder).await.unwrap());
    // Once, and from then on it is known as it is now.
    assert!(ShopFile::read(folder).unwrap().unwrap().accept.is_empty());
    drop(open_in(folder).await.unwrap());
}

const ALL: [&str; 3] = ["test.db", "test.db-wal", SHOP_FILE];

/// A database of two starts, the second of which still runs: its log is not yet copied back.
async fn of_two_starts() -> (TestDb, Db) {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let db = test.open().await;
    add_counter(&db, 1, 1).await.unwrap();
    drop(db);
    let db = test.open().await;
    add_counter(&db, 2, 2).await.unwrap();
    (test, db)
}

#[tokio::test]
async fn a_vanished_or_emptied_file_a_lost_log_and_a_lost_list_refuse_the_start() {
    let (test, _db) = of_two_starts().await;
    refused_until_accepted(copy(&test, &[SHOP_FILE]).path(), "is gone or empty").await;

    let emptied = copy(&test, &[SHOP_FILE]);
    fs::write(emptied.path().join("test.db"), "").unwrap();
    refused_until_accepted(emptied.path(), "is gone or empty").await;

    refused_until_accepted(copy(&test, &["test.db", SHOP_FILE]).path(), "went back in time").await;
    refused_until_accepted(
        copy(&test, &["test.db", "test.db-wal"]).path(),
        "shop.json, which lists",
    )
    .await;

    let another = copy(&test, &ALL);
    ShopFile::update(another.path(), |list| list.shop = "shop_other".to_owned()).unwrap();
    refused_until_accepted(another.path(), "belongs to another shop").await;
}

#[tokio::test]
async fn an_older_copy_among_newer_ones_refuses_the_start_and_a_whole_copy_does_not() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    drop(test.open().await);
    let backup = copy(&test, &["test.db", SHOP_FILE]);
    for _ in 0..3 {
        drop(test.open().await);
    }
    let whole = copy(&test, &["test.db", SHOP_FILE]);
    drop(open_in(whole.path()).await.unwrap());

    let older = copy(&test, &[SHOP_FILE]);
    fs::copy(backup.path().join("test.db"), older.path().join("test.db")).unwrap();
    refused_until_accepted(older.path(), "went back in time (epoch 1 after 4)").await;

    let newer = copy(&test, &["test.db"]);
    fs::copy(backup.path().join(SHOP_FILE), newer.path().join(SHOP_FILE)).unwrap();
    refused_until_accepted(newer.path(), "is newer than shop.json").await;
    drop(open_in(backup.path()).await.unwrap());
}

#[tokio::test]
async fn a_killed_process_leaves_a_folder_that_starts() {
    let (test, db) = of_two_starts().await;
    let killed = copy(&test, &ALL);
    drop(open_in(killed.path()).await.unwrap());
    // Between the database and the list.
    let list = ShopFile::read(test.folder.path()).unwrap().unwrap();
    let behind = copy(&test, &ALL);
    ShopFile::update(behind.path(), |list| _ = list.databases.insert("test.db".to_owned(), 1))
        .unwrap();
    for _ in 0..3 {
        let db = open_in(behind.path()).await.unwrap();
        assert_eq!(counter(&db.read(), 2).await, Some(2));
    }
    // Before the list names it at all.
    let first = TestDb::new(Engine::Sqlite).await.unwrap();
    drop(first.open().await);
    ShopFile::update(first.folder.path(), |list| list.databases.clear()).unwrap();
    drop(first.open().await);
    // The list follows while it is written to.
    until("the list follows", || async {
        let now = ShopFile::read(test.folder.path()).unwrap().unwrap();
        now.databases["test.db"] > list.databases["test.db"]
    })
    .await;
    drop(open_in(copy(&test, &ALL).path()).await.unwrap());
    drop(db);
    drop(test.open().await);
}

#[tokio::test]
async fn a_folder_from_before_the_list_gets_one() {
    let (test, db) = of_two_starts().await;
    drop(db);
    let file = rusqlite::Connection::open(test.folder.path().join("test.db")).unwrap();
    file.execute_batch(
        "DROP TABLE souk_shop; DROP TABLE souk_operations;
         DELETE FROM souk_migrations WHERE schema_name = 'souk-data' AND version >= 3",
    )
    .unwrap();
    drop(file);
    fs::remove_file(test.folder.path().join(SHOP_FILE)).unwrap();
    let db = test.open().await;
    assert_eq!(counter(&db.read(), 2).await, Some(2));
    let list = ShopFile::read(test.folder.path()).unwrap().unwrap();
    let row = db.read().query_row("SELECT shop, epoch FROM souk_shop", &[]).await.unwrap().unwrap();
    assert_eq!(row.get::<String>("shop").unwrap(), list.shop);
    assert_eq!(list.databases["test.db"], 1);
}

/// Asserts that nothing is acknowledged any more, and that a readiness check says why.
async fn takes_no_writes(db: &Db, why: &str) {
    for id in 100..103 {
        let refused = add_counter(db, id, id).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{why}: {refused:?}");
        // What callers are told holds no path.
        assert!(!refused.unwrap_err().to_string().contains('/'));
    }
    let ping = db.ping().await.unwrap_err().to_string();
    assert!(ping.contains(why), "{ping}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_deleted_moved_or_replaced_under_a_running_process_takes_no_more_writes() {
    let (test, db) = of_two_starts().await;
    let path = test.folder.path().join("test.db");
    let aside = test.folder.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    takes_no_writes(&db, "test.db is gone").await;
    fs::copy(&aside, &path).unwrap();
    takes_no_writes(&db, "test.db was replaced").await;
    fs::remove_file(&path).unwrap();
    takes_no_writes(&db, "test.db is gone").await;
    // Back in its place it goes on.
    fs::rename(&aside, &path).unwrap();
    db.ping().await.unwrap();
    add_counter(&db, 3, 3).await.unwrap();
    assert_eq!(count(&db, "counters").await, 3);

    fs::remove_file(test.folder.path().join("test.db-wal")).unwrap();
    takes_no_writes(&db, "test.db-wal is gone").await;
    // An orderly stop still brings home what the log held.
    drop(db);
    let db = test.open().await;
    assert_eq!(counter(&db.read(), 3).await, Some(3));

    fs::remove_file(&path).unwrap();
    takes_no_writes(&db, "test.db is gone").await;
    drop(db);
    refused_until_accepted(test.folder.path(), "is gone or empty").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_or_a_log_that_is_emptied_under_a_running_process_takes_no_more_writes() {
    let (test, db) = of_two_starts().await;
    let log =
        fs::OpenOptions::new().write(true).open(test.folder.path().join("test.db-wal")).unwrap();
    log.set_len(0).unwrap();
    takes_no_writes(&db, "test.db-wal was emptied").await;
    drop(db);

    let (test, db) = of_two_starts().await;
    // SQLite's own locks go when any handle of the file is closed, so this one stays.
    let file = fs::OpenOptions::new().write(true).open(test.folder.path().join("test.db")).unwrap();
    file.set_len(0).unwrap();
    takes_no_writes(&db, "test.db was emptied").await;
    drop(file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_another_program_has_copied_back_lawfully_is_no_trouble() {
    let (_test, db) = of_two_starts().await;
    let other = rusqlite::Connection::open(_test.folder.path().join("test.db")).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    for id in 3..6 {
        add_counter(&db, id, id).await.unwrap();
    }
    db.ping().await.unwrap();
    drop(other);
}

#[tokio::test]
async fn the_lock_is_on_the_database_itself() {
    let (test, db) = of_two_starts().await;
    let names = fs::read_dir(test.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [SHOP_FILE, "test.db", "test.db-shm", "test.db-wal"]);
    let file = fs::File::open(test.folder.path().join("test.db")).unwrap();
    assert!(matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)));
    drop(db);
    file.try_lock().unwrap();
    assert!(matches!(test.try_open(&SCHEMA).await, Err(Error::InUse(_))));
}

#[tokio::test]
async fn nobody_else_can_read_the_folder_and_its_files_and_what_was_readable_is_tightened() {
    let (test, db) = of_two_starts().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let assert_tight = || {
        assert_eq!(mode(test.folder.path()), 0o700);
        for name in ["test.db", "test.db-wal", "test.db-shm", SHOP_FILE] {
            assert_eq!(mode(&test.folder.path().join(name)), 0o600, "{name}");
        }
    };
    assert_tight();
    drop(db);
    let loosen =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    loosen(test.folder.path(), 0o755);
    loosen(&test.folder.path().join("test.db"), 0o644);
    let db = test.open().await;
    assert_tight();
    drop(db);

    let nested = test.folder.path().join("made/by/us");
    drop(
        Db::open(&DataConfig::new("sqlite:test.db"), &nested, &SCHEMA, test.clock.clone())
            .await
            .unwrap(),
    );
    assert_eq!(mode(&nested), 0o700);
}

#[tokio::test]
async fn on_postgres_another_shops_and_an_older_database_are_refused() {
    let Some(test) = TestDb::new(Engine::Postgres).await else { return };
    drop(test.open().await);
    drop(test.open().await);
    // A replica with a folder of its own learns whose database it is.
    let replica = TempDir::new().unwrap();
    drop(Db::open(&test.config, replica.path(), &SCHEMA, test.clock.clone()).await.unwrap());
    let (here, there) =
        (ShopFile::read(test.folder.path()).unwrap(), ShopFile::read(replica.path()).unwrap());
    let here = here.unwrap();
    let there = there.unwrap();
    assert_eq!(here.shop, there.shop);
    assert_eq!((here.databases["postgres:proving"], there.databases["postgres:proving"]), (2, 3));

    for (change, problem) in [
        ("UPDATE souk_shop SET epoch = 1", "went back in time (epoch 1 after 2)"),
        (
            "UPDATE souk_shop SET shop = 'shop_other', epoch = 9",
            "belongs to another shop (shop_other",
        ),
        ("UPDATE souk_shop SET shop = '', epoch = 0", "is not the database that shop.json lists"),
    ] {
        test.as_admin(change).await;
        let refused = test.try_open(&SCHEMA).await.err();
        let Some(Error::Lost(line)) = &refused else { panic!("{change}: {refused:?}") };
        assert!(
            line.contains(problem) && line.contains("--accept-data postgres:proving"),
            "{line}"
        );
        ShopFile::update(test.folder.path(), |list| {
            _ = list.accept.insert("postgres:proving".to_owned())
        })
        .unwrap();
        drop(test.open().await);
        drop(test.open().await);
    }
}
