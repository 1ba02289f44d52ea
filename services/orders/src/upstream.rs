//! Every call that orders makes to others, and what each answer means for the saga.
//!
//! **Invariant:** an answer is a success only if it names the id, the lines and the amount that
//! were asked for, and a refusal only if it gives a reason that this step can be refused for.
//! Everything else says nothing: it is unknown, and repeated.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use souk_chassis::{Channel, Context, Host};
use souk_client::catalog::v1 as catalog;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_data::Db;
use souk_types::Money;
use tonic::{Code, Request, Status};
use tonic_types::{ErrorInfo, StatusExt};

use crate::error::Error;
use crate::order::{Item, Line, MAX_TOTAL, Order, Refund, RequestedLine};
use crate::reason::{FIELD, Reason};
use crate::saga::{Answer, Outcome, Saga};
use crate::step::Step;
use crate::{convert, request_key, store};

/// The upstreams of orders.
#[derive(Clone)]
pub struct Upstream {
    catalog: CatalogServiceClient<Channel>,
    inventory: InventoryServiceClient<Channel>,
    payments: PaymentServiceClient<Channel>,
    db: Db,
    hold: Duration,
}

/// How long a step may take; a second step follows it within the lease.
const STEP_TIMEOUT: Duration = Duration::from_secs(8);

/// The most facts of a refusal that are kept.
const FACTS: [&str; 4] = ["sku", "price_id", "requested", "available"];

/// How many lines catalog prices in one call.
const ITEMS_AT_ONCE: usize = 1000;

/// The most characters of a sku.
const MAX_SKU: usize = 64;

impl Upstream {
    /// Returns the way to the upstreams; stock is held for `hold`.
    pub fn new(host: &Host, db: Db, hold: Duration) -> Self {
        Upstream {
            catalog: CatalogServiceClient::new(host.channel("catalog")),
            inventory: InventoryServiceClient::new(host.channel("inventory")),
            payments: PaymentServiceClient::new(host.channel("payments")),
            db,
            hold,
        }
    }

    /// Makes the call of the saga's present step. Only this service's own database makes it fail;
    /// whatever an upstream does is an answer.
    pub async fn perform(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let context = Context::current()
            .unwrap_or_else(|| Context::background("orders"))
            .with_timeout(STEP_TIMEOUT);
        context
            .scope(async {
                match saga.step {
                    Step::Price => self.price(saga, order).await,
                    Step::Authorize => self.authorize(saga, order).await,
                    Step::Reserve => Ok(self.reserve(saga, order).await),
                    Step::Commit => Ok(self.commit(saga, order).await),
                    Step::Capture => Ok(self.capture(saga, order).await),
                    Step::Void => Ok(self.void(saga, order).await),
                    Step::Release => Ok(self.release(saga, order).await),
                    Step::Consume => Ok(self.consume(saga, order).await),
                    Step::PayBack => Ok(self.pay_back(saga, order).await),
                    Step::TakeBack => Ok(self.take_back(saga, order).await),
                }
            })
            .await
    }

    async fn price(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let requested = store::order::requested(&self.db.read(), order.id).await?;
        let wanted = convert::stored_lines(requested.lines.as_deref())?;
        // A user may not choose among the prices of a sku.
        let only_default_prices = request_key::is_of_user(&requested.request_key);
        let mut lines = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(ITEMS_AT_ONCE) {
            if let Err(answer) =
                self.price_some(saga, order, some, only_default_prices, &mut lines).await
            {
                return Ok(*answer);
            }
        }
        let mut priced = order.clone();
        if let Err(reason) = priced.price(lines) {
            return Ok(Answer {
                facts: fact("max_total_minor_units", MAX_TOTAL),
                ..Answer::refused(reason)
            });
        }
        let total = priced.total.expect("it was just priced").minor;
        if requested.expected_minor.is_some_and(|expected| expected != total) {
            return Ok(Answer {
                facts: fact("total_minor_units", total),
                ..Answer::refused(Reason::PriceChanged)
            });
        }
        Ok(Answer { lines: priced.lines, ..Answer::of(Outcome::Done) })
    }

    /// Prices as many lines as catalog takes at once and adds them to `lines`; or says what keeps
    /// the order from being priced.
    async fn price_some(
        &self,
        saga: &Saga,
        order: &Order,
        requested: &[RequestedLine],
        only_default_prices: bool,
        lines: &mut Vec<Line>,
    ) -> Result<(), Box<Answer>> {
        use catalog::resolve_item::Item as Wire;
        let item = |line: &RequestedLine| match &line.item {
            Item::Sku(sku) => Wire::Sku(sku.clone()),
            Item::Price(id) => Wire::PriceId(id.to_string()),
        };
        let items =
            requested.iter().map(|line| catalog::ResolveItem { item: Some(item(line)) }).collect();
        let request =
            catalog::ResolvePricesRequest { items, currency_code: order.currency.to_string() };
        let prices = match self.catalog.clone().resolve_prices(leased(saga, request)).await {
            Ok(response) => response.into_inner().prices,
            Err(status) => return Err(Box::new(refusal(&status, &NOT_PRICED, None))),
        };
        let not_believed = |what| Err(Box::new(not_believed(saga.step, what)));
        if prices.len() != requested.len() {
            return not_believed("another number of prices than was asked for");
        }
        for (wanted, price) in requested.iter().zip(prices) {
            let is_asked = match &wanted.item {
                Item::Sku(sku) => price.sku == *sku,
                Item::Price(id) => {
                    price.price_id == id.to_string()
                        && (1..=MAX_SKU).contains(&price.sku.chars().count())
                }
            };
            let money = price.unit_price.and_then(|money| Money::try_from(money).ok());
            let (true, Some(unit_price), Ok(id)) = (is_asked, money, price.price_id.parse()) else {
                return not_believed("the price of something else");
            };
            if unit_price.currency != order.currency || unit_price.minor < 0 {
                return not_believed("a price in another currency, or of less than nothing");
            }
            let number = lines.len() as i64 + 1;
            if only_default_prices && !price.is_default && matches!(wanted.item, Item::Price(_)) {
                let mut facts = fact("price_id", id);
                facts.extend(fact(FIELD, format!("lines[{}].price_id", number - 1)));
                return Err(Box::new(Answer { facts, ..Answer::refused(Reason::PriceNotAllowed) }));
            }
            lines.push(Line {
                number,
                sku: price.sku,
                price: id,
                title: price.title,
                quantity: wanted.quantity,
                unit_price,
                refunded: 0,
                returned: 0,
            });
        }
        Ok(())
    }

    async fn reserve(&self, saga: &Saga, order: &Order) -> Answer {
        let lines = order
            .lines
            .iter()
            .map(|line| inventory::ReserveLine {
                sku: line.sku.clone(),
                location_id: String::new(),
                quantity: line.quantity,
            })
            .collect();
        let request = inventory::ReserveRequest {
            reservation_id: order.reservation_id().to_string(),
            lines,
            ttl: Some(self.hold.try_into().expect("the configuration limits it")),
            effective_time: Some(order.effective_time.into()),
            order_id: order.id.to_string(),
        };
        let answer = self.inventory.clone().reserve(leased(saga, request)).await;
        reservation_is(
            saga,
            order,
            answer.map(|one| one.into_inner().reservation),
            &NOT_RESERVED,
            |state| {
                use inventory::ReservationState::{Committed, Consumed, Held};
                matches!(state, Held | Committed | Consumed)
            },
        )
    }

    async fn authorize(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let requested = store::order::requested(&self.db.read(), order.id).await?;
        let request = payments::AuthorizePaymentRequest {
            payment_id: order.payment_id().to_string(),
            order_id: order.id.to_string(),
            customer_id: order.customer.clone(),
            amount: order.total.map(Into::into),
            effective_time: Some(order.effective_time.into()),
            payment_method: requested.payment_method.unwrap_or_default(),
        };
        let payment = match self.payments.clone().authorize_payment(leased(saga, request)).await {
            Ok(response) => response.into_inner().payment,
            Err(status) => return Ok(refusal(&status, &NOT_AUTHORIZED, payment_key(order))),
        };
        let Some(payment) = payment.filter(|payment| is_payment_of(payment, order)) else {
            return Ok(not_believed(saga.step, "another payment than was asked for"));
        };
        Ok(match payment.state() {
            payments::PaymentState::RequiresCapture
                if money_of(&payment.authorized, order) == total_of(order) =>
            {
                Answer::of(Outcome::Done)
            }
            payments::PaymentState::Succeeded
                if money_of(&payment.captured, order) == total_of(order) =>
            {
                Answer::of(Outcome::Done)
            }
            payments::PaymentState::RequiresAction if !payment.action_url.is_empty() => {
                Answer { action_url: Some(payment.action_url), ..Answer::of(Outcome::Waiting) }
            }
            payments::PaymentState::RequiresPaymentMethod => {
                Answer::refused(Reason::PaymentDeclined)
            }
            payments::PaymentState::Canceled => Answer::refused(Reason::PaymentCanceled),
            _ => not_believed(saga.step, "a payment that is not authorised over the total"),
        })
    }

    async fn capture(&self, saga: &Saga, order: &Order) -> Answer {
        let request = payments::CapturePaymentRequest {
            payment_id: order.payment_id().to_string(),
            request_id: format!("{}/capture", order.id),
            amount: None,
            r#final: true,
            effective_time: Some(order.effective_time.into()),
        };
        match self.payments.clone().capture_payment(leased(saga, request)).await {
            Err(status) => refusal(&status, &NOT_CAPTURED, payment_key(order)),
            Ok(answer) => {
                let payment =
                    answer.into_inner().payment.filter(|payment| is_payment_of(payment, order));
                let is_captured = payment.is_some_and(|payment| {
                    payment.state() == payments::PaymentState::Succeeded
                        && money_of(&payment.captured, order) == total_of(order)
                });
                done_if(saga, is_captured, "a payment that is not captured over the total")
            }
        }
    }

    async fn void(&self, saga: &Saga, order: &Order) -> Answer {
        let request = payments::VoidPaymentRequest { payment_id: order.payment_id().to_string() };
        match self.payments.clone().void_payment(leased(saga, request)).await {
            Err(status) => refusal(&status, &[], None),
            Ok(answer) => {
                // What never arrived has left a tombstone, which knows the payment's id and no
                // order.
                let is_void = answer.into_inner().payment.is_some_and(|payment| {
                    payment.payment_id == order.payment_id().to_string()
                        && (payment.order_id.is_empty() || payment.order_id == order.id.to_string())
                        && payment.state() == payments::PaymentState::Canceled
                });
                done_if(saga, is_void, "a payment that is not void")
            }
        }
    }

    async fn pay_back(&self, saga: &Saga, order: &Order) -> Answer {
        // A cancelled order pays back all that is left, under an id of its own.
        let (refund_id, amount, effective_time) = match saga.refund {
            Some(_) => {
                let refund = refund_of(saga, order);
                (refund.id, refund.amount, refund.effective_time)
            }
            None => {
                let amount = Money::new(order.currency, order.refundable());
                (order.cancel_refund_id(), amount, saga.effective_time)
            }
        };
        if amount.minor == 0 {
            return Answer::of(Outcome::Done);
        }
        let request = payments::RefundPaymentRequest {
            payment_id: order.payment_id().to_string(),
            refund_id: refund_id.to_string(),
            amount: Some(amount.into()),
            effective_time: Some(effective_time.into()),
        };
        let refund = match self.payments.clone().refund_payment(leased(saga, request)).await {
            Err(status) => return refusal(&status, &NOT_PAID_BACK, payment_key(order)),
            Ok(answer) => answer.into_inner().refund.filter(|refund| {
                refund.refund_id == refund_id.to_string()
                    && refund.payment_id == order.payment_id().to_string()
                    && money_of(&refund.amount, order) == Some(amount)
            }),
        };
        match refund.map(|refund| refund.state()) {
            Some(payments::PaymentRefundState::Succeeded) => Answer::of(Outcome::Done),
            Some(payments::PaymentRefundState::Failed) => Answer::refused(Reason::PaymentDeclined),
            _ => not_believed(
                saga.step,
                "another refund than was asked for, or one that has not ended",
            ),
        }
    }

    async fn commit(&self, saga: &Saga, order: &Order) -> Answer {
        let request = inventory::CommitReservationRequest {
            reservation_id: order.reservation_id().to_string(),
        };
        let answer = self.inventory.clone().commit_reservation(leased(saga, request)).await;
        reservation_is(
            saga,
            order,
            answer.map(|one| one.into_inner().reservation),
            &NOT_COMMITTED,
            |state| {
                use inventory::ReservationState::{Committed, Consumed};
                matches!(state, Committed | Consumed)
            },
        )
    }

    async fn release(&self, saga: &Saga, order: &Order) -> Answer {
        let request = inventory::ReleaseReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            repair_note: String::new(),
        };
        match self.inventory.clone().release_reservation(leased(saga, request)).await {
            Err(status) => refusal(&status, &[], None),
            Ok(answer) => {
                use inventory::ReservationState::{Expired, Released};
                let is_released = answer.into_inner().reservation.is_some_and(|reservation| {
                    reservation.reservation_id == order.reservation_id().to_string()
                        && matches!(reservation.state(), Released | Expired)
                });
                done_if(saga, is_released, "a reservation that is not released")
            }
        }
    }

    /// Asks whether money and stock are there before the goods leave, and then lets them leave.
    async fn consume(&self, saga: &Saga, order: &Order) -> Answer {
        if let Err(answer) = self.is_in_step(saga, order).await {
            return *answer;
        }
        let request = inventory::ConsumeReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            effective_time: Some(saga.effective_time.into()),
        };
        let answer = self.inventory.clone().consume_reservation(leased(saga, request)).await;
        reservation_is(
            saga,
            order,
            answer.map(|one| one.into_inner().reservation),
            &NOT_CONSUMED,
            |state| state == inventory::ReservationState::Consumed,
        )
    }

    /// Compares the order with its payment and its reservation. What differs is a refusal with what
    /// was found.
    async fn is_in_step(&self, saga: &Saga, order: &Order) -> Result<(), Box<Answer>> {
        let payment = payments::GetPaymentRequest { payment_id: order.payment_id().to_string() };
        let reservation =
            inventory::GetReservationRequest { reservation_id: order.reservation_id().to_string() };
        let mut payments = self.payments.clone();
        let mut inventory = self.inventory.clone();
        let (payment, reservation) = tokio::join!(
            payments.get_payment(leased(saga, payment)),
            inventory.get_reservation(leased(saga, reservation)),
        );
        let out_of_step =
            |facts| Err(Box::new(Answer { facts, ..Answer::refused(Reason::OutOfStep) }));
        let is_gone =
            |status: &Status| status.code() == Code::NotFound && reason_of(status).is_some();
        match payment {
            Err(status) if is_gone(&status) => return out_of_step(fact("captured", 0)),
            Err(status) => return Err(Box::new(refusal(&status, &[], None))),
            Ok(answer) => {
                let payment =
                    answer.into_inner().payment.filter(|payment| is_payment_of(payment, order));
                let Some(payment) = payment else {
                    return Err(Box::new(not_believed(
                        saga.step,
                        "another payment than was asked for",
                    )));
                };
                let minor = |money: Option<Money>| money.map_or(0, |money| money.minor);
                let captured = minor(money_of(&payment.captured, order));
                let refunded = minor(money_of(&payment.refunded, order));
                let expected = (minor(order.total), order.refunded.minor);
                if (captured, refunded) != expected {
                    let mut facts = fact("captured", captured);
                    facts.extend(fact("refunded", refunded));
                    facts.extend(fact("expected_captured", expected.0));
                    facts.extend(fact("expected_refunded", expected.1));
                    return out_of_step(facts);
                }
            }
        }
        match reservation {
            Err(status) if is_gone(&status) => out_of_step(fact("reservation_state", "NOT_FOUND")),
            Err(status) => Err(Box::new(refusal(&status, &[], None))),
            Ok(answer) => {
                use inventory::ReservationState::{Committed, Consumed};
                let reservation =
                    answer.into_inner().reservation.filter(|one| is_reservation_of(one, order));
                match reservation.map(|reservation| reservation.state()) {
                    None => Err(Box::new(not_believed(
                        saga.step,
                        "another reservation than was asked for",
                    ))),
                    Some(Committed | Consumed) => Ok(()),
                    Some(state) => out_of_step(fact("reservation_state", state.as_str_name())),
                }
            }
        }
    }

    async fn take_back(&self, saga: &Saga, order: &Order) -> Answer {
        let refund = refund_of(saga, order);
        let mut units: BTreeMap<&str, i64> = BTreeMap::new();
        for line in &refund.lines {
            let ordered = order.line(line.number).expect("a refund names lines of its order");
            *units.entry(&ordered.sku).or_default() += line.quantity;
        }
        let lines = units
            .iter()
            .map(|(sku, quantity)| inventory::ReturnedLine {
                sku: (*sku).to_owned(),
                location_id: String::new(),
                quantity: *quantity,
            })
            .collect();
        let request = inventory::ReturnStockRequest {
            reservation_id: order.reservation_id().to_string(),
            request_id: refund.id.to_string(),
            lines,
            effective_time: Some(saga.effective_time.into()),
        };
        match self.inventory.clone().return_stock(leased(saga, request)).await {
            Err(status) => refusal(&status, &NOT_TAKEN_BACK, reservation_key(order)),
            Ok(answer) => {
                let reservation =
                    answer.into_inner().reservation.filter(|one| is_reservation_of(one, order));
                let is_back = reservation.is_some_and(|reservation| {
                    let mut returned: BTreeMap<&str, i64> = BTreeMap::new();
                    for line in &reservation.lines {
                        *returned.entry(&line.sku).or_default() += line.returned;
                    }
                    reservation.state() == inventory::ReservationState::Consumed
                        && units
                            .iter()
                            .all(|(sku, units)| returned.get(sku).is_some_and(|back| back >= units))
                });
                done_if(saga, is_back, "a reservation to which these units did not come back")
            }
        }
    }
}

/// Puts the lease's epoch on a call, so that a trace shows which replica made it.
fn leased<T>(saga: &Saga, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("souk-lease-epoch", saga.epoch.into());
    request
}

fn refund_of<'a>(saga: &Saga, order: &'a Order) -> &'a Refund {
    let refund = saga.refund.and_then(|id| order.refund(id));
    refund.expect("a refund saga names a refund of its order")
}

/// What an upstream may refuse at a step, and why the order ends then. Any other refusal is not one
/// of the step's.
type Refusals = [(&'static str, Reason)];

const NOT_PRICED: [(&str, Reason); 5] = [
    ("ERROR_REASON_VARIANT_NOT_FOUND", Reason::PriceNotFound),
    ("ERROR_REASON_PRICE_NOT_FOUND", Reason::PriceNotFound),
    ("ERROR_REASON_CURRENCY_MISMATCH", Reason::PriceNotFound),
    ("ERROR_REASON_PRODUCT_NOT_FOR_SALE", Reason::NotForSale),
    ("ERROR_REASON_PRICE_ARCHIVED", Reason::NotForSale),
];
const NOT_RESERVED: [(&str, Reason); 2] = [
    ("ERROR_REASON_OUT_OF_STOCK", Reason::OutOfStock),
    // It was taken back before it arrived.
    ("ERROR_REASON_RESERVATION_STATE", Reason::ReservationExpired),
];
const NOT_AUTHORIZED: [(&str, Reason); 4] = [
    ("ERROR_REASON_PAYMENT_DECLINED", Reason::PaymentDeclined),
    ("ERROR_REASON_UNKNOWN_PAYMENT_METHOD", Reason::UnknownPaymentMethod),
    ("ERROR_REASON_ACTION_EXPIRED", Reason::PaymentNotConfirmed),
    ("ERROR_REASON_PAYMENT_STATE", Reason::PaymentCanceled),
];
const NOT_CAPTURED: [(&str, Reason); 2] = [
    ("ERROR_REASON_PAYMENT_DECLINED", Reason::PaymentDeclined),
    ("ERROR_REASON_PAYMENT_STATE", Reason::PaymentCanceled),
];
const NOT_PAID_BACK: [(&str, Reason); 2] = [
    ("ERROR_REASON_PAYMENT_DECLINED", Reason::PaymentDeclined),
    ("ERROR_REASON_REFUND_EXCEEDS_CAPTURED", Reason::PaymentDeclined),
];
const NOT_COMMITTED: [(&str, Reason); 2] = [
    ("ERROR_REASON_RESERVATION_NOT_FOUND", Reason::ReservationExpired),
    ("ERROR_REASON_RESERVATION_STATE", Reason::ReservationExpired),
];
const NOT_CONSUMED: [(&str, Reason); 2] = [
    ("ERROR_REASON_RESERVATION_NOT_FOUND", Reason::OutOfStock),
    ("ERROR_REASON_RESERVATION_STATE", Reason::OutOfStock),
];
const NOT_TAKEN_BACK: [(&str, Reason); 3] = [
    ("ERROR_REASON_RESERVATION_NOT_FOUND", Reason::OutOfStock),
    ("ERROR_REASON_RESERVATION_STATE", Reason::OutOfStock),
    ("ERROR_REASON_RETURN_EXCEEDS_CONSUMED", Reason::OutOfStock),
];

/// Says what an answer without a result means. A refusal counts only when its reason is one of the
/// step's and it does not name the id of something else; what is not understood is unknown, and
/// what a repeat will not change is broken.
fn refusal(status: &Status, refusals: &Refusals, key: Option<(&str, String)>) -> Answer {
    let failure = Some(describe(status));
    let info =
        status.get_details_error_info().unwrap_or_else(|| ErrorInfo::new("", "", HashMap::new()));
    let is_other =
        key.is_some_and(|(key, id)| info.metadata.get(key).is_some_and(|named| *named != id));
    let is_of_an_upstream = UPSTREAM_DOMAINS.contains(&info.domain.as_str());
    let known = refusals.iter().find(|(reason, _)| is_of_an_upstream && *reason == info.reason);
    let outcome = match (known, status.code()) {
        _ if is_other => Outcome::Unknown,
        (Some((_, reason)), _) => Outcome::Refused(*reason),
        (None, Code::FailedPrecondition | Code::NotFound) if !is_of_an_upstream => Outcome::Unknown,
        (None, code) if is_passing(code) => Outcome::Unknown,
        (None, _) => Outcome::Broken,
    };
    Answer { failure, facts: facts_of(&info.metadata), ..Answer::of(outcome) }
}

const UPSTREAM_DOMAINS: [&str; 3] = ["souk.catalog.v1", "souk.inventory.v1", "souk.payments.v1"];

/// An answer that parses and is not that of the question. Whether the call took effect is not
/// known, so it is repeated.
fn not_believed(step: Step, what: &str) -> Answer {
    metrics::counter!("souk_orders_answers_not_believed_total", "step" => step.name()).increment(1);
    tracing::warn!(step = step.name(), "the answer at {} is not believed: {what}", step.name());
    Answer { failure: Some(format!("not believed: {what}")), ..Answer::of(Outcome::Unknown) }
}

fn done_if(saga: &Saga, is_done: bool, otherwise: &str) -> Answer {
    if is_done { Answer::of(Outcome::Done) } else { not_believed(saga.step, otherwise) }
}

/// Says what the reservation that was answered means, which must be this order's: done in the
/// states that are `wanted`.
fn reservation_is(
    saga: &Saga,
    order: &Order,
    answered: Result<Option<inventory::Reservation>, Status>,
    refusals: &Refusals,
    wanted: impl Fn(inventory::ReservationState) -> bool,
) -> Answer {
    use inventory::ReservationState::{Expired, Released};
    let reservation = match answered {
        Err(status) => return refusal(&status, refusals, reservation_key(order)),
        Ok(reservation) => reservation.filter(|reservation| is_reservation_of(reservation, order)),
    };
    match reservation.map(|reservation| reservation.state()) {
        None => not_believed(saga.step, "another reservation than was asked for"),
        Some(state) if wanted(state) => Answer::of(Outcome::Done),
        // A repeat is answered as things stand: it may have run out, or been taken back by another
        // replica.
        Some(Expired | Released) if saga.step != Step::Consume => {
            Answer::refused(Reason::ReservationExpired)
        }
        Some(_) => not_believed(saga.step, "a reservation in another state than the step leads to"),
    }
}

/// Tells that a reservation has the id of this order's, and its units.
fn is_reservation_of(reservation: &inventory::Reservation, order: &Order) -> bool {
    let mut units: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &order.lines {
        *units.entry(&line.sku).or_default() += line.quantity;
    }
    let mut held: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &reservation.lines {
        let sum = held.entry(&line.sku).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    reservation.reservation_id == order.reservation_id().to_string() && units == held
}

/// Tells that a payment has the id of this order's, and is for this order, its customer and its
/// total.
fn is_payment_of(payment: &payments::Payment, order: &Order) -> bool {
    payment.payment_id == order.payment_id().to_string()
        && payment.order_id == order.id.to_string()
        && payment.customer_id == order.customer
        && money_of(&payment.amount, order) == total_of(order)
}

/// Reads an amount in the currency of the order; absent is nothing.
fn money_of(money: &Option<souk_client::types::v1::Money>, order: &Order) -> Option<Money> {
    match money {
        None => Some(Money::zero(order.currency)),
        Some(money) => {
            Money::try_from(money.clone()).ok().filter(|money| money.currency == order.currency)
        }
    }
}

fn total_of(order: &Order) -> Option<Money> {
    order.total
}

fn payment_key(order: &Order) -> Option<(&'static str, String)> {
    Some(("payment_id", order.payment_id().to_string()))
}

fn reservation_key(order: &Order) -> Option<(&'static str, String)> {
    Some(("reservation_id", order.reservation_id().to_string()))
}

fn fact(key: &str, value: impl ToString) -> Vec<(String, String)> {
    vec![(key.to_owned(), value.to_string())]
}

/// Tells that the same call may come out otherwise later, and that nobody knows whether it took
/// effect.
fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal
            | Code::DataLoss
    )
}

/// Returns the reason that an upstream of ours gave.
fn reason_of(status: &Status) -> Option<String> {
    let info = status.get_details_error_info()?;
    UPSTREAM_DOMAINS.contains(&info.domain.as_str()).then_some(info.reason)
}

fn describe(status: &Status) -> String {
    let reason = status.get_details_error_info().map_or_else(String::new, |info| info.reason);
    format!("{:?} {reason}", status.code()).trim_end().to_owned()
}

fn facts_of(metadata: &HashMap<String, String>) -> Vec<(String, String)> {
    FACTS
        .into_iter()
        .filter_map(|key| metadata.get(key).map(|value| (key.to_owned(), value.clone())))
        .collect()
}
