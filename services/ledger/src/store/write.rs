//! Writing transfers: lock and load what they name, let the rules decide, append what they say.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_data::{Engine, Error, Reader, Tx, args};
use souk_types::{AccountId, Timestamp, TransferId};

use super::memory::Memory;
use super::sql::Rows;
use super::sql::Type::{self, Bytes, Integer, Text};
use super::{rows, sql};
use crate::account::AccountNumber;
use crate::book::{Book, Party};
use crate::entry::{Checkpoint, Due, Entries};
use crate::transfer::{NewTransfer, Resolution, Transfer};

/// What one write came to.
pub(super) struct Written {
    /// The statuses of each batch, in order.
    pub statuses: Vec<Vec<Status>>,
    /// The accounts that were loaded or changed, as they are after the commit.
    pub parties: Vec<Party>,
}

/// Creates several batches, one after another.
///
/// Unless `is_certain`, it begins by taking it that none of the ids is known, which spares looking for them: where every
/// transfer is then created, the unique index has the last word. Whatever else comes out is decided anew with certainty.
pub(super) async fn create(
    tx: &Tx,
    memory: &Mutex<Memory>,
    batches: &[Vec<NewTransfer>],
    now: Timestamp,
    is_certain: bool,
) -> Result<Written, Error> {
    let all = || batches.iter().flatten();
    let accounts: BTreeSet<AccountId> =
        all().flat_map(|new| [new.debit_account, new.credit_account]).flatten().collect();
    let pending: Vec<TransferId> = all().filter_map(|new| new.pending).collect();

    let mut loaded = load(tx, memory, &accounts, &pending).await?;
    if !is_certain {
        let mut book = loaded.book(now);
        let statuses: Vec<Vec<Status>> = batches.iter().map(|batch| book.apply(batch)).collect();
        if statuses.iter().flatten().all(|status| *status == Status::Created) {
            return Ok(Written { statuses, parties: write(tx, book, loaded.parties).await? });
        }
    }
    let ids: Vec<TransferId> = all().map(|new| new.id).collect();
    loaded.stored.extend(find(tx, &ids).await?);
    let mut book = loaded.book(now);
    let statuses = batches.iter().map(|batch| book.apply(batch)).collect();
    Ok(Written { statuses, parties: write(tx, book, loaded.parties).await? })
}

/// Expires up to `limit` pending transfers whose timeout has passed. Returns how many were due.
pub(super) async fn expire(
    tx: &Tx,
    memory: &Mutex<Memory>,
    now: Timestamp,
    limit: i64,
) -> Result<(usize, Vec<Party>), Error> {
    let query =
        "SELECT expire_time, pending_id FROM due WHERE expire_time <= $1 ORDER BY expire_time, pending_id LIMIT $2";
    let mut due = Vec::new();
    for row in tx.query(query, args![now, limit]).await? {
        due.push(Due { expire_time: row.get("expire_time")?, pending: row.get("pending_id")? });
    }
    if due.is_empty() {
        return Ok((0, Vec::new()));
    }

    let pending: Vec<TransferId> = due.iter().map(|due| due.pending).collect();
    let loaded = load(tx, memory, &BTreeSet::new(), &pending).await?;
    let mut book = loaded.book(now);
    book.expire(&pending);
    let parties = write(tx, book, loaded.parties).await?;
    // Another replica may have resolved some of them first; those leave the list here.
    forget_due(tx, &due).await?;
    Ok((due.len(), parties))
}

/// Everything stored that the rules need.
struct Loaded {
    parties: Vec<Party>,
    stored: Vec<Transfer>,
    resolved: Vec<(TransferId, Resolution)>,
}

impl Loaded {
    fn book(&self, now: Timestamp) -> Book {
        Book::new(now, self.parties.clone(), self.stored.clone(), self.resolved.clone())
    }
}

/// Locks the accounts that are named, and those of the pending transfers, and loads what the rules need but for the
/// transfers that are there already.
///
/// **Invariant:** every account that the write can change is locked, in the order of numbers, before anything that the
/// decision rests on is read; so READ COMMITTED is enough. What is read before the locks never changes.
async fn load(
    tx: &Tx,
    memory: &Mutex<Memory>,
    accounts: &BTreeSet<AccountId>,
    pending: &[TransferId],
) -> Result<Loaded, Error> {
    let mut numbers = numbers_of(tx, memory, accounts).await?;
    for transfer in find(tx, pending).await? {
        numbers.extend([transfer.debit_account, transfer.credit_account]);
    }
    let mut parties = lock(tx, memory, &numbers).await?;

    let stored = find(tx, pending).await?;
    // A pending transfer that another write committed while this one waited for its locks.
    let late: BTreeSet<AccountNumber> = stored
        .iter()
        .flat_map(|transfer| [transfer.debit_account, transfer.credit_account])
        .filter(|number| !numbers.contains(number))
        .collect();
    parties.extend(lock(tx, memory, &late).await?);

    let resolved = resolutions(tx, pending).await?;
    Ok(Loaded { parties, stored, resolved })
}

async fn numbers_of(
    tx: &Tx,
    memory: &Mutex<Memory>,
    ids: &BTreeSet<AccountId>,
) -> Result<BTreeSet<AccountNumber>, Error> {
    let (mut numbers, unknown) = memory.lock().numbers(ids);
    for row in sql::find(tx, &unknown, |keys| format!("SELECT number FROM account WHERE id {keys}")).await? {
        numbers.insert(row.get("number")?);
    }
    Ok(numbers)
}

async fn lock(tx: &Tx, memory: &Mutex<Memory>, numbers: &BTreeSet<AccountNumber>) -> Result<Vec<Party>, Error> {
    let (mut parties, unknown) = memory.lock().parties(numbers);
    let query = |keys: &str| {
        format!("SELECT {} FROM account WHERE number {keys} ORDER BY number{}", rows::PARTY, tx.lock_rows())
    };
    for row in sql::find(tx, &unknown, query).await? {
        parties.push(rows::party(&row)?);
    }
    Ok(parties)
}

async fn find(tx: &Tx, ids: &[TransferId]) -> Result<Vec<Transfer>, Error> {
    let query = |keys: &str| format!("SELECT {} FROM transfer WHERE id {keys}", rows::TRANSFER);
    sql::find(tx, ids, query).await?.iter().map(rows::transfer).collect()
}

/// Returns how those of the pending transfers that are resolved ended.
pub(super) async fn resolutions(
    reader: &Reader,
    pending: &[TransferId],
) -> Result<Vec<(TransferId, Resolution)>, Error> {
    let query = |keys: &str| format!("SELECT pending_id, kind FROM transfer WHERE pending_id {keys}");
    let mut resolutions = Vec::new();
    for row in sql::find(reader, pending, query).await? {
        if let Some(resolution) = rows::kind(&row)?.resolution() {
            resolutions.push((row.get("pending_id")?, resolution));
        }
    }
    Ok(resolutions)
}

/// Writes what the book says; returns the accounts it was opened with as they are then.
async fn write(tx: &Tx, book: Book, before: Vec<Party>) -> Result<Vec<Party>, Error> {
    if book.created_count() == 0 {
        return Ok(before);
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
    forget_due(tx, &entries.no_longer_due).await?;

    let mut after: BTreeMap<AccountNumber, Party> = before.into_iter().map(|party| (party.number, party)).collect();
    after.extend(entries.parties.into_iter().map(|party| (party.number, party)));
    Ok(after.into_values().collect())
}

async fn append(tx: &Tx, transfers: &[Transfer]) -> Result<(), Error> {
    const TYPES: &[Type] = &[
        Integer, Bytes, Integer, Integer, Integer, Integer, Bytes, Text, Integer, Integer, Integer, Integer, Integer,
        Integer, Integer, Integer, Integer,
    ];
    let kinds: Vec<i64> = transfers.iter().map(|transfer| transfer.kind.to_column()).collect();
    let mut rows = Rows::new(TYPES, transfers.len());
    for (transfer, kind) in transfers.iter().zip(&kinds) {
        rows.push(args![
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
    rows.execute(tx, |rows| format!("INSERT INTO transfer ({}) {rows}", rows::TRANSFER)).await
}

async fn update(tx: &Tx, parties: &[Party]) -> Result<(), Error> {
    let mut rows = Rows::new(&[Integer; 8], parties.len());
    for party in parties {
        rows.push(args![
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
    let statement = |rows: &str| {
        format!(
            "UPDATE account SET debits_pending = change.column2, debits_posted = change.column3, \
                    credits_pending = change.column4, credits_posted = change.column5, \
                    transfer_count = change.column6, last_sequence = change.column7, last_time = change.column8 \
             FROM ({rows}) AS change WHERE account.number = change.column1"
        )
    };
    rows.execute(tx, statement).await
}

async fn append_checkpoints(tx: &Tx, checkpoints: &[Checkpoint]) -> Result<(), Error> {
    let mut rows = Rows::new(&[Integer; 7], checkpoints.len());
    for checkpoint in checkpoints {
        rows.push(args![
            checkpoint.account,
            checkpoint.create_time,
            checkpoint.sequence,
            checkpoint.balance.debits_pending,
            checkpoint.balance.debits_posted,
            checkpoint.balance.credits_pending,
            checkpoint.balance.credits_posted,
        ]);
    }
    let columns = "account, create_time, sequence, debits_pending, debits_posted, credits_pending, credits_posted";
    rows.execute(tx, |rows| format!("INSERT INTO checkpoint ({columns}) {rows}")).await
}

async fn remember_due(tx: &Tx, due: &[Due]) -> Result<(), Error> {
    due_rows(due).execute(tx, |rows| format!("INSERT INTO due (expire_time, pending_id) {rows}")).await
}

async fn forget_due(tx: &Tx, due: &[Due]) -> Result<(), Error> {
    due_rows(due).execute(tx, |rows| format!("DELETE FROM due WHERE (expire_time, pending_id) IN ({rows})")).await
}

fn due_rows(due: &[Due]) -> Rows<'_> {
    let mut rows = Rows::new(&[Integer, Bytes], due.len());
    for due in due {
        rows.push(args![due.expire_time, due.pending]);
    }
    rows
}
