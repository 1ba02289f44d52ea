//! The id of a delivery in acks: the position of the event, its lease and its attempt. Opaque to
//! consumers. It is validated against outstanding deliveries, so stale or forged ids are ignored.

use std::fmt;

use crate::window::Id;

/// Names one delivery of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AckId {
    pub partition: u32,
    pub epoch: i64,
    pub id: Id,
    pub attempt: u32,
}

impl fmt::Display for AckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AckId { partition, epoch, id, attempt } = self;
        let kind = if id.is_requeued { "r" } else { "" };
        write!(f, "{kind}{partition}.{}.{epoch}.{attempt}", id.offset)
    }
}

impl AckId {
    /// Reads a name; nothing when it is none.
    pub fn read(text: &str) -> Option<AckId> {
        let (is_requeued, numbers) = match text.strip_prefix('r') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut numbers = numbers.split('.');
        let partition = numbers.next()?.parse().ok()?;
        let offset = numbers.next()?.parse().ok()?;
        let epoch = numbers.next()?.parse().ok()?;
        let attempt = numbers.next()?.parse().ok()?;
        numbers.next().is_none().then_some(AckId {
            partition,
            epoch,
            id: Id { offset, is_requeued },
            attempt,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written_and_nothing_else_is() {
        for is_requeued in [false, true] {
            let id = Id { offset: 1_234_567, is_requeued };
            let name = AckId { partition: 3, epoch: 7, id, attempt: 2 };
            assert_eq!(AckId::read(&name.to_string()), Some(name));
        }
        for text in ["", "1", "1.2.3", "1.2.3.4.5", "x.2.3.4", "1.2.3.-4", "rr1.2.3.4"] {
            assert_eq!(AckId::read(text), None, "{text}");
        }
    }
}
