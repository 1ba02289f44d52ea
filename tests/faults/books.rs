//! Reading a shop's books: the services' own audits, and orders, payments, the provider and the
//! shelf against each other.

use std::collections::BTreeMap;
use std::time::SystemTime;

use souk_client::orders::v1::{CaptureMethod, ListOrdersRequest, Order, OrderState, PaymentStatus};
use souk_client::payments::simulator::v1alpha::{Charge, ListChargesRequest};
use souk_client::payments::v1::{DeclineCode, ListPaymentsRequest, Payment};
use souk_client::types::v1::Money;
use souk_testkit::{check_invariants, eventually};
use tonic::Status;

use crate::shopping::{Addresses, Desk, LIMIT};

/// What a shop has written down once nothing is in progress any more.
pub struct Books {
    pub orders: Vec<Order>,
    payments: BTreeMap<String, Payment>,
    charges: BTreeMap<String, Charge>,
}

impl Books {
    /// Waits until no saga runs but those of orders that wait for another card, and no payment is
    /// in flight; then audits every service and reads its books.
    ///
    /// # Panics
    /// When something stays in progress or an audit finds something; `after` says after what.
    pub async fn settled(addresses: &Addresses, after: &str) -> Books {
        let desk = Desk::of_staff(addresses);
        eventually(LIMIT, || is_at_rest(desk.clone(), after)).await;
        audit(desk.clone(), after).await;
        Books {
            orders: all_orders(desk.clone(), &[]).await,
            payments: all_payments(desk.clone())
                .await
                .into_iter()
                .map(|one| (one.payment_id.clone(), one))
                .collect(),
            charges: all_charges(desk)
                .await
                .into_iter()
                .map(|one| (one.payment_id.clone(), one))
                .collect(),
        }
    }

    /// Checks every order against its payment and the provider's own book: who was charged, how
    /// much, and how often.
    ///
    /// # Panics
    /// When they differ.
    pub fn agree(&self, after: &str) {
        for order in &self.orders {
            let about = format!("{after}: order {order:?}");
            let total = amount(&order.total);
            let canceled = amount(&order.canceled_total);
            // What is canceled before it was captured is never charged.
            let is_later = order.capture_method() != CaptureMethod::Automatic;
            let owed = if is_later { total - canceled } else { total };
            let gone_back = amount(&order.refunded_total) + if is_later { 0 } else { canceled };
            let taken = amount(&order.captured_total);
            let said: i64 = order.payments.iter().map(|one| amount(&one.captured)).sum();
            let (held, captured, refunded) = match order.payment_status() {
                PaymentStatus::Authorized if waits_for_capture(order) => (total, 0, 0),
                PaymentStatus::PartiallyPaid if waits_for_capture(order) => {
                    (total - taken, taken, gone_back)
                }
                PaymentStatus::Paid | PaymentStatus::PartiallyRefunded => (0, owed, gone_back),
                // Of several payments, only the first may have been captured.
                PaymentStatus::Refunded if order.payments.len() > 1 => (0, said, said),
                PaymentStatus::Refunded => (0, owed, owed),
                PaymentStatus::Voided => (0, 0, 0),
                // The payments before the one that was declined keep what they have.
                PaymentStatus::Unpaid if waits_for_card(order) => (authorized(order), 0, 0),
                PaymentStatus::Unpaid if order.state() == OrderState::Rejected => (0, 0, 0),
                _ => panic!("{about} is not at rest"),
            };
            let ids = || order.payments.iter().map(|one| &one.payment_id);
            let charges: Vec<&Charge> = ids().filter_map(|id| self.charges.get(id)).collect();
            let payments: Vec<&Payment> = ids().filter_map(|id| self.payments.get(id)).collect();
            let of_charges = charges.iter().fold((0, 0, 0), |sum, one| {
                add(sum, (amount(&one.held), amount(&one.captured), amount(&one.refunded)))
            });
            let of_payments = payments.iter().fold((0, 0, 0), |sum, one| {
                add(sum, (amount(&one.authorized), amount(&one.captured), amount(&one.refunded)))
            });
            assert_eq!(
                of_payments,
                (held + captured, captured, refunded),
                "{about}, its payments {payments:?}"
            );
            assert_eq!(
                of_charges,
                (held, captured, refunded),
                "{about}, the provider's charges {charges:?}"
            );
            for one in &order.payments {
                let found = self.payments.get(&one.payment_id);
                let found = found.map_or((0, 0), |it| (amount(&it.captured), amount(&it.refunded)));
                let said = (amount(&one.captured), amount(&one.refunded));
                assert_eq!(found, said, "{about}, its payment {one:?}");
            }
            // Authorised, perhaps approved by the customer, then captured or voided, in parts at
            // most once for each that left and once more; paid back at most once.
            let parts = order.fulfillment_count;
            let most = if refunded > 0 { 4 } else { 3 } + if is_later { parts } else { 0 };
            for charge in charges {
                let operations = charge.operation_count;
                assert!(
                    operations <= most,
                    "{about}: the provider did {operations} operations: {charge:?}"
                );
            }
        }
        let is_ours = |payment: &String| {
            let mut payments = self.orders.iter().flat_map(|order| &order.payments);
            payments.any(|one| one.payment_id == *payment)
        };
        let stray: Vec<_> = self.charges.keys().filter(|payment| !is_ours(payment)).collect();
        assert!(stray.is_empty(), "{after}: the provider charged for no order: {stray:?}");
    }

    /// Returns how many units of the orders are still on the shelf but promised, and how many have
    /// left it for good.
    pub fn promised_and_gone(&self, sku: &str) -> (i64, i64) {
        let mut promised = 0;
        let mut gone = 0;
        for order in &self.orders {
            let lines = order.lines.iter().filter(|line| line.sku == sku);
            let is_promised = match order.state() {
                OrderState::Pending => waits_for_card(order),
                state => state == OrderState::Placed,
            };
            for line in lines {
                let left = i64::from(line.fulfilled_quantity);
                gone += left - i64::from(line.returned_quantity);
                if is_promised {
                    promised += i64::from(line.quantity - line.canceled_quantity) - left;
                }
            }
        }
        (promised, gone)
    }

    /// Checks the shelf of a sku against what was received and what the orders say.
    ///
    /// # Panics
    /// When units are missing, oversold, or held for no order.
    pub async fn shelf(&self, addresses: &Addresses, sku: &str, received: i64, after: &str) {
        let stock = Desk::of_staff(addresses).stock(sku).await;
        let (promised, gone) = self.promised_and_gone(sku);
        assert_eq!(
            (i64::from(stock.on_hand), i64::from(stock.reserved)),
            (received - gone, promised),
            "{after}: the shelf of {sku}"
        );
    }
}

fn add(one: (i64, i64, i64), other: (i64, i64, i64)) -> (i64, i64, i64) {
    (one.0 + other.0, one.1 + other.1, one.2 + other.2)
}

/// Returns the payment of an order; empty when its prices were never frozen.
fn payment_id(order: &Order) -> &str {
    order.payments.first().map_or("", |payment| &payment.payment_id)
}

/// Returns whether somebody is to capture the payment of an order, and may do so at any time.
fn waits_for_capture(order: &Order) -> bool {
    let is_left_to_others =
        matches!(order.capture_method(), CaptureMethod::Manual | CaptureMethod::OnFulfillment);
    order.state() == OrderState::Placed && is_left_to_others
}

/// Returns whether an order was declined and waits for another card. Its saga rests until one comes
/// or time is up.
fn waits_for_card(order: &Order) -> bool {
    let is_declined =
        order.payments.iter().any(|payment| payment.decline() != DeclineCode::Unspecified);
    let now = SystemTime::now();
    let has_time = order
        .expire_time
        .and_then(|time| SystemTime::try_from(time).ok())
        .is_some_and(|time| now < time);
    order.state() == OrderState::Pending && is_declined && has_time
}

/// Returns how much of an order that waits for another card is authorized already.
fn authorized(order: &Order) -> i64 {
    let payments = order.payments.iter();
    let authorized = payments.filter(|one| one.status() == PaymentStatus::Authorized);
    authorized.map(|one| amount(&one.amount)).sum()
}

fn amount(money: &Option<Money>) -> i64 {
    money.as_ref().map_or(0, |money| money.minor_units)
}

async fn is_at_rest(desk: Desk, after: &str) -> Result<(), String> {
    let failure = |status: Status| format!("{after}: {status}");
    let (_, channel) = desk.channels.iter().find(|(name, _)| *name == "orders").expect("orders");
    let audit = check_invariants(channel.clone(), "orders").await.map_err(failure)?;
    let running = audit
        .counts
        .iter()
        .find(|count| count.what == "sagas_running")
        .expect("orders counts its sagas")
        .count;
    let waiting = all_orders(desk.clone(), &[OrderState::Pending]).await;
    let waiting = waiting.iter().filter(|order| waits_for_card(order)).count() as i64;
    let payments = all_payments(desk).await;
    let in_flight: Vec<_> = payments.iter().filter(|payment| payment.in_flight).collect();
    if running == waiting && in_flight.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{after}: {running} sagas run, {waiting} of them wait for another card, in flight are {in_flight:?}"
    ))
}

async fn audit(desk: Desk, after: &str) {
    for (service, channel) in desk.channels {
        let audit = check_invariants(channel, service).await;
        let audit = audit.unwrap_or_else(|status| panic!("{after}: {service}: {status}"));
        assert!(audit.findings.is_empty(), "{after}: {service}: {:#?}", audit.findings);
    }
}

/// Returns the orders in one of these states; without states all of them.
async fn all_orders(mut desk: Desk, states: &[OrderState]) -> Vec<Order> {
    let states: Vec<i32> = states.iter().map(|state| i32::from(*state)).collect();
    let mut all = vec![];
    let mut page_token = String::new();
    loop {
        let request = ListOrdersRequest {
            page_size: 1_000,
            page_token,
            states: states.clone(),
            ..Default::default()
        };
        let page = desk.orders.list_orders(request).await.expect("a page of orders").into_inner();
        all.extend(page.orders);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

async fn all_payments(mut desk: Desk) -> Vec<Payment> {
    let mut all = vec![];
    let mut page_token = String::new();
    loop {
        let request = ListPaymentsRequest {
            page_size: 1_000,
            page_token,
            order_by: "create_time".to_owned(),
            ..Default::default()
        };
        let page =
            desk.payments.list_payments(request).await.expect("a page of payments").into_inner();
        all.extend(page.payments);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

async fn all_charges(mut desk: Desk) -> Vec<Charge> {
    let mut all = vec![];
    let mut page_token = String::new();
    loop {
        let request = ListChargesRequest { page_size: 1_000, page_token };
        let page =
            desk.simulator.list_charges(request).await.expect("a page of charges").into_inner();
        all.extend(page.charges);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// The books must be able to disagree; and an order follows what is done to its money and its stock
/// behind its back.
mod tests {
    use souk_chassis::Caller;
    use souk_client::inventory::v1::ReleaseReservationRequest;
    use souk_client::ops::v1::ResumeSagaRequest;
    use souk_client::ops::v1::saga_service_client::SagaServiceClient;
    use souk_client::orders::v1::GetOrderRequest;
    use souk_client::payments::v1::RefundPaymentRequest;
    use souk_types::{RefundId, Timestamp};

    use super::*;
    use crate::fleet::Fleet;
    use crate::shopping::purchase;

    /// Returns a shop of ten mugs that sold one of them, and the order.
    async fn a_sale() -> (Fleet, Order) {
        let fleet = Fleet::one_program(&[]).await;
        Desk::of_staff(&fleet.addresses).stock_up("MUG", 10).await;
        let mut alice = Desk::of_user(&fleet.addresses, 0, "alice");
        let placed = alice
            .orders
            .place_order(purchase("one", "MUG", &[1], "tok_approved"))
            .await
            .expect("an order");
        let order = placed.into_inner().order.expect("the order");
        let books = Books::settled(&fleet.addresses, "a sale").await;
        books.agree("a sale");
        books.shelf(&fleet.addresses, "MUG", 10, "a sale").await;
        (fleet, order)
    }

    /// Waits until an order is as it is wanted.
    async fn becomes(fleet: &Fleet, order_id: &str, is_wanted: impl Fn(&Order) -> bool) {
        eventually(LIMIT, || async {
            let request = GetOrderRequest { order_id: order_id.to_owned() };
            let answer = Desk::of_staff(&fleet.addresses).orders.get_order(request).await;
            let order =
                answer.map_err(|status| status.to_string())?.into_inner().order.expect("the order");
            if is_wanted(&order) { Ok(()) } else { Err(format!("{order:?}")) }
        })
        .await;
    }

    #[tokio::test]
    #[should_panic(expected = "after a refund that orders forgot: order")]
    async fn money_that_an_order_does_not_know_of_is_found() {
        let (fleet, _order) = a_sale().await;
        let after = "after a refund that orders forgot";
        let mut books = Books::settled(&fleet.addresses, after).await;
        let penny = Money { currency_code: "GBP".to_owned(), minor_units: 1 };
        books.orders[0].refunded_total = Some(penny);
        books.agree(after);
    }

    #[tokio::test]
    #[should_panic(expected = "is not at rest")]
    async fn an_order_that_nobody_captures_is_found() {
        let (fleet, _order) = a_sale().await;
        let after = "after a capture that orders forgot";
        let mut books = Books::settled(&fleet.addresses, after).await;
        books.orders[0].payment_status = PaymentStatus::Authorized.into();
        books.agree(after);
    }

    #[tokio::test]
    #[should_panic(expected = "after a sale that orders forgot: the shelf of MUG")]
    async fn units_that_no_order_knows_of_are_found() {
        let (fleet, _order) = a_sale().await;
        let after = "after a sale that orders forgot";
        let mut books = Books::settled(&fleet.addresses, after).await;
        books.orders.clear();
        books.shelf(&fleet.addresses, "MUG", 10, after).await;
    }

    #[tokio::test]
    async fn an_order_follows_money_that_went_back_behind_its_back() {
        let (fleet, order) = a_sale().await;
        let request = RefundPaymentRequest {
            payment_id: payment_id(&order).to_owned(),
            refund_id: RefundId::new(Timestamp::from_micros(1)).to_string(),
            amount: Some(Money { currency_code: "GBP".to_owned(), minor_units: 1 }),
            effective_time: None,
        };
        // Staff is refused; a mistake of the orders service itself is not.
        let orders = Caller::Service("orders".to_owned());
        Desk::of(&fleet.addresses, 0, &orders)
            .payments
            .refund_payment(request)
            .await
            .expect("a refund");
        becomes(&fleet, &order.order_id, |order| amount(&order.refunded_total) == 1).await;
        let after = "after a refund that orders did not ask for";
        Books::settled(&fleet.addresses, after).await.agree(after);
    }

    #[tokio::test]
    async fn an_order_whose_units_were_released_behind_its_back_waits_for_staff_and_is_paid_back() {
        let (fleet, order) = a_sale().await;
        let reservation_id = order.reservation_id;
        let request = ReleaseReservationRequest {
            reservation_id,
            repair_note: "a mistake of the staff".to_owned(),
            ..Default::default()
        };
        let mut staff = Desk::of_staff(&fleet.addresses);
        staff.inventory.release_reservation(request).await.expect("a release");
        becomes(&fleet, &order.order_id, |order| order.quarantined).await;
        let service = "orders".to_owned();
        let request = ResumeSagaRequest { service, saga_id: order.order_id.clone() };
        let (_, channel) = staff.channels.iter().find(|(name, _)| *name == "orders").unwrap();
        let mut sagas = SagaServiceClient::new(channel.clone());
        sagas.resume_saga(request).await.expect("a decision");
        becomes(&fleet, &order.order_id, |order| order.state() == OrderState::Canceled).await;
        let after = "after a release that orders did not ask for";
        let books = Books::settled(&fleet.addresses, after).await;
        books.agree(after);
        books.shelf(&fleet.addresses, "MUG", 10, after).await;
    }
}
