//! Creating and reading accounts.

use std::collections::HashMap;
use std::sync::Arc;

use souk_client::ledger::v1::CreateAccountStatus as Status;
use souk_data::{Reader, Tx, args};
use souk_types::{AccountId, Timestamp};

use super::sql::Rows;
use super::sql::Type::{Bytes, Integer, Text};
use super::{Store, rows, sql};
use crate::account::{self, Account, NewAccount};
use crate::balance::Balance;
use crate::error::Error;

/// The sums over all accounts of one ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerSums {
    pub ledger: u32,
    pub balance: Balance,
    pub account_count: i64,
}

/// Which accounts are listed; 0 means any.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountFilter {
    pub ledger: u32,
    pub code: u32,
}

/// The most lines of a trial balance.
const TRIAL_BALANCE_LINES: i64 = 1000;

impl Store {
    /// Creates a batch of accounts; returns a status for each.
    pub async fn create_accounts(&self, batch: Vec<NewAccount>, now: Timestamp) -> Result<Vec<Status>, Error> {
        let batch = Arc::new(batch);
        super::again_when_beaten(|| {
            let batch = batch.clone();
            self.db.write_locked(move |tx: Tx| {
                let batch = batch.clone();
                async move { create(&tx, &batch, now).await }
            })
        })
        .await
    }

    /// Returns the accounts with these ids, in the order asked; unknown ids are left out.
    pub async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<Account>, Error> {
        let found = find(&self.db.read(), ids).await?;
        let by_id: HashMap<AccountId, Account> = found.into_iter().map(|account| (account.id, account)).collect();
        Ok(ids.iter().filter_map(|id| by_id.get(id).cloned()).collect())
    }

    /// Returns one account.
    pub async fn account(&self, id: AccountId) -> Result<Account, Error> {
        let found = find(&self.db.read(), &[id]).await?;
        found.into_iter().next().ok_or(Error::AccountNotFound(id))
    }

    /// Returns up to `limit` accounts with numbers above `after`, in the order they were created.
    pub async fn accounts_after(&self, after: i64, filter: AccountFilter, limit: i64) -> Result<Vec<Account>, Error> {
        let query = format!(
            "SELECT {} FROM account WHERE number > $1 AND ($2 = 0 OR ledger = $2) AND ($3 = 0 OR code = $3) \
             ORDER BY number LIMIT $4",
            rows::ACCOUNT
        );
        let found = self.db.read().query(&query, args![after, filter.ledger, filter.code, limit]).await?;
        Ok(found.iter().map(rows::account).collect::<Result<_, _>>()?)
    }

    /// Returns the sums over the accounts of each ledger, or of one when `ledger` is not 0.
    pub async fn trial_balance(&self, ledger: u32) -> Result<Vec<LedgerSums>, Error> {
        trial_balance(&self.db.read(), ledger).await
    }
}

pub(super) async fn trial_balance(reader: &Reader, ledger: u32) -> Result<Vec<LedgerSums>, Error> {
    let query = "SELECT ledger, CAST(SUM(debits_pending) AS BIGINT) AS debits_pending, \
                        CAST(SUM(debits_posted) AS BIGINT) AS debits_posted, \
                        CAST(SUM(credits_pending) AS BIGINT) AS credits_pending, \
                        CAST(SUM(credits_posted) AS BIGINT) AS credits_posted, \
                        CAST(COUNT(*) AS BIGINT) AS account_count \
                 FROM account WHERE ($1 = 0 OR ledger = $1) GROUP BY ledger ORDER BY ledger LIMIT $2";
    let found = reader.query(query, args![ledger, TRIAL_BALANCE_LINES]).await?;
    found
        .iter()
        .map(|row| {
            let (ledger, account_count) = (row.get("ledger")?, row.get("account_count")?);
            Ok(LedgerSums { ledger, balance: rows::balance(row)?, account_count })
        })
        .collect()
}

async fn create(tx: &Tx, batch: &[NewAccount], now: Timestamp) -> Result<Vec<Status>, Error> {
    let ids: Vec<AccountId> = batch.iter().map(|account| account.id).collect();
    let existing = find(tx, &ids).await?;
    let (statuses, created) = account::create(&existing, batch);

    let flags: Vec<i64> = created.iter().map(|place| batch[*place].flags.to_bits()).collect();
    let mut rows = Rows::new(&[Bytes, Integer, Integer, Integer, Text, Integer], created.len());
    for (place, flags) in created.iter().zip(&flags) {
        let new = &batch[*place];
        rows.push(args![new.id, new.ledger, new.code, *flags, new.user_data, now]);
    }
    let columns = "id, ledger, code, flags, user_data, create_time";
    rows.execute(tx, |rows| format!("INSERT INTO account ({columns}) {rows}")).await?;
    Ok(statuses)
}

async fn find(reader: &Reader, ids: &[AccountId]) -> Result<Vec<Account>, Error> {
    let query = |keys: &str| format!("SELECT {} FROM account WHERE id {keys}", rows::ACCOUNT);
    let found = sql::find(reader, ids, query).await?;
    Ok(found.iter().map(rows::account).collect::<Result<_, _>>()?)
}
