//! What the engines on a broker share: one reader per process follows all partitions and fills
//! their tails; a reader that is behind the tail has its own source until it has caught up. So the
//! broker sends each event to a process once, however many subscriptions read it.

use std::sync::Arc;
use std::time::Duration;

use souk_types::Backoff;
use tokio::sync::watch;

use super::tail::Tail;
use super::{Entry, LogError, LogReader};

/// How long the log waits for a broker to take events before it says that it cannot be reached.
/// Less than the time that Publish has, so that the caller gets the error.
pub const APPEND_LIMIT: Duration = Duration::from_secs(8);

/// How long a question to the broker may take.
pub const ASK_LIMIT: Duration = Duration::from_secs(4);

/// For how long the service waits for its broker when it starts.
pub const START_LIMIT: Duration = Duration::from_secs(60);

/// How a broker lets itself be read: implemented by each engine.
pub trait Broker: Send + Sync + 'static {
    /// What reads one partition from a position on.
    type Source: Source;

    /// Returns the tails of all partitions.
    fn tail(&self) -> &Tail;

    /// Returns a source; it connects when it is asked for the first time.
    fn source(&self, partition: u32, from: i64) -> Self::Source;
}

/// Reads one partition of a broker.
pub trait Source: Send {
    /// Waits for events and returns at least one, at most `max_events` and about `max_bytes`. It
    /// reconnects to the broker for as long as it takes. Dropping the future loses nothing.
    fn next(
        &mut self,
        max_events: usize,
        max_bytes: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, LogError>> + Send;
}

/// Reads one partition: the latest events from memory, earlier ones from the broker.
pub struct BrokerReader<B: Broker> {
    broker: Arc<B>,
    partition: u32,
    position: i64,
    next: watch::Receiver<i64>,
    source: Option<B::Source>,
}

impl<B: Broker> BrokerReader<B> {
    /// Returns a reader that starts at `from`.
    pub fn new(broker: Arc<B>, partition: u32, from: i64) -> Self {
        let next = broker.tail().watch(partition);
        BrokerReader { broker, partition, position: from, next, source: None }
    }
}

#[tonic::async_trait]
impl<B: Broker> LogReader for BrokerReader<B> {
    async fn next(&mut self, max_events: usize, max_bytes: usize) -> Result<Vec<Entry>, LogError> {
        loop {
            let next = *self.next.borrow_and_update();
            let mut entries =
                self.broker.tail().read(self.partition, self.position, max_events, max_bytes);
            if !entries.is_empty() {
                self.source = None;
            } else if self.position >= next {
                // A reader that has caught up waits for the tail and does not read from the broker.
                self.source = None;
                let position = self.position;
                let waited = self.next.wait_for(|next| *next > position).await.map(|_| ());
                waited.map_err(|_| LogError::Unavailable("the program is stopping".into()))?;
                continue;
            } else {
                let source = self
                    .source
                    .get_or_insert_with(|| self.broker.source(self.partition, self.position));
                entries = source.next(max_events, max_bytes).await?;
                // A broker may start earlier than it was asked to.
                entries.retain(|entry| entry.offset >= self.position);
            }
            if let Some(last) = entries.last() {
                self.position = last.offset + 1;
                return Ok(entries);
            }
        }
    }
}

/// Returns the pauses between attempts to reach a broker.
pub const fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(50), Duration::from_secs(2))
}
