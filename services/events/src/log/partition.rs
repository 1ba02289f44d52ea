//! Which partition an event goes to: one function for all engines, the one that Kafka's own clients
//! use, so that other producers and Souk agree.

use souk_client::events::v1 as pb;

/// Returns the partition of a key: murmur2 as Kafka's default partitioner computes it.
pub fn of_key(key: &str, partitions: u32) -> u32 {
    (murmur2(key.as_bytes()) & 0x7fff_ffff) % partitions
}

/// Returns the partition of an event. One without a key goes where its id says: spread, and to the
/// same one when it is sent again.
pub fn of_event(event: &pb::Event, partitions: u32) -> u32 {
    let key = if event.ordering_key.is_empty() { &event.id } else { &event.ordering_key };
    of_key(key, partitions)
}

/// The 32-bit murmur2 of Austin Appleby, with Kafka's seed
/// (org.apache.kafka.common.utils.Utils.murmur2).
fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let mut hash = SEED ^ data.len() as u32;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_kafkas_own_tests() {
        // org.apache.kafka.common.utils.UtilsTest.testMurmur2
        let known: [(&str, i32); 6] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (text, hash) in known {
            assert_eq!(murmur2(text.as_bytes()) as i32, hash, "{text}");
        }
    }

    #[test]
    fn a_key_stays_in_its_partition_and_events_without_one_are_spread() {
        let event = |id: usize, key: &str| pb::Event {
            id: format!("event-{id}"),
            ordering_key: key.into(),
            ..pb::Event::default()
        };
        assert!((0..50).all(|id| of_event(&event(id, "order-7"), 8) == of_key("order-7", 8)));
        let mut seen = [0; 8];
        for id in 0..800 {
            seen[of_event(&event(id, ""), 8) as usize] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
    }
}
