//! The index of the methods; each is told in the file of its name.

mod audit_ledger;
mod create_accounts;
mod create_transfers;
mod get_account_balance;
mod get_trial_balance;
mod list_account_transfers;
mod list_accounts;
mod lookup_accounts;
mod lookup_transfers;

use souk_chassis::reply;
use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service_server::LedgerService;
use souk_types::Clock;
use tonic::{Request, Response, Status};

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

#[tonic::async_trait]
impl LedgerService for LedgerRpc {
    async fn create_accounts(
        &self,
        request: Request<pb::CreateAccountsRequest>,
    ) -> Result<Response<pb::CreateAccountsResponse>, Status> {
        reply(create_accounts::handle(self, request).await)
    }

    async fn create_transfers(
        &self,
        request: Request<pb::CreateTransfersRequest>,
    ) -> Result<Response<pb::CreateTransfersResponse>, Status> {
        reply(create_transfers::handle(self, request).await)
    }

    async fn lookup_accounts(
        &self,
        request: Request<pb::LookupAccountsRequest>,
    ) -> Result<Response<pb::LookupAccountsResponse>, Status> {
        reply(lookup_accounts::handle(self, request).await)
    }

    async fn lookup_transfers(
        &self,
        request: Request<pb::LookupTransfersRequest>,
    ) -> Result<Response<pb::LookupTransfersResponse>, Status> {
        reply(lookup_transfers::handle(self, request).await)
    }

    async fn list_accounts(
        &self,
        request: Request<pb::ListAccountsRequest>,
    ) -> Result<Response<pb::ListAccountsResponse>, Status> {
        reply(list_accounts::handle(self, request).await)
    }

    async fn list_account_transfers(
        &self,
        request: Request<pb::ListAccountTransfersRequest>,
    ) -> Result<Response<pb::ListAccountTransfersResponse>, Status> {
        reply(list_account_transfers::handle(self, request).await)
    }

    async fn get_account_balance(
        &self,
        request: Request<pb::GetAccountBalanceRequest>,
    ) -> Result<Response<pb::GetAccountBalanceResponse>, Status> {
        reply(get_account_balance::handle(self, request).await)
    }

    async fn get_trial_balance(
        &self,
        request: Request<pb::GetTrialBalanceRequest>,
    ) -> Result<Response<pb::GetTrialBalanceResponse>, Status> {
        reply(get_trial_balance::handle(self, request).await)
    }

    async fn audit_ledger(
        &self,
        request: Request<pb::AuditLedgerRequest>,
    ) -> Result<Response<pb::AuditLedgerResponse>, Status> {
        reply(audit_ledger::handle(self, request).await)
    }
}
