//! Accounts, and the rules of creating them. What changes their balances is in `book.rs`.

use std::collections::{HashMap, HashSet};

use souk_client::ledger::v1::CreateAccountStatus as Status;
use souk_types::{AccountId, Timestamp};

use crate::balance::Balance;
use crate::chain::chains;

/// Names an account inside the database: short, so that transfers stay small. Never leaves the
/// service.
pub type AccountNumber = i64;

/// What holds for an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountFlags {
    pub linked: bool,
    pub debits_must_not_exceed_credits: bool,
    pub credits_must_not_exceed_debits: bool,
}

impl AccountFlags {
    /// Returns the flags as the bits of a database column.
    pub fn to_bits(self) -> i64 {
        i64::from(self.linked)
            | i64::from(self.debits_must_not_exceed_credits) << 1
            | i64::from(self.credits_must_not_exceed_debits) << 2
    }

    /// Reads the bits of a database column.
    pub fn from_bits(bits: i64) -> Self {
        AccountFlags {
            linked: bits & 1 != 0,
            debits_must_not_exceed_credits: bits & 2 != 0,
            credits_must_not_exceed_debits: bits & 4 != 0,
        }
    }
}

/// An account as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub number: AccountNumber,
    pub id: AccountId,
    pub ledger: u32,
    pub code: u32,
    pub flags: AccountFlags,
    pub user_data: String,
    pub create_time: Timestamp,
    pub balance: Balance,
    /// How many transfers it was party to.
    pub transfer_count: i64,
    /// The sequence of the last of them; 0 when there is none.
    pub last_sequence: i64,
}

/// An account to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    pub id: AccountId,
    pub ledger: u32,
    pub code: u32,
    pub flags: AccountFlags,
    pub user_data: String,
}

/// Decides which accounts of the batch are created; `existing` holds the stored ones among them,
/// `ledgers` the ledgers that exist. Returns a status for each and the indexes of those to store,
/// both in order.
pub fn create(
    existing: &[Account],
    ledgers: &HashSet<u32>,
    batch: &[NewAccount],
) -> (Vec<Status>, Vec<usize>) {
    let mut known: HashMap<AccountId, NewAccount> =
        existing.iter().map(|account| (account.id, NewAccount::of(account))).collect();
    let mut statuses = Vec::with_capacity(batch.len());
    let mut created = Vec::new();

    for chain in chains(batch, |account| account.flags.linked) {
        let members = &batch[chain.range.clone()];
        let verdicts = judge(&known, ledgers, members, chain.is_open);
        for ((index, member), verdict) in chain.range.zip(members).zip(&verdicts) {
            if *verdict == Status::Created {
                known.insert(member.id, member.clone());
                created.push(index);
            }
        }
        statuses.extend(verdicts);
    }
    (statuses, created)
}

/// Judges one chain: all created, all existing, or a refusal of one that fails the others.
fn judge(
    known: &HashMap<AccountId, NewAccount>,
    ledgers: &HashSet<u32>,
    chain: &[NewAccount],
    is_open: bool,
) -> Vec<Status> {
    let fail = |index: usize, status: Status| {
        let mut statuses = vec![Status::LinkedEventFailed; chain.len()];
        statuses[index] = status;
        statuses
    };
    if is_open {
        return fail(chain.len() - 1, Status::LinkedEventChainOpen);
    }

    let statuses: Vec<Status> =
        chain.iter().map(|account| account.judge(known.get(&account.id), ledgers)).collect();
    if statuses.iter().all(|status| *status == Status::Exists) {
        return statuses;
    }
    let mut seen = HashSet::new();
    for (index, account) in chain.iter().enumerate() {
        if !seen.insert(account.id) {
            return fail(index, Status::IdRepeatedInChain);
        }
        if statuses[index] != Status::Created {
            return fail(index, statuses[index]);
        }
    }
    statuses
}

impl NewAccount {
    /// Returns what created an account.
    fn of(account: &Account) -> Self {
        NewAccount {
            id: account.id,
            ledger: account.ledger,
            code: account.code,
            flags: account.flags,
            user_data: account.user_data.clone(),
        }
    }

    fn judge(&self, existing: Option<&NewAccount>, ledgers: &HashSet<u32>) -> Status {
        let Some(existing) = existing else {
            let limits_both = self.flags.debits_must_not_exceed_credits
                && self.flags.credits_must_not_exceed_debits;
            return if limits_both {
                Status::FlagsAreMutuallyExclusive
            } else if !ledgers.contains(&self.ledger) {
                Status::LedgerNotFound
            } else {
                Status::Created
            };
        };
        if existing.flags != self.flags {
            Status::ExistsWithDifferentFlags
        } else if existing.user_data != self.user_data {
            Status::ExistsWithDifferentUserData
        } else if existing.ledger != self.ledger {
            Status::ExistsWithDifferentLedger
        } else if existing.code != self.code {
            Status::ExistsWithDifferentCode
        } else {
            Status::Exists
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decides where the ledgers 826 and 840 exist.
    fn create(existing: &[Account], batch: &[NewAccount]) -> (Vec<Status>, Vec<usize>) {
        super::create(existing, &HashSet::from([826, 840]), batch)
    }

    fn id(name: &str) -> AccountId {
        AccountId::derive(b"account", name)
    }

    fn new(name: &str) -> NewAccount {
        NewAccount {
            id: id(name),
            ledger: 826,
            code: 1,
            flags: AccountFlags::default(),
            user_data: String::new(),
        }
    }

    fn linked(name: &str) -> NewAccount {
        NewAccount { flags: AccountFlags { linked: true, ..AccountFlags::default() }, ..new(name) }
    }

    fn stored(new: &NewAccount) -> Account {
        Account {
            number: 1,
            id: new.id,
            ledger: new.ledger,
            code: new.code,
            flags: new.flags,
            user_data: new.user_data.clone(),
            create_time: Timestamp::from_micros(0),
            balance: Balance::default(),
            transfer_count: 0,
            last_sequence: 0,
        }
    }

    #[test]
    fn flags_survive_their_column() {
        for bits in 0..8 {
            assert_eq!(AccountFlags::from_bits(bits).to_bits(), bits);
        }
    }

    #[test]
    fn a_new_account_is_created_and_a_repeat_of_it_exists() {
        let (statuses, created) = create(&[], &[new("a"), new("b"), new("a")]);
        assert_eq!(statuses, [Status::Created, Status::Created, Status::Exists]);
        assert_eq!(created, [0, 1]);
        assert_eq!(create(&[stored(&new("a"))], &[new("a")]), (vec![Status::Exists], vec![]));
    }

    #[test]
    fn an_id_used_for_something_else_is_refused_by_the_field_that_differs() {
        let existing = [stored(&new("a"))];
        let limited =
            AccountFlags { debits_must_not_exceed_credits: true, ..AccountFlags::default() };
        for (other, status) in [
            (NewAccount { flags: limited, ..new("a") }, Status::ExistsWithDifferentFlags),
            (NewAccount { user_data: "x".into(), ..new("a") }, Status::ExistsWithDifferentUserData),
            (NewAccount { ledger: 840, ..new("a") }, Status::ExistsWithDifferentLedger),
            (NewAccount { code: 2, ..new("a") }, Status::ExistsWithDifferentCode),
        ] {
            assert_eq!(create(&existing, &[other]), (vec![status], vec![]));
        }
    }

    #[test]
    fn an_account_is_limited_on_one_side_only() {
        let flags = AccountFlags {
            linked: false,
            debits_must_not_exceed_credits: true,
            credits_must_not_exceed_debits: true,
        };
        let (statuses, created) = create(&[], &[NewAccount { flags, ..new("a") }]);
        assert_eq!((statuses, created), (vec![Status::FlagsAreMutuallyExclusive], vec![]));
    }

    #[test]
    fn an_account_needs_its_ledger() {
        let batch = [NewAccount { ledger: 1, ..new("a") }, new("b")];
        assert_eq!(create(&[], &batch), (vec![Status::LedgerNotFound, Status::Created], vec![1]));
        let moved = NewAccount { ledger: 1, ..new("a") };
        let existing = [stored(&new("a"))];
        assert_eq!(create(&existing, &[moved]).0, [Status::ExistsWithDifferentLedger]);
    }

    #[test]
    fn a_chain_is_created_whole_or_not_at_all() {
        let (statuses, created) = create(&[], &[linked("a"), new("b"), new("c")]);
        assert_eq!((statuses, created), (vec![Status::Created; 3], vec![0, 1, 2]));

        let other = NewAccount { code: 9, ..new("b") };
        let (statuses, created) = create(&[stored(&other)], &[linked("a"), new("b"), new("c")]);
        assert_eq!(
            statuses,
            [Status::LinkedEventFailed, Status::ExistsWithDifferentCode, Status::Created]
        );
        assert_eq!(created, [2]);
    }

    #[test]
    fn a_chain_repeated_whole_exists_and_one_repeated_in_part_fails() {
        let existing = [stored(&linked("a")), stored(&new("b"))];
        assert_eq!(create(&existing, &[linked("a"), new("b")]).0, [Status::Exists; 2]);
        let (statuses, created) = create(&existing[..1], &[linked("a"), new("b")]);
        assert_eq!((statuses, created), (vec![Status::Exists, Status::LinkedEventFailed], vec![]));
    }

    #[test]
    fn an_open_chain_and_an_id_twice_in_a_chain_are_refused() {
        let (statuses, created) = create(&[], &[new("a"), linked("b"), linked("c")]);
        assert_eq!(
            statuses,
            [Status::Created, Status::LinkedEventFailed, Status::LinkedEventChainOpen]
        );
        assert_eq!(created, [0]);
        let (statuses, created) = create(&[], &[linked("a"), linked("a"), new("b")]);
        assert_eq!(
            statuses,
            [Status::LinkedEventFailed, Status::IdRepeatedInChain, Status::LinkedEventFailed]
        );
        assert_eq!(created, [0usize; 0]);
    }
}
