//! On a file system that loses what was not synced, a killed process loses nothing that was
//! acknowledged. Run with `--features unsynced-vfs`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use souk_data::{DataConfig, Db};
use souk_types::Clock;

use crate::support::{SCHEMA, add_counter, count, counter};

const CHILD: &str = "SOUK_TEST_UNSYNCED_CHILD";
const DURABLE: &str = "SOUK_TEST_UNSYNCED_DURABLE";

async fn open(folder: &Path, durable: bool) -> Db {
    let config = DataConfig { durable, ..DataConfig::new("sqlite:test.db") };
    Db::open(&config, folder, &SCHEMA, Clock::system()).await.unwrap()
}

/// What the child process runs: write after write, each printed once it is acknowledged. In the
/// parent it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let db = open(Path::new(&folder), std::env::var_os(DURABLE).is_some()).await;
    for id in count(&db, "counters").await.. {
        add_counter(&db, id, id).await.unwrap();
        // A read through another connection sees what is not synced, as it would from the system's
        // cache.
        assert_eq!(counter(&db.read(), id).await, Some(id));
        println!("acknowledged {id}");
        std::io::stdout().flush().unwrap();
    }
}

/// Starts the child, kills it after so many acknowledged writes, and returns the last of them.
fn kill_after(writes: usize, folder: &Path, durable: bool) -> i64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "unsynced::a_child_writes_until_it_is_killed", "--nocapture"]);
    command
        .env(CHILD, folder)
        .env("SOUK_UNSYNCED_VFS", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if durable {
        command.env(DURABLE, "1");
    }
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut acknowledged =
        lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<i64>().ok());
    let last = acknowledged.nth(writes - 1).expect("the child writes");
    child.kill().unwrap();
    child.wait().unwrap();
    // What it had printed by the time it died counts as well.
    acknowledged.last().unwrap_or(last)
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_starts_starts_again_without_a_question() {
    let folder = tempfile::tempdir().unwrap();
    for milliseconds in 0..24 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "unsynced::a_child_writes_until_it_is_killed", "--nocapture"]);
        command.env(CHILD, folder.path()).env("SOUK_UNSYNCED_VFS", "1").env(DURABLE, "1");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(3 * milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    open(folder.path(), true).await;
}

#[tokio::test]
async fn an_acknowledged_write_survives_the_loss_of_all_that_was_not_synced() {
    let folder = tempfile::tempdir().unwrap();
    // Enough writes that the log is copied back into the file and started anew in between.
    let last = kill_after(3000, folder.path(), true);
    let db = open(folder.path(), true).await;
    for id in 0..=last {
        assert_eq!(counter(&db.read(), id).await, Some(id), "of {last} acknowledged writes");
    }
    // One more may have been committed and not yet printed.
    assert!(count(&db, "counters").await <= last + 2);
}

#[tokio::test]
async fn without_syncing_the_file_system_loses_acknowledged_writes() {
    let folder = tempfile::tempdir().unwrap();
    let last = kill_after(100, folder.path(), false);
    let db = open(folder.path(), false).await;
    assert!(
        count(&db, "counters").await <= last,
        "everything was there although nothing was synced"
    );
}
