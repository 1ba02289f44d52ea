//! The audit: everything that must hold in this database, checked on one state of it and in bounded
//! memory.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, FromQueryResult, JoinType, QueryOrder, QuerySelect, raw_sql};
use souk_chassis::Report;
use souk_data::{Db, Reader};
use souk_types::TransferId;

use super::transfer::{CREDIT, DEBIT, LogEntry, join_accounts};
use super::{account, due, ledger, transfer};
use crate::account::Account;
use crate::balance::{Balance, Side};
use crate::error::Error;
use crate::replay::{Replay, ReplayedAccount};
use crate::transfer::{Kind, MOST_AHEAD};

/// How many accounts are replayed at a time; the log is read once for each such slice of accounts.
const ACCOUNTS_AT_A_TIME: i64 = 250_000;

/// How many rows are read at a time.
const ROWS_AT_A_TIME: u64 = 10_000;

/// Checks the invariants of this database on one state of the data.
pub async fn check(db: Db) -> Result<Report, Error> {
    db.snapshot(|snapshot| async move { run(&snapshot).await }).await
}

/// Checks every invariant on one state of the data; only database errors are errors.
async fn run(snapshot: &Reader) -> Result<Report, Error> {
    let mut report = Report::default();
    let accounts = accounts(snapshot).await?;
    let transfers = replay_all(snapshot, accounts.last.unwrap_or(0), &mut report).await?;
    let ledgers = sums(snapshot, &mut report).await?;
    same_ledger(snapshot, &mut report).await?;
    has_ledger(snapshot, &mut report).await?;
    effective_times(snapshot, &mut report).await?;
    resolutions(snapshot, &mut report).await?;
    expiry(snapshot, &mut report).await?;
    report.count("accounts", accounts.count);
    report.count("transfers", transfers);
    report.count("ledgers", ledgers);
    Ok(report)
}

/// How many accounts there are, and the number of the last.
#[derive(FromQueryResult)]
struct Accounts {
    count: i64,
    last: Option<i64>,
}

async fn accounts(snapshot: &Reader) -> Result<Accounts, Error> {
    use account::{Column, Entity};
    let query = Entity::find()
        .select_only()
        .column_as(Column::Number.count(), "count")
        .column_as(Column::Number.max(), "last");
    Ok(query.into_model().one(snapshot).await?.unwrap_or(Accounts { count: 0, last: None }))
}

/// Replays the log for one slice of accounts after another and compares. Returns how many transfers
/// there are.
async fn replay_all(snapshot: &Reader, last: i64, report: &mut Report) -> Result<i64, Error> {
    let mut first = 1;
    loop {
        let mut replay = Replay::new(first, ACCOUNTS_AT_A_TIME);
        let transfers = replay_log(snapshot, &mut replay).await?;
        compare(snapshot, &replay, last, report).await?;
        first += ACCOUNTS_AT_A_TIME;
        if first > last {
            return Ok(transfers);
        }
    }
}

async fn replay_log(snapshot: &Reader, replay: &mut Replay) -> Result<i64, Error> {
    use transfer::{Column, Entity};
    let mut after = i64::MIN;
    let mut transfers = 0;
    loop {
        let query =
            Entity::find().filter(Column::Sequence.gt(after)).order_by_asc(Column::Sequence);
        let found =
            query.limit(ROWS_AT_A_TIME).into_partial_model::<LogEntry>().all(snapshot).await?;
        for entry in &found {
            after = entry.sequence;
            if entry.kind == Kind::Refused {
                continue;
            }
            transfers += 1;
            let LogEntry { sequence, create_time, debit_previous, credit_previous, .. } = *entry;
            let change = entry.change();
            replay.add(
                entry.debit_account,
                Side::Debit,
                change,
                sequence,
                debit_previous,
                create_time,
            );
            replay.add(
                entry.credit_account,
                Side::Credit,
                change,
                sequence,
                credit_previous,
                create_time,
            );
        }
        if (found.len() as u64) < ROWS_AT_A_TIME {
            return Ok(transfers);
        }
    }
}

/// Compares the accounts of a slice with what replaying their transfers gave.
async fn compare(
    snapshot: &Reader,
    replay: &Replay,
    last: i64,
    report: &mut Report,
) -> Result<(), Error> {
    use account::{Column, Entity};
    let end = replay.end().min(last);
    let mut after = replay.first() - 1;
    loop {
        let slice = Entity::find().filter(Column::Number.gt(after)).filter(Column::Number.lte(end));
        let found = slice.order_by_asc(Column::Number).limit(ROWS_AT_A_TIME).all(snapshot).await?;
        let count = found.len() as u64;
        for row in found {
            after = row.number;
            compare_one(&row.try_into()?, replay, report);
        }
        if count < ROWS_AT_A_TIME {
            return Ok(());
        }
    }
}

/// **Invariants:** replaying gives the account, its history is one line, and it keeps its limit.
fn compare_one(account: &Account, replay: &Replay, report: &mut Report) {
    let replayed = replay.get(account.number);
    let stored = ReplayedAccount {
        balance: account.balance,
        transfer_count: account.transfer_count,
        last_sequence: account.last_sequence,
        ..*replayed
    };
    if stored != *replayed {
        let detail = format!("stored {}, replayed {}", text(&stored), text(replayed));
        report.add("replaying all transfers gives the account", account.id, detail);
    }
    if replayed.is_torn {
        let detail = "a transfer does not name the one before it, or goes back in time";
        report.add("the history of an account is one line", account.id, detail);
    }
    let balance = account.balance;
    let is_over = (account.flags.debits_must_not_exceed_credits
        && balance.debits() > balance.credits_posted)
        || (account.flags.credits_must_not_exceed_debits
            && balance.credits() > balance.debits_posted);
    if is_over {
        report.add("no account exceeds its limit", account.id, text(&stored));
    }
}

fn text(account: &ReplayedAccount) -> String {
    let Balance { debits_pending, debits_posted, credits_pending, credits_posted } =
        account.balance;
    format!(
        "debits {debits_pending} pending {debits_posted} posted, credits {credits_pending} pending {credits_posted} posted, \
         {} transfers up to sequence {}",
        account.transfer_count, account.last_sequence
    )
}

/// **Invariant:** debits equal credits in each ledger. Returns how many ledgers there are.
async fn sums(snapshot: &Reader, report: &mut Report) -> Result<i64, Error> {
    let ledgers = account::trial_balance(snapshot, 0).await?;
    for sums in &ledgers {
        let Balance { debits_pending, debits_posted, credits_pending, credits_posted } =
            sums.balance;
        if debits_pending != credits_pending || debits_posted != credits_posted {
            let detail = format!(
                "debits {debits_pending} pending {debits_posted} posted, \
                 credits {credits_pending} pending {credits_posted} posted"
            );
            report.add(
                "debits equal credits in each ledger",
                format!("ledger {}", sums.ledger),
                detail,
            );
        }
    }
    Ok(ledgers.len() as i64)
}

#[derive(FromQueryResult)]
struct Id {
    id: TransferId,
}

/// **Invariant:** a transfer is in the ledger of its accounts, which are there.
async fn same_ledger(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    use sea_orm::sea_query::ExprTrait as _;
    use transfer::{Column, Entity};
    let is_wrong = [DEBIT, CREDIT].into_iter().fold(Condition::any(), |is_wrong, side| {
        let ledger = Expr::col((side, account::Column::Ledger));
        is_wrong.add(ledger.clone().is_null()).add(ledger.ne(Column::Ledger.into_expr()))
    });
    let wrong = join_accounts(Entity::find().select_only().column(Column::Id), JoinType::LeftJoin)
        .filter(Column::Kind.ne(Kind::Refused))
        .filter(is_wrong);
    let wrong: Vec<Id> = wrong.limit(Report::MAX_FINDINGS).into_model().all(snapshot).await?;
    for Id { id } in wrong {
        report.add("a transfer stays in the ledger of its accounts", id, "does not hold");
    }
    Ok(())
}

/// **Invariant:** an account is in a ledger, which has a currency or says that it has none.
async fn has_ledger(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let ledger = account::Entity::belongs_to(ledger::Entity);
    let ledger = ledger.from(account::Column::Ledger).to(ledger::Column::Number);
    let wrong = account::Entity::find()
        .join(JoinType::LeftJoin, ledger.into())
        .filter(ledger::Column::Number.is_null())
        .limit(Report::MAX_FINDINGS);
    for account in wrong.all(snapshot).await? {
        let detail = format!("ledger {} does not exist", account.ledger);
        report.add("an account is in a ledger", account.id, detail);
    }
    Ok(())
}

/// **Invariant:** nothing happens long after it is recorded, which is what balances by
/// effective_time rely on.
async fn effective_times(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let most = MOST_AHEAD.as_micros() as i64;
    // SQL, since two columns of a row are compared.
    let wrong = Id::find_by_statement(raw_sql!(
        Postgres,
        "SELECT id FROM transfer WHERE effective_time > create_time + {most} LIMIT 1000"
    ));
    for Id { id } in wrong.all(snapshot).await? {
        report.add("a transfer happens before it is recorded", id, "does not hold");
    }
    Ok(())
}

/// **Invariant:** a resolution fits its pending transfer. That there is only one is a unique index.
async fn resolutions(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    // SQL, since the log is compared with itself, column by column.
    let wrong = Id::find_by_statement(raw_sql!(
        Postgres,
        "SELECT transfer.id FROM transfer LEFT JOIN transfer AS pending ON pending.id = transfer.pending_id
         WHERE transfer.pending_id IS NOT NULL AND (pending.id IS NULL OR pending.kind <> 1
             OR pending.amount <> transfer.pending_amount OR transfer.amount > pending.amount
             OR pending.debit_account <> transfer.debit_account
             OR pending.credit_account <> transfer.credit_account
             OR pending.sequence >= transfer.sequence) LIMIT 1000"
    ));
    for Id { id } in wrong.all(snapshot).await? {
        report.add("a resolution fits its pending transfer", id, "does not hold");
    }
    Ok(())
}

/// **Invariant:** whatever will expire is on the list, and nothing that is resolved is.
async fn expiry(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let resolution = due::Entity::belongs_to(transfer::Entity);
    let resolution = resolution.from(due::Column::PendingId).to(transfer::Column::PendingId);
    let wrong = due::Entity::find()
        .join(JoinType::InnerJoin, resolution.into())
        .limit(Report::MAX_FINDINGS);
    for due in wrong.all(snapshot).await? {
        report.add("a resolved transfer does not expire", due.pending_id, "does not hold");
    }
    Ok(())
}
