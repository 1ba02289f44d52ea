//! One stream of a subscription: what it takes from the hub and tells it.

use std::sync::Arc;

use souk_client::events::v1 as pb;
use tokio::sync::Notify;

use super::Hub;
use crate::convert;
use crate::delivery::ack_id::AckId;
use crate::error::Error;
use crate::window::OutgoingEvent;

/// A stream of a subscription. Dropping it leaves, and what it had is delivered again.
pub struct Consumer {
    pub(super) hub: Arc<Hub>,
    pub(super) id: u64,
    pub(super) wake: Arc<Notify>,
    /// Whether the process drains; then what it had does not count as an attempt.
    pub(super) drain: Option<souk_chassis::Drain>,
}

/// The most bytes that one pull takes, unless its first event alone is larger.
pub const PULL_BYTES: usize = 2 << 20;

impl Consumer {
    /// Lets what it has go uncounted when it leaves at the drain of the process.
    pub fn until(mut self, drain: souk_chassis::Drain) -> Self {
        self.drain = Some(drain);
        self
    }

    /// Waits for events and returns the next, at least one. Dropping the future loses nothing.
    ///
    /// Fails when the stream must end.
    pub async fn next(&self) -> Result<Vec<pb::EventDelivery>, Error> {
        loop {
            let taken = self.take()?;
            if !taken.is_empty() {
                return Ok(taken);
            }
            self.wake.notified().await;
        }
    }

    /// Waits for events as [`Consumer::next`] does, and returns all that there are now, up to its
    /// limits. They stay with the caller until they are acknowledged or their deadline passes.
    pub async fn pull(self) -> Result<Vec<pb::EventDelivery>, Error> {
        let mut pulled = self.next().await?;
        loop {
            let more = self.take()?;
            if more.is_empty() {
                break;
            }
            pulled.extend(more);
        }
        self.hub.state.lock().detach(self.id);
        Ok(pulled)
    }

    fn take(&self) -> Result<Vec<pb::EventDelivery>, Error> {
        let taken = self.hub.state.lock().take(self.id, self.hub.clock.now())?;
        self.hub.delivered.increment(taken.len() as u64);
        let deliveries =
            taken.into_iter().map(|(partition, epoch, one)| delivery(partition, epoch, one));
        Ok(deliveries.collect())
    }

    /// Returns what takes the consumer's updates.
    pub fn updates(&self) -> Updates {
        Updates::of(&self.hub)
    }
}

/// Takes what consumers say about deliveries.
pub struct Updates(Arc<Hub>);

impl Updates {
    pub(super) fn of(hub: &Arc<Hub>) -> Self {
        Updates(hub.clone())
    }

    /// Applies one update.
    pub fn apply(&self, update: &pb::SubscribeUpdate) {
        self.0.state.lock().update(update, self.0.clock.now());
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if self.hub.state.lock().is_detached(self.id) {
            return;
        }
        let counts = !self.drain.as_ref().is_some_and(souk_chassis::Drain::is_draining);
        self.hub.state.lock().leave(self.id, self.hub.clock.now(), counts);
        self.hub.poll_now.notify_one();
    }
}

fn delivery(
    partition: u32,
    epoch: i64,
    OutgoingEvent { id, entry, attempt }: OutgoingEvent,
) -> pb::EventDelivery {
    pb::EventDelivery {
        event: Some(pb::Event::clone(&entry.event)),
        ack_id: AckId { partition, epoch, id, attempt }.to_string(),
        delivery_attempt: i32::try_from(attempt).unwrap_or(i32::MAX),
        position: Some(convert::position(partition, entry.offset)),
        publish_time: Some(entry.publish_time.into()),
    }
}
