//! What the methods work with. The story of a method is in `rpc/<method>.rs`.

mod audit_ledger;
mod create_accounts;
mod create_transfers;
mod get_account_balance;
mod get_trial_balance;
mod list_account_transfers;
mod list_accounts;
mod lookup_accounts;
mod lookup_transfers;

use souk_contract::Handlers;
use souk_types::Clock;

use crate::error::Error;
use crate::store::Store;

/// How many elements a page has when the caller does not say.
const DEFAULT_PAGE_SIZE: i64 = 100;

/// Serves `souk.ledger.v1.LedgerService`.
pub struct LedgerRpc {
    store: Store,
    clock: Clock,
}

impl LedgerRpc {
    /// Serves what the store holds.
    pub fn new(store: Store, clock: Clock) -> Self {
        LedgerRpc { store, clock }
    }
}

/// Returns how many elements the page shall have.
fn page_size(asked: i32) -> i64 {
    if asked == 0 { DEFAULT_PAGE_SIZE } else { i64::from(asked) }
}

impl Handlers for LedgerRpc {
    type Error = Error;
}
