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
            let findings = compare(
                order,
                payments.get(payment_id(order)),
                reservations.get(&order.reservation_id),
            );
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
                    let payment = books.payment(payment_id(&order)).await?;
                    let reservation = books.reservation(&order.reservation_id).await?;
                    compare(&order, payment.as_ref(), reservation.as_ref())
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

/// Returns the payment of an order; empty until its prices are frozen.
fn payment_id(order: &Order) -> &str {
    order.payments.first().map_or("", |payment| &payment.payment_id)
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

/// Returns every difference between an order, its payment and its reservation.
fn compare(
    order: &Order,
    payment: Option<&Payment>,
    reservation: Option<&Reservation>,
) -> Vec<Finding> {
    if order.quarantined {
        return vec![finding(
            "nothing_is_quarantined",
            &order.order_id,
            "waits for staff; see ListQuarantinedSagas",
        )];
    }
    let mut findings = compare_money(order, payment);
    findings.extend(compare_stock(order, reservation));
    findings
}

fn compare_money(order: &Order, payment: Option<&Payment>) -> Vec<Finding> {
    let (authorized, captured, refunded) = payment.map_or((0, 0, 0), |payment| {
        (
            minor(payment.authorized.as_ref()),
            minor(payment.captured.as_ref()),
            minor(payment.refunded.as_ref()),
        )
    });
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
    }
    if payment
        .is_some_and(|payment| payment.state() == PaymentState::Processing || payment.in_flight)
    {
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
