//! Reading orders back: one, a page of them, their history, and what waits in quarantine.

use std::collections::HashMap;

use prost::Message;
use souk_client::orders::v1 as pb;
use souk_data::{Arg, Reader, Row, Tx, args, placeholders};
use souk_types::{Currency, Money, OrderId, RefundId, Timestamp};

use super::Store;
use super::orders::RequestKey;
use super::sagas::Quarantined;
use crate::convert;
use crate::error::Error;
use crate::order::{LINES_SHOWN, Line, Order, Refund, RefundLine, RefundState, Wish};
use crate::reason::Reason;
use crate::saga::{Kind, Step};
use crate::state::State;

/// Which orders a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: Option<String>,
    pub state: Option<State>,
}

/// Which part of a list is wanted: at most `size` rows after `after`.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub after: Option<OrderId>,
    pub size: usize,
}

/// One change of an order.
#[derive(Clone, Debug)]
pub struct Change {
    pub version: i64,
    pub state: State,
    pub kind: String,
    pub refunded_minor: i64,
    pub change_time: Timestamp,
}

/// What was asked for when an order was placed.
pub struct Wishes {
    pub lines: Vec<Wish>,
    pub payment_method: String,
    pub expected_minor: Option<i64>,
    /// A user ordered, who may not choose among the prices of a sku.
    pub only_default_prices: bool,
}

/// The most changes that are read at once.
const CHANGES_AT_ONCE: i64 = 100;

const COLUMNS: &str =
    "o.order_id, o.customer_id, o.reference, o.currency_code, o.state, o.total_minor, o.refunded_minor, o.reason,
    o.version, o.is_quarantined, o.action_url, o.create_time, o.update_time, o.effective_time, o.line_count";

impl Store {
    /// Returns an order as it is shown, with its first lines; [`Error::NotFound`] when there is none.
    pub async fn order(&self, id: OrderId) -> Result<Order, Error> {
        find(&self.db.read(), id, LINES_SHOWN).await
    }

    /// Returns one page of the lines of an order by number, and whether more follow.
    pub async fn lines(&self, order: &Order, after: i64, size: usize) -> Result<(Vec<Line>, bool), Error> {
        let rows = self
            .db
            .read()
            .query(
                &format!(
                    "SELECT {LINE_COLUMNS} FROM order_lines
                     WHERE order_id = $1 AND line_number > $2 ORDER BY line_number LIMIT $3"
                ),
                args![order.id, after, size as i64 + 1],
            )
            .await?;
        let lines = rows.iter().take(size).map(|row| line_of(row, order.currency)).collect::<Result<_, _>>()?;
        Ok((lines, rows.len() > size))
    }

    /// Returns one page of orders by id, and whether more follow.
    pub async fn list(&self, filter: &Filter, page: Page) -> Result<(Vec<Order>, bool), Error> {
        let db = self.db.read();
        let mut sql = format!("SELECT {COLUMNS} FROM orders o WHERE o.order_id > $1");
        let mut values = vec![Arg::Bytes(Some(page.after.as_ref().map_or(&[][..], |id| id.as_bytes())))];
        if let Some(customer) = &filter.customer {
            values.push(Arg::Text(Some(customer)));
            sql += &format!(" AND o.customer_id = ${}", values.len());
        }
        if let Some(state) = filter.state {
            values.push(Arg::Integer(Some(state as i64)));
            sql += &format!(" AND o.state = ${}", values.len());
        }
        values.push(Arg::Integer(Some(page.size as i64 + 1)));
        sql += &format!(" ORDER BY o.order_id LIMIT ${}", values.len());
        let mut rows = db.query(&sql, &values).await?;
        let has_more = rows.len() > page.size;
        rows.truncate(page.size);
        Ok((with_details(&db, &rows, LINES_SHOWN).await?, has_more))
    }

    /// Returns one page of quarantined orders, and whether more follow.
    pub async fn quarantined(&self, page: Page) -> Result<(Vec<Quarantined>, bool), Error> {
        let db = self.db.read();
        let sql = format!(
            "SELECT {COLUMNS}, s.kind, s.step, s.attempts, s.failure FROM orders o JOIN sagas s ON s.order_id = o.order_id
             WHERE o.is_quarantined = 1 AND o.order_id > $1 ORDER BY o.order_id LIMIT $2"
        );
        let after = page.after.as_ref().map_or(&[][..], |id| id.as_bytes());
        let mut rows = db.query(&sql, args![after, page.size as i64 + 1]).await?;
        let has_more = rows.len() > page.size;
        rows.truncate(page.size);
        let orders = with_details(&db, &rows, LINES_SHOWN).await?;
        let mut quarantined = Vec::with_capacity(rows.len());
        for (row, order) in rows.iter().zip(orders) {
            quarantined.push(Quarantined {
                order,
                kind: Kind::from_number(row.get("kind")?).ok_or(Error::Unreadable("a kind of saga"))?,
                step: Step::from_number(row.get("step")?).ok_or(Error::Unreadable("a step"))?,
                attempts: row.get("attempts")?,
                failure: row.get::<Option<String>>("failure")?.unwrap_or_default(),
            });
        }
        Ok((quarantined, has_more))
    }

    /// Returns the changes of an order after a version, oldest first, at most 100.
    pub async fn changes(&self, id: OrderId, after: i64) -> Result<Vec<Change>, Error> {
        let rows = self
            .db
            .read()
            .query(
                "SELECT version, state, kind, refunded_minor, change_time FROM order_history
                 WHERE order_id = $1 AND version > $2 ORDER BY version LIMIT $3",
                args![id, after, CHANGES_AT_ONCE],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Change {
                    version: row.get("version")?,
                    state: state_of(row)?,
                    kind: row.get("kind")?,
                    refunded_minor: row.get("refunded_minor")?,
                    change_time: row.get("change_time")?,
                })
            })
            .collect()
    }

    /// Returns what a rejection told besides its reason, such as the sku that was short.
    pub async fn facts(&self, id: OrderId) -> Result<Vec<(String, String)>, Error> {
        let row = self.db.read().query_row("SELECT reason_facts FROM orders WHERE order_id = $1", args![id]).await?;
        let text: Option<String> = match row {
            Some(row) => row.get("reason_facts")?,
            None => None,
        };
        let pairs = text.as_deref().unwrap_or_default().lines().filter_map(|line| line.split_once('='));
        Ok(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// Returns what is needed to price and pay an order that is being placed.
    pub async fn wishes(&self, id: OrderId) -> Result<Wishes, Error> {
        let row = self
            .db
            .read()
            .query_row(
                "SELECT wishes, payment_method, expected_minor, request_key FROM orders WHERE order_id = $1",
                args![id],
            )
            .await?
            .ok_or(Error::NotFound(id))?;
        let wishes: Option<Vec<u8>> = row.get("wishes")?;
        let method: Option<String> = row.get("payment_method")?;
        let request_key: String = row.get("request_key")?;
        Ok(Wishes {
            lines: decode_wishes(wishes.as_deref())?,
            payment_method: method.unwrap_or_default(),
            expected_minor: row.get("expected_minor")?,
            only_default_prices: convert::is_of_user(&request_key),
        })
    }
}

fn decode_wishes(bytes: Option<&[u8]>) -> Result<Vec<Wish>, Error> {
    let Some(bytes) = bytes else { return Ok(vec![]) };
    let request = pb::PlaceOrderRequest::decode(bytes).map_err(|_| Error::Unreadable("the lines of an order"))?;
    convert::wishes_of(request.lines)
}

/// Keeps what a rejection tells besides its reason.
pub(super) async fn keep_facts(tx: &Tx, id: OrderId, facts: &[(String, String)]) -> Result<(), Error> {
    if facts.is_empty() {
        return Ok(());
    }
    let text: String = facts.iter().map(|(key, value)| format!("{key}={}\n", value.replace('\n', " "))).collect();
    tx.execute("UPDATE orders SET reason_facts = $1 WHERE order_id = $2", args![text, id]).await?;
    Ok(())
}

/// Returns the order that a refund's request id belongs to, if it was used; its use for something else is an error.
pub(super) async fn refund_by_request(tx: &Tx, request: &RequestKey) -> Result<Option<OrderId>, Error> {
    let row =
        tx.query_row("SELECT order_id, request_hash FROM refunds WHERE request_key = $1", args![request.key]).await?;
    let Some(row) = row else { return Ok(None) };
    if row.get::<Vec<u8>>("request_hash")? != request.hash {
        return Err(Error::RequestIdReused("refund"));
    }
    Ok(Some(row.get("order_id")?))
}

/// Returns an order with all its lines and refunds, as the rules want it.
pub(super) async fn order(db: &Reader, id: OrderId) -> Result<Order, Error> {
    find(db, id, usize::MAX).await
}

async fn find(db: &Reader, id: OrderId, lines: usize) -> Result<Order, Error> {
    let sql = format!("SELECT {COLUMNS} FROM orders o WHERE o.order_id = $1");
    let rows = db.query(&sql, args![id]).await?;
    with_details(db, &rows, lines).await?.pop().ok_or(Error::NotFound(id))
}

/// Tells whether the goods of an order have ever left.
pub(super) async fn has_left(db: &Reader, id: OrderId) -> Result<bool, Error> {
    let sql = "SELECT version FROM order_history WHERE order_id = $1 AND kind = 'fulfilled' LIMIT 1";
    Ok(db.query_row(sql, args![id]).await?.is_some())
}

fn state_of(row: &Row) -> Result<State, Error> {
    State::from_number(row.get("state")?).ok_or(Error::Unreadable("a state"))
}

fn header_of(row: &Row) -> Result<Order, Error> {
    let code: String = row.get("currency_code")?;
    let currency: Currency = code.parse().map_err(|_| Error::Unreadable("a currency"))?;
    let reason: Option<String> = row.get("reason")?;
    let reason = match reason {
        Some(name) => Some(Reason::from_name(&name).ok_or(Error::Unreadable("a reason"))?),
        None => None,
    };
    Ok(Order {
        id: row.get("order_id")?,
        customer: row.get("customer_id")?,
        reference: row.get("reference")?,
        currency,
        state: state_of(row)?,
        lines: vec![],
        line_count: row.get("line_count")?,
        total: row.get::<Option<i64>>("total_minor")?.map(|minor| Money::new(currency, minor)),
        refunded: Money::new(currency, row.get("refunded_minor")?),
        refunds: vec![],
        reason,
        version: row.get("version")?,
        is_quarantined: row.get("is_quarantined")?,
        action_url: row.get("action_url")?,
        create_time: row.get("create_time")?,
        update_time: row.get("update_time")?,
        effective_time: row.get("effective_time")?,
    })
}

/// The most orders whose lines one statement reads.
const ORDERS_IN_ONE_STATEMENT: usize = 500;

const LINE_COLUMNS: &str =
    "order_id, line_number, sku, price_id, title, quantity, unit_minor, refunded_quantity, returned_quantity";

/// Reads what belongs to orders, of each at most so many lines.
async fn with_details(db: &Reader, rows: &[Row], most_lines: usize) -> Result<Vec<Order>, Error> {
    let mut orders = rows.iter().map(header_of).collect::<Result<Vec<_>, _>>()?;
    for chunk in orders.chunks_mut(ORDERS_IN_ONE_STATEMENT) {
        let ids: Vec<Arg> = chunk.iter().map(|order| Arg::Bytes(Some(order.id.as_bytes()))).collect();
        let list = placeholders(1, 1, ids.len());
        let mut limited = ids.clone();
        limited.push(Arg::Integer(Some(i64::try_from(most_lines).unwrap_or(i64::MAX))));
        let lines = db
            .query(
                &format!(
                    "SELECT {LINE_COLUMNS} FROM order_lines WHERE order_id IN {list} AND line_number <= ${}
                     ORDER BY order_id, line_number",
                    ids.len() + 1
                ),
                &limited,
            )
            .await?;
        let refunds = db
            .query(
                &format!(
                    "SELECT order_id, refund_id, state, amount_minor, restock, create_time, effective_time
                     FROM refunds WHERE order_id IN {list} ORDER BY order_id, refund_number"
                ),
                &ids,
            )
            .await?;
        let mut refund_lines = match refunds.is_empty() {
            true => HashMap::new(),
            false => read_refund_lines(db, &list, &ids).await?,
        };
        let places: HashMap<OrderId, usize> =
            chunk.iter().enumerate().map(|(place, order)| (order.id, place)).collect();
        for row in &lines {
            let order = &mut chunk[places[&row.get::<OrderId>("order_id")?]];
            let line = line_of(row, order.currency)?;
            order.lines.push(line);
        }
        for row in &refunds {
            let order = &mut chunk[places[&row.get::<OrderId>("order_id")?]];
            let id: RefundId = row.get("refund_id")?;
            order.refunds.push(Refund {
                id,
                state: RefundState::from_number(row.get("state")?).ok_or(Error::Unreadable("a state of a refund"))?,
                amount: Money::new(order.currency, row.get("amount_minor")?),
                lines: refund_lines.remove(&id).unwrap_or_default(),
                restock: row.get("restock")?,
                create_time: row.get("create_time")?,
                effective_time: row.get("effective_time")?,
            });
        }
    }
    Ok(orders)
}

fn line_of(row: &Row, currency: Currency) -> Result<Line, Error> {
    Ok(Line {
        number: row.get("line_number")?,
        sku: row.get("sku")?,
        price: row.get("price_id")?,
        title: row.get("title")?,
        quantity: row.get("quantity")?,
        unit_price: Money::new(currency, row.get("unit_minor")?),
        refunded: row.get("refunded_quantity")?,
        returned: row.get("returned_quantity")?,
    })
}

async fn read_refund_lines(
    db: &Reader,
    list: &str,
    ids: &[Arg<'_>],
) -> Result<HashMap<RefundId, Vec<RefundLine>>, Error> {
    let rows = db
        .query(
            &format!(
                "SELECT l.refund_id, l.line_number, l.quantity FROM refund_lines l JOIN refunds r ON r.refund_id = l.refund_id
                 WHERE r.order_id IN {list} ORDER BY l.refund_id, l.line_number"
            ),
            ids,
        )
        .await?;
    let mut lines: HashMap<RefundId, Vec<RefundLine>> = HashMap::new();
    for row in &rows {
        let line = RefundLine { number: row.get("line_number")?, quantity: row.get("quantity")? };
        lines.entry(row.get("refund_id")?).or_default().push(line);
    }
    Ok(lines)
}
