//! The four sums of an account, and how one transfer changes them.

/// Four sums in minor units. **Invariant:** each is at least 0, and pending + posted of a side fits
/// 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub debits_pending: i64,
    pub debits_posted: i64,
    pub credits_pending: i64,
    pub credits_posted: i64,
}

/// What one transfer adds to the debit sums of one account and to the credit sums of another; minor
/// units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub pending: i64,
    pub posted: i64,
}

/// Which side of a transfer an account is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Debit,
    Credit,
}

impl Change {
    /// Returns the change that takes this one back.
    pub fn reversed(self) -> Self {
        Change { pending: -self.pending, posted: -self.posted }
    }
}

impl Balance {
    /// Returns pending + posted debits; they fit by the invariant.
    pub fn debits(&self) -> i64 {
        self.debits_pending + self.debits_posted
    }

    /// Returns pending + posted credits; they fit by the invariant.
    pub fn credits(&self) -> i64 {
        self.credits_pending + self.credits_posted
    }

    /// Adds the change on one side. The caller has checked that the result fits.
    pub fn apply(&mut self, side: Side, change: Change) {
        let (pending, posted) = match side {
            Side::Debit => (&mut self.debits_pending, &mut self.debits_posted),
            Side::Credit => (&mut self.credits_pending, &mut self.credits_posted),
        };
        *pending += change.pending;
        *posted += change.posted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_taken_back_leaves_the_balance_as_it_was() {
        let before =
            Balance { debits_pending: 5, debits_posted: 7, credits_pending: 0, credits_posted: 20 };
        for side in [Side::Debit, Side::Credit] {
            let mut balance = before;
            let change = Change { pending: 3, posted: 2 };
            balance.apply(side, change);
            assert_ne!(balance, before);
            balance.apply(side, change.reversed());
            assert_eq!(balance, before);
        }
    }
}
