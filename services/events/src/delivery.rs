//! Delivery: the subscriptions that have consumers at this replica. One [`Hub`] per subscription
//! holds its streams and the windows of its leased partitions; `lease_manager.rs` leases and reads,
//! `recorder.rs` stores the positions.

mod ack_id;
mod hub;
mod lease_manager;
mod recorder;
mod routes;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_client::events::v1 as pb;
use souk_data::Db;
use souk_data::Isolation::ReadCommitted;
use souk_types::Clock;
use tokio::sync::{Mutex as AsyncMutex, Notify};

use crate::config::DeliveryConfig;
use crate::error::Error;
use crate::log::Log;
use crate::store;
use crate::subscription::Subscription;
pub use hub::{Consumer, Hub, Limits, PULL_BYTES, Updates};
pub use recorder::record;
use routes::Routes;

/// All subscriptions that are being delivered here. Clones are one.
#[derive(Clone)]
pub struct Delivery(Arc<Shared>);

struct Shared {
    db: Db,
    log: Arc<dyn Log>,
    clock: Clock,
    config: DeliveryConfig,
    /// Names this process in leases.
    replica: String,
    hubs: Mutex<BTreeMap<i64, Arc<Hub>>>,
    /// Signals that the first hub was added or the last one removed.
    changed: Notify,
    /// Held while progress is written, and while leases are given away, so that neither overtakes
    /// the other.
    writing: AsyncMutex<()>,
}

impl Delivery {
    /// Returns a delivery without subscriptions.
    pub fn new(db: Db, log: Arc<dyn Log>, clock: Clock, config: DeliveryConfig) -> Self {
        let replica = format!("{:016x}", rand::random::<u64>());
        Delivery(Arc::new(Shared {
            db,
            log,
            clock,
            config,
            replica,
            hubs: Mutex::default(),
            changed: Notify::new(),
            writing: AsyncMutex::default(),
        }))
    }

    /// Adds a stream to a subscription, whose partitions are leased and read from now on if they
    /// were not.
    pub async fn join(&self, subscription: Subscription, limits: Limits) -> Consumer {
        loop {
            let closing = {
                let mut hubs = self.0.hubs.lock();
                let hub = hubs.entry(subscription.number).or_insert_with(|| {
                    let hub = Arc::new(Hub::new(
                        subscription.clone(),
                        self.0.clock.clone(),
                        self.0.config,
                    ));
                    tokio::spawn(lease_manager::run(self.clone(), hub.clone()));
                    self.0.changed.notify_one();
                    hub
                });
                match Hub::join(hub, &subscription, limits) {
                    Some(consumer) => return consumer,
                    None => hub.clone(),
                }
            };
            // The last stream has just left and its leases are being given back; they can be taken
            // again after that.
            closing.closed().await;
        }
    }

    /// Returns the hub of a subscription that has consumers here.
    pub fn find(&self, number: i64) -> Option<Arc<Hub>> {
        self.0.hubs.lock().get(&number).cloned()
    }

    /// Writes how far all subscriptions have come here, so that nothing of it is lost to what is
    /// written next.
    pub async fn write_progress(&self) -> Result<(), Error> {
        let _writing = self.0.writing.lock().await;
        recorder::write_progress(self).await
    }

    /// Applies what a consumer says of deliveries, wherever their partitions are leased. When it
    /// returns, what concerns this replica is stored, and the rest is left for the others.
    pub async fn acknowledge(
        &self,
        subscription: i64,
        update: pb::SubscribeUpdate,
    ) -> Result<(), Error> {
        let shared = &*self.0;
        let hub = self.find(subscription);
        let epochs = hub.as_ref().map(|hub| hub.epochs()).unwrap_or_default();
        let mut away = Routes::new(&update);
        away.retain(|(partition, epoch)| epochs.get(partition) != Some(epoch));
        if let Some(hub) = hub {
            hub.updates().apply(&update);
        }
        self.write_progress().await?;
        if away.is_empty() {
            return Ok(());
        }
        let reader = shared.db.read();
        let holders = store::position::holders(&reader, subscription, &shared.replica).await?;
        let messages = away.messages(&update, &holders);
        if messages.is_empty() {
            return Ok(());
        }
        let input = (subscription, messages, shared.clock.now());
        shared.db.write(ReadCommitted, input, store::acknowledgement::insert).await?;
        Ok(())
    }

    fn hubs(&self) -> Vec<Arc<Hub>> {
        self.0.hubs.lock().values().cloned().collect()
    }

    /// Ends a hub whose streams are all gone, unless another has come meanwhile.
    fn try_close(&self, hub: &Hub) -> bool {
        let _hubs = self.0.hubs.lock();
        hub.try_close()
    }

    fn remove(&self, hub: &Hub) {
        self.0.hubs.lock().remove(&hub.number);
        hub.set_closed();
        self.0.changed.notify_one();
    }
}
