//! What must hold between services: every order has exactly the stock and the money that its state
//! requires.

use std::collections::{BTreeMap, HashMap, HashSet};

use souk_chassis::StartError;
use souk_client::inventory::v1::{Reservation, ReservationState};
use souk_client::orders::v1::{CaptureMethod, Order, OrderState, PaymentStatus};
use souk_client::payments::v1::{Payment, PaymentState};
use souk_client::types::v1::Money;

use super::Books;

/// One broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub invariant: String,
    pub subject: String,
    pub detail: String,
}

/// An order, or a payment or reservation without one, that does not agree now; it may be in
/// progress.
pub struct Suspect {
    subject: Subject,
    pub findings: Vec<Finding>,
}

enum Subject {
    Order(String),
    Payment(String),
    Reservation(String),
}

/// Compares all orders with their payments and reservations. Returns what does not agree, and how
/// many orders there are.
pub async fn all(books: &Books) -> Result<(Vec<Suspect>, i64), StartError> {
    let payments = books.payments().await?;
    let reservations = books.reservations().await?;
    let mut suspects = vec![];
    let mut count = 0;
    let mut page_token = String::new();
    let mut paid = HashSet::new();
    let mut reserved = HashSet::new();
    loop {
        let (mut orders, next) = books.orders(page_token).await?;
        for order in &mut orders {
            books.complete(order).await?;
            count += 1;
            paid.extend(order.payments.iter().map(|payment| payment.payment_id.clone()));
            reserved.insert(order.reservation_id.clone());
            let of_order: Vec<Option<&Payment>> =
                order.payments.iter().map(|one| payments.get(&one.payment_id)).collect();
            let findings = compare(order, &of_order, reservations.get(&order.reservation_id));
            if !findings.is_empty() {
                suspects
                    .push(Suspect { subject: Subject::Order(order.order_id.clone()), findings });
            }
        }
        page_token = next;
        if page_token.is_empty() {
            break;
        }
    }
    suspects.extend(strays(&payments, &paid, &reservations, &reserved));
    Ok((suspects, count))
}

/// Checks the suspects again, and returns those that still do not agree.
pub async fn again(books: &Books, suspects: Vec<Suspect>) -> Result<Vec<Suspect>, StartError> {
    let mut left = vec![];
    for suspect in suspects {
        let findings = match &suspect.subject {
            Subject::Order(id) => match books.order(id).await? {
                Some(mut order) => {
                    books.complete(&mut order).await?;
                    let mut payments = vec![];
                    for one in &order.payments {
                        payments.push(books.payment(&one.payment_id).await?);
                    }
                    let payments: Vec<_> = payments.iter().map(Option::as_ref).collect();
                    let reservation = books.reservation(&order.reservation_id).await?;
                    compare(&order, &payments, reservation.as_ref())
                }
                None => vec![finding("order_is_kept", id, "the order does not exist")],
            },
            Subject::Payment(id) => match books.payment(id).await? {
                Some(payment)
                    if is_stray_payment(&payment)
                        && books.order(&payment.order_id).await?.is_none() =>
                {
                    suspect.findings.clone()
                }
                _ => vec![],
            },
            // Orders are read after reservations, so an order that is still unknown does not exist.
            Subject::Reservation(id) => match books.reservation(id).await? {
                Some(reservation) if is_live(&reservation) => suspect.findings.clone(),
                _ => vec![],
            },
        };
        if !findings.is_empty() {
            left.push(Suspect { findings, ..suspect });
        }
    }
    Ok(left)
}

fn finding(invariant: &str, subject: &str, detail: impl Into<String>) -> Finding {
    Finding {
        invariant: format!("shop.{invariant}"),
        subject: subject.to_owned(),
        detail: detail.into(),
    }
}

fn strays(
    payments: &HashMap<String, Payment>,
    paid: &HashSet<String>,
    reservations: &HashMap<String, Reservation>,
    reserved: &HashSet<String>,
) -> Vec<Suspect> {
    let stray_payments = payments
        .values()
        .filter(|payment| is_stray_payment(payment) && !paid.contains(&payment.payment_id));
    let stray_reservations = reservations.values().filter(|reservation| {
        is_live(reservation) && !reserved.contains(&reservation.reservation_id)
    });
    let payments = stray_payments.map(|payment| Suspect {
        subject: Subject::Payment(payment.payment_id.clone()),
        findings: vec![finding(
            "payment_has_order",
            &payment.payment_id,
            "money is authorised or captured for no order",
        )],
    });
    let reservations = stray_reservations.map(|reservation| Suspect {
        subject: Subject::Reservation(reservation.reservation_id.clone()),
        findings: vec![finding(
            "reservation_has_order",
            &reservation.reservation_id,
            "stock is reserved for no order",
        )],
    });
    payments.chain(reservations).collect()
}

fn minor(money: Option<&Money>) -> i64 {
    money.map_or(0, |money| money.minor_units)
}

/// Staff may create a payment without an order; it is not a mistake.
fn is_stray_payment(payment: &Payment) -> bool {
    !payment.order_id.is_empty()
        && minor(payment.authorized.as_ref()) > minor(payment.refunded.as_ref())
}

fn is_live(reservation: &Reservation) -> bool {
    matches!(
        reservation.state(),
        ReservationState::Held | ReservationState::Committed | ReservationState::Consumed
    )
}

/// Returns every difference between an order, its payments and its reservation.
fn compare(
    order: &Order,
    payments: &[Option<&Payment>],
    reservation: Option<&Reservation>,
) -> Vec<Finding> {
    if order.quarantined {
        return vec![finding(
            "nothing_is_quarantined",
            &order.order_id,
            "waits for staff; see ListQuarantinedSagas",
        )];
    }
    let mut findings = compare_money(order, payments);
    findings.extend(compare_stock(order, reservation));
    findings
}

/// Returns what the payments of an order hold together. A payment that was never made holds
/// nothing.
fn held(payments: &[Option<&Payment>]) -> (i64, i64, i64) {
    let sum = |money: fn(&Payment) -> Option<&Money>| {
        payments.iter().flatten().map(|payment| minor(money(payment))).sum()
    };
    (
        sum(|payment| payment.authorized.as_ref()),
        sum(|payment| payment.captured.as_ref()),
        sum(|payment| payment.refunded.as_ref()),
    )
}

/// Returns whether each of several payments was captured and paid back as the order says.
fn are_as_the_order_says(order: &Order, payments: &[Option<&Payment>]) -> bool {
    let moved =
        |captured: Option<&Money>, refunded: Option<&Money>| (minor(captured), minor(refunded));
    payments.len() == 1
        || order.payments.iter().zip(payments).all(|(said, payment)| {
            let found = payment.map_or((0, 0), |payment| {
                moved(payment.captured.as_ref(), payment.refunded.as_ref())
            });
            moved(said.captured.as_ref(), said.refunded.as_ref()) == found
        })
}

fn compare_money(order: &Order, payments: &[Option<&Payment>]) -> Vec<Finding> {
    let (authorized, captured, refunded) = held(payments);
    let total = minor(order.total.as_ref());
    let order_refunded = minor(order.refunded_total.as_ref());
    // What cancellations paid back was captured before.
    let given_back = captured - minor(order.captured_total.as_ref());
    let gone_back = order_refunded + given_back.max(0);
    let expected = match order.payment_status() {
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
            let captured = minor(order.captured_total.as_ref()) + given_back.max(0);
            (captured, captured, gone_back)
        }
        PaymentStatus::Voided => (0, 0, 0),
        // What was authorized besides what was taken back is given up with the last open unit.
        PaymentStatus::Reversed => {
            (authorized, minor(order.captured_total.as_ref()) + given_back.max(0), gone_back)
        }
        PaymentStatus::Authorized | PaymentStatus::PartiallyPaid
            if order.capture_method() != CaptureMethod::Automatic =>
        {
            (total, minor(order.captured_total.as_ref()) + given_back.max(0), gone_back)
        }
        PaymentStatus::Unpaid if order.state() == OrderState::Rejected => (0, 0, 0),
        // Operations in progress have no final amounts yet; the audit of the journal finds stuck
        // ones.
        _ => return vec![],
    };
    let mut findings = vec![];
    if (authorized, captured, refunded) != expected {
        let (a, c, r) = expected;
        let detail = format!(
            "a {:?} and {:?} order of {total} has authorized {authorized}, captured {captured}, refunded \
             {refunded} instead of {a}, {c}, {r}",
            order.state(),
            order.payment_status()
        );
        findings.push(finding("order_has_its_money", &order.order_id, detail));
    } else if !are_as_the_order_says(order, payments) {
        let detail = "its payments were captured and refunded for other parts than the order says";
        findings.push(finding("order_has_its_money", &order.order_id, detail));
    }
    let is_in_flight =
        |payment: &&Payment| payment.state() == PaymentState::Processing || payment.in_flight;
    if payments.iter().flatten().any(is_in_flight) {
        findings.push(finding(
            "payment_comes_to_an_end",
            &order.order_id,
            "its payment is still in flight",
        ));
    }
    findings
}

fn compare_stock(order: &Order, reservation: Option<&Reservation>) -> Vec<Finding> {
    let state =
        reservation.map_or(ReservationState::Unspecified, |reservation| reservation.state());
    let is_right = match order.state() {
        OrderState::Pending | OrderState::Unspecified => return vec![],
        OrderState::Completed => state == ReservationState::Consumed,
        OrderState::Placed => state == ReservationState::Committed,
        OrderState::Canceled | OrderState::Rejected => !reservation.is_some_and(is_live),
    };
    let mut findings = vec![];
    if !is_right {
        let detail = format!("a {:?} order has a reservation in state {state:?}", order.state());
        findings.push(finding("order_has_its_stock", &order.order_id, detail));
    }
    let is_sold = matches!(order.state(), OrderState::Placed | OrderState::Completed);
    if let Some(reservation) = reservation.filter(|_| is_sold) {
        findings.extend(compare_units(order, reservation));
    }
    findings
}

/// Units of one sku.
#[derive(Debug, Default, PartialEq, Eq)]
struct Units {
    ordered: i64,
    left: i64,
    canceled: i64,
    returned: i64,
}

/// The units that a reservation holds, those that left, were released and came back, must be those
/// of the order.
fn compare_units(order: &Order, reservation: &Reservation) -> Option<Finding> {
    let mut ordered: BTreeMap<&str, Units> = BTreeMap::new();
    for line in &order.lines {
        let units = ordered.entry(&line.sku).or_default();
        units.ordered += i64::from(line.quantity);
        units.left += i64::from(line.fulfilled_quantity);
        units.canceled += i64::from(line.canceled_quantity);
        units.returned += i64::from(line.returned_quantity);
    }
    let mut held: BTreeMap<&str, Units> = BTreeMap::new();
    for line in &reservation.lines {
        let units = held.entry(&line.sku).or_default();
        units.ordered += i64::from(line.quantity);
        units.left += i64::from(line.consumed);
        units.canceled += i64::from(line.released);
        units.returned += i64::from(line.returned);
    }
    let detail = || "units reserved, left, released and returned differ from those of the order";
    (ordered != held).then(|| finding("order_has_its_units", &order.order_id, detail()))
}
