//! Where acknowledgements belong: each to the replica that has leased the partition of its
//! delivery.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use souk_client::events::v1 as pb;

use super::ack_id::AckId;

/// A partition and the epoch of its lease.
type Lease = (u32, i64);

/// The leases that an update is about.
pub(super) struct Routes(BTreeSet<Lease>);

impl Routes {
    /// Collects the leases that are named by the ids of an update; text that is no such id belongs
    /// nowhere.
    pub(super) fn new(update: &pb::SubscribeUpdate) -> Self {
        Routes(ids(update).filter_map(lease_of).collect())
    }

    /// Keeps some of them.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Lease) -> bool) {
        self.0.retain(keep);
    }

    /// Returns whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns for each of these holders its part of the update, encoded.
    pub(super) fn messages(
        &self,
        update: &pb::SubscribeUpdate,
        holders: &BTreeMap<Lease, String>,
    ) -> Vec<(String, Vec<u8>)> {
        let mut parts: BTreeMap<&str, pb::SubscribeUpdate> = BTreeMap::new();
        let holder_of = |ack_id: &str| {
            let lease = lease_of(ack_id).filter(|lease| self.0.contains(lease))?;
            holders.get(&lease).map(String::as_str)
        };
        for ack_id in &update.ack_ids {
            if let Some(holder) = holder_of(ack_id) {
                parts.entry(holder).or_default().ack_ids.push(ack_id.clone());
            }
        }
        for nack in &update.nacks {
            if let Some(holder) = holder_of(&nack.ack_id) {
                parts.entry(holder).or_default().nacks.push(nack.clone());
            }
        }
        for extension in &update.extensions {
            if let Some(holder) = holder_of(&extension.ack_id) {
                parts.entry(holder).or_default().extensions.push(extension.clone());
            }
        }
        let encoded = parts.into_iter().map(|(holder, part)| (holder.to_owned(), part));
        encoded.map(|(holder, part)| (holder, part.encode_to_vec())).collect()
    }
}

fn ids(update: &pb::SubscribeUpdate) -> impl Iterator<Item = &str> {
    let nacked = update.nacks.iter().map(|nack| nack.ack_id.as_str());
    let extended = update.extensions.iter().map(|extension| extension.ack_id.as_str());
    update.ack_ids.iter().map(String::as_str).chain(nacked).chain(extended)
}

fn lease_of(ack_id: &str) -> Option<Lease> {
    AckId::read(ack_id).map(|AckId { partition, epoch, .. }| (partition, epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replica_gets_what_it_has_leased_and_nobody_gets_the_rest() {
        let nack = |ack_id: &str| pb::Nack { ack_id: ack_id.to_owned(), ..Default::default() };
        let update = pb::SubscribeUpdate {
            // Partition, offset, epoch, attempt.
            ack_ids: ["0.5.1.1", "1.5.4.1", "2.5.1.1", "nonsense"].map(str::to_owned).to_vec(),
            nacks: vec![nack("1.6.4.1"), nack("3.1.1.1")],
            ..Default::default()
        };
        let mut routes = Routes::new(&update);
        assert!(!routes.is_empty());
        routes.retain(|(partition, _)| *partition != 0);
        let holders = BTreeMap::from([
            ((0, 1), "here".to_owned()),
            ((1, 4), "there".to_owned()),
            // Leased again since the delivery.
            ((2, 2), "there".to_owned()),
        ]);
        let messages = routes.messages(&update, &holders);
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].0, "there");
        let part = pb::SubscribeUpdate::decode(messages[0].1.as_slice()).unwrap();
        assert_eq!(part.ack_ids, ["1.5.4.1"]);
        assert_eq!(part.nacks, [nack("1.6.4.1")]);
    }
}
