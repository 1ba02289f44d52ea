//! What the lists of this service share: a range of times, and an order.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, Select, Value};
use souk_types::Timestamp;

/// When the things of a list were created, and which of them comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Included.
    pub after: Option<Timestamp>,
    /// Excluded.
    pub before: Option<Timestamp>,
    pub is_oldest_first: bool,
}

/// Sorts a list by time and id, and cuts it to its range and to what follows `after`.
pub fn newest_or_oldest<E: EntityTrait>(
    query: Select<E>,
    range: &Range,
    time: E::Column,
    id: E::Column,
    after: Option<(Timestamp, Value)>,
) -> Select<E> {
    let mut query = query;
    if let Some(from) = range.after {
        query = query.filter(time.gte(from));
    }
    if let Some(until) = range.before {
        query = query.filter(time.lt(until));
    }
    let is_oldest_first = range.is_oldest_first;
    if let Some((last, last_id)) = after {
        // The first condition lets an index find the place.
        query = if is_oldest_first {
            let later = Condition::any().add(time.gt(last)).add(id.gt(last_id));
            query.filter(time.gte(last)).filter(later)
        } else {
            let earlier = Condition::any().add(time.lt(last)).add(id.lt(last_id));
            query.filter(time.lte(last)).filter(earlier)
        };
    }
    if is_oldest_first {
        query.order_by_asc(time).order_by_asc(id)
    } else {
        query.order_by_desc(time).order_by_desc(id)
    }
}
