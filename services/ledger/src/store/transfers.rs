//! Reading transfers as they are shown: with the ids of their accounts and, of pending ones, how they ended.

use std::collections::HashMap;

use souk_data::{Reader, Row, args};
use souk_types::{AccountId, TransferId};

use super::{Store, rows, sql, write};
use crate::account::AccountNumber;
use crate::error::Error;
use crate::transfer::{Kind, Resolution, Transfer};

/// A transfer as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTransfer {
    pub transfer: Transfer,
    pub debit_account: AccountId,
    pub credit_account: AccountId,
    /// How it ended, when it is a pending one and has.
    pub resolution: Option<Resolution>,
}

/// The columns of a transfer and the ids of its accounts.
fn columns() -> String {
    let own: Vec<String> = rows::TRANSFER.split(", ").map(|column| format!("transfer.{}", column.trim())).collect();
    format!("{}, debit.id AS debit_id, credit.id AS credit_id", own.join(", "))
}

const JOINS: &str = "JOIN account AS debit ON debit.number = transfer.debit_account \
     JOIN account AS credit ON credit.number = transfer.credit_account";

impl Store {
    /// Returns the transfers with these ids, in the order asked; unknown ids are left out.
    pub async fn transfers(&self, ids: &[TransferId]) -> Result<Vec<ListedTransfer>, Error> {
        let reader = self.db.read();
        let query = |keys: &str| format!("SELECT {} FROM transfer {JOINS} WHERE transfer.id {keys}", columns());
        let mut found = HashMap::new();
        for row in sql::find(&reader, ids, query).await? {
            let listed = listed(&row)?;
            found.insert(listed.transfer.id, listed);
        }
        let in_order: Vec<ListedTransfer> = ids.iter().filter_map(|id| found.get(id).cloned()).collect();
        with_resolutions(&reader, in_order).await
    }

    /// Returns up to `limit` transfers of an account, newest first, from the one at `sequence` on (0: none).
    pub async fn history(
        &self,
        account: AccountNumber,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<ListedTransfer>, Error> {
        let reader = self.db.read();
        let query = format!(
            "WITH RECURSIVE step (sequence, taken) AS ( \
                 SELECT $1, CAST(1 AS BIGINT) \
                 UNION ALL \
                 SELECT CASE WHEN transfer.debit_account = $2 THEN transfer.debit_previous \
                             ELSE transfer.credit_previous END, \
                        step.taken + 1 \
                 FROM step JOIN transfer ON transfer.sequence = step.sequence WHERE step.taken < $3 \
             ) \
             SELECT {} FROM step JOIN transfer ON transfer.sequence = step.sequence {JOINS} \
             ORDER BY transfer.sequence DESC",
            columns()
        );
        let found = reader.query(&query, args![sequence, account, limit]).await?;
        let found = found.iter().map(listed).collect::<Result<_, Error>>()?;
        with_resolutions(&reader, found).await
    }
}

fn listed(row: &Row) -> Result<ListedTransfer, Error> {
    Ok(ListedTransfer {
        transfer: rows::transfer(row)?,
        debit_account: row.get("debit_id")?,
        credit_account: row.get("credit_id")?,
        resolution: None,
    })
}

async fn with_resolutions(reader: &Reader, mut listed: Vec<ListedTransfer>) -> Result<Vec<ListedTransfer>, Error> {
    let pending: Vec<TransferId> =
        listed.iter().filter(|listed| listed.transfer.kind == Kind::Pending).map(|listed| listed.transfer.id).collect();
    let resolutions: HashMap<TransferId, Resolution> =
        write::resolutions(reader, &pending).await?.into_iter().collect();
    for transfer in &mut listed {
        transfer.resolution = resolutions.get(&transfer.transfer.id).copied();
    }
    Ok(listed)
}
