//! One write of transfers, in its transaction: reads what the batches name, applies the rules,
//! appends the result.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_data::{Engine, Error, Tx};
use souk_types::{AccountId, Timestamp, TransferId};

use super::account_cache::AccountCache;
use super::ticket::{Attempt, Ticket};
use crate::account::AccountNumber;
use crate::book::{Book, Verdict};
use crate::entry::Entries;
use crate::party::Party;
use crate::store::{batch, book, due, transfer};
use crate::transfer::{NewTransfer, Resolution, Transfer};

/// How many sequences each version of the book has for its transfers; no write has more.
const SEQUENCES_OF_A_VERSION: i64 = 8192;

/// Batches that one write creates, one after another.
pub struct Batches {
    pub ticket: Arc<Ticket>,
    pub batches: Arc<Vec<Vec<NewTransfer>>>,
    pub now: Timestamp,
    /// Whether to look for transfers with these ids.
    pub look_up_ids: bool,
}

/// An expiry of pending transfers whose timeout has passed.
pub struct Expiry {
    pub ticket: Arc<Ticket>,
    pub now: Timestamp,
    /// The most that expire.
    pub limit: i64,
}

/// What one write came to.
pub struct Outcome<T> {
    /// What it answers.
    pub value: T,
    /// The accounts that were read or changed, as they are after the commit.
    pub parties: Vec<Party>,
    /// The version of the book that it made.
    pub version: i64,
}

/// Creates batches; returns a verdict for each transfer.
///
/// Unless `look_up_ids`, it begins by assuming that none of the ids is known, which spares looking
/// for them: where every transfer is then created, the unique index has the last word. Anything
/// else is decided again after looking.
pub async fn create(tx: &Tx, input: &Batches) -> Result<Outcome<Vec<Vec<Verdict>>>, Error> {
    let mut attempt = input.ticket.begin();
    let created = match speculate(&attempt, input) {
        Some(decision) => create_speculatively(tx, &input.ticket, &mut attempt, decision).await,
        None => create_in_order(tx, input, &mut attempt).await,
    };
    input.ticket.end(attempt);
    created
}

/// What the rules decided on some batches.
struct Decision {
    verdicts: Vec<Vec<Verdict>>,
    book: Book,
    /// The accounts that were read, as they were.
    parties: Vec<Party>,
}

/// Decides by what the predecessor is about to leave, if that is all that is needed and every
/// transfer is then created.
fn speculate(attempt: &Attempt, input: &Batches) -> Option<Decision> {
    let names_pending = || input.batches.iter().flatten().any(|new| new.pending.is_some());
    if input.look_up_ids || !attempt.can_speculate() || names_pending() {
        return None;
    }
    let parties = attempt.cache.get_all(&accounts_of(&input.batches))?;
    let decision = decide(Facts { parties, stored: Vec::new(), resolved: Vec::new() }, input);
    decision.creates_all().then_some(decision)
}

/// Inserts the transfers before the predecessor has committed. That it then has, as it had
/// promised, is checked before anything else is written.
async fn create_speculatively(
    tx: &Tx,
    ticket: &Ticket,
    attempt: &mut Attempt,
    decision: Decision,
) -> Result<Outcome<Vec<Vec<Verdict>>>, Error> {
    let entries = decision.book.close(first_sequence(attempt.cache.next_version()));
    batch::insert_transfers(tx, &entries.transfers).await?;
    let version = book::next_version(tx).await?;
    if !attempt.confirm(version).await {
        ticket.fail_speculation(attempt);
        return Err(Error::Conflict);
    }
    let parties = finish(tx, ticket, attempt, entries, decision.parties, version).await?;
    Ok(Outcome { value: decision.verdicts, parties, version })
}

/// Creates the transfers once every earlier write has ended.
async fn create_in_order(
    tx: &Tx,
    input: &Batches,
    attempt: &mut Attempt,
) -> Result<Outcome<Vec<Vec<Verdict>>>, Error> {
    let version = begin(tx, attempt).await?;
    let all = || input.batches.iter().flatten();
    let pending: Vec<TransferId> = all().filter_map(|new| new.pending).collect();
    let mut facts = read_facts(tx, &attempt.cache, &accounts_of(&input.batches), &pending).await?;
    if !input.look_up_ids {
        let decision = decide(facts.clone(), input);
        if decision.creates_all() {
            return write(tx, &input.ticket, attempt, decision, version).await;
        }
    }
    let ids: Vec<TransferId> = all().map(|new| new.id).collect();
    facts.stored.extend(batch::transfers(tx, &ids).await?);
    write(tx, &input.ticket, attempt, decide(facts, input), version).await
}

fn accounts_of(batches: &[Vec<NewTransfer>]) -> BTreeSet<AccountId> {
    batches
        .iter()
        .flatten()
        .flat_map(|new| [new.debit_account, new.credit_account])
        .flatten()
        .collect()
}

fn decide(facts: Facts, input: &Batches) -> Decision {
    let parties = facts.parties.clone();
    let mut book = facts.book(input.now);
    let mut verdicts = Vec::with_capacity(input.batches.len());
    for batch in input.batches.iter() {
        let statuses = book.apply(batch);
        verdicts.push(book.verdicts(batch, &statuses));
    }
    Decision { verdicts, book, parties }
}

impl Decision {
    fn creates_all(&self) -> bool {
        self.verdicts.iter().flatten().all(|verdict| verdict.status == Status::Created)
    }
}

/// Expires pending transfers whose timeout has passed. Returns how many were due.
pub async fn expire(tx: &Tx, input: &Expiry) -> Result<Outcome<usize>, Error> {
    let mut attempt = input.ticket.begin();
    let expired = expire_in_order(tx, input, &mut attempt).await;
    input.ticket.end(attempt);
    expired
}

async fn expire_in_order(
    tx: &Tx,
    input: &Expiry,
    attempt: &mut Attempt,
) -> Result<Outcome<usize>, Error> {
    let version = begin(tx, attempt).await?;
    let due = due::list(tx, input.now, input.limit).await?;
    if due.is_empty() {
        return Ok(Outcome { value: 0, parties: Vec::new(), version });
    }

    let pending: Vec<TransferId> = due.iter().map(|due| due.pending).collect();
    let facts = read_facts(tx, &attempt.cache, &BTreeSet::new(), &pending).await?;
    let parties = facts.parties.clone();
    let mut book = facts.book(input.now);
    book.expire(&pending);
    let decision = Decision { verdicts: Vec::new(), book, parties };
    let outcome = write(tx, &input.ticket, attempt, decision, version).await?;
    // Another replica may have resolved some of them first; those leave the list here.
    batch::delete_due(tx, &due).await?;
    Ok(Outcome { value: due.len(), parties: outcome.parties, version })
}

/// Waits until no other write is in progress, and returns the version of the book that this one
/// makes. The cached balances hold for it, or are removed.
///
/// **Invariant:** whatever a write reads, it reads after this, and READ COMMITTED gives each later
/// statement all that was committed before; so it stays true until its own commit. Only a
/// speculative write decides earlier, from the cache alone, and is dropped unless the version
/// before its own was committed as cached.
async fn begin(tx: &Tx, attempt: &mut Attempt) -> Result<i64, Error> {
    if tx.engine() == Engine::Sqlite {
        // One thread writes, and no write begins before the one before it has ended.
        return Ok(0);
    }
    let version = book::next_version(tx).await?;
    attempt.confirm(version).await;
    Ok(version)
}

fn first_sequence(version: i64) -> i64 {
    version * SEQUENCES_OF_A_VERSION + 1
}

/// Everything stored that the rules need.
#[derive(Clone)]
struct Facts {
    parties: Vec<Party>,
    stored: Vec<Transfer>,
    resolved: Vec<(TransferId, Resolution)>,
}

impl Facts {
    fn book(self, now: Timestamp) -> Book {
        Book::new(now, self.parties, self.stored, self.resolved)
    }
}

/// Reads the accounts that are named, and those of the pending transfers, and what else the rules
/// need except for the transfers whose ids are known already.
async fn read_facts(
    tx: &Tx,
    cache: &AccountCache,
    accounts: &BTreeSet<AccountId>,
    pending: &[TransferId],
) -> Result<Facts, Error> {
    let (mut numbers, missing) = cache.numbers(accounts);
    numbers.extend(batch::account_numbers(tx, &missing).await?);
    let stored = batch::transfers(tx, pending).await?;
    numbers.extend(
        stored.iter().flat_map(|transfer| [transfer.debit_account, transfer.credit_account]),
    );
    let (mut parties, missing) = cache.parties(&numbers);
    parties.extend(batch::parties(tx, &missing).await?);
    let resolved = batch::resolutions(tx, pending).await?;
    Ok(Facts { parties, stored, resolved })
}

/// Writes what was decided.
async fn write(
    tx: &Tx,
    ticket: &Ticket,
    attempt: &mut Attempt,
    decision: Decision,
    version: i64,
) -> Result<Outcome<Vec<Vec<Verdict>>>, Error> {
    let Decision { verdicts, book, parties } = decision;
    if book.is_unchanged() {
        return Ok(Outcome { value: verdicts, parties, version });
    }
    let first = match tx.engine() {
        Engine::Sqlite => transfer::last_sequence(tx).await? + 1,
        Engine::Postgres => first_sequence(version),
    };
    let entries = book.close(first);
    batch::insert_transfers(tx, &entries.transfers).await?;
    let parties = finish(tx, ticket, attempt, entries, parties, version).await?;
    Ok(Outcome { value: verdicts, parties, version })
}

/// Writes what follows from transfers that are inserted; returns the accounts that were read as
/// they are then.
async fn finish(
    tx: &Tx,
    ticket: &Ticket,
    attempt: &mut Attempt,
    entries: Entries,
    before: Vec<Party>,
    version: i64,
) -> Result<Vec<Party>, Error> {
    let mut after: BTreeMap<AccountNumber, Party> =
        before.into_iter().map(|party| (party.number, party)).collect();
    after.extend(entries.parties.iter().map(|party| (party.number, party.clone())));
    let after: Vec<Party> = after.into_values().collect();
    if tx.engine() == Engine::Postgres {
        ticket.release_early(attempt, &after, version);
    }
    batch::update_accounts(tx, &entries.parties).await?;
    batch::insert_checkpoints(tx, &entries.checkpoints).await?;
    batch::insert_due(tx, &entries.due).await?;
    batch::delete_due(tx, &entries.no_longer_due).await?;
    Ok(after)
}
