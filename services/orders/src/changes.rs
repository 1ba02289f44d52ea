//! Wakes whoever watches an order in this process. What changed is read from the database, so a lost wake-up costs time only.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_types::OrderId;
use tokio::sync::Notify;

/// The orders that are being watched here.
#[derive(Clone, Default)]
pub struct Changes(Arc<Mutex<HashMap<OrderId, Arc<Notify>>>>);

/// Waits for changes of one order; the entry goes when its last watcher does.
pub struct Watcher {
    changes: Changes,
    order: OrderId,
    notify: Arc<Notify>,
}

impl Changes {
    /// Tells the watchers of an order that it changed.
    pub fn tell(&self, order: OrderId) {
        if let Some(notify) = self.0.lock().get(&order) {
            notify.notify_waiters();
        }
    }

    /// Returns a watcher of an order.
    pub fn watch(&self, order: OrderId) -> Watcher {
        let notify = self.0.lock().entry(order).or_default().clone();
        Watcher { changes: self.clone(), order, notify }
    }
}

impl Watcher {
    /// Returns a future that ends with the next change told after this call.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watched = self.changes.0.lock();
        // Two: this one, and the map's own.
        if Arc::strong_count(&self.notify) <= 2 {
            watched.remove(&self.order);
        }
    }
}
