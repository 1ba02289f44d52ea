//! The rows of a finished book: transfers with their positions in the log and in the histories of
//! their accounts.
//!
//! The history of an account is a list through the log: each transfer names the one before it of
//! either account. So a batch appends, and no index by account is written to on thousands of
//! scattered pages. Every [`CHECKPOINT_INTERVAL`] transfers an account leaves a checkpoint, by
//! which a moment of its history is found without walking all of it.

use std::collections::HashMap;

use souk_types::{Timestamp, TransferId};

use crate::account::AccountNumber;
use crate::balance::{Balance, Side};
use crate::party::{Party, Posting};
use crate::transfer::Transfer;

/// After how many transfers an account leaves a checkpoint: the longest walk to any moment of its
/// history.
pub const CHECKPOINT_INTERVAL: i64 = 64;

/// A balance of an account right after one of its transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub account: AccountNumber,
    pub sequence: i64,
    pub create_time: Timestamp,
    pub balance: Balance,
}

/// A pending transfer and when it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub expire_time: Timestamp,
    pub pending: TransferId,
}

/// Everything that a batch changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// To be appended, in order; the ids that are refused permanently come last.
    pub transfers: Vec<Transfer>,
    /// The accounts that changed, as they are afterwards.
    pub parties: Vec<Party>,
    /// To be appended.
    pub checkpoints: Vec<Checkpoint>,
    /// Pending transfers that will expire.
    pub due: Vec<Due>,
    /// Pending transfers that no longer will.
    pub no_longer_due: Vec<Due>,
}

impl Entries {
    /// Numbers the created transfers from `first` on and threads them into the histories of their
    /// accounts; numbers the refused ids after them.
    pub(crate) fn new(
        mut parties: Vec<Party>,
        created: Vec<Posting>,
        refused: Vec<Transfer>,
        stored: &HashMap<TransferId, Transfer>,
        first: i64,
    ) -> Self {
        let mut entries = Entries::default();
        // Each balance is rolled back and played again, so that checkpoints see it after each
        // single transfer.
        let closing: Vec<Balance> = parties.iter().map(|party| party.balance).collect();
        for Posting { transfer, debit, credit } in created.iter().rev() {
            let change = transfer.change().reversed();
            parties[*debit].balance.apply(Side::Debit, change);
            parties[*credit].balance.apply(Side::Credit, change);
        }

        entries.transfers.reserve(created.len());
        let mut pending_here: HashMap<TransferId, Due> = HashMap::new();
        let mut changed = vec![false; parties.len()];
        for (sequence, Posting { mut transfer, debit, credit }) in (first..).zip(created) {
            transfer.sequence = sequence;
            transfer.debit_previous =
                parties[debit].record(&transfer, Side::Debit, &mut entries.checkpoints);
            transfer.credit_previous =
                parties[credit].record(&transfer, Side::Credit, &mut entries.checkpoints);
            changed[debit] = true;
            changed[credit] = true;

            if let Some(expire_time) = transfer.expire_time() {
                pending_here.insert(transfer.id, Due { expire_time, pending: transfer.id });
            }
            if let Some(pending) = transfer.pending
                && pending_here.remove(&pending).is_none()
                && let Some(expire_time) = stored.get(&pending).and_then(Transfer::expire_time)
            {
                entries.no_longer_due.push(Due { expire_time, pending });
            }
            entries.transfers.push(transfer);
        }
        let next = first + entries.transfers.len() as i64;
        let numbered = (next..).zip(refused);
        let numbered = numbered.map(|(sequence, refused)| Transfer { sequence, ..refused });
        entries.transfers.extend(numbered);
        entries.due = pending_here.into_values().collect();
        entries.due.sort_unstable_by_key(|due| (due.expire_time, due.pending));

        for ((party, closing), changed) in parties.into_iter().zip(closing).zip(changed) {
            assert_eq!(
                party.balance, closing,
                "playing the transfers again gives the same balance"
            );
            if changed {
                entries.parties.push(party);
            }
        }
        entries
    }
}

impl Party {
    /// Adds a transfer to the history of this account and returns the sequence of the one before
    /// it.
    fn record(
        &mut self,
        transfer: &Transfer,
        side: Side,
        checkpoints: &mut Vec<Checkpoint>,
    ) -> i64 {
        let previous = self.last_sequence;
        self.balance.apply(side, transfer.change());
        self.transfer_count += 1;
        self.last_sequence = transfer.sequence;
        self.last_time = transfer.create_time;
        if self.transfer_count % CHECKPOINT_INTERVAL == 0 {
            checkpoints.push(Checkpoint {
                account: self.number,
                sequence: transfer.sequence,
                create_time: transfer.create_time,
                balance: self.balance,
            });
        }
        previous
    }
}
