//! The audit: everything that must hold in this database, checked on one state of it and in bounded memory.

use souk_data::{Reader, args};

use super::{Store, rows};
use crate::balance::{Balance, Side};
use crate::error::Error;
use crate::replay::{Replay, Replayed};

/// How many accounts are replayed at a time; the log is read once for each such slice of accounts.
const ACCOUNTS_AT_A_TIME: i64 = 250_000;

/// How many rows are read at a time.
const ROWS_AT_A_TIME: i64 = 10_000;

/// The most findings that are told.
const FINDINGS: usize = 1000;

/// What an audit came to.
#[derive(Debug, Default)]
pub struct Audit {
    pub findings: Vec<Finding>,
    pub accounts: i64,
    pub transfers: i64,
    pub ledgers: i64,
}

/// One invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub invariant: &'static str,
    pub subject: String,
    pub detail: String,
}

impl Audit {
    fn find(&mut self, invariant: &'static str, subject: String, detail: String) {
        if self.findings.len() < FINDINGS {
            self.findings.push(Finding { invariant, subject, detail });
        }
    }
}

impl Store {
    /// Checks every invariant of the database; only database errors are errors.
    pub async fn audit(&self) -> Result<Audit, Error> {
        self.db
            .snapshot(|reader: Reader| async move {
                let mut audit = Audit::default();
                replay_all(&reader, &mut audit).await?;
                check_ledgers(&reader, &mut audit).await?;
                check_resolutions(&reader, &mut audit).await?;
                check_due(&reader, &mut audit).await?;
                Ok(audit)
            })
            .await
    }
}

/// Replays the log for one slice of accounts after another and compares.
async fn replay_all(reader: &Reader, audit: &mut Audit) -> Result<(), Error> {
    let query = "SELECT COALESCE(MAX(number), 0) AS last, CAST(COUNT(*) AS BIGINT) AS accounts FROM account";
    let row = reader.query_row(query, args![]).await?.expect("an aggregate always answers a row");
    let last: i64 = row.get("last")?;
    audit.accounts = row.get("accounts")?;

    let mut first = 1;
    loop {
        let mut replay = Replay::new(first, ACCOUNTS_AT_A_TIME);
        audit.transfers = replay_log(reader, &mut replay).await?;
        compare(reader, &replay, last, audit).await?;
        first += ACCOUNTS_AT_A_TIME;
        if first > last {
            return Ok(());
        }
    }
}

async fn replay_log(reader: &Reader, replay: &mut Replay) -> Result<i64, Error> {
    let query = "SELECT sequence, debit_account, credit_account, kind, amount, pending_amount, create_time, \
                        debit_previous, credit_previous \
                 FROM transfer WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let (mut after, mut transfers) = (i64::MIN, 0);
    loop {
        let found = reader.query(query, args![after, ROWS_AT_A_TIME]).await?;
        for row in &found {
            after = row.get("sequence")?;
            let change = rows::kind(row)?.change(row.get("amount")?, row.get("pending_amount")?);
            let time = row.get("create_time")?;
            replay.add(row.get("debit_account")?, Side::Debit, change, after, row.get("debit_previous")?, time);
            replay.add(row.get("credit_account")?, Side::Credit, change, after, row.get("credit_previous")?, time);
        }
        transfers += found.len() as i64;
        if (found.len() as i64) < ROWS_AT_A_TIME {
            return Ok(transfers);
        }
    }
}

/// Compares the accounts of a slice with what replaying their transfers gave.
async fn compare(reader: &Reader, replay: &Replay, last: i64, audit: &mut Audit) -> Result<(), Error> {
    let query =
        format!("SELECT {} FROM account WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3", rows::ACCOUNT);
    let end = replay.end().min(last);
    let mut after = replay.first() - 1;
    loop {
        let found = reader.query(&query, args![after, end, ROWS_AT_A_TIME]).await?;
        for row in &found {
            let account = rows::account(row)?;
            after = account.number;
            let replayed = replay.get(account.number);
            let stored = Replayed {
                balance: account.balance,
                transfer_count: account.transfer_count,
                last_sequence: account.last_sequence,
                ..*replayed
            };
            let subject = account.id.to_string();
            if stored != *replayed {
                audit.find(
                    "replaying all transfers gives the account",
                    subject.clone(),
                    format!("stored {}, replayed {}", text(&stored), text(replayed)),
                );
            }
            if replayed.is_torn {
                let detail = "a transfer does not name the one before it, or goes back in time".to_owned();
                audit.find("the history of an account is one line", subject.clone(), detail);
            }
            let balance = account.balance;
            let is_over = (account.flags.debits_must_not_exceed_credits && balance.debits() > balance.credits_posted)
                || (account.flags.credits_must_not_exceed_debits && balance.credits() > balance.debits_posted);
            if is_over {
                audit.find("no account exceeds its limit", subject, text(&stored));
            }
        }
        if (found.len() as i64) < ROWS_AT_A_TIME {
            return Ok(());
        }
    }
}

fn text(account: &Replayed) -> String {
    let Balance { debits_pending, debits_posted, credits_pending, credits_posted } = account.balance;
    format!(
        "debits {debits_pending} pending {debits_posted} posted, credits {credits_pending} pending {credits_posted} posted, \
         {} transfers up to sequence {}",
        account.transfer_count, account.last_sequence
    )
}

async fn check_ledgers(reader: &Reader, audit: &mut Audit) -> Result<(), Error> {
    for sums in super::accounts::trial_balance(reader, 0).await? {
        audit.ledgers += 1;
        let balance = sums.balance;
        let is_even =
            balance.debits_pending == balance.credits_pending && balance.debits_posted == balance.credits_posted;
        if !is_even {
            audit.find(
                "debits equal credits in each ledger",
                format!("ledger {}", sums.ledger),
                format!(
                    "debits {} pending {} posted, credits {} pending {} posted",
                    balance.debits_pending, balance.debits_posted, balance.credits_pending, balance.credits_posted
                ),
            );
        }
    }
    let query = "SELECT transfer.id FROM transfer \
                 LEFT JOIN account AS debit ON debit.number = transfer.debit_account \
                 LEFT JOIN account AS credit ON credit.number = transfer.credit_account \
                 WHERE debit.ledger IS NULL OR credit.ledger IS NULL \
                    OR debit.ledger <> transfer.ledger OR credit.ledger <> transfer.ledger LIMIT $1";
    find_transfers(reader, query, "a transfer stays in the ledger of its accounts", audit).await
}

/// A resolution fits its pending transfer. That there is only one is a unique index.
async fn check_resolutions(reader: &Reader, audit: &mut Audit) -> Result<(), Error> {
    let query = "SELECT transfer.id FROM transfer LEFT JOIN transfer AS pending ON pending.id = transfer.pending_id \
                 WHERE transfer.pending_id IS NOT NULL AND (pending.id IS NULL OR pending.kind <> 1 \
                    OR pending.amount <> transfer.pending_amount OR transfer.amount > pending.amount \
                    OR pending.debit_account <> transfer.debit_account \
                    OR pending.credit_account <> transfer.credit_account \
                    OR pending.sequence >= transfer.sequence) LIMIT $1";
    find_transfers(reader, query, "a resolution fits its pending transfer", audit).await
}

/// Whatever will expire stands on the list, and nothing that is resolved does.
async fn check_due(reader: &Reader, audit: &mut Audit) -> Result<(), Error> {
    let query = "SELECT transfer.id FROM due JOIN transfer ON transfer.id = due.pending_id \
                 JOIN transfer AS resolution ON resolution.pending_id = due.pending_id LIMIT $1";
    find_transfers(reader, query, "a resolved transfer does not expire", audit).await
}

async fn find_transfers(reader: &Reader, query: &str, invariant: &'static str, audit: &mut Audit) -> Result<(), Error> {
    for row in reader.query(query, args![FINDINGS as i64]).await? {
        let id: souk_types::TransferId = row.get("id")?;
        audit.find(invariant, id.to_string(), "does not hold".to_owned());
    }
    Ok(())
}
