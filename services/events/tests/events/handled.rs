//! What a consumer with an inbox has handled.

use std::collections::BTreeMap;

use souk_client::events::v1 as pb;

use crate::support::{key, number};

/// Keys of the events in tests that kill: event N has the key N modulo this.
pub const KEYS: usize = 12;

/// For each key the numbers in their order, each once.
#[derive(Default)]
pub struct Handled(BTreeMap<String, Vec<usize>>);

impl Handled {
    /// Handles an event: a repeat has no effect, and no event comes before an earlier one of its
    /// key.
    pub fn handle(&mut self, delivery: &pb::EventDelivery) {
        let numbers = self.0.entry(key(delivery).to_owned()).or_default();
        let number = number(delivery);
        if numbers.last().is_none_or(|last| *last < number) {
            let expected = numbers.last().map_or(number % KEYS, |last| last + KEYS);
            assert_eq!(number, expected, "an event of {} is missing", key(delivery));
            numbers.push(number);
        } else {
            assert!(numbers.contains(&number), "event {number} came after a later one of its key");
        }
    }

    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}
