//! The one thread that writes to a SQLite file: many closures share one transaction and one commit.
//!
//! A savepoint copies every page that its closure changes, which was 5 % of an order's processor
//! time, and nearly every closure that fails has changed nothing by then. So a group runs without
//! savepoints. Should a closure have to be undone after all, the group is rolled back and runs
//! again, each closure in a savepoint; the groups after it do so too for a while.
//!
//! **Invariant:** nothing a closure returned, errors included, leaves this thread before the COMMIT
//! that covers it.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};

use super::connection::{BUSY_TIMEOUT, CHECKPOINT_TIMEOUT, Connection, LOG_BYTES};
use super::held::Hold;
use super::keeper::Listed;
use super::transaction::Transaction;
use crate::once::run_once;
use crate::trouble::Trouble;
use crate::write::Attempt;
use crate::{DataConfig, Error, TraceParent, Tx};

/// After how many commits the length of the log is looked at.
const LOG_CHECK_GROUPS: u64 = 64;

/// How many groups run in savepoints after one that had to run again.
const CAREFUL_GROUPS: u32 = 64;

/// A write in the queue.
pub(crate) struct Job {
    write: Arc<dyn Attempt>,
    origin: Option<TraceParent>,
    /// Whether this layer itself asked for it.
    is_own: bool,
    /// Why the write failed, whatever its function returned.
    failure: Option<Error>,
    reply: oneshot::Sender<Result<(), Error>>,
}

impl Job {
    /// Returns a write, and what tells that it is committed or rolled back.
    pub(crate) fn new(
        write: Arc<dyn Attempt>,
        origin: Option<TraceParent>,
        is_own: bool,
    ) -> (Self, oneshot::Receiver<Result<(), Error>>) {
        let (reply, answer) = oneshot::channel();
        (Job { write, origin, is_own, failure: None, reply }, answer)
    }

    /// Runs the function. Returns whether its effects stay.
    fn run(&mut self, tx: Tx) -> bool {
        self.failure = None;
        match run_once(|| self.write.run(tx.of(self.origin))) {
            Ok(is_ok) => is_ok,
            Err(error) => {
                self.failure = Some(error);
                false
            }
        }
    }

    /// Tells the caller that its write is committed, or why it is not. The caller may have gone
    /// away; its write is committed all the same.
    fn release(self, commit: &Result<(), Error>) {
        let _ = self.reply.send(commit.clone().and(self.failure.map_or(Ok(()), Err)));
    }
}

/// The way to the writer thread. The last clone that is dropped ends it.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread that owns `connection` from now on.
    pub(crate) fn start(
        name: &'static str,
        config: DataConfig,
        connection: Connection,
        hold: Hold,
        listed: Option<Arc<Listed>>,
        trouble: Arc<Trouble>,
        committed: watch::Sender<u64>,
    ) -> Result<Self, Error> {
        let (queue, jobs) = mpsc::channel(config.queue.max(1));
        if let Some(listed) = &listed {
            listed.through(queue.downgrade());
        }
        let worker = Worker {
            name,
            path: hold.file().path().to_owned(),
            connection: Some(Arc::new(Mutex::new(connection))),
            group_time: Duration::from_millis(config.group_milliseconds),
            config,
            jobs,
            committed,
            groups: 0,
            careful_groups: 0,
            listed,
            trouble,
            hold,
        };
        let thread = thread::Builder::new().name(format!("write {name}")).stack_size(8 << 20);
        let thread = thread
            .spawn(move || worker.work())
            .map_err(|e| Error::unavailable(format!("no thread: {e}")))?;
        Ok(Writer { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs the write in the next group and waits for the commit that covers it.
    pub(crate) async fn write(
        &self,
        write: Arc<dyn Attempt>,
        origin: Option<TraceParent>,
    ) -> Result<(), Error> {
        let (job, answer) = Job::new(write, origin, false);
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(job).await.map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Returns whether the thread still takes writes.
    pub(crate) fn is_running(&self) -> bool {
        self.queue.as_ref().is_some_and(|queue| !queue.is_closed())
    }

    /// Lets the thread finish what is queued, and waits for it.
    pub(crate) fn stop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // The last handle may be dropped by a closure, in the thread itself, which cannot wait
            // for its own end.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn stopped() -> Error {
    Error::unavailable("the writer has stopped")
}

struct Worker {
    /// The service's, for metrics.
    name: &'static str,
    path: PathBuf,
    config: DataConfig,
    group_time: Duration,
    /// None after trouble: the file is reopened before the next group.
    connection: Option<Arc<Mutex<Connection>>>,
    jobs: mpsc::Receiver<Job>,
    committed: watch::Sender<u64>,
    groups: u64,
    /// How many of the next groups run in savepoints.
    careful_groups: u32,
    /// None where the data may be lost.
    listed: Option<Arc<Listed>>,
    trouble: Arc<Trouble>,
    hold: Hold,
}

impl Worker {
    fn work(mut self) {
        let mut group = Vec::with_capacity(self.config.group);
        while let Some(first) = self.jobs.blocking_recv() {
            let outcome = self.run_group(first, &mut group);
            if outcome.is_err() {
                metrics::counter!("souk_data_failed_commits_total", "database" => self.name)
                    .increment(1);
            } else if group.iter().any(|job| !job.is_own) {
                self.committed.send_modify(|commits| *commits += 1);
                if let Some(listed) = &self.listed {
                    listed.is_written();
                }
            }
            metrics::histogram!("souk_data_commit_writes", "database" => self.name)
                .record(group.len() as f64);
            self.careful_groups = self.careful_groups.saturating_sub(1);
            for job in group.drain(..) {
                job.release(&outcome);
            }
            self.bound_log();
        }
        if let Some(connection) = &self.connection {
            if self.hold.file().may_copy_back() {
                // Nothing is lost without it; but the next start is quicker, and the file alone is
                // all there is. A log that stays would be read into a file that is put in its
                // place, such as one from a backup.
                let _ = connection.lock().checkpoint(BUSY_TIMEOUT);
            } else {
                connection.lock().leave_log();
            }
        }
    }

    /// Restarts the log when it has grown long. SQLite does so by itself only at a moment
    /// without readers.
    fn bound_log(&mut self) {
        self.groups += 1;
        let Some(connection) = &self.connection else { return };
        if !self.groups.is_multiple_of(LOG_CHECK_GROUPS) {
            return;
        }
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        let is_long = std::fs::metadata(log).is_ok_and(|log| log.len() > u64::from(LOG_BYTES));
        if is_long && self.hold.file().may_copy_back() {
            // A reader in the way is no failure; the next check tries again.
            let _ = connection.lock().checkpoint(CHECKPOINT_TIMEOUT);
        }
    }

    /// Runs `first` and what else is waiting, and commits. Every job that was taken is in `group`,
    /// whatever happens.
    fn run_group(&mut self, first: Job, group: &mut Vec<Job>) -> Result<(), Error> {
        let opened = self.check_there().and_then(|()| self.open_connection());
        let connection = match opened {
            Ok(connection) => connection,
            Err(error) => {
                group.push(first);
                return Err(error);
            }
        };
        let log_was_cut = self.hold.file().log_was_cut();
        let committed = self.commit_group(&connection, first, group);
        if let Err(error) = &committed {
            self.trouble.met(error);
            if !self.hold.file().may_copy_back() {
                connection.lock().leave_log();
            }
            // The connection's state is unknown; the file itself is sound up to the last commit.
            self.connection = None;
            drop(connection);
            self.hold.file().forget_log();
            return committed;
        }
        // Nothing is acknowledged that was written into a file without a name.
        self.hold.file().check_committed(log_was_cut).map_err(|problem| self.lost(problem))
    }

    /// Checks that the path still leads to the file that this process has open.
    fn check_there(&self) -> Result<(), Error> {
        self.hold.file().check_there().map_err(|problem| self.lost(problem))
    }

    /// Logs what is lost. The paths are not for callers.
    fn lost(&self, problem: String) -> Error {
        self.trouble.met_with(problem);
        Error::unavailable("its file was deleted, replaced or cut off")
    }

    fn open_connection(&mut self) -> Result<Arc<Mutex<Connection>>, Error> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let opened = Connection::writer(&self.path, &self.config, self.hold.file().clone());
        let opened = opened.inspect_err(|error| self.trouble.met(error))?;
        Ok(self.connection.insert(Arc::new(Mutex::new(opened))).clone())
    }

    /// Runs the jobs of one group and commits.
    fn commit_group(
        &mut self,
        connection: &Arc<Mutex<Connection>>,
        first: Job,
        group: &mut Vec<Job>,
    ) -> Result<(), Error> {
        let mut outcome = connection.lock().run("BEGIN IMMEDIATE");
        let started = Instant::now();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            group.push(job);
            if outcome.is_ok() {
                outcome = self.run_last(connection, group);
            }
            let goes_on = outcome.is_ok()
                && group.len() < self.config.group
                && started.elapsed() < self.group_time;
            if goes_on {
                next = self.jobs.try_recv().ok();
            }
        }
        outcome?;
        let mut connection = connection.lock();
        let committed = connection.run("COMMIT");
        if committed.is_err() && !connection.is_autocommit() {
            let _ = connection.run("ROLLBACK");
        }
        committed
    }

    /// Runs the last job of a group whose others have run. An error means that the whole group is
    /// lost.
    fn run_last(
        &mut self,
        connection: &Arc<Mutex<Connection>>,
        group: &mut [Job],
    ) -> Result<(), Error> {
        let trouble = &self.trouble;
        let (last, others) = group.split_last_mut().expect("a group has a job");
        if self.careful_groups == 0 {
            let before = connection.lock().changes();
            let stays = run_job(connection, last, trouble)?;
            if stays || connection.lock().changes() == before {
                return Ok(());
            }
            self.careful_groups = CAREFUL_GROUPS;
            connection.lock().run("ROLLBACK")?;
            connection.lock().run("BEGIN IMMEDIATE")?;
            for job in others {
                run_in_savepoint(connection, job, trouble)?;
            }
        }
        run_in_savepoint(connection, last, trouble)
    }
}

/// Runs one closure, of which nothing stays if it fails.
fn run_in_savepoint(
    connection: &Arc<Mutex<Connection>>,
    job: &mut Job,
    trouble: &Trouble,
) -> Result<(), Error> {
    connection.lock().run("SAVEPOINT one")?;
    let stays = run_job(connection, job, trouble)?;
    let mut connection = connection.lock();
    if !stays {
        connection.run("ROLLBACK TO one")?;
    }
    connection.run("RELEASE one")
}

/// Runs one closure, and returns whether its effects stay.
fn run_job(
    connection: &Arc<Mutex<Connection>>,
    job: &mut Job,
    trouble: &Trouble,
) -> Result<bool, Error> {
    let transaction = Arc::new(Transaction::new(connection.clone()));
    let mut stays = job.run(Tx::sqlite(transaction.clone()));
    let failure = transaction.end();
    if let Some(error @ Error::Full(_)) = &failure {
        trouble.met(error);
    }
    if connection.lock().is_autocommit() {
        // SQLite rolled everything back by itself (full disk, I/O error), or the closure ended the
        // transaction.
        return Err(
            failure.unwrap_or_else(|| Error::bug("a closure ended the transaction it ran in"))
        );
    }
    if stays && let Some(error) = failure {
        // A statement failed although the function went on.
        job.failure = Some(error);
        stays = false;
    }
    Ok(stays)
}
