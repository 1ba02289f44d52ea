//! The dependencies of the methods. Each method is in `rpc/<method>.rs`.

mod create_accounts;
mod create_ledger;
mod create_transfers;
mod get_account_balance;
mod get_ledger;
mod get_trial_balance;
mod list_account_transfers;
mod list_accounts;
mod list_ledgers;
mod list_transfers;
mod lookup_accounts;
mod lookup_transfers;

use std::sync::Arc;

use souk_contract::Handlers;
use souk_data::Db;
use souk_types::Clock;

use crate::error::Error;
use crate::writer::Writer;

/// Serves `souk.ledger.v1.LedgerService`.
pub struct LedgerRpc {
    pub db: Db,
    pub clock: Clock,
    pub writer: Arc<Writer>,
}

impl Handlers for LedgerRpc {
    type Error = Error;
}
