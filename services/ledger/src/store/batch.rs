//! Writing a batch of transfers: lock and load what it names, let the rules decide, append what they say.

use std::collections::BTreeSet;
use std::sync::Arc;

use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_data::{Arg, Engine, ToArg, Tx, args, placeholders};
use souk_types::{AccountId, Timestamp, TransferId};

use super::{Store, rows, sql};
use crate::account::AccountNumber;
use crate::book::{Book, Party};
use crate::entry::{Checkpoint, Due, Entries};
use crate::error::Error;
use crate::transfer::{Kind, NewTransfer, Resolution, Transfer};

impl Store {
    /// Creates a batch of transfers; returns a status for each.
    pub async fn create_transfers(&self, batch: Vec<NewTransfer>, now: Timestamp) -> Result<Vec<Status>, Error> {
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

    /// Expires up to `limit` pending transfers whose timeout has passed. Returns how many were due.
    pub async fn expire_due(&self, now: Timestamp, limit: i64) -> Result<usize, Error> {
        super::again_when_beaten(|| self.db.write_locked(move |tx: Tx| async move { expire(&tx, now, limit).await }))
            .await
    }
}

async fn create(tx: &Tx, batch: &[NewTransfer], now: Timestamp) -> Result<Vec<Status>, Error> {
    let accounts: BTreeSet<AccountId> =
        batch.iter().flat_map(|new| [new.debit_account, new.credit_account]).flatten().collect();
    let pending: Vec<TransferId> = batch.iter().filter_map(|new| new.pending).collect();
    let named: Vec<TransferId> = batch.iter().map(|new| new.id).chain(pending.iter().copied()).collect();

    let mut book = open_book(tx, &accounts, &pending, &named, now).await?;
    let statuses = book.apply(batch);
    write(tx, book).await?;
    Ok(statuses)
}

async fn expire(tx: &Tx, now: Timestamp, limit: i64) -> Result<usize, Error> {
    let query =
        "SELECT expire_time, pending_id FROM due WHERE expire_time <= $1 ORDER BY expire_time, pending_id LIMIT $2";
    let mut due = Vec::new();
    for row in tx.query(query, args![now, limit]).await? {
        due.push(Due { expire_time: row.get("expire_time")?, pending: row.get("pending_id")? });
    }
    if due.is_empty() {
        return Ok(0);
    }

    let pending: Vec<TransferId> = due.iter().map(|due| due.pending).collect();
    let mut book = open_book(tx, &BTreeSet::new(), &pending, &pending, now).await?;
    book.expire(&pending);
    write(tx, book).await?;
    // Another replica may have resolved some of them first; those leave the list here.
    forget_due(tx, &due).await?;
    Ok(due.len())
}

/// Locks the accounts that are named, and those of the pending transfers, and loads what the rules need.
///
/// **Invariant:** every account that the batch can change is locked, in the order of numbers, before anything that the
/// decision rests on is read; so READ COMMITTED is enough.
async fn open_book(
    tx: &Tx,
    accounts: &BTreeSet<AccountId>,
    pending: &[TransferId],
    named: &[TransferId],
    now: Timestamp,
) -> Result<Book, Error> {
    let mut numbers = numbers_of(tx, accounts).await?;
    for transfer in find(tx, pending).await? {
        numbers.extend([transfer.debit_account, transfer.credit_account]);
    }
    let mut parties = lock(tx, &numbers).await?;

    let stored = find(tx, named).await?;
    // A pending transfer that another write committed while this one waited for its locks.
    let late: BTreeSet<AccountNumber> = stored
        .iter()
        .filter(|transfer| transfer.kind == Kind::Pending)
        .flat_map(|transfer| [transfer.debit_account, transfer.credit_account])
        .filter(|number| !numbers.contains(number))
        .collect();
    parties.extend(lock(tx, &late).await?);

    let resolved = resolutions(tx, pending).await?;
    Ok(Book::new(now, parties, stored, resolved))
}

async fn numbers_of(tx: &Tx, ids: &BTreeSet<AccountId>) -> Result<BTreeSet<AccountNumber>, Error> {
    let ids: Vec<AccountId> = ids.iter().copied().collect();
    let mut numbers = BTreeSet::new();
    for piece in sql::pieces(&ids) {
        let query = format!("SELECT number FROM account WHERE id IN {}", placeholders(1, 1, piece.len()));
        for row in tx.query(&query, &to_args(piece)).await? {
            numbers.insert(row.get("number")?);
        }
    }
    Ok(numbers)
}

async fn lock(tx: &Tx, numbers: &BTreeSet<AccountNumber>) -> Result<Vec<Party>, Error> {
    let numbers: Vec<AccountNumber> = numbers.iter().copied().collect();
    let mut parties = Vec::with_capacity(numbers.len());
    for piece in sql::pieces(&numbers) {
        let query = format!(
            "SELECT {} FROM account WHERE number IN {} ORDER BY number{}",
            rows::PARTY,
            placeholders(1, 1, piece.len()),
            tx.lock_rows()
        );
        for row in tx.query(&query, &to_args(piece)).await? {
            parties.push(rows::party(&row)?);
        }
    }
    Ok(parties)
}

async fn find(tx: &Tx, ids: &[TransferId]) -> Result<Vec<Transfer>, Error> {
    let mut transfers = Vec::new();
    for piece in sql::pieces(ids) {
        let query = format!("SELECT {} FROM transfer WHERE id IN {}", rows::TRANSFER, placeholders(1, 1, piece.len()));
        for row in tx.query(&query, &to_args(piece)).await? {
            transfers.push(rows::transfer(&row)?);
        }
    }
    Ok(transfers)
}

/// Returns how those of the pending transfers that are resolved ended.
pub(super) async fn resolutions(
    reader: &souk_data::Reader,
    pending: &[TransferId],
) -> Result<Vec<(TransferId, Resolution)>, Error> {
    let mut resolutions = Vec::new();
    for piece in sql::pieces(pending) {
        let query =
            format!("SELECT pending_id, kind FROM transfer WHERE pending_id IN {}", placeholders(1, 1, piece.len()));
        for row in reader.query(&query, &to_args(piece)).await? {
            let resolution = match rows::kind(&row)? {
                Kind::Post => Resolution::Posted,
                Kind::Void => Resolution::Voided,
                Kind::Expire => Resolution::Expired,
                Kind::Single | Kind::Pending => continue,
            };
            resolutions.push((row.get("pending_id")?, resolution));
        }
    }
    Ok(resolutions)
}

async fn write(tx: &Tx, book: Book) -> Result<(), Error> {
    if book.created_count() == 0 {
        return Ok(());
    }
    let first = match tx.engine() {
        Engine::Sqlite => "SELECT COALESCE(MAX(sequence), 0) + 1 AS first FROM transfer",
        Engine::Postgres => "SELECT nextval('transfer_block') AS first",
    };
    let first = tx.query_row(first, args![]).await?.expect("an aggregate and nextval always answer a row");
    let entries: Entries = book.close(first.get("first")?);

    append(tx, &entries.transfers).await?;
    update(tx, &entries.parties).await?;
    append_checkpoints(tx, &entries.checkpoints).await?;
    remember_due(tx, &entries.due).await?;
    forget_due(tx, &entries.no_longer_due).await
}

async fn append(tx: &Tx, transfers: &[Transfer]) -> Result<(), Error> {
    const COLUMNS: usize = 17;
    for piece in sql::pieces(transfers) {
        let mut values: Vec<Arg<'_>> = Vec::with_capacity(piece.len() * COLUMNS);
        let kinds: Vec<i64> = piece.iter().map(|transfer| transfer.kind.to_column()).collect();
        for (transfer, kind) in piece.iter().zip(&kinds) {
            values.extend_from_slice(args![
                transfer.sequence,
                transfer.id,
                transfer.debit_account,
                transfer.credit_account,
                transfer.amount,
                transfer.pending_amount,
                transfer.pending,
                transfer.user_data,
                transfer.timeout_seconds,
                transfer.ledger,
                transfer.code,
                *kind,
                transfer.linked,
                transfer.effective_time,
                transfer.create_time,
                transfer.debit_previous,
                transfer.credit_previous,
            ]);
        }
        let statement =
            format!("INSERT INTO transfer ({}) VALUES {}", rows::TRANSFER, placeholders(1, piece.len(), COLUMNS));
        tx.execute(&statement, &values).await?;
    }
    Ok(())
}

async fn update(tx: &Tx, parties: &[Party]) -> Result<(), Error> {
    const COLUMNS: usize = 8;
    for piece in sql::pieces(parties) {
        let mut values: Vec<Arg<'_>> = Vec::with_capacity(piece.len() * COLUMNS);
        for party in piece {
            values.extend_from_slice(args![
                party.number,
                party.balance.debits_pending,
                party.balance.debits_posted,
                party.balance.credits_pending,
                party.balance.credits_posted,
                party.transfer_count,
                party.last_sequence,
                party.last_time,
            ]);
        }
        let statement = format!(
            "UPDATE account SET debits_pending = change.column2, debits_posted = change.column3, \
                    credits_pending = change.column4, credits_posted = change.column5, \
                    transfer_count = change.column6, last_sequence = change.column7, last_time = change.column8 \
             FROM (VALUES {}) AS change WHERE account.number = change.column1",
            placeholders(1, piece.len(), COLUMNS)
        );
        tx.execute(&statement, &values).await?;
    }
    Ok(())
}

async fn append_checkpoints(tx: &Tx, checkpoints: &[Checkpoint]) -> Result<(), Error> {
    const COLUMNS: usize = 7;
    for piece in sql::pieces(checkpoints) {
        let mut values: Vec<Arg<'_>> = Vec::with_capacity(piece.len() * COLUMNS);
        for checkpoint in piece {
            values.extend_from_slice(args![
                checkpoint.account,
                checkpoint.create_time,
                checkpoint.sequence,
                checkpoint.balance.debits_pending,
                checkpoint.balance.debits_posted,
                checkpoint.balance.credits_pending,
                checkpoint.balance.credits_posted,
            ]);
        }
        let statement = format!(
            "INSERT INTO checkpoint (account, create_time, sequence, debits_pending, debits_posted, credits_pending, \
             credits_posted) VALUES {}",
            placeholders(1, piece.len(), COLUMNS)
        );
        tx.execute(&statement, &values).await?;
    }
    Ok(())
}

async fn remember_due(tx: &Tx, due: &[Due]) -> Result<(), Error> {
    for piece in sql::pieces(due) {
        let values: Vec<Arg<'_>> =
            piece.iter().flat_map(|due| [due.expire_time.to_arg(), due.pending.to_arg()]).collect();
        let statement = format!("INSERT INTO due (expire_time, pending_id) VALUES {}", placeholders(1, piece.len(), 2));
        tx.execute(&statement, &values).await?;
    }
    Ok(())
}

async fn forget_due(tx: &Tx, due: &[Due]) -> Result<(), Error> {
    for piece in sql::pieces(due) {
        let values: Vec<Arg<'_>> =
            piece.iter().flat_map(|due| [due.expire_time.to_arg(), due.pending.to_arg()]).collect();
        let statement =
            format!("DELETE FROM due WHERE (expire_time, pending_id) IN (VALUES {})", placeholders(1, piece.len(), 2));
        tx.execute(&statement, &values).await?;
    }
    Ok(())
}

fn to_args<T: ToArg>(values: &[T]) -> Vec<Arg<'_>> {
    values.iter().map(ToArg::to_arg).collect()
}
