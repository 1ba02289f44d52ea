//! Reads back the records of orders, payments, ledger and inventory about the replay.
//!
//! The orders of the replay are those with the number of an invoice of the file. A record of
//! another service counts unless it belongs to a known order that is not one of them: a payment or
//! a reservation without a known order is a disagreement. Orders are read last for that reason: by
//! then they know every record of the others.

use std::collections::{BTreeMap, HashSet};

use souk_chassis::StartError;
use souk_client::inventory::v1 as inventory;
use souk_client::ledger::v1 as ledger;
use souk_client::orders::v1 as orders;
use souk_client::payments::v1 as payments;
use souk_types::{AccountId, Timestamp};
use tonic::Code;

use super::figures::{Book, day};
use super::plan::Plan;
use super::sell::PREFIX;
use super::shop::{Shop, persist, refusal};
use super::supply::CURRENCY;

/// Orders with hundreds of lines make large pages; everything else is small.
const ORDERS_PAGE: i32 = 100;
const PAGE: i32 = 1_000;

/// The code of a refund in the chart of accounts (docs/ledger-accounts.md).
const REFUND_CODE: u32 = 4;

/// What the four services know.
pub struct Books {
    pub orders: Book,
    pub payments: Book,
    pub ledger: Book,
    pub inventory: Book,
}

/// Reads all pages of a list: the call, the field of its items, and what each item does.
macro_rules! for_each_page {
    ($client:expr, $method:ident, $request:expr, $field:ident, $what:literal, $take:expr) => {{
        let mut request = $request;
        loop {
            let answer = persist(|| {
                let mut client = $client.clone();
                let request = request.clone();
                async move { client.$method(request).await }
            });
            let page = match answer.await {
                Ok(page) => page,
                // The ledger makes an account with its first transfer: nothing was sold yet.
                Err(status) if status.code() == Code::NotFound => break,
                Err(status) => return Err(refusal(concat!("reading back ", $what), &status)),
            };
            page.$field.into_iter().for_each(&mut $take);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
    }};
}

impl Books {
    /// Reads the books of a shop in which the plan, or a part of it, was carried out.
    pub async fn read(shop: &Shop, plan: &Plan) -> Result<Books, StartError> {
        let (charges, entries, moves) =
            tokio::try_join!(charges(shop), entries(shop), moves(shop))?;
        let known = Known::read(shop, plan).await?;
        Ok(Books {
            payments: payments_book(&charges, &known),
            ledger: ledger_book(&entries, &known),
            inventory: inventory_book(&moves, &known),
            orders: known.book,
        })
    }
}

/// What orders know: the replay's, and of all others which payment and which reservation is theirs.
#[derive(Default)]
struct Known {
    book: Book,
    other_orders: HashSet<String>,
    other_payments: HashSet<String>,
    other_reservations: HashSet<String>,
}

impl Known {
    async fn read(shop: &Shop, plan: &Plan) -> Result<Known, StartError> {
        let invoices: HashSet<&str> =
            plan.orders.iter().map(|order| order.invoice.as_str()).collect();
        let mut known = Known::default();
        let mut sums = OrderSums::default();
        let mut long = Vec::new();
        let mut take = |order: orders::Order| {
            let invoice =
                order.reference.strip_prefix(PREFIX).filter(|invoice| invoices.contains(invoice));
            match invoice {
                Some(_) if (order.lines.len() as i64) < i64::from(order.line_count) => {
                    long.push(order)
                }
                Some(invoice) => sums.add(invoice, &order),
                None => {
                    known.other_orders.insert(order.order_id);
                    known
                        .other_payments
                        .extend(order.payments.into_iter().map(|payment| payment.payment_id));
                    known.other_reservations.insert(order.reservation_id);
                }
            }
        };
        let request = orders::ListOrdersRequest { page_size: ORDERS_PAGE, ..Default::default() };
        for_each_page!(shop.orders, list_orders, request, orders, "the orders", take);
        for mut order in long {
            order.lines.clear();
            let order_id = order.order_id.clone();
            let request =
                orders::ListOrderLinesRequest { order_id, page_size: PAGE, ..Default::default() };
            let mut take = |line| order.lines.push(line);
            for_each_page!(
                shop.orders,
                list_order_lines,
                request,
                lines,
                "the lines of an order",
                take
            );
            sums.add(order.reference.strip_prefix(PREFIX).unwrap_or_default(), &order);
        }
        known.book = sums.book();
        Ok(known)
    }
}

/// Adds up the orders of the replay.
#[derive(Default)]
struct OrderSums {
    orders: u64,
    invoices: BTreeMap<String, (u64, i64)>,
    by_day: BTreeMap<String, i64>,
    refunded: i64,
    sold: BTreeMap<String, i64>,
    returned: BTreeMap<String, i64>,
}

impl OrderSums {
    fn add(&mut self, invoice: &str, order: &orders::Order) {
        use orders::OrderState::{Completed, Placed};
        if !matches!(order.state(), Placed | Completed) {
            return;
        }
        let total = minor(order.total.as_ref());
        self.orders += 1;
        // Two orders of one invoice would add up here, and the digest would differ.
        let of_invoice = self.invoices.entry(invoice.to_owned()).or_default();
        of_invoice.0 += order.lines.len() as u64;
        of_invoice.1 += total;
        *self.by_day.entry(day_of(order.effective_time)).or_default() += total;
        self.refunded += minor(order.refunded_total.as_ref());
        for line in &order.lines {
            add(&mut self.sold, &line.sku, line.quantity.into());
            if line.returned_quantity > 0 {
                add(&mut self.returned, &line.sku, line.returned_quantity.into());
            }
        }
    }

    fn book(self) -> Book {
        Book {
            orders: self.orders,
            invoices: Some(self.invoices),
            sold_minor_by_day: Some(self.by_day),
            refunded_minor: Some(self.refunded),
            sold_units_by_sku: Some(self.sold),
            refunded_units_by_sku: Some(self.returned),
        }
    }
}

async fn charges(shop: &Shop) -> Result<Vec<payments::Payment>, StartError> {
    let mut charges = Vec::new();
    let mut take = |payment: payments::Payment| {
        if payment.captured.as_ref().is_some_and(|captured| captured.minor_units > 0) {
            charges.push(payment);
        }
    };
    let request = payments::ListPaymentsRequest { page_size: PAGE, ..Default::default() };
    for_each_page!(shop.payments, list_payments, request, payments, "the payments", take);
    Ok(charges)
}

fn payments_book(charges: &[payments::Payment], known: &Known) -> Book {
    let mut book = Book { refunded_minor: Some(0), ..Book::default() };
    let mut by_day = BTreeMap::new();
    let is_ours = |payment: &&payments::Payment| {
        let is_other = known.other_orders.contains(&payment.order_id);
        let currency = payment.captured.as_ref().map(|captured| captured.currency_code.as_str());
        !is_other && currency == Some(CURRENCY)
    };
    for payment in charges.iter().filter(is_ours) {
        book.orders += 1;
        *by_day.entry(day_of(payment.effective_time)).or_default() +=
            minor(payment.captured.as_ref());
        book.refunded_minor = book.refunded_minor.map(|sum| sum + minor(payment.refunded.as_ref()));
    }
    book.sold_minor_by_day = Some(by_day);
    book
}

/// Reads the transfers of the account of sales: a capture posts what was authorised to it, a refund
/// debits it. What is authorised and no more is no sale.
async fn entries(shop: &Shop) -> Result<Vec<ledger::Transfer>, StartError> {
    let account_id = AccountId::derive(b"souk.payments", &format!("{CURRENCY}/sales")).to_string();
    let mut entries = Vec::new();
    let mut take = |transfer: ledger::Transfer| {
        if is_capture(&transfer) || is_refund(&transfer) {
            entries.push(transfer);
        }
    };
    let request =
        ledger::ListAccountTransfersRequest { account_id, page_size: PAGE, ..Default::default() };
    for_each_page!(shop.ledger, list_account_transfers, request, transfers, "the ledger", take);
    Ok(entries)
}

fn is_capture(transfer: &ledger::Transfer) -> bool {
    transfer.flags.as_ref().is_some_and(|flags| flags.post_pending_transfer)
}

fn is_refund(transfer: &ledger::Transfer) -> bool {
    transfer.code == REFUND_CODE
}

/// Each transfer carries its payment in `user_data`.
fn ledger_book(entries: &[ledger::Transfer], known: &Known) -> Book {
    let mut payments = HashSet::new();
    let mut by_day = BTreeMap::new();
    let mut refunded = 0;
    for transfer in
        entries.iter().filter(|transfer| !known.other_payments.contains(&transfer.user_data))
    {
        if is_capture(transfer) {
            payments.insert(&transfer.user_data);
            *by_day.entry(day_of(transfer.effective_time)).or_default() += transfer.amount;
        } else {
            refunded += transfer.amount;
        }
    }
    Book {
        orders: payments.len() as u64,
        sold_minor_by_day: Some(by_day),
        refunded_minor: Some(refunded),
        ..Book::default()
    }
}

async fn moves(shop: &Shop) -> Result<Vec<inventory::Movement>, StartError> {
    let mut moves = Vec::new();
    let mut take = |movement| moves.push(movement);
    use inventory::MovementKind::{Consumed, Returned};
    let request = inventory::ListMovementsRequest {
        page_size: PAGE,
        kinds: [Consumed, Returned].map(Into::into).into(),
        ..Default::default()
    };
    for_each_page!(
        shop.inventory,
        list_movements,
        request,
        movements,
        "the movements of stock",
        take
    );
    Ok(moves)
}

fn inventory_book(moves: &[inventory::Movement], known: &Known) -> Book {
    let (mut reservations, mut sold, mut returned) =
        (HashSet::new(), BTreeMap::new(), BTreeMap::new());
    for movement in
        moves.iter().filter(|movement| !known.other_reservations.contains(&movement.reservation_id))
    {
        if movement.kind() == inventory::MovementKind::Consumed {
            reservations.insert(&movement.reservation_id);
            add(&mut sold, &movement.sku, -i64::from(movement.on_hand_change));
        } else {
            add(&mut returned, &movement.sku, movement.on_hand_change.into());
        }
    }
    Book {
        orders: reservations.len() as u64,
        sold_units_by_sku: Some(sold),
        refunded_units_by_sku: Some(returned),
        ..Book::default()
    }
}

fn add(table: &mut BTreeMap<String, i64>, sku: &str, units: i64) {
    match table.get_mut(sku) {
        Some(sum) => *sum += units,
        None => {
            table.insert(sku.to_owned(), units);
        }
    }
}

fn minor(money: Option<&souk_client::types::v1::Money>) -> i64 {
    money.map_or(0, |money| money.minor_units)
}

fn day_of(time: Option<prost_types::Timestamp>) -> String {
    time.and_then(|time| Timestamp::try_from(time).ok()).map_or_else(String::new, day)
}
