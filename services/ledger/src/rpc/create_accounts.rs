//! CreateAccounts: adds accounts, one result for each.

use std::collections::HashMap;
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
        let accounts = call.request.accounts;
        let ids: Vec<String> = accounts.iter().map(|new| new.account_id.clone()).collect();
        let accounts: Vec<NewAccount> = each("accounts", accounts)?;
        let batch = Arc::new(Batch { accounts, now: self.clock.now() });

        let mut attempt = 1;
        let verdicts = loop {
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

        let results = ids.into_iter().zip(verdicts).map(|(account_id, (status, create_time))| {
            pb::CreateAccountResult {
                status: status.into(),
                account_id,
                create_time: create_time.map(Into::into),
            }
        });
        Ok(pb::CreateAccountsResponse { results: results.collect() })
    }
}

/// Returns for each account its status, and when it was created if it is there.
async fn create(tx: &Tx, batch: &Arc<Batch>) -> Result<Vec<(Status, Option<Timestamp>)>, Error> {
    let ids: Vec<AccountId> = batch.accounts.iter().map(|account| account.id).collect();
    let existing = store::account::find(tx, &ids).await?;

    let ledgers = batch.accounts.iter().map(|account| account.ledger);
    let ledgers = store::ledger::find_all(tx, ledgers).await?;
    let ledgers = ledgers.into_iter().map(|ledger| ledger.number).collect();

    let (statuses, created) = account::create(&existing, &ledgers, &batch.accounts);

    let created: Vec<&NewAccount> = created.iter().map(|index| &batch.accounts[*index]).collect();
    store::account::insert(tx, &created, batch.now).await?;
    let earlier: HashMap<AccountId, Timestamp> =
        existing.iter().map(|account| (account.id, account.create_time)).collect();
    let verdicts = ids.iter().zip(statuses).map(|(id, status)| {
        let is_there = matches!(status, Status::Created | Status::Exists);
        (status, is_there.then(|| earlier.get(id).copied().unwrap_or(batch.now)))
    });
    Ok(verdicts.collect())
}
