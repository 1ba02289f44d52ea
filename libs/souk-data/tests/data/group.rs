//! Group commit on SQLite: closures share a commit, and nothing they returned leaves before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;
use souk_data::{Db, Engine, Error, Isolation, Tx, args};
use tokio::task::JoinHandle;

use crate::support::{TestDb, add_counter, add_item, count, counter, execute, until};

/// A place where a closure stops, blocking the writer, until the test lets it go on.
#[derive(Clone)]
struct Gate {
    reached: Arc<AtomicBool>,
    opened: Arc<Mutex<Receiver<()>>>,
}

impl Gate {
    fn new() -> (Gate, Sender<()>) {
        let (open, opened) = channel();
        (Gate { reached: Arc::default(), opened: Arc::new(Mutex::new(opened)) }, open)
    }

    /// Stops a closure that has not been here; one that runs again passes.
    fn pass(&self) {
        if self.reached.swap(true, Ordering::SeqCst) {
            return;
        }
        self.opened.lock().recv_timeout(Duration::from_secs(20)).expect("the test opens the gate");
    }

    async fn reached(&self) {
        until("a closure is at the gate", || async { self.reached.load(Ordering::SeqCst) }).await;
    }
}

/// Queues a write that stops at a gate.
fn at_gate(db: &Db) -> (Gate, Sender<()>, JoinHandle<Result<(), Error>>) {
    let (gate, open) = Gate::new();
    let db = db.clone();
    let stop = gate.clone();
    let write = tokio::spawn(async move { db.write(Isolation::Serializable, stop, pass).await });
    (gate, open, write)
}

async fn pass(_: &Tx, gate: &Gate) -> Result<(), Error> {
    gate.pass();
    Ok(())
}

async fn refuse(_: &Tx, (): &()) -> Result<(), Error> {
    Err(Error::InvalidPageToken)
}

/// Waits in the middle of its write, as no closure may.
async fn wait(tx: &Tx, (): &()) -> Result<(), Error> {
    tx.execute("INSERT INTO counters (id, value) VALUES (2, 0)", &[]).await?;
    tokio::task::yield_now().await;
    Ok(())
}

async fn open_patiently() -> (TestDb, Db) {
    let mut test = TestDb::new(Engine::Sqlite).await.unwrap();
    test.config.group_milliseconds = 30_000;
    let db = test.open().await;
    (test, db)
}

fn spawn_add(db: &Db, id: i64) -> JoinHandle<Result<(), Error>> {
    let db = db.clone();
    tokio::spawn(async move { add_counter(&db, id, 1).await })
}

/// Waits until a task that was just spawned has put its write into the queue.
async fn queued() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_that_wait_together_share_a_commit() {
    let (_test, db) = open_patiently().await;
    let commits = *db.committed().borrow();
    let (gate, open, first) = at_gate(&db);
    gate.reached().await;
    let writes: Vec<_> = (0..100).map(|id| spawn_add(&db, id)).collect();
    queued().await;
    open.send(()).unwrap();
    first.await.unwrap().unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(*db.committed().borrow() - commits, 1);
    assert_eq!(count(&db, "counters").await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_a_closure_returned_is_released_before_the_commit() {
    let (_test, db) = open_patiently().await;
    let (first_gate, open_first, first) = at_gate(&db);
    first_gate.reached().await;
    let success = spawn_add(&db, 1);
    queued().await;
    let writer = db.clone();
    let refusal =
        tokio::spawn(async move { writer.write(Isolation::Serializable, (), refuse).await });
    queued().await;
    let (last_gate, open_last, last) = at_gate(&db);
    queued().await;
    open_first.send(()).unwrap();
    last_gate.reached().await;

    // All three closures before the gate have run, and the commit has not.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!first.is_finished() && !success.is_finished() && !refusal.is_finished());
    assert_eq!(counter(&db.read(), 1).await, None);

    open_last.send(()).unwrap();
    success.await.unwrap().unwrap();
    assert_eq!(refusal.await.unwrap(), Err(Error::InvalidPageToken));
    assert_eq!(counter(&db.read(), 1).await, Some(1));
    for write in [first, last] {
        write.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_fails_fails_its_whole_group_and_nothing_after_it() {
    let (_test, db) = open_patiently().await;
    add_counter(&db, 7, 7).await.unwrap();
    let (gate, open, first) = at_gate(&db);
    gate.reached().await;
    let innocent = spawn_add(&db, 1);
    queued().await;
    let writer = db.clone();
    // The parent is missing, which SQLite looks at when it commits.
    let orphan = tokio::spawn(async move {
        execute(&writer, "INSERT INTO children (id, parent) VALUES (1, 99)").await
    });
    queued().await;
    open.send(()).unwrap();
    for failed in [first.await.unwrap(), innocent.await.unwrap(), orphan.await.unwrap().map(|_| ())]
    {
        assert!(matches!(failed, Err(Error::ConstraintViolation(_))), "{failed:?}");
    }
    assert_eq!((count(&db, "counters").await, count(&db, "children").await), (1, 0));
    add_counter(&db, 8, 8).await.unwrap();
    assert_eq!(counter(&db.read(), 8).await, Some(8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_closure_that_waits_is_refused_and_leaves_the_others_alone() {
    let (_test, db) = open_patiently().await;
    let (gate, open, first) = at_gate(&db);
    gate.reached().await;
    let before = spawn_add(&db, 1);
    queued().await;
    let writer = db.clone();
    let waiting =
        tokio::spawn(async move { writer.write(Isolation::Serializable, (), wait).await });
    queued().await;
    let after = spawn_add(&db, 3);
    queued().await;
    open.send(()).unwrap();
    assert_eq!(waiting.await.unwrap(), Err(Error::Pending));
    for write in [first, before, after] {
        write.await.unwrap().unwrap();
    }
    assert_eq!(counter(&db.read(), 2).await, None);
    assert_eq!(count(&db, "counters").await, 2);
}

/// Counts its runs, writes a row unless its id is 0, and fails.
async fn fail_after(tx: &Tx, (id, runs): &(i64, Arc<AtomicU32>)) -> Result<(), Error> {
    runs.fetch_add(1, Ordering::SeqCst);
    if *id != 0 {
        tx.execute("INSERT INTO counters (id, value) VALUES ($1, 0)", args![*id]).await?;
    }
    Err(Error::InvalidPageToken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_runs_again_only_when_a_change_must_be_undone() {
    let (_test, db) = open_patiently().await;
    for (id, expected) in [(0, 1), (5, 2)] {
        let runs = Arc::<AtomicU32>::default();
        let (gate, open, first) = at_gate(&db);
        gate.reached().await;
        let before = spawn_add(&db, 10 + id);
        queued().await;
        let writer = db.clone();
        let input = (id, runs.clone());
        let failing =
            tokio::spawn(
                async move { writer.write(Isolation::Serializable, input, fail_after).await },
            );
        queued().await;
        let after = spawn_add(&db, 20 + id);
        queued().await;
        open.send(()).unwrap();
        assert_eq!(failing.await.unwrap(), Err(Error::InvalidPageToken));
        for write in [first, before, after] {
            write.await.unwrap().unwrap();
        }
        assert_eq!(runs.load(Ordering::SeqCst), expected);
        assert_eq!(counter(&db.read(), id).await, None);
    }
    assert_eq!(count(&db, "counters").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_is_bounded() {
    let mut test = TestDb::new(Engine::Sqlite).await.unwrap();
    (test.config.group, test.config.group_milliseconds) = (10, 30_000);
    let db = test.open().await;
    let commits = *db.committed().borrow();
    let (gate, open, first) = at_gate(&db);
    gate.reached().await;
    let writes: Vec<_> = (0..99).map(|id| spawn_add(&db, id)).collect();
    queued().await;
    open.send(()).unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    first.await.unwrap().unwrap();
    assert_eq!(*db.committed().borrow() - commits, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_queue_makes_callers_wait_and_loses_nobody() {
    let mut test = TestDb::new(Engine::Sqlite).await.unwrap();
    test.config.queue = 2;
    let db = test.open().await;
    let writes: Vec<_> = (0..200).map(|id| spawn_add(&db, id)).collect();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(count(&db, "counters").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dropping_the_database_finishes_what_is_queued() {
    let (test, db) = open_patiently().await;
    let (gate, open, first) = at_gate(&db);
    gate.reached().await;
    let write = spawn_add(&db, 1);
    queued().await;
    write.abort();
    first.abort();
    open.send(()).unwrap();
    let _ = (write.await, first.await);
    drop(db);
    let db = test.open().await;
    assert_eq!(counter(&db.read(), 1).await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_stays_bounded_while_others_read() {
    let test = TestDb::new(Engine::Sqlite).await.unwrap();
    let db = test.open().await;
    let reading: Vec<_> = (0..2)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                loop {
                    count(&db, "items").await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut longest = 0;
    for id in 0..300 {
        add_item(&db, id, 1 << 20).await.unwrap();
        longest =
            longest.max(std::fs::metadata(test.folder.path().join("test.db-wal")).unwrap().len());
    }
    for reader in reading {
        reader.abort();
    }
    assert!(longest < 200 << 20, "the log grew to {longest} bytes");
}
