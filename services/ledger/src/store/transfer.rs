//! Transfers: the log, and the history of each account as a list through it. `batch.rs` appends to
//! it; a trigger refuses everything else.

use std::collections::{BTreeSet, HashMap};

use sea_orm::entity::prelude::*;
use sea_orm::{DerivePartialModel, FromQueryResult, JoinType, QuerySelect, raw_sql};
use souk_data::{Prepared, Reader, Tx, rows};
use souk_types::{AccountId, Timestamp, TransferId};

use super::account::unsigned;
use super::{account, batch};
use crate::account::AccountNumber;
use crate::balance::{Change, Side};
use crate::error::Error;
use crate::transfer::{Kind, Resolution, Transfer};

/// A transfer; rows never change.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub id: TransferId,
    /// The number of the account.
    pub debit_account: i64,
    pub credit_account: i64,
    pub amount: i64,
    pub pending_amount: i64,
    pub pending_id: Option<TransferId>,
    pub user_data: String,
    pub timeout_seconds: i64,
    pub ledger: i64,
    pub code: i64,
    pub kind: Kind,
    pub linked: i64,
    pub effective_time: Option<Timestamp>,
    pub create_time: Timestamp,
    pub debit_previous: i64,
    pub credit_previous: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Transfer {
    type Error = souk_data::Error;

    fn try_from(row: Model) -> Result<Self, souk_data::Error> {
        Ok(Transfer {
            sequence: row.sequence,
            id: row.id,
            debit_account: row.debit_account,
            credit_account: row.credit_account,
            amount: row.amount,
            pending_amount: row.pending_amount,
            pending: row.pending_id,
            user_data: row.user_data,
            timeout_seconds: unsigned(row.timeout_seconds)?,
            ledger: unsigned(row.ledger)?,
            code: unsigned(row.code)?,
            kind: row.kind,
            linked: row.linked != 0,
            effective_time: row.effective_time,
            create_time: row.create_time,
            debit_previous: row.debit_previous,
            credit_previous: row.credit_previous,
        })
    }
}

impl Model {
    /// Returns when it happened in the world.
    pub fn effective_time(&self) -> Timestamp {
        self.effective_time.unwrap_or(self.create_time)
    }

    /// Returns on which side one of its accounts is.
    pub fn side(&self, account: AccountNumber) -> Side {
        if self.debit_account == account { Side::Debit } else { Side::Credit }
    }

    /// Returns the sequence of the transfer before this one in the history of one of its accounts;
    /// 0 when it is the first.
    pub fn previous(&self, account: AccountNumber) -> i64 {
        match self.side(account) {
            Side::Debit => self.debit_previous,
            Side::Credit => self.credit_previous,
        }
    }
}

/// A transfer as it is shown: with the ids of its accounts and, if it is a pending one, how it
/// ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTransfer {
    pub transfer: Transfer,
    pub debit_account: AccountId,
    pub credit_account: AccountId,
    /// How it ended, when it is a pending one and has.
    pub resolution: Option<Resolution>,
}

/// The account that is debited, in a query that joins both accounts.
pub(super) const DEBIT: &str = "debit";

/// The account that is credited.
pub(super) const CREDIT: &str = "credit";

/// Joins both accounts of a transfer.
pub(super) fn join_accounts(query: Select<Entity>, join: JoinType) -> Select<Entity> {
    let to = |column: Column| -> RelationDef {
        Entity::belongs_to(account::Entity).from(column).to(account::Column::Number).into()
    };
    query.join_as(join, to(Column::DebitAccount), DEBIT).join_as(
        join,
        to(Column::CreditAccount),
        CREDIT,
    )
}

/// Returns the transfers with these ids, in the order asked; unknown ids are left out, and those
/// that are refused permanently.
pub async fn get(reader: &Reader, ids: &[TransferId]) -> Result<Vec<ListedTransfer>, Error> {
    let mut found = HashMap::new();
    for ids in rows::chunks(ids) {
        let query = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
        let rows = query.filter(Column::Kind.ne(Kind::Refused)).all(reader).await?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    let in_order: Vec<Model> = ids.iter().filter_map(|id| found.get(id)).cloned().collect();
    listed(reader, in_order).await
}

/// Returns transfers of an account, newest first, from the one at `sequence` on (0: none).
pub async fn history(
    reader: &Reader,
    account: AccountNumber,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Model>, Error> {
    // SQL, since a history is a list through the log: a recursive query walks it.
    let rows = Model::find_by_statement(raw_sql!(
        Postgres,
        "WITH RECURSIVE step (sequence, taken) AS (
             SELECT {sequence}, CAST(1 AS BIGINT)
             UNION ALL
             SELECT CASE WHEN debit_account = {account} THEN debit_previous ELSE credit_previous END,
                 taken + 1
             FROM step JOIN transfer ON transfer.sequence = step.sequence WHERE taken < {limit})
         SELECT transfer.* FROM step JOIN transfer ON transfer.sequence = step.sequence
         ORDER BY transfer.sequence DESC"
    ));
    Ok(rows.all(reader).await?)
}

#[derive(FromQueryResult)]
struct AccountRow {
    number: i64,
    id: AccountId,
}

/// Adds to transfers what is shown of them and is not in the log: the ids of their accounts, and
/// how pending ones ended.
pub async fn listed(reader: &Reader, rows: Vec<Model>) -> Result<Vec<ListedTransfer>, Error> {
    let numbers: BTreeSet<i64> =
        rows.iter().flat_map(|row| [row.debit_account, row.credit_account]).collect();
    let numbers: Vec<i64> = numbers.into_iter().collect();
    let mut accounts = HashMap::with_capacity(numbers.len());
    for numbers in rows::chunks(&numbers) {
        use account::{Column, Entity};
        let query = Entity::find().select_only().column(Column::Number).column(Column::Id);
        let query = query.filter(Column::Number.is_in(numbers.iter().copied()));
        let found = query.into_model::<AccountRow>().all(reader).await?;
        accounts.extend(found.into_iter().map(|row| (row.number, row.id)));
    }
    let account = |number: i64| {
        let missing = || souk_data::Error::Corrupt(format!("account {number} is missing").into());
        accounts.get(&number).copied().ok_or_else(missing)
    };

    let pending = rows.iter().filter(|row| row.kind == Kind::Pending);
    let pending: Vec<TransferId> = pending.map(|row| row.id).collect();
    let resolutions: HashMap<TransferId, Resolution> =
        batch::resolutions(reader, &pending).await?.into_iter().collect();
    let listed = rows.into_iter().map(|row| {
        Ok(ListedTransfer {
            resolution: resolutions.get(&row.id).copied(),
            debit_account: account(row.debit_account)?,
            credit_account: account(row.credit_account)?,
            transfer: row.try_into()?,
        })
    });
    listed.collect()
}

/// What a transfer does to the balances of its accounts, without what callers add to it.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct LogEntry {
    pub sequence: i64,
    pub debit_account: i64,
    pub credit_account: i64,
    pub kind: Kind,
    pub amount: i64,
    pub pending_amount: i64,
    pub effective_time: Option<Timestamp>,
    pub create_time: Timestamp,
    pub debit_previous: i64,
    pub credit_previous: i64,
}

impl LogEntry {
    /// Returns what it adds to the debit sums of one account and the credit sums of the other.
    pub fn change(&self) -> Change {
        self.kind.change(self.amount, self.pending_amount)
    }

    /// Returns when it happened in the world.
    pub fn effective_time(&self) -> Timestamp {
        self.effective_time.unwrap_or(self.create_time)
    }

    /// Returns on which side one of its accounts is.
    pub fn side(&self, account: AccountNumber) -> Side {
        if self.debit_account == account { Side::Debit } else { Side::Credit }
    }

    /// Returns the sequence of the transfer before this one in the history of one of its accounts;
    /// 0 when it is the first.
    pub fn previous(&self, account: AccountNumber) -> i64 {
        match self.side(account) {
            Side::Debit => self.debit_previous,
            Side::Credit => self.credit_previous,
        }
    }
}

/// Returns entries of an account's history, newest first, from the one at `sequence` on, which must
/// be there.
pub async fn log_entries(
    reader: &Reader,
    account: AccountNumber,
    sequence: i64,
    limit: i64,
) -> Result<Vec<LogEntry>, Error> {
    // SQL, for the same reason.
    let entries = LogEntry::find_by_statement(raw_sql!(
        Postgres,
        "WITH RECURSIVE step (sequence, taken) AS (
             SELECT {sequence}, CAST(1 AS BIGINT)
             UNION ALL
             SELECT CASE WHEN debit_account = {account} THEN debit_previous ELSE credit_previous END,
                 taken + 1
             FROM step JOIN transfer ON transfer.sequence = step.sequence WHERE taken < {limit})
         SELECT transfer.sequence, debit_account, credit_account, kind, amount, pending_amount,
             effective_time, create_time, debit_previous, credit_previous
         FROM step JOIN transfer ON transfer.sequence = step.sequence ORDER BY transfer.sequence DESC"
    ));
    let entries = entries.all(reader).await?;
    if entries.is_empty() {
        return Err(
            souk_data::Error::Corrupt(format!("transfer {sequence} is missing").into()).into()
        );
    }
    Ok(entries)
}

#[derive(FromQueryResult)]
struct Last {
    sequence: Option<i64>,
}

static LAST: Prepared<Select<Entity>, Last> =
    Prepared::new(|| Entity::find().select_only().column_as(Column::Sequence.max(), "sequence"));

/// Returns the sequence of the last transfer; 0 when there is none.
pub async fn last_sequence(tx: &Tx) -> Result<i64, souk_data::Error> {
    Ok(LAST.one(tx, []).await?.and_then(|last| last.sequence).unwrap_or(0))
}
