//! Which transfers a list has. Pure.

use souk_types::Timestamp;

use crate::balance::Side;
use crate::transfer::MOST_AHEAD;

/// The transfers of a list: every part that is set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// 0: any.
    pub ledger: u32,
    /// 0: any.
    pub code: u32,
    /// Empty: any.
    pub user_data: String,
    /// On which side the account is whose history it is.
    pub side: Option<Side>,
    /// When they were recorded.
    pub created: Range,
    /// When they happened.
    pub effective: Range,
}

/// A range of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first moment of it.
    pub after: Option<Timestamp>,
    /// The first moment that is no longer part of it.
    pub before: Option<Timestamp>,
}

impl Range {
    /// Returns whether a moment is in it.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.after.is_none_or(|after| time >= after)
            && self.before.is_none_or(|before| time < before)
    }
}

impl Filter {
    /// Returns the first moment at which a matching transfer can have been recorded: what happened
    /// later was not recorded long before.
    pub fn first_recorded(&self) -> Option<Timestamp> {
        let effective = self.effective.after.map(|after| after.minus(MOST_AHEAD));
        self.created.after.max(effective)
    }

    /// Returns each part as text: what a page token is bound to.
    pub fn scope(&self) -> Vec<String> {
        let time = |time: Option<Timestamp>| {
            time.map_or(String::new(), |time| time.as_micros().to_string())
        };
        vec![
            self.ledger.to_string(),
            self.code.to_string(),
            self.user_data.clone(),
            format!("{:?}", self.side),
            time(self.created.after),
            time(self.created.before),
            time(self.effective.after),
            time(self.effective.before),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_range_begins_with_its_first_moment_and_ends_before_its_last() {
        let range = Range { after: Some(at(10)), before: Some(at(20)) };
        let inside = [9, 10, 19, 20].map(|second| range.contains(at(second)));
        assert_eq!(inside, [false, true, true, false]);
        assert!(Range::default().contains(at(-5)));
    }

    #[test]
    fn what_happens_from_a_moment_on_was_recorded_a_minute_before_it_at_the_earliest() {
        let mut filter = Filter::default();
        assert_eq!(filter.first_recorded(), None);
        filter.effective.after = Some(at(100));
        assert_eq!(filter.first_recorded(), Some(at(40)));
        filter.created.after = Some(at(70));
        assert_eq!(filter.first_recorded(), Some(at(70)));
    }
}
