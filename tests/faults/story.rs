//! The life of one order, written so that it can be repeated from the start after any crash.

use std::time::{Duration, Instant};

use souk_client::orders::v1::{
    CancelOrderRequest, FulfillOrderRequest, GetOrderRequest, Order, OrderState, RefundOrderRequest,
};
use souk_client::payments::v1::{CompleteActionRequest, CompletePaymentActionRequest};
use souk_testkit::{metadata_of, reason_of};
use tonic::{Code, Status};

use crate::books::Books;
use crate::shopping::{Addresses, Desk, LIMIT, wish};

/// How often an order is looked at that comes to rest by itself.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Units in a line of a story's order.
const LINES: [i64; 2] = [2, 1];

/// The end of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plot {
    /// It is placed and paid.
    Buy,
    /// The same, in a currency that the shop never sold in.
    FirstSale(&'static str),
    /// The payment is declined, and the stock is released.
    Declined,
    /// The payment is refused after the order was placed, and everything is taken back.
    CaptureDeclined,
    /// It is paid, then cancelled.
    Cancel,
    /// It is paid, then its goods leave.
    Fulfill,
    /// Its goods leave, come back and are paid back.
    Refund,
    /// The customer must approve the payment, and does.
    Approve,
    /// The customer must approve the payment, and never does.
    GiveUpWaiting,
    /// The provider never answers.
    GiveUpUnknown,
}

impl Plot {
    /// Returns where the order ends.
    fn end(self) -> OrderState {
        match self {
            Plot::Buy | Plot::FirstSale(_) | Plot::Approve => OrderState::Paid,
            Plot::Declined | Plot::GiveUpWaiting | Plot::GiveUpUnknown => OrderState::Rejected,
            Plot::CaptureDeclined | Plot::Cancel => OrderState::Canceled,
            Plot::Fulfill => OrderState::Fulfilled,
            Plot::Refund => OrderState::Refunded,
        }
    }

    fn payment_method(self) -> &'static str {
        match self {
            Plot::Declined => "tok_declined",
            Plot::CaptureDeclined => "tok_capture_declined",
            Plot::Approve | Plot::GiveUpWaiting => "tok_requires_action",
            Plot::GiveUpUnknown => "tok_down",
            _ => "tok_approved",
        }
    }

    /// Returns why the order is rejected, where it is.
    fn refusal(self) -> Option<&'static str> {
        match self {
            Plot::Declined => Some("ERROR_REASON_PAYMENT_DECLINED"),
            Plot::GiveUpWaiting => Some("ERROR_REASON_PAYMENT_NOT_CONFIRMED"),
            Plot::GiveUpUnknown => Some("ERROR_REASON_GAVE_UP"),
            _ => None,
        }
    }

    /// Returns whether an order waits until its time is up.
    pub fn gives_up(self) -> bool {
        matches!(self, Plot::GiveUpWaiting | Plot::GiveUpUnknown)
    }

    /// Returns whether an order that was placed waits for its customer to go on.
    pub fn needs_its_customer(self) -> bool {
        self == Plot::Approve
    }
}

/// One order, and what the shop has answered about it so far.
#[derive(Debug)]
pub struct Story {
    plot: Plot,
    name: String,
    sku: String,
    /// What was acknowledged: the order, and the newest version of it.
    order_id: Option<String>,
    version: i64,
}

impl Story {
    /// Returns a story that has not begun. Its name makes its keys.
    pub fn new(plot: Plot, name: impl Into<String>, sku: &str) -> Story {
        Story { plot, name: name.into(), sku: sku.to_owned(), order_id: None, version: 0 }
    }

    /// Runs it from the start, under the same keys as before.
    ///
    /// # Errors
    /// What the shop answers when it is dying.
    ///
    /// # Panics
    /// When the shop answers what it must not.
    pub async fn tell(&mut self, addresses: &Addresses) -> Result<(), Status> {
        let mut customer = Desk::of_user(addresses, 0, &self.name);
        let mut staff = Desk::of_staff(addresses);
        let Some(mut order) = self.place(&mut customer).await? else { return Ok(()) };
        if self.plot == Plot::Approve {
            // When the story is repeated, the order may have continued, and then there is no page
            // left to decide at.
            let action_url = order.payment_action_url.clone();
            if !action_url.is_empty() {
                customer
                    .simulator
                    .complete_action(CompleteActionRequest { action_url, approve: true })
                    .await?;
            }
            let payment_id = order.payment_id.clone();
            let request = CompletePaymentActionRequest { payment_id, approve: true };
            customer.payments.complete_payment_action(request).await?;
        }
        order = self.rested(&mut customer, &order.order_id).await?;
        let order_id = order.order_id.clone();
        if self.plot == Plot::Cancel {
            let answer = customer
                .orders
                .cancel_order(CancelOrderRequest { order_id: order_id.clone() })
                .await?;
            self.note(&answer.into_inner().order.expect("the order"));
        }
        // What has gone back cannot leave again.
        if matches!(self.plot, Plot::Fulfill | Plot::Refund) && order.refunds.is_empty() {
            let request = FulfillOrderRequest { order_id: order_id.clone(), effective_time: None };
            self.note(
                &staff.orders.fulfill_order(request).await?.into_inner().order.expect("the order"),
            );
        }
        if self.plot == Plot::Refund {
            let request_id = format!("{}/refund", self.name);
            let request =
                RefundOrderRequest { order_id, request_id, restock: true, ..Default::default() };
            self.note(
                &staff.orders.refund_order(request).await?.into_inner().order.expect("the order"),
            );
        }
        let order = self.rested(&mut customer, &order.order_id).await?;
        assert_eq!(order.state(), self.plot.end(), "{self:?}: {order:?}");
        Ok(())
    }

    /// Repeats it until it has reached its end.
    ///
    /// # Panics
    /// When it does not, or the shop refuses what it must not.
    pub async fn tell_to_the_end(&mut self, addresses: &Addresses) {
        let until = Instant::now() + LIMIT;
        while let Err(status) = self.tell(addresses).await {
            assert!(is_passing(&status), "{self:?}: {status:?}");
            assert!(Instant::now() < until, "{self:?} does not come to its end: {status:?}");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Checks that everything that was acknowledged is in the books.
    ///
    /// # Panics
    /// When the order, or a change of it, is missing.
    pub fn is_remembered(&self, books: &Books, after: &str) {
        let Some(id) = &self.order_id else { return };
        let order = books.orders.iter().find(|order| order.order_id == *id);
        let order =
            order.unwrap_or_else(|| panic!("{after}: {self:?} was acknowledged and is gone"));
        assert!(
            order.version >= self.version,
            "{after}: {self:?} was acknowledged, and there is {order:?}"
        );
    }

    async fn place(&mut self, customer: &mut Desk) -> Result<Option<Order>, Status> {
        let mut request = wish(&self.name, &self.sku, &LINES, self.plot.payment_method());
        if let Plot::FirstSale(currency) = self.plot {
            request.currency_code = currency.to_owned();
        }
        let refusal = match customer.orders.place_order(request).await {
            Ok(answer) => {
                let order = answer.into_inner().order.expect("the order");
                self.note(&order);
                return Ok(Some(order));
            }
            Err(status) => status,
        };
        if self.plot.refusal().is_none_or(|reason| reason_of(&refusal) != reason) {
            return Err(refusal);
        }
        if let Some(id) = metadata_of(&refusal).get("order_id") {
            self.is_the_same(id);
        }
        Ok(None)
    }

    /// Waits until the order is where it stays by itself.
    async fn rested(&mut self, customer: &mut Desk, order_id: &str) -> Result<Order, Status> {
        let until = Instant::now() + LIMIT;
        loop {
            let answer = customer
                .orders
                .get_order(GetOrderRequest { order_id: order_id.to_owned() })
                .await?;
            let order = answer.into_inner().order.expect("the order");
            self.note(&order);
            if !matches!(order.state(), OrderState::Pending | OrderState::Placed) {
                return Ok(order);
            }
            assert!(Instant::now() < until, "{self:?} does not come to rest: {order:?}");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    fn note(&mut self, order: &Order) {
        self.is_the_same(&order.order_id);
        assert!(order.version >= self.version, "{self:?} went back: {order:?}");
        self.version = order.version;
    }

    /// One request id is one order, whatever happens in between.
    fn is_the_same(&mut self, id: &str) {
        let known = self.order_id.get_or_insert_with(|| id.to_owned());
        assert_eq!(*known, id, "{}: one request id gave two orders", self.name);
    }
}

/// Returns whether a call may simply be made again: the shop was dying or starting, or busy with
/// the same order.
fn is_passing(status: &Status) -> bool {
    reason_of(status).is_empty()
        || matches!(status.code(), Code::Unavailable | Code::Aborted | Code::DeadlineExceeded)
}
