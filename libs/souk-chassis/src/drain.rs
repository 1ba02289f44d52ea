//! The signal that work must come to an end: every worker and every stream holds one.

use std::time::Duration;

use tokio::sync::watch;

/// Signals a worker or a stream that the process is going to stop.
#[derive(Clone, Debug)]
pub struct Drain(watch::Receiver<bool>);

/// Starts the drain; held by the running process only.
#[derive(Clone, Debug)]
pub(crate) struct DrainSwitch(watch::Sender<bool>);

impl DrainSwitch {
    pub(crate) fn new() -> Self {
        DrainSwitch(watch::Sender::new(false))
    }

    pub(crate) fn drain(&self) -> Drain {
        Drain(self.0.subscribe())
    }

    pub(crate) fn start(&self) {
        self.0.send_replace(true);
    }
}

impl Drain {
    /// Returns a drain that never starts, for tests and tools.
    pub fn never() -> Self {
        let (sender, receiver) = watch::channel(false);
        // The sender must outlive the receiver, or waiting would end at once.
        std::mem::forget(sender);
        Drain(receiver)
    }

    /// Returns whether the process has begun to stop.
    pub fn is_draining(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the process begins to stop.
    pub async fn started(&self) {
        let mut receiver = self.0.clone();
        // An error means that the process is gone, which is a drain too.
        let _ = receiver.wait_for(|draining| *draining).await;
    }

    /// Sleeps for `pause`, but not beyond the start of the drain.
    ///
    /// Returns `true` when the worker should go on and `false` when it should stop, so that a
    /// worker is `while drain.pause(every).await { sweep().await?; }`.
    pub async fn pause(&self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.started()).await.is_err()
    }
}
