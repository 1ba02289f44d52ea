//! CreateAccounts: adds accounts, one result for each.

use std::sync::Arc;

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::CreateAccountStatus as Status;
use souk_client::ledger::v1::ledger_service::CreateAccounts;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{AccountId, Timestamp};

use super::LedgerRpc;
use crate::account::{self, NewAccount};
use crate::convert::each;
use crate::error::Error;
use crate::store;

/// How often a batch is decided before its failure is the response.
const ATTEMPTS: u32 = 8;

/// The accounts to create.
struct Batch {
    accounts: Vec<NewAccount>,
    now: Timestamp,
}

impl Handle<CreateAccounts> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateAccountsRequest>,
    ) -> Result<pb::CreateAccountsResponse, Error> {
        let accounts: Vec<NewAccount> = each("accounts", call.request.accounts)?;
        let batch = Arc::new(Batch { accounts, now: self.clock.now() });

        let mut attempt = 1;
        let statuses = loop {
            match self.db.write(ReadCommitted, batch.clone(), create).await {
                // Another write took an id in the meantime; the next attempt sees what it wrote.
                Err(Error::Database(error))
                    if error.is_unique_violation() && attempt < ATTEMPTS =>
                {
                    attempt += 1
                }
                result => break result?,
            }
        };

        let results = statuses
            .into_iter()
            .map(|status| pb::CreateAccountResult { status: status.into() })
            .collect();
        Ok(pb::CreateAccountsResponse { results })
    }
}

async fn create(tx: &Tx, batch: &Arc<Batch>) -> Result<Vec<Status>, Error> {
    let ids: Vec<AccountId> = batch.accounts.iter().map(|account| account.id).collect();
    let existing = store::account::find(tx, &ids).await?;

    let (statuses, created) = account::create(&existing, &batch.accounts);

    let created: Vec<&NewAccount> = created.iter().map(|index| &batch.accounts[*index]).collect();
    store::account::insert(tx, &created, batch.now).await?;
    Ok(statuses)
}
