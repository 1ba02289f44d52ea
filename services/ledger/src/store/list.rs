//! Lists of transfers: of all accounts by an index, of one account along its history.
//!
//! Whatever the filter leaves out costs reading all the same, so a page looks at no more than
//! [`MOST_EXAMINED`] transfers and ends there.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Order;
use sea_orm::{QueryOrder, QuerySelect, Value};
use souk_data::{Find, Reader, given, given_limit};
use souk_types::Timestamp;

use super::transfer::{Column, Entity, Model};
use super::{checkpoint, transfer};
use crate::account::{Account, AccountNumber};
use crate::error::Error;
use crate::listing::Filter;
use crate::transfer::Kind;

/// How many transfers one page looks at.
pub const MOST_EXAMINED: usize = 10_000;

/// How many are read at a time where a filter may leave out most of them.
const AT_A_TIME: usize = 1000;

/// Where a list of all transfers goes on: after the transfer with this time and sequence.
pub type Position = (Timestamp, i64);

/// The transfers of one page, and where the next one begins if there may be one.
pub struct Found<P> {
    pub rows: Vec<Model>,
    pub next: Option<P>,
}

/// Returns the position of a transfer in the list of all.
pub fn position(row: &Model) -> Position {
    (row.create_time, row.sequence)
}

/// Returns at most `limit` transfers of all accounts after a position, by create_time.
pub async fn all(
    reader: &Reader,
    filter: &Filter,
    order: &Order,
    after: Option<Position>,
    limit: usize,
) -> Result<Found<Position>, Error> {
    let is_found_by_index =
        filter.ledger == 0 && filter.code == 0 && filter.effective == Default::default();
    let at_a_time = if is_found_by_index { limit + 1 } else { AT_A_TIME };
    let mut rows: Vec<Model> = Vec::new();
    let mut last = after;
    let mut examined = 0;
    while examined < MOST_EXAMINED {
        let found = indexed(reader, filter, order, last, at_a_time).await?;
        let is_end = found.len() < at_a_time;
        examined += found.len();
        for row in found {
            last = Some(position(&row));
            if !matches(filter, &row, None) {
                continue;
            }
            if rows.len() == limit {
                let next = rows.last().map(position);
                return Ok(Found { rows, next });
            }
            rows.push(row);
        }
        if is_end {
            return Ok(Found { rows, next: None });
        }
    }
    Ok(Found { rows, next: last })
}

static NEWEST: Find<Entity> = Find::new(|| by_time(Order::Desc));
static OLDEST: Find<Entity> = Find::new(|| by_time(Order::Asc));
static NEWEST_WITH_USER_DATA: Find<Entity> = Find::new(|| with_user_data(Order::Desc));
static OLDEST_WITH_USER_DATA: Find<Entity> = Find::new(|| with_user_data(Order::Asc));

fn by_time(order: Order) -> Select<Entity> {
    use sea_orm::sea_query::ExprTrait as _;
    let place = Expr::tuple([Column::CreateTime.into_expr(), Column::Sequence.into_expr()]);
    let after = Expr::tuple([Expr::val(given(2)), Expr::val(given(3))]);
    let is_after = match order {
        Order::Asc => place.gt(after),
        _ => place.lt(after),
    };
    Entity::find()
        .filter(Column::CreateTime.gte(given(0)))
        .filter(Column::CreateTime.lt(given(1)))
        .filter(is_after)
        .filter(Column::Kind.ne(Kind::Refused))
        .order_by(Column::CreateTime, order.clone())
        .order_by(Column::Sequence, order)
        .limit(given_limit(4))
}

fn with_user_data(order: Order) -> Select<Entity> {
    // The index leaves out transfers without any, and SQLite does not look at the value.
    let is_indexed = Expr::cust("user_data <> ''");
    by_time(order).filter(Column::UserData.eq(given(5))).filter(is_indexed)
}

/// Reads transfers after a position, filtered by what has an index.
async fn indexed(
    reader: &Reader,
    filter: &Filter,
    order: &Order,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Model>, Error> {
    let is_newest_first = *order != Order::Asc;
    let mut from = filter.first_recorded().map_or(i64::MIN, Timestamp::as_micros);
    let mut until = filter.created.before.map_or(i64::MAX, Timestamp::as_micros);
    let end = if is_newest_first { i64::MAX } else { i64::MIN };
    let (time, sequence) =
        after.map_or((end, end), |(time, sequence)| (time.as_micros(), sequence));
    // So that an engine finds the page by the time, whichever condition it takes for that.
    if is_newest_first {
        until = until.min(time.saturating_add(1));
    } else {
        from = from.max(time);
    }
    let limit = limit as i64;
    let found = [from, until, time, sequence, limit].map(Value::from);
    let with_user_data = || {
        let [from, until, time, sequence, limit] = found.clone();
        [from, until, time, sequence, limit, filter.user_data.as_str().into()]
    };
    let rows = match (is_newest_first, filter.user_data.is_empty()) {
        (true, true) => NEWEST.all(reader, found).await,
        (false, true) => OLDEST.all(reader, found).await,
        (true, false) => NEWEST_WITH_USER_DATA.all(reader, with_user_data()).await,
        (false, false) => OLDEST_WITH_USER_DATA.all(reader, with_user_data()).await,
    };
    Ok(rows?)
}

/// Returns the sequence at which the history of an account begins that the filter asks for, the
/// newest transfer of it or one that is at most a few newer.
pub async fn start(reader: &Reader, account: &Account, filter: &Filter) -> Result<i64, Error> {
    let Some(before) = filter.created.before else { return Ok(account.last_sequence) };
    let last = Timestamp::from_micros(before.as_micros() - 1);
    let checkpoint = checkpoint::first_after(reader, account.number, last).await?;
    Ok(checkpoint.map_or(account.last_sequence, |checkpoint| checkpoint.sequence))
}

/// Returns at most `limit` transfers of an account, newest first, from the one at `sequence` on.
pub async fn of_account(
    reader: &Reader,
    account: AccountNumber,
    filter: &Filter,
    mut sequence: i64,
    limit: usize,
) -> Result<Found<i64>, Error> {
    let is_all = *filter == Filter::default();
    let at_a_time = if is_all { limit } else { AT_A_TIME };
    let first = filter.first_recorded();
    let mut rows: Vec<Model> = Vec::new();
    let mut examined = 0;
    while sequence != 0 && examined < MOST_EXAMINED {
        let found = transfer::history(reader, account, sequence, at_a_time as i64).await?;
        if found.is_empty() {
            let missing = format!("transfer {sequence} is missing");
            return Err(souk_data::Error::Corrupt(missing.into()).into());
        }
        for row in found {
            // Along a history create_time never falls, so nothing before this one is asked for.
            if first.is_some_and(|first| row.create_time < first) {
                return Ok(Found { rows, next: None });
            }
            sequence = row.previous(account);
            examined += 1;
            if matches(filter, &row, Some(account)) {
                rows.push(row);
            }
            if rows.len() == limit || examined == MOST_EXAMINED {
                let next = (sequence != 0).then_some(sequence);
                return Ok(Found { rows, next });
            }
        }
    }
    Ok(Found { rows, next: (sequence != 0).then_some(sequence) })
}

fn matches(filter: &Filter, row: &Model, account: Option<AccountNumber>) -> bool {
    let is_on_side = match (filter.side, account) {
        (Some(side), Some(account)) => row.side(account) == side,
        _ => true,
    };
    is_on_side
        && (filter.ledger == 0 || row.ledger == i64::from(filter.ledger))
        && (filter.code == 0 || row.code == i64::from(filter.code))
        && (filter.user_data.is_empty() || row.user_data == filter.user_data)
        && filter.created.contains(row.create_time)
        && filter.effective.contains(row.effective_time())
}
