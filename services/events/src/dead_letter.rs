//! Dead letters: events that a subscription could not finish.

use std::fmt;

use souk_types::Timestamp;

use crate::log::Entry;

/// Names a dead letter of a subscription: where its event is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterId {
    pub partition: u32,
    pub offset: i64,
}

/// An event that a subscription could not finish.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub entry: Entry,
    pub attempts: u32,
    pub reason: String,
    pub create_time: Timestamp,
    pub is_requeued: bool,
    /// When it is to be delivered again, if it is requeued.
    pub due: Timestamp,
}

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.partition, self.offset)
    }
}

impl DeadLetterId {
    /// Reads an id; none when the text is no id.
    pub fn parse(text: &str) -> Option<Self> {
        let (partition, offset) = text.split_once('_')?;
        let id = DeadLetterId { partition: partition.parse().ok()?, offset: offset.parse().ok()? };
        // `01_2` and `1_2` are not both an id.
        (id.to_string() == text).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_has_one_id() {
        assert_eq!(DeadLetterId::parse("3_17"), Some(DeadLetterId { partition: 3, offset: 17 }));
        for text in ["03_17", "3_", "3", "x_1", "3_1_1"] {
            assert_eq!(DeadLetterId::parse(text), None, "{text}");
        }
    }
}
