//! Wakes the watchers of an order in this process. What changed is read from the database, so a
//! lost wake-up costs only time.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_types::OrderId;
use tokio::sync::Notify;

/// The orders that are being watched here.
#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<HashMap<OrderId, Arc<Notify>>>>);

/// Waits for changes of one order; the entry goes when its last watcher does.
pub struct Watcher {
    watchers: Watchers,
    order: OrderId,
    notify: Arc<Notify>,
}

impl Watchers {
    /// Wakes the watchers of an order, which has changed.
    pub fn wake(&self, order: OrderId) {
        if let Some(notify) = self.0.lock().get(&order) {
            notify.notify_waiters();
        }
    }

    /// Returns a watcher of an order.
    pub fn watch(&self, order: OrderId) -> Watcher {
        let notify = self.0.lock().entry(order).or_default().clone();
        Watcher { watchers: self.clone(), order, notify }
    }
}

impl Watcher {
    /// Returns a future that ends with the next wake-up after this call.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watched = self.watchers.0.lock();
        // Two: this one, and the map's own.
        if Arc::strong_count(&self.notify) <= 2 {
            watched.remove(&self.order);
        }
    }
}
