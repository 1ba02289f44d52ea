//! Writing transfers: take turns, load what they name, let the rules decide, append what they say.

use std::collections::{BTreeMap, BTreeSet};

use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_data::{Engine, Error, Reader, Tx, args};
use souk_types::{AccountId, Timestamp, TransferId};

use super::memory::Memory;
use super::sql::Rows;
use super::sql::Type::{self, Bytes, Integer, Text};
use super::turn::{Turn, Work};
use super::{rows, sql};
use crate::account::AccountNumber;
use crate::book::Book;
use crate::entry::{Checkpoint, Due, Entries};
use crate::party::Party;
use crate::transfer::{NewTransfer, Resolution, Transfer};

/// What one write came to.
pub(super) struct Written<T> {
    /// What it answers.
    pub value: T,
    /// The accounts that were loaded or changed, as they are after the commit.
    pub parties: Vec<Party>,
    /// The version of the book that it made.
    pub version: i64,
}

/// How many sequences each version of the book has for its transfers; no write has more.
const SEQUENCES_OF_A_VERSION: i64 = 8192;

/// Creates several batches, one after another.
///
/// Unless `is_certain`, it begins by taking it that none of the ids is known, which spares looking for them: where every
/// transfer is then created, the unique index has the last word. Whatever else comes out is decided anew with certainty.
pub(super) async fn create(
    tx: &Tx,
    turn: &Turn,
    batches: &[Vec<NewTransfer>],
    now: Timestamp,
    is_certain: bool,
) -> Result<Written<Vec<Vec<Status>>>, Error> {
    let mut work = turn.begin();
    let decided = if is_certain { None } else { ahead(&work, batches, now) };
    let created = match decided {
        Some(decided) => create_ahead(tx, turn, &mut work, decided).await,
        None => create_in_turn(tx, turn, &mut work, batches, now, is_certain).await,
    };
    turn.end(work);
    created
}

/// What becomes of some batches.
struct Decided {
    statuses: Vec<Vec<Status>>,
    book: Book,
    /// The accounts that were loaded, as they were.
    parties: Vec<Party>,
}

/// Decides by what the write before is about to leave, if that is all that is needed and every transfer is then created.
fn ahead(work: &Work, batches: &[Vec<NewTransfer>], now: Timestamp) -> Option<Decided> {
    let all = || batches.iter().flatten();
    if !work.may_go_ahead() || all().any(|new| new.pending.is_some()) {
        return None;
    }
    let parties = work.memory.all(&accounts_of(batches))?;
    let decided = decide(Loaded { parties, stored: Vec::new(), resolved: Vec::new() }, batches, now);
    decided.are_all_created().then_some(decided)
}

/// Inserts the transfers before it is this write's turn. That it then is, and that what it was decided by was committed, is seen
/// before anything else is written.
async fn create_ahead(
    tx: &Tx,
    turn: &Turn,
    work: &mut Work,
    decided: Decided,
) -> Result<Written<Vec<Vec<Status>>>, Error> {
    let entries = decided.book.close(first_sequence(work.memory.next_version()));
    append(tx, &entries.transfers).await?;
    let version = take_turn(tx).await?;
    if !work.begins(version).await {
        turn.in_vain(work);
        return Err(Error::Conflict);
    }
    let parties = finish(tx, turn, work, entries, decided.parties, version).await?;
    Ok(Written { value: decided.statuses, parties, version })
}

async fn create_in_turn(
    tx: &Tx,
    turn: &Turn,
    work: &mut Work,
    batches: &[Vec<NewTransfer>],
    now: Timestamp,
    is_certain: bool,
) -> Result<Written<Vec<Vec<Status>>>, Error> {
    let version = begin(tx, work).await?;
    let pending: Vec<TransferId> = batches.iter().flatten().filter_map(|new| new.pending).collect();
    let mut loaded = load(tx, &work.memory, &accounts_of(batches), &pending).await?;
    if !is_certain {
        let decided = decide(loaded.clone(), batches, now);
        if decided.are_all_created() {
            return write(tx, turn, work, decided, version).await;
        }
    }
    let ids: Vec<TransferId> = batches.iter().flatten().map(|new| new.id).collect();
    loaded.stored.extend(find(tx, &ids).await?);
    write(tx, turn, work, decide(loaded, batches, now), version).await
}

fn accounts_of(batches: &[Vec<NewTransfer>]) -> BTreeSet<AccountId> {
    batches.iter().flatten().flat_map(|new| [new.debit_account, new.credit_account]).flatten().collect()
}

fn decide(loaded: Loaded, batches: &[Vec<NewTransfer>], now: Timestamp) -> Decided {
    let parties = loaded.parties.clone();
    let mut book = loaded.book(now);
    let statuses = batches.iter().map(|batch| book.apply(batch)).collect();
    Decided { statuses, book, parties }
}

impl Decided {
    fn are_all_created(&self) -> bool {
        self.statuses.iter().flatten().all(|status| *status == Status::Created)
    }
}

/// Returns whether the timeout of some pending transfer has passed.
pub(super) async fn is_any_due(reader: &Reader, now: Timestamp) -> Result<bool, Error> {
    let query = "SELECT expire_time FROM due WHERE expire_time <= $1 ORDER BY expire_time LIMIT 1";
    Ok(reader.query_row(query, args![now]).await?.is_some())
}

/// Expires up to `limit` pending transfers whose timeout has passed. Returns how many were due.
pub(super) async fn expire(tx: &Tx, turn: &Turn, now: Timestamp, limit: i64) -> Result<Written<usize>, Error> {
    let mut work = turn.begin();
    let expired = expire_in_turn(tx, turn, &mut work, now, limit).await;
    turn.end(work);
    expired
}

async fn expire_in_turn(
    tx: &Tx,
    turn: &Turn,
    work: &mut Work,
    now: Timestamp,
    limit: i64,
) -> Result<Written<usize>, Error> {
    let version = begin(tx, work).await?;
    let query =
        "SELECT expire_time, pending_id FROM due WHERE expire_time <= $1 ORDER BY expire_time, pending_id LIMIT $2";
    let mut due = Vec::new();
    for row in tx.query(query, args![now, limit]).await? {
        due.push(Due { expire_time: row.get("expire_time")?, pending: row.get("pending_id")? });
    }
    if due.is_empty() {
        return Ok(Written { value: 0, parties: Vec::new(), version });
    }

    let pending: Vec<TransferId> = due.iter().map(|due| due.pending).collect();
    let loaded = load(tx, &work.memory, &BTreeSet::new(), &pending).await?;
    let parties = loaded.parties.clone();
    let mut book = loaded.book(now);
    book.expire(&pending);
    let written = write(tx, turn, work, Decided { statuses: Vec::new(), book, parties }, version).await?;
    // Another replica may have resolved some of them first; those leave the list here.
    forget_due(tx, &due).await?;
    Ok(Written { value: due.len(), parties: written.parties, version })
}

/// Takes the turn and returns the version of the book that this write makes. What is remembered holds for it, or is forgotten.
async fn begin(tx: &Tx, work: &mut Work) -> Result<i64, Error> {
    if tx.engine() == Engine::Sqlite {
        // One writer thread, and every turn follows its own.
        return Ok(0);
    }
    let version = take_turn(tx).await?;
    work.begins(version).await;
    Ok(version)
}

/// Waits until no other write is under way and returns the version of the book that this one makes.
///
/// **Invariant:** whatever a write reads, it reads after this, and READ COMMITTED gives each later statement all that was
/// committed before; so it stays true until its own commit. What it decided earlier came from memory alone, and is dropped here
/// unless the version before this one was committed as remembered.
async fn take_turn(tx: &Tx) -> Result<i64, Error> {
    let turn = "UPDATE book SET version = version + 1 WHERE id = 1 RETURNING version";
    let row = tx.query_row(turn, args![]).await?.ok_or_else(|| Error::Corrupt("the row of book is missing".into()))?;
    row.get("version")
}

fn first_sequence(version: i64) -> i64 {
    version * SEQUENCES_OF_A_VERSION + 1
}

/// Everything stored that the rules need.
#[derive(Clone)]
struct Loaded {
    parties: Vec<Party>,
    stored: Vec<Transfer>,
    resolved: Vec<(TransferId, Resolution)>,
}

impl Loaded {
    fn book(self, now: Timestamp) -> Book {
        Book::new(now, self.parties, self.stored, self.resolved)
    }
}

/// Loads the accounts that are named, and those of the pending transfers, and what else the rules need but for the
/// transfers that are there already.
async fn load(
    tx: &Tx,
    memory: &Memory,
    accounts: &BTreeSet<AccountId>,
    pending: &[TransferId],
) -> Result<Loaded, Error> {
    let mut numbers = numbers_of(tx, memory, accounts).await?;
    let stored = find(tx, pending).await?;
    for transfer in &stored {
        numbers.extend([transfer.debit_account, transfer.credit_account]);
    }
    let parties = parties(tx, memory, &numbers).await?;
    let resolved = resolutions(tx, pending).await?;
    Ok(Loaded { parties, stored, resolved })
}

async fn numbers_of(tx: &Tx, memory: &Memory, ids: &BTreeSet<AccountId>) -> Result<BTreeSet<AccountNumber>, Error> {
    let (mut numbers, unknown) = memory.numbers(ids);
    for row in sql::find(tx, &unknown, |keys| format!("SELECT number FROM account WHERE id {keys}")).await? {
        numbers.insert(row.get("number")?);
    }
    Ok(numbers)
}

async fn parties(tx: &Tx, memory: &Memory, numbers: &BTreeSet<AccountNumber>) -> Result<Vec<Party>, Error> {
    let (mut parties, unknown) = memory.parties(numbers);
    let query = |keys: &str| format!("SELECT {} FROM account WHERE number {keys}", rows::PARTY);
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

/// Writes what was decided.
async fn write(
    tx: &Tx,
    turn: &Turn,
    work: &mut Work,
    decided: Decided,
    version: i64,
) -> Result<Written<Vec<Vec<Status>>>, Error> {
    let Decided { statuses, book, parties } = decided;
    if book.created_count() == 0 {
        return Ok(Written { value: statuses, parties, version });
    }
    let first = match tx.engine() {
        Engine::Sqlite => {
            let query = "SELECT COALESCE(MAX(sequence), 0) + 1 AS first FROM transfer";
            tx.query_row(query, args![]).await?.expect("an aggregate always answers a row").get("first")?
        }
        Engine::Postgres => first_sequence(version),
    };
    let entries: Entries = book.close(first);
    append(tx, &entries.transfers).await?;
    let parties = finish(tx, turn, work, entries, parties, version).await?;
    Ok(Written { value: statuses, parties, version })
}

/// Writes what follows from transfers that are inserted; returns the accounts that were loaded as they are then.
async fn finish(
    tx: &Tx,
    turn: &Turn,
    work: &mut Work,
    entries: Entries,
    before: Vec<Party>,
    version: i64,
) -> Result<Vec<Party>, Error> {
    let mut after: BTreeMap<AccountNumber, Party> = before.into_iter().map(|party| (party.number, party)).collect();
    after.extend(entries.parties.iter().map(|party| (party.number, party.clone())));
    let after: Vec<Party> = after.into_values().collect();
    if tx.engine() == Engine::Postgres {
        turn.pass_on(work, &after, version);
    }
    update(tx, &entries.parties).await?;
    append_checkpoints(tx, &entries.checkpoints).await?;
    remember_due(tx, &entries.due).await?;
    forget_due(tx, &entries.no_longer_due).await?;
    Ok(after)
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
