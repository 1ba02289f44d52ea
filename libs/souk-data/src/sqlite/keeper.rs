//! Keeps `shop.json` close behind its databases: a second after a database was written to, its
//! epoch grows by one, and once that is durable it is listed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::WeakSender;

use super::writer::Job;
use crate::shop_file::ShopFile;
use crate::write::Write;
use crate::{Error, Tx};

/// How far the list may lag behind a database that is written to.
const LAG: Duration = Duration::from_secs(1);

/// A database and where it is listed.
pub(crate) struct Listed {
    folder: PathBuf,
    name: String,
    /// What the list says.
    epoch: AtomicI64,
    /// Whether the database was written to since, and the keeper knows.
    is_dirty: AtomicBool,
    /// Whether the list could not be written the last time.
    is_behind: AtomicBool,
    queue: OnceLock<WeakSender<Job>>,
}

impl Listed {
    pub(crate) fn new(folder: PathBuf, name: String, epoch: i64) -> Self {
        let queue = OnceLock::new();
        let is_dirty = AtomicBool::new(false);
        let is_behind = AtomicBool::new(false);
        Listed { folder, name, epoch: AtomicI64::new(epoch), is_dirty, is_behind, queue }
    }

    /// Sets the way to the thread that writes.
    pub(crate) fn through(&self, queue: WeakSender<Job>) {
        let _ = self.queue.set(queue);
    }

    /// Says that the database was written to.
    pub(crate) fn is_written(self: &Arc<Self>) {
        if !self.is_dirty.swap(true, Ordering::Relaxed) {
            // The thread ends with the process only.
            let _ = keeper().send(self.clone());
        }
    }

    /// Raises the epoch in the database. Returns it once it is durable.
    fn raise(&self) -> Option<i64> {
        let epoch = self.epoch.load(Ordering::Relaxed) + 1;
        let write = Arc::new(Write::new(epoch, set_epoch));
        let (job, answer) = Job::new(write.clone(), None, true);
        let queue = self.queue.get()?.upgrade()?;
        queue.blocking_send(job).ok()?;
        drop(queue);
        // A failed commit is reported where it failed; the next one that works asks again.
        answer.blocking_recv().ok()?.ok()?;
        write.take().ok().map(|_| epoch)
    }
}

async fn set_epoch(tx: &Tx, epoch: &i64) -> Result<u64, Error> {
    tx.execute("UPDATE souk_shop SET epoch = $1", args![epoch]).await
}

/// Returns the way to the one thread of the process that keeps the lists.
fn keeper() -> &'static mpsc::Sender<Arc<Listed>> {
    static KEEPER: OnceLock<mpsc::Sender<Arc<Listed>>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let (sender, written) = mpsc::channel();
        let started =
            thread::Builder::new().name("list databases".to_owned()).spawn(move || keep(&written));
        if let Err(error) = started {
            tracing::error!(
                "shop.json is not kept up to date, since there is no thread for it: {error}"
            );
        }
        sender
    })
}

fn keep(written: &mpsc::Receiver<Arc<Listed>>) {
    while let Ok(first) = written.recv() {
        thread::sleep(LAG);
        let mut folders: BTreeMap<PathBuf, Vec<(Arc<Listed>, i64)>> = BTreeMap::new();
        for listed in std::iter::once(first).chain(written.try_iter()) {
            listed.is_dirty.store(false, Ordering::Relaxed);
            if let Some(epoch) = listed.raise() {
                folders.entry(listed.folder.clone()).or_default().push((listed, epoch));
            }
        }
        for (folder, raised) in folders {
            let kept = ShopFile::update(&folder, |list| {
                for (listed, epoch) in &raised {
                    list.record(&listed.name, *epoch);
                }
            });
            for (listed, epoch) in raised {
                match &kept {
                    Ok(_) => {
                        listed.epoch.store(epoch, Ordering::Relaxed);
                        listed.is_behind.store(false, Ordering::Relaxed);
                    }
                    Err(error) => {
                        if !listed.is_behind.swap(true, Ordering::Relaxed) {
                            let folder = folder.display();
                            tracing::warn!(
                                "{folder}/shop.json lags behind {}: {error}",
                                listed.name
                            );
                        }
                    }
                }
            }
        }
    }
}
