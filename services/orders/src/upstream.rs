//! Every call that orders makes to others, and what each answer means for the saga.

use std::time::Duration;

use souk_chassis::{Channel, Context, Host};
use souk_client::catalog::v1 as catalog;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_types::Money;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::error::{Error, Reason};
use crate::order::{Item, Line, Order, Refund};
use crate::saga::{Outcome, Step};
use crate::store::{Saga, Store};

/// The neighbours of orders.
#[derive(Clone)]
pub struct Upstream {
    catalog: CatalogServiceClient<Channel>,
    inventory: InventoryServiceClient<Channel>,
    payments: PaymentServiceClient<Channel>,
    store: Store,
    hold: Duration,
}

/// What became of a step, and what it told.
#[derive(Clone, Debug)]
pub struct Answer {
    pub outcome: Outcome,
    /// The frozen lines, when the step was pricing.
    pub lines: Vec<Line>,
    /// Where the customer must go, when the payment waits for that.
    pub action_url: Option<String>,
    /// What a refusal tells besides its reason: `sku`, `requested`, `available`, `total_minor_units`.
    pub facts: Vec<(String, String)>,
    /// Code and reason of a failure, for the journal. Never a message, which could hold personal data.
    pub failure: Option<String>,
}

impl Answer {
    /// Returns an answer that tells nothing but its outcome.
    pub fn of(outcome: Outcome) -> Self {
        Answer { outcome, lines: vec![], action_url: None, facts: vec![], failure: None }
    }

    fn refused(reason: Reason) -> Self {
        Answer::of(Outcome::Refused(reason))
    }
}

/// How long a step may take; a second step follows it within the lease.
const STEP_TIMEOUT: Duration = Duration::from_secs(8);

/// The most facts of a refusal that are kept.
const FACTS: [&str; 3] = ["sku", "requested", "available"];

impl Upstream {
    /// Returns the way to the neighbours; stock is held for `hold`.
    pub fn new(host: &Host, store: Store, hold: Duration) -> Self {
        Upstream {
            catalog: CatalogServiceClient::new(host.channel("catalog")),
            inventory: InventoryServiceClient::new(host.channel("inventory")),
            payments: PaymentServiceClient::new(host.channel("payments")),
            store,
            hold,
        }
    }

    /// Makes the call of the saga's present step. Only this service's own database makes it fail; whatever a neighbour
    /// does is an answer.
    pub async fn perform(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let context = Context::current().unwrap_or_else(|| Context::background("orders")).with_timeout(STEP_TIMEOUT);
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
        let (wishes, _, expected) = self.store.wishes(order.id).await?;
        let items = wishes
            .iter()
            .map(|wish| {
                use catalog::resolve_item::Item as Wire;
                let item = match &wish.item {
                    Item::Sku(sku) => Wire::Sku(sku.clone()),
                    Item::Price(id) => Wire::PriceId(id.to_string()),
                };
                catalog::ResolveItem { item: Some(item) }
            })
            .collect();
        let request = catalog::ResolvePricesRequest { items, currency_code: order.currency.to_string() };
        let resolved = match self.catalog.clone().resolve_prices(leased(saga, request)).await {
            Ok(response) => response.into_inner().prices,
            Err(status) => return Ok(refusal_or_unknown(&status, Reason::PriceNotFound)),
        };
        if resolved.len() != wishes.len() {
            return Ok(broken("catalog answered another number of prices than was asked for"));
        }
        let mut lines = Vec::with_capacity(wishes.len());
        for (wish, price) in wishes.into_iter().zip(resolved) {
            let number = lines.len() as i64 + 1;
            let money = price.unit_price.and_then(|money| Money::try_from(money).ok());
            let (Some(unit_price), Ok(price_id)) = (money, price.price_id.parse()) else {
                return Ok(broken("catalog answered a price that cannot be read"));
            };
            if unit_price.currency != order.currency || unit_price.minor < 0 {
                return Ok(broken("catalog answered a price in another currency"));
            }
            let (sku, title, quantity) = (price.sku, price.title, wish.quantity);
            lines.push(Line { number, sku, price: price_id, title, quantity, unit_price, refunded: 0 });
        }
        let mut priced = order.clone();
        if let Err(reason) = priced.price(lines) {
            return Ok(Answer::refused(reason));
        }
        let total = priced.total.expect("it was just priced").minor;
        if expected.is_some_and(|expected| expected != total) {
            let facts = vec![("total_minor_units".to_owned(), total.to_string())];
            return Ok(Answer { facts, ..Answer::refused(Reason::PriceChanged) });
        }
        Ok(Answer { lines: priced.lines, ..Answer::of(Outcome::Done) })
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
        match self.inventory.clone().reserve(leased(saga, request)).await {
            Ok(response) => match response.into_inner().reservation.unwrap_or_default().state() {
                // A repeat is answered as things stand: it may have run out, or been taken back by another replica.
                inventory::ReservationState::Expired | inventory::ReservationState::Released => {
                    Answer::refused(Reason::ReservationExpired)
                }
                _ => Answer::of(Outcome::Done),
            },
            Err(status) => refusal_or_unknown(&status, Reason::OutOfStock),
        }
    }

    async fn authorize(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let (_, payment_method, _) = self.store.wishes(order.id).await?;
        let request = payments::AuthorizePaymentRequest {
            payment_id: order.payment_id().to_string(),
            order_id: order.id.to_string(),
            customer_id: order.customer.clone(),
            amount: order.total.map(Into::into),
            effective_time: Some(order.effective_time.into()),
            payment_method,
        };
        let payment = match self.payments.clone().authorize_payment(leased(saga, request)).await {
            Ok(response) => response.into_inner().payment.unwrap_or_default(),
            // A method that the provider does not know is the caller's mistake and no better than a decline.
            Err(status) if status.code() == Code::InvalidArgument => {
                let failure = Some(describe(&status));
                return Ok(Answer { failure, ..Answer::refused(Reason::PaymentDeclined) });
            }
            Err(status) => return Ok(refusal_or_unknown(&status, Reason::PaymentDeclined)),
        };
        Ok(match payment.state() {
            payments::PaymentState::RequiresCapture | payments::PaymentState::Succeeded => Answer::of(Outcome::Done),
            payments::PaymentState::RequiresAction => {
                Answer { action_url: Some(payment.action_url), ..Answer::of(Outcome::Waiting) }
            }
            payments::PaymentState::Canceled | payments::PaymentState::RequiresPaymentMethod => {
                Answer::refused(Reason::PaymentDeclined)
            }
            _ => Answer::of(Outcome::Unknown),
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
        answer(self.payments.clone().capture_payment(leased(saga, request)).await, Reason::PaymentDeclined)
    }

    async fn void(&self, saga: &Saga, order: &Order) -> Answer {
        let request = payments::VoidPaymentRequest { payment_id: order.payment_id().to_string() };
        compensated(self.payments.clone().void_payment(leased(saga, request)).await)
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
        answer(self.payments.clone().refund_payment(leased(saga, request)).await, Reason::PaymentDeclined)
    }

    async fn commit(&self, saga: &Saga, order: &Order) -> Answer {
        let request = inventory::CommitReservationRequest { reservation_id: order.reservation_id().to_string() };
        answer(self.inventory.clone().commit_reservation(leased(saga, request)).await, Reason::ReservationExpired)
    }

    async fn release(&self, saga: &Saga, order: &Order) -> Answer {
        let request = inventory::ReleaseReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            repair_note: String::new(),
        };
        compensated(self.inventory.clone().release_reservation(leased(saga, request)).await)
    }

    async fn consume(&self, saga: &Saga, order: &Order) -> Answer {
        let request = inventory::ConsumeReservationRequest {
            reservation_id: order.reservation_id().to_string(),
            effective_time: Some(saga.effective_time.into()),
        };
        answer(self.inventory.clone().consume_reservation(leased(saga, request)).await, Reason::OutOfStock)
    }

    async fn take_back(&self, saga: &Saga, order: &Order) -> Answer {
        let refund = refund_of(saga, order);
        let sku_of = |number| order.lines.iter().find(|line| line.number == number).map(|line| line.sku.clone());
        let lines = refund
            .lines
            .iter()
            .map(|line| inventory::ReturnedLine {
                sku: sku_of(line.number).expect("a refund names lines of its order"),
                location_id: String::new(),
                quantity: line.quantity,
            })
            .collect();
        let request = inventory::ReturnStockRequest {
            reservation_id: order.reservation_id().to_string(),
            request_id: refund.id.to_string(),
            lines,
            effective_time: Some(saga.effective_time.into()),
        };
        answer(self.inventory.clone().return_stock(leased(saga, request)).await, Reason::OutOfStock)
    }
}

/// Puts the lease's epoch on a call, so that a trace shows which replica made it.
fn leased<T>(saga: &Saga, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("souk-lease-epoch", saga.epoch.into());
    request
}

fn refund_of<'a>(saga: &Saga, order: &'a Order) -> &'a Refund {
    let refund = saga.refund.and_then(|id| order.refunds.iter().find(|refund| refund.id == id));
    refund.expect("a refund saga names a refund of its order")
}

fn answer<T>(result: Result<tonic::Response<T>, Status>, refused: Reason) -> Answer {
    match result {
        Ok(_) => Answer::of(Outcome::Done),
        Err(status) => refusal_or_unknown(&status, refused),
    }
}

/// A compensation has done its work when there is nothing to take back; a refusal means that the rules were broken.
fn compensated<T>(result: Result<tonic::Response<T>, Status>) -> Answer {
    match result {
        Ok(_) => Answer::of(Outcome::Done),
        Err(status) if is_passing(status.code()) => unknown(&status),
        Err(status) => Answer { failure: Some(describe(&status)), ..Answer::of(Outcome::Broken) },
    }
}

fn refusal_or_unknown(status: &Status, refused: Reason) -> Answer {
    match status.code() {
        code if is_passing(code) => unknown(status),
        Code::FailedPrecondition | Code::NotFound => {
            Answer { failure: Some(describe(status)), facts: facts_of(status), ..Answer::refused(refused) }
        }
        _ => Answer { failure: Some(describe(status)), ..Answer::of(Outcome::Broken) },
    }
}

fn unknown(status: &Status) -> Answer {
    Answer { failure: Some(describe(status)), ..Answer::of(Outcome::Unknown) }
}

fn broken(what: &str) -> Answer {
    Answer { failure: Some(what.to_owned()), ..Answer::of(Outcome::Broken) }
}

/// Tells that the same call may come out otherwise later, and that nobody knows whether it took effect.
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
    )
}

fn describe(status: &Status) -> String {
    let reason = status.get_details_error_info().map_or_else(String::new, |info| info.reason);
    format!("{:?} {reason}", status.code()).trim_end().to_owned()
}

fn facts_of(status: &Status) -> Vec<(String, String)> {
    let metadata = status.get_details_error_info().map(|info| info.metadata).unwrap_or_default();
    FACTS.into_iter().filter_map(|key| metadata.get(key).map(|value| (key.to_owned(), value.clone()))).collect()
}
