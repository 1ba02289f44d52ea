//! The dependencies of the methods of events. Each method is in `rpc/<method>.rs`.

mod acknowledge_events;
mod create_subscription;
mod delete_subscription;
mod drop_dead_letters;
mod get_subscription;
mod list_dead_letters;
mod list_events;
mod list_subscriptions;
mod publish_events;
mod pull_events;
mod requeue_dead_letters;
mod seek_subscription;
mod subscribe;
mod update_subscription;

use std::sync::Arc;

use souk_chassis::{Caller, Drain};
use souk_client::events::v1 as pb;
use souk_contract::Handlers;
use souk_data::Db;
use souk_types::Clock;

use crate::backlog;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::log::Log;
use crate::store;
use crate::subscription::{Start, Subscription};

/// What the methods work with. Clones are one.
#[derive(Clone)]
pub struct EventsRpc(Arc<Parts>);

struct Parts {
    db: Db,
    log: Arc<dyn Log>,
    delivery: Delivery,
    clock: Clock,
    drain: Drain,
}

impl EventsRpc {
    /// Puts together what the methods work with.
    pub fn new(db: Db, log: Arc<dyn Log>, delivery: Delivery, clock: Clock, drain: Drain) -> Self {
        EventsRpc(Arc::new(Parts { db, log, delivery, clock, drain }))
    }

    /// Returns a subscription that the caller may use.
    async fn find(&self, name: &str, caller: &Caller) -> Result<Subscription, Error> {
        let found = store::subscription::find(&self.0.db.read(), name).await?;
        let subscription = found.ok_or_else(|| Error::SubscriptionNotFound(name.to_owned()))?;
        subscription.check_owner(&caller.key(), is_staff(caller))?;
        Ok(subscription)
    }

    /// Returns a subscription with its backlog now.
    async fn describe(&self, subscription: Subscription) -> Result<pb::Subscription, Error> {
        let Parts { db, log, delivery, .. } = &*self.0;
        let bounds = backlog::bounds(&**log).await?;
        let backlog = backlog::of(db, &bounds, delivery, subscription.number).await?;
        Ok(crate::convert::subscription(subscription, backlog))
    }

    /// Refuses a position after the end of its partition: what is published up to there would never
    /// be delivered. `field` holds the start.
    async fn check_within(&self, field: &str, start: Start) -> Result<(), Error> {
        let Start::Position { partition, offset } = start else { return Ok(()) };
        let end = self.0.log.bounds(partition).await?.next;
        if offset > end {
            let problem = format!("must be at most {end}, the end of partition {partition}");
            return Err(Error::field(format!("{field}.position.offset"), problem));
        }
        Ok(())
    }

    /// Returns the offset in each partition that a start means for one who has seen nothing.
    /// `field` holds the start.
    async fn offsets(&self, field: &str, start: Start) -> Result<Vec<i64>, Error> {
        self.check_within(field, start).await?;
        let mut offsets = Vec::new();
        for partition in 0..self.0.log.partitions() {
            let offset = match start {
                Start::Position { partition: named, offset } if named == partition => offset,
                _ => self.offset(start, partition).await?,
            };
            offsets.push(offset);
        }
        Ok(offsets)
    }

    async fn offset(&self, start: Start, partition: u32) -> Result<i64, Error> {
        let log = &self.0.log;
        Ok(match start {
            Start::Earliest | Start::Position { .. } => log.bounds(partition).await?.earliest,
            Start::Latest => log.bounds(partition).await?.next,
            Start::Time(time) => log.offset_at(partition, time).await?,
        })
    }
}

fn is_staff(caller: &Caller) -> bool {
    matches!(caller, Caller::Staff(_))
}

impl Handlers for EventsRpc {
    type Error = Error;
}
