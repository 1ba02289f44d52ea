//! Recorded histories of concurrent writes, checked for anomalies by an Elle-style checker (crate
//! `adya`): lists that only grow, whose every read tells the order of all appends before it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use adya::{History, Opts, Valid, Workload, check};
use parking_lot::Mutex;
use rand::RngExt;
use souk_data::{Db, Error, Isolation, Tx, args};

use crate::support::on_each_engine;

const KEYS: i64 = 6;
const PROCESSES: i64 = 10;
const WRITES: usize = 120;

/// Without locks anomalies are so many that fewer writes show them, and looking through more would
/// take minutes.
const WRITES_WITHOUT_LOCKS: usize = 15;

#[derive(Clone, Copy, Debug)]
enum Step {
    Append { key: i64, value: i64 },
    Read { key: i64 },
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Serializable,
    Locked,
    /// What [`Isolation::ReadCommitted`] must not be used for: decisions on rows that were not
    /// locked.
    LockedWithoutLocks,
}

async fn read(tx: &Tx, key: i64, lock: &str) -> Result<String, Error> {
    let row = tx
        .query_row(&format!("SELECT elements FROM lists WHERE id = $1{lock}"), args![key])
        .await?;
    row.map_or(Ok(String::new()), |row| row.get("elements"))
}

/// Runs the steps and returns what each read saw.
async fn run(tx: &Tx, (steps, how): &(Arc<Vec<Step>>, How)) -> Result<Vec<Option<String>>, Error> {
    if *how == How::Locked {
        let keys: BTreeSet<i64> = steps
            .iter()
            .map(|step| match *step {
                Step::Append { key, .. } | Step::Read { key } => key,
            })
            .collect();
        for key in keys {
            read(tx, key, " FOR UPDATE").await?;
        }
    }
    let mut seen = Vec::new();
    for step in steps.iter() {
        match *step {
            Step::Read { key } => seen.push(Some(read(tx, key, "").await?)),
            Step::Append { key, value } => {
                let elements = read(tx, key, "").await?;
                let elements = if elements.is_empty() {
                    value.to_string()
                } else {
                    format!("{elements},{value}")
                };
                tx.execute("UPDATE lists SET elements = $1 WHERE id = $2", args![elements, key])
                    .await?;
                seen.push(None);
            }
        }
    }
    Ok(seen)
}

fn line(kind: &str, process: i64, steps: &[Step], seen: Option<&[Option<String>]>) -> String {
    let mut value = String::new();
    for (index, step) in steps.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        match *step {
            Step::Append { key, value: element } => {
                write!(value, r#"{comma}["append",{key},{element}]"#).unwrap()
            }
            Step::Read { key } => match seen.and_then(|seen| seen[index].as_deref()) {
                Some(elements) => write!(value, r#"{comma}["r",{key},[{elements}]]"#).unwrap(),
                None => write!(value, r#"{comma}["r",{key},null]"#).unwrap(),
            },
        }
    }
    format!(r#"{{"type":"{kind}","process":{process},"value":[{value}]}}"#)
}

/// Records what many writers did at once, as Jepsen does: an invocation, then ok, fail or info.
async fn record(db: &Db, how: How) -> String {
    db.write(Isolation::Serializable, (), async |tx: &Tx, (): &()| {
        for key in 0..KEYS {
            tx.execute("INSERT INTO lists (id, elements) VALUES ($1, '')", args![key]).await?;
        }
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let next = Arc::new(AtomicI64::new(1));
    let writes = if how == How::LockedWithoutLocks { WRITES_WITHOUT_LOCKS } else { WRITES };
    let processes = (0..PROCESSES).map(|process| {
        let db = db.clone();
        let lines = lines.clone();
        let next = next.clone();
        tokio::spawn(async move {
            for _ in 0..writes {
                let length = rand::rng().random_range(1..=4);
                let steps: Vec<Step> = (0..length)
                    .map(|_| {
                        let key = rand::rng().random_range(0..KEYS);
                        let value = next.fetch_add(1, Ordering::Relaxed);
                        if rand::random() {
                            Step::Append { key, value }
                        } else {
                            Step::Read { key }
                        }
                    })
                    .collect();
                let steps = Arc::new(steps);
                lines.lock().push(line("invoke", process, &steps, None));
                let isolation = match how {
                    How::Serializable => Isolation::Serializable,
                    How::Locked | How::LockedWithoutLocks => Isolation::ReadCommitted,
                };
                let completion = match db.write(isolation, (steps.clone(), how), run).await {
                    Ok(seen) => line("ok", process, &steps, Some(&seen)),
                    Err(Error::Conflict) => line("fail", process, &steps, None),
                    Err(error) => panic!("{error}"),
                };
                lines.lock().push(completion);
            }
        })
    });
    for process in processes.collect::<Vec<_>>() {
        process.await.unwrap();
    }
    let lines = lines.lock();
    lines.join("\n")
}

fn anomalies(history: &str, model: &str) -> Option<String> {
    let history = History::parse(history).unwrap();
    let report = check(
        &history,
        Workload::ListAppend,
        &Opts { models: vec![model.to_owned()], ..Opts::default() },
    );
    (report.valid != Valid::True).then(|| format!("{:?}", report.anomalies.keys()))
}

on_each_engine! {
    async fn histories_of_serializable_writes_show_no_anomaly(test: TestDb) {
        let history = record(&test.open().await, How::Serializable).await;
        assert_eq!(anomalies(&history, "strict-serializable"), None);
    }

    async fn histories_of_locked_writes_show_no_anomaly(test: TestDb) {
        let history = record(&test.open().await, How::Locked).await;
        assert_eq!(anomalies(&history, "strict-serializable"), None);
    }

    async fn the_checker_finds_what_is_wrong_without_locks(test: TestDb) {
        let db = test.open().await;
        let history = record(&db, How::LockedWithoutLocks).await;
        let found = anomalies(&history, "strict-serializable");
        // SQLite runs one write at a time, locks or not.
        assert_eq!(found.is_some(), db.engine() == souk_data::Engine::Postgres, "{found:?}");
    }
}
