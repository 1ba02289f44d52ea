//! The progress of a subscription in one partition: everything before `next` is finished, and some
//! runs above it.

use std::collections::BTreeMap;

/// **Invariant:** runs are not empty, do not touch each other, and lie above `next` with a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    next: i64,
    /// The finished runs above: first offset, and the one after the last.
    above: BTreeMap<i64, i64>,
}

impl Progress {
    /// Returns the progress of one who has finished everything before `next`.
    pub fn starting_at(next: i64) -> Self {
        Progress { next, above: BTreeMap::new() }
    }

    /// Returns the offset of the first event that is not finished.
    pub fn next(&self) -> i64 {
        self.next
    }

    /// Returns how many offsets from `from` to before `to` are not finished.
    pub fn unfinished(&self, from: i64, to: i64) -> i64 {
        let from = from.max(self.next);
        let finished: i64 = self
            .above
            .iter()
            .map(|(start, end)| ((*end).min(to) - (*start).max(from)).max(0))
            .sum();
        (to - from - finished).max(0)
    }

    /// Returns the end of the last finished run; `next` when there is none.
    pub fn end(&self) -> i64 {
        self.above.last_key_value().map_or(self.next, |(_, to)| *to)
    }

    /// Returns whether an event is finished.
    pub fn contains(&self, offset: i64) -> bool {
        offset < self.next
            || self.above.range(..=offset).next_back().is_some_and(|(_, to)| offset < *to)
    }

    /// Finishes the offsets from `from` to before `to`.
    pub fn finish(&mut self, from: i64, mut to: i64) {
        let mut from = from.max(self.next);
        if from >= to {
            return;
        }
        if let Some((before, end)) = self.above.range(..=from).next_back()
            && *end >= from
        {
            (from, to) = (*before, to.max(*end));
        }
        // In order, which is how most consumers go, there is nothing above and this loop does
        // nothing.
        while let Some((&after, &end)) = self.above.range(from..=to).next() {
            self.above.remove(&after);
            to = to.max(end);
        }
        if from == self.next {
            self.next = to;
        } else {
            self.above.insert(from, to);
        }
    }

    /// Returns the runs above `next` as they are stored: the gap before and the length of each, as
    /// varints.
    pub fn encode_above(&self) -> Vec<u8> {
        let mut stored = Vec::with_capacity(self.above.len() * 2);
        let mut position = self.next;
        for (from, to) in &self.above {
            prost::encoding::encode_varint((from - position) as u64, &mut stored);
            prost::encoding::encode_varint((to - from) as u64, &mut stored);
            position = *to;
        }
        stored
    }

    /// Reads what was stored; nothing when it makes no sense.
    pub fn decode(next: i64, mut stored: &[u8]) -> Option<Self> {
        let mut progress = Progress::starting_at(next);
        let mut position = next;
        let mut length = || -> Option<Option<i64>> {
            if stored.is_empty() {
                return Some(None);
            }
            let value = prost::encoding::decode_varint(&mut stored).ok()?;
            let value = i64::try_from(value).ok().filter(|value| *value > 0)?;
            Some(Some(value))
        };
        while let Some(gap) = length()? {
            let from = position.checked_add(gap)?;
            let to = from.checked_add(length()??)?;
            progress.above.insert(from, to);
            position = to;
        }
        Some(progress)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_finished_in_order_is_one_number() {
        let mut progress = Progress::starting_at(3);
        for offset in [3, 4, 5] {
            progress.finish(offset, offset + 1);
        }
        assert_eq!((progress.next(), progress.encode_above().len()), (6, 0));
    }

    #[test]
    fn one_that_was_set_far_behind_the_end_leaves_nothing_unfinished() {
        for next in [1_000_000_000_000_000, i64::MAX] {
            assert_eq!(Progress::starting_at(next).unfinished(0, 9764), 0);
        }
    }

    #[test]
    fn what_makes_no_sense_is_not_read() {
        for stored in [&[0, 1][..], &[1], &[1, 0], &[0xff; 11]] {
            assert_eq!(Progress::decode(0, stored), None, "{stored:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_set_of_what_was_finished(runs in prop::collection::vec((0_i64..60, 1_i64..6), 0..40)) {
            let mut progress = Progress::starting_at(5);
            let mut model: BTreeSet<i64> = (0..5).collect();
            for (from, length) in runs {
                progress.finish(from, from + length);
                model.extend(from..from + length);
                let next = (0..).find(|offset| !model.contains(offset)).unwrap();
                prop_assert_eq!(progress.next(), next);
                for offset in 0..70 {
                    prop_assert_eq!(progress.contains(offset), model.contains(&offset), "{}", offset);
                }
                for (from, to) in [(0, 70), (0, next), (next, 30), (20, 70), (25, 40), (40, 25)] {
                    let expected = (from..to).filter(|offset| !model.contains(offset)).count() as i64;
                    prop_assert_eq!(progress.unfinished(from, to), expected, "{} to {}", from, to);
                }
                let read = Progress::decode(progress.next(), &progress.encode_above());
                prop_assert_eq!(read.as_ref(), Some(&progress));
            }
        }
    }
}
