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

impl Consumer {
    /// Lets what it has go uncounted when it leaves at the drain of the process.
    pub fn until(mut self, drain: souk_chassis::Drain) -> Self {
        self.drain = Some(drain);
        self
    }

    /// Waits for events and returns the next, at least one. Dropping the future loses nothing.
    ///
    /// Fails when the stream must end.
    pub async fn next(&self) -> Result<Vec<pb::Delivery>, Error> {
        loop {
            let taken = self.hub.state.lock().take(self.id, self.hub.clock.now())?;
            if !taken.is_empty() {
                self.hub.delivered.increment(taken.len() as u64);
                return Ok(taken
                    .into_iter()
                    .map(|(partition, epoch, one)| delivery(partition, epoch, one))
                    .collect());
            }
            self.wake.notified().await;
        }
    }

    /// Returns what takes the consumer's updates.
    pub fn updates(&self) -> Updates {
        Updates(self.hub.clone())
    }
}

/// Takes what consumers say about deliveries.
pub struct Updates(Arc<Hub>);

impl Updates {
    /// Applies one update.
    pub fn apply(&self, update: &pb::SubscribeUpdate) {
        self.0.state.lock().update(update, self.0.clock.now());
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let counts = !self.drain.as_ref().is_some_and(souk_chassis::Drain::is_draining);
        self.hub.state.lock().leave(self.id, self.hub.clock.now(), counts);
        self.hub.poll_now.notify_one();
    }
}

fn delivery(
    partition: u32,
    epoch: i64,
    OutgoingEvent { id, entry, attempt }: OutgoingEvent,
) -> pb::Delivery {
    pb::Delivery {
        event: Some(pb::Event::clone(&entry.event)),
        ack_id: AckId { partition, epoch, id, attempt }.to_string(),
        delivery_attempt: i32::try_from(attempt).unwrap_or(i32::MAX),
        position: Some(convert::position(partition, entry.offset)),
        publish_time: Some(entry.publish_time.into()),
    }
}
