//! The plan of a file: its catalogue, its orders with their refunds, and a reason for every other
//! line. Pure.

use std::collections::{BTreeMap, HashMap};

use souk_chassis::StartError;
use souk_types::Timestamp;

use super::file::{Kind, Row};

/// Return lines of which nothing was bought in the file.
pub const UNMATCHED: &str = "return without a sale";
/// Return lines of which only a part was bought in the file.
pub const PARTLY_MATCHED: &str = "return of more than was sold";

/// The most lines of one order that the API takes.
const MAX_ORDER_LINES: usize = 5_000;
/// The most units of one line that the API takes.
const MAX_LINE_UNITS: i64 = 1_000_000;
/// The highest price of one unit that the API takes, in pence.
const MAX_PRICE: i64 = 1_000_000_000_000;
/// The highest total of one order that the API takes, in pence.
const MAX_ORDER_TOTAL: i64 = 1_000_000_000_000_000;

/// Everything that a file makes the shop do, and the reasons for ignoring the rest.
#[derive(Debug, Default)]
pub struct Plan {
    /// Lines of the file behind the header.
    pub lines: u64,
    /// Every product code, in order.
    pub products: Vec<Product>,
    /// In the order of their first lines.
    pub orders: Vec<Order>,
    /// Lines by the reason why they are neither a sale nor a return.
    pub explained: BTreeMap<&'static str, Vec<u64>>,
    /// Lines of returns that were taken back whole.
    pub returns_whole: u64,
    /// Lines of returns of which a part was taken back.
    pub returns_part: Vec<u64>,
    /// Lines of returns of which nothing was taken back.
    pub returns_unmatched: Vec<u64>,
    /// Units of returns that match no sale of the file.
    pub unmatched_units: i64,
    /// What all orders come to, in pence.
    total: i64,
}

/// One product code.
#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    pub sku: String,
    /// The description that most of its lines have, or the code when none has any.
    pub title: String,
    /// The prices it was sold at, in pence, and when each was first asked; in the order of the
    /// file.
    pub prices: Vec<(i64, Timestamp)>,
}

/// What a return is matched by: customer, sku and price in pence.
type Goods<'a> = (&'a str, &'a str, i64);

/// The sale lines of one invoice, and what came back of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    pub invoice: String,
    /// Empty for a guest.
    pub customer: String,
    pub time: Timestamp,
    /// The line of the file it starts in.
    pub line: u64,
    pub lines: Vec<Line>,
    /// In the order of the file.
    pub refunds: Vec<Refund>,
}

/// One sale line.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub sku: String,
    pub pence: i64,
    pub quantity: i64,
    /// Units that were not brought back later.
    left: i64,
}

/// What one cancelling invoice takes back of one order.
#[derive(Debug, PartialEq, Eq)]
pub struct Refund {
    /// The cancelling invoice, such as `C536379`.
    pub invoice: String,
    pub time: Timestamp,
    /// The line of the file it starts in.
    pub line: u64,
    /// Units by line number of the order, from 1.
    pub lines: BTreeMap<i32, i64>,
}

impl Order {
    /// Returns the sum of the lines, in pence.
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.pence * line.quantity).sum()
    }
}

impl Plan {
    /// Computes the plan of the rows, in file order.
    ///
    /// # Errors
    /// When the file asks for something that the API does not take; the message names the line.
    pub fn of(rows: &[Row]) -> Result<Plan, StartError> {
        let mut plan = Plan { lines: rows.len() as u64, ..Plan::default() };
        let mut catalogue = Catalogue::default();
        let mut by_invoice: HashMap<&str, usize> = HashMap::new();
        // The sale lines of the same goods, oldest first: (index of the order, index of the line).
        let mut sold: HashMap<Goods<'_>, Vec<(usize, usize)>> = HashMap::new();

        for row in rows {
            catalogue.see(row);
            match row.kind {
                Kind::Explained(reason) => plan.explained.entry(reason).or_default().push(row.line),
                Kind::Sale => {
                    let index = *by_invoice.entry(&row.invoice).or_insert_with(|| {
                        plan.orders.push(Order::starting_with(row));
                        plan.orders.len() - 1
                    });
                    let order = &mut plan.orders[index];
                    order.add(row).map_err(|what| refused(row, &what))?;
                    let total = plan.total.checked_add(row.pence * row.quantity);
                    plan.total = total.ok_or_else(|| {
                        refused(row, "the file's sales are more than 64 bits of pence")
                    })?;
                    sold.entry((&row.customer, &row.sku, row.pence))
                        .or_default()
                        .push((index, order.lines.len() - 1));
                }
                Kind::Return => {
                    if row.quantity < -MAX_LINE_UNITS {
                        return Err(refused(
                            row,
                            &format!("it returns more than {MAX_LINE_UNITS} units"),
                        ));
                    }
                    let matching = sold.get(&(&*row.customer, &*row.sku, row.pence));
                    plan.take_back(row, matching.map_or(&[], Vec::as_slice));
                }
            }
        }
        plan.products = catalogue.finish();
        Ok(plan)
    }

    /// Matches a return with sale lines of the same customer, product and price, the latest first,
    /// as far as it goes.
    fn take_back(&mut self, row: &Row, matching: &[(usize, usize)]) {
        let wanted = -row.quantity;
        let mut open = wanted;
        for (order, line) in matching.iter().rev() {
            let order = &mut self.orders[*order];
            let units = open.min(order.lines[*line].left);
            if units > 0 {
                order.lines[*line].left -= units;
                open -= units;
                let number = i32::try_from(*line + 1).expect("an order has at most 5,000 lines");
                order.refund_of(row).add(number, units);
            }
            if open == 0 {
                break;
            }
        }
        self.unmatched_units += open;
        match open {
            0 => self.returns_whole += 1,
            open if open < wanted => self.returns_part.push(row.line),
            _ => self.returns_unmatched.push(row.line),
        }
    }

    /// Returns every reason and its lines, also those of returns that match no sale.
    pub fn reasons(&self) -> Vec<(&'static str, &[u64])> {
        let explained = self.explained.iter().map(|(reason, lines)| (*reason, lines.as_slice()));
        let returns = [
            (PARTLY_MATCHED, self.returns_part.as_slice()),
            (UNMATCHED, self.returns_unmatched.as_slice()),
        ];
        explained.chain(returns.into_iter().filter(|(_, lines)| !lines.is_empty())).collect()
    }

    /// Returns how many lines were sold.
    pub fn sale_lines(&self) -> u64 {
        self.orders.iter().map(|order| order.lines.len() as u64).sum()
    }

    /// Returns the chains of orders that must follow each other: those of one customer, and each
    /// guest's alone. Each holds indexes of `orders`, which only start at `first`.
    pub fn chains(&self, first: usize) -> Vec<Vec<usize>> {
        let mut chains: Vec<Vec<usize>> = Vec::new();
        let mut by_customer: HashMap<&str, usize> = HashMap::new();
        for (index, order) in self.orders.iter().enumerate().skip(first) {
            let chain = match order.customer.as_str() {
                "" => None,
                customer => Some(*by_customer.entry(customer).or_insert(chains.len())),
            };
            match chain {
                Some(chain) if chain < chains.len() => chains[chain].push(index),
                _ => chains.push(vec![index]),
            }
        }
        chains
    }
}

impl Order {
    fn starting_with(row: &Row) -> Order {
        let customer = customer(row).to_owned();
        let invoice = row.invoice.clone();
        let time = row.time;
        let line = row.line;
        Order { invoice, customer, time, line, lines: vec![], refunds: vec![] }
    }

    /// Adds a sale line, unless the API would not take the order with it.
    fn add(&mut self, row: &Row) -> Result<(), String> {
        if customer(row) != self.customer {
            let mine = named(&self.customer);
            let theirs = named(customer(row));
            return Err(format!("it is sold to {theirs}, but the invoice begins with {mine}"));
        }
        if self.lines.len() == MAX_ORDER_LINES {
            return Err(format!("the invoice has more than {MAX_ORDER_LINES} lines"));
        }
        if row.quantity > MAX_LINE_UNITS {
            return Err(format!("it sells more than {MAX_LINE_UNITS} units"));
        }
        if row.pence > MAX_PRICE {
            return Err(format!("its UnitPrice is above {}", pounds(MAX_PRICE)));
        }
        // At most 10^12 pence times 10^6 units, on top of at most 10^15 pence.
        if self.total() + row.pence * row.quantity > MAX_ORDER_TOTAL {
            return Err(format!(
                "the total of the invoice is more than {}",
                pounds(MAX_ORDER_TOTAL)
            ));
        }
        let sku = row.sku.clone();
        let quantity = row.quantity;
        self.lines.push(Line { sku, pence: row.pence, quantity, left: quantity });
        Ok(())
    }

    fn refund_of(&mut self, row: &Row) -> &mut Refund {
        let index =
            self.refunds.iter().position(|refund| refund.invoice == row.invoice).unwrap_or_else(
                || {
                    let invoice = row.invoice.clone();
                    let time = row.time;
                    let line = row.line;
                    self.refunds.push(Refund { invoice, time, line, lines: BTreeMap::new() });
                    self.refunds.len() - 1
                },
            );
        &mut self.refunds[index]
    }
}

/// Returns the customer of a row, without the decimals of a spreadsheet.
fn customer(row: &Row) -> &str {
    row.customer.strip_suffix(".0").unwrap_or(&row.customer)
}

fn named(customer: &str) -> String {
    if customer.is_empty() { "a guest".to_owned() } else { format!("customer {customer}") }
}

fn pounds(pence: i64) -> String {
    format!("{}.{:02}", pence / 100, pence % 100)
}

/// Says which row the API would not take, and why.
fn refused(row: &Row, what: &str) -> StartError {
    StartError::new(format!("line {}, invoice {}: {what}", row.line, row.invoice))
}

impl Refund {
    fn add(&mut self, number: i32, units: i64) {
        *self.lines.entry(number).or_default() += units;
    }
}

/// The products seen so far.
#[derive(Default)]
struct Catalogue<'a> {
    products: BTreeMap<&'a str, Seen<'a>>,
}

#[derive(Default)]
struct Seen<'a> {
    /// Each description with how often, in the order of the file.
    descriptions: Vec<(&'a str, u64)>,
    prices: Vec<(i64, Timestamp)>,
}

impl<'a> Catalogue<'a> {
    fn see(&mut self, row: &'a Row) {
        if !row.is_product {
            return;
        }
        let seen = self.products.entry(&row.sku).or_default();
        let description = row.description.trim();
        if !description.is_empty() {
            match seen.descriptions.iter_mut().find(|(known, _)| *known == description) {
                Some((_, count)) => *count += 1,
                None => seen.descriptions.push((description, 1)),
            }
        }
        if row.kind == Kind::Sale && !seen.prices.iter().any(|(pence, _)| *pence == row.pence) {
            seen.prices.push((row.pence, row.time));
        }
    }

    fn finish(self) -> Vec<Product> {
        let product = |(sku, seen): (&str, Seen<'_>)| {
            // The first of the most frequent ones: `max_by_key` takes the last of equals, so it
            // goes from the end.
            let most = seen.descriptions.iter().rev().max_by_key(|(_, count)| *count);
            let title = most.map_or(sku, |(description, _)| description);
            Product { sku: sku.to_owned(), title: printable(title), prices: seen.prices }
        };
        self.products.into_iter().map(product).collect()
    }
}

/// Returns a title that the catalogue takes: without control characters and at most 200 characters
/// long.
fn printable(title: &str) -> String {
    title.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(200).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
