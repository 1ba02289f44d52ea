//! Accounts. A batch of transfers reads and changes their sums in `batch.rs`.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{AccountId, Timestamp};

use crate::account::{Account, AccountFlags, AccountNumber, NewAccount};
use crate::balance::Balance;
use crate::error::Error;

/// An account and the sums of its transfers. Rows are never deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub id: AccountId,
    pub ledger: i64,
    pub code: i64,
    pub flags: i64,
    pub user_data: String,
    pub create_time: Timestamp,
    pub debits_pending: i64,
    pub debits_posted: i64,
    pub credits_pending: i64,
    pub credits_posted: i64,
    pub transfer_count: i64,
    pub last_sequence: i64,
    pub last_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Account {
    type Error = souk_data::Error;

    fn try_from(row: Model) -> Result<Self, souk_data::Error> {
        Ok(Account {
            number: row.number,
            id: row.id,
            ledger: unsigned(row.ledger)?,
            code: unsigned(row.code)?,
            flags: AccountFlags::from_bits(row.flags),
            user_data: row.user_data,
            create_time: row.create_time,
            balance: Balance {
                debits_pending: row.debits_pending,
                debits_posted: row.debits_posted,
                credits_pending: row.credits_pending,
                credits_posted: row.credits_posted,
            },
            transfer_count: row.transfer_count,
            last_sequence: row.last_sequence,
        })
    }
}

/// Returns a number of the contract that has 32 bits; the column has 64.
pub(super) fn unsigned(number: i64) -> Result<u32, souk_data::Error> {
    let outside =
        |_| souk_data::Error::Corrupt(format!("{number} is not a number of 32 bits").into());
    number.try_into().map_err(outside)
}

/// Adds accounts. An id that is taken is a unique violation.
pub async fn insert(tx: &Tx, accounts: &[&NewAccount], now: Timestamp) -> Result<(), Error> {
    let rows = accounts.iter().map(|new| ActiveModel {
        id: Set(new.id),
        ledger: Set(new.ledger.into()),
        code: Set(new.code.into()),
        flags: Set(new.flags.to_bits()),
        user_data: Set(new.user_data.clone()),
        create_time: Set(now),
        ..Default::default()
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::Id.eq(given(0))));

/// Returns one account.
pub async fn get(reader: &Reader, id: AccountId) -> Result<Account, Error> {
    let row = BY_ID.one(reader, [id.into()]).await?.ok_or(Error::AccountNotFound(id))?;
    Ok(row.try_into()?)
}

/// Returns the accounts with these ids, in no particular order; unknown ids are left out.
pub async fn find(reader: &Reader, ids: &[AccountId]) -> Result<Vec<Account>, Error> {
    let mut accounts = Vec::with_capacity(ids.len());
    for ids in rows::chunks(ids) {
        for row in Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(reader).await? {
            accounts.push(row.try_into()?);
        }
    }
    Ok(accounts)
}

/// Which accounts are listed; 0 means any.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    pub ledger: u32,
    pub code: u32,
    /// Empty means any.
    pub user_data: String,
}

/// Returns accounts with numbers above `after`, in the order they were created.
pub async fn list(
    reader: &Reader,
    after: AccountNumber,
    filter: &AccountFilter,
    limit: i64,
) -> Result<Vec<Account>, Error> {
    let mut query = Entity::find().filter(Column::Number.gt(after));
    if filter.ledger != 0 {
        query = query.filter(Column::Ledger.eq(i64::from(filter.ledger)));
    }
    if filter.code != 0 {
        query = query.filter(Column::Code.eq(i64::from(filter.code)));
    }
    if !filter.user_data.is_empty() {
        // The index is of these alone, and SQLite does not look at the value.
        let is_indexed = Expr::cust("user_data <> ''");
        query = query.filter(Column::UserData.eq(filter.user_data.as_str())).filter(is_indexed);
    }
    let found = query.order_by_asc(Column::Number).limit(limit.unsigned_abs()).all(reader).await?;
    Ok(found.into_iter().map(Account::try_from).collect::<Result<_, _>>()?)
}

/// The sums over all accounts of one ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerSums {
    pub ledger: u32,
    pub balance: Balance,
    pub account_count: i64,
}

#[derive(FromQueryResult)]
struct SumsRow {
    ledger: i64,
    debits_pending: i64,
    debits_posted: i64,
    credits_pending: i64,
    credits_posted: i64,
    account_count: i64,
}

/// The most lines of a trial balance.
const TRIAL_BALANCE_LINES: u64 = 1000;

/// Returns the sums over the accounts of each ledger, or of one when `ledger` is not 0.
pub async fn trial_balance(reader: &Reader, ledger: u32) -> Result<Vec<LedgerSums>, Error> {
    let mut query = Entity::find()
        .select_only()
        .column(Column::Ledger)
        .column_as(Column::DebitsPending.sum().cast_as("BIGINT"), "debits_pending")
        .column_as(Column::DebitsPosted.sum().cast_as("BIGINT"), "debits_posted")
        .column_as(Column::CreditsPending.sum().cast_as("BIGINT"), "credits_pending")
        .column_as(Column::CreditsPosted.sum().cast_as("BIGINT"), "credits_posted")
        .column_as(Column::Number.count(), "account_count")
        .group_by(Column::Ledger)
        .order_by_asc(Column::Ledger)
        .limit(TRIAL_BALANCE_LINES);
    if ledger != 0 {
        query = query.filter(Column::Ledger.eq(i64::from(ledger)));
    }
    let found = query.into_model::<SumsRow>().all(reader).await?;
    let sums = found.into_iter().map(|row| {
        Ok(LedgerSums {
            ledger: unsigned(row.ledger)?,
            balance: Balance {
                debits_pending: row.debits_pending,
                debits_posted: row.debits_posted,
                credits_pending: row.credits_pending,
                credits_posted: row.credits_posted,
            },
            account_count: row.account_count,
        })
    });
    sums.collect()
}
