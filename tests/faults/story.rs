//! The life of one order, written so that it can be repeated from the start after any crash.

use std::time::{Duration, Instant};

use souk_client::orders::v1::{
    CancelOrderRequest, CaptureMethod, CaptureOrderRequest, CreateFulfillmentRequest, Fulfillment,
    FulfillmentLine, GetOrderRequest, Order, OrderState, PartialPayment, PaymentStatus,
    RefundOrderRequest, RefundState, RestockPolicy, RetryPaymentRequest,
};
use souk_client::payments::simulator::v1alpha::CompleteActionRequest;
use souk_client::payments::v1::RefreshPaymentRequest;
use souk_client::types::v1::Money;
use souk_contract::customer_of;
use souk_testkit::{metadata_of, reason_of};
use tonic::{Code, Status};

use crate::books::Books;
use crate::shopping::{Addresses, CURRENCIES, Desk, LIMIT, PRICE, purchase};

/// How often an order is looked at that comes to rest by itself.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Units in a line of a story's order.
const LINES: [i64; 2] = [2, 1];

/// One of the units of the first line.
const ONE_UNIT: FulfillmentLine = FulfillmentLine { line_number: 1, quantity: 1 };

/// The end of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plot {
    /// It is placed and paid.
    Buy,
    /// The same, in a currency that the shop never sold in.
    FirstSale(&'static str),
    /// The first card has no money, and another one pays.
    SecondCard,
    /// It is placed, and captured by hand.
    CaptureLater,
    /// It is placed, and captured when its goods leave.
    CaptureAndFulfill,
    /// Its goods leave in two parts, and each part is captured before.
    FulfillInParts,
    /// A gift card pays a part of it, and a card the rest.
    SplitBuy,
    /// The same, captured when its goods leave in two parts.
    SplitInParts,
    /// The same, and all of it comes back and is paid back.
    SplitRefund,
    /// A gift card pays a part of it; the card that is to pay the rest has no money, and another
    /// one pays.
    SplitSecondCard,
    /// The card that is to pay the rest is declined.
    SplitDeclined,
    /// The card that is to pay the rest is refused after the gift card was captured.
    SplitCaptureDeclined,
    /// It is paid, then one unit of it is cancelled.
    CancelPart,
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
    /// The first card has no money, and no other comes.
    GiveUpCard,
    /// The provider never answers.
    GiveUpUnknown,
}

impl Plot {
    /// Returns where the order ends.
    pub fn end(self) -> (OrderState, PaymentStatus) {
        match self {
            Plot::Buy
            | Plot::FirstSale(_)
            | Plot::Approve
            | Plot::SecondCard
            | Plot::CaptureLater
            | Plot::SplitBuy
            | Plot::SplitSecondCard
            | Plot::CancelPart => (OrderState::Placed, PaymentStatus::Paid),
            Plot::Declined
            | Plot::SplitDeclined
            | Plot::GiveUpWaiting
            | Plot::GiveUpCard
            | Plot::GiveUpUnknown => (OrderState::Rejected, PaymentStatus::Unpaid),
            Plot::CaptureDeclined => (OrderState::Canceled, PaymentStatus::Voided),
            Plot::Cancel | Plot::SplitCaptureDeclined => {
                (OrderState::Canceled, PaymentStatus::Refunded)
            }
            Plot::Fulfill | Plot::CaptureAndFulfill | Plot::FulfillInParts | Plot::SplitInParts => {
                (OrderState::Completed, PaymentStatus::Paid)
            }
            Plot::Refund | Plot::SplitRefund => (OrderState::Completed, PaymentStatus::Refunded),
        }
    }

    /// Returns where the order waits for the call that the plot is about, if it does.
    pub fn waits_at(self) -> Option<(OrderState, PaymentStatus)> {
        match self {
            Plot::SecondCard | Plot::SplitSecondCard => {
                Some((OrderState::Pending, PaymentStatus::Unpaid))
            }
            Plot::CaptureLater | Plot::CaptureAndFulfill => {
                Some((OrderState::Placed, PaymentStatus::Authorized))
            }
            _ => None,
        }
    }

    fn payment_method(self) -> &'static str {
        match self {
            Plot::Declined | Plot::SplitDeclined => "tok_declined",
            Plot::SecondCard | Plot::SplitSecondCard | Plot::GiveUpCard => "tok_insufficient_funds",
            Plot::CaptureDeclined | Plot::SplitCaptureDeclined => "tok_capture_declined",
            Plot::Approve | Plot::GiveUpWaiting => "tok_requires_action",
            Plot::GiveUpUnknown => "tok_down",
            _ => "tok_approved",
        }
    }

    fn capture_method(self) -> CaptureMethod {
        match self {
            Plot::CaptureLater => CaptureMethod::Manual,
            Plot::CaptureAndFulfill | Plot::FulfillInParts | Plot::SplitInParts => {
                CaptureMethod::OnFulfillment
            }
            _ => CaptureMethod::Automatic,
        }
    }

    /// Returns what pays a part of the order: a unit and a half of three, so that the second of two
    /// captures is of both payments.
    fn partial_payments(self) -> Vec<PartialPayment> {
        let is_split = matches!(
            self,
            Plot::SplitBuy
                | Plot::SplitInParts
                | Plot::SplitRefund
                | Plot::SplitSecondCard
                | Plot::SplitDeclined
                | Plot::SplitCaptureDeclined
        );
        let gift = PartialPayment {
            payment_method: "tok_approved:gift".to_owned(),
            amount: Some(Money {
                currency_code: CURRENCIES[0].to_owned(),
                minor_units: PRICE + PRICE / 2,
            }),
        };
        if is_split { vec![gift] } else { vec![] }
    }

    /// Returns why the order is rejected, where it is.
    fn refusal(self) -> Option<&'static str> {
        match self {
            Plot::Declined | Plot::SplitDeclined | Plot::GiveUpCard => {
                Some("ERROR_REASON_PAYMENT_DECLINED")
            }
            Plot::GiveUpWaiting => Some("ERROR_REASON_PAYMENT_ACTION_EXPIRED"),
            Plot::GiveUpUnknown => Some("ERROR_REASON_GAVE_UP"),
            _ => None,
        }
    }

    /// Returns whether an order waits until its time is up.
    pub fn gives_up(self) -> bool {
        matches!(self, Plot::GiveUpWaiting | Plot::GiveUpCard | Plot::GiveUpUnknown)
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
            let action = order.payment_action.clone().unwrap_or_default();
            let redirect_uri = action.redirect_uri;
            if !redirect_uri.is_empty() {
                customer
                    .simulator
                    .complete_action(CompleteActionRequest { redirect_uri, approve: true })
                    .await?;
            }
            let payment_id = order.payments[0].payment_id.clone();
            customer.payments.refresh_payment(RefreshPaymentRequest { payment_id }).await?;
        }
        if self.plot.capture_method() != CaptureMethod::Automatic {
            order = self.reached(&mut customer, &order.order_id, is_placed).await?;
        }
        if self.plot == Plot::CaptureLater {
            let order_id = order.order_id.clone();
            let request = CaptureOrderRequest { order_id, ..Default::default() };
            let answer = staff.orders.capture_order(request).await?;
            self.note(&answer.into_inner().order.expect("the order"));
        }
        if self.plot.capture_method() != CaptureMethod::OnFulfillment {
            order = self.rested(&mut customer, &order.order_id).await?;
        }
        let order_id = order.order_id.clone();
        if self.plot == Plot::Cancel {
            let answer = customer
                .orders
                .cancel_order(CancelOrderRequest {
                    order_id: order_id.clone(),
                    ..Default::default()
                })
                .await?;
            self.note(&answer.into_inner().order.expect("the order"));
        }
        if self.plot == Plot::CancelPart {
            let answer = customer
                .orders
                .cancel_order(CancelOrderRequest {
                    order_id: order_id.clone(),
                    request_id: format!("{}/cancel", self.name),
                    lines: vec![ONE_UNIT],
                    ..Default::default()
                })
                .await?;
            self.note(&answer.into_inner().order.expect("the order"));
        }
        if matches!(self.plot, Plot::FulfillInParts | Plot::SplitInParts) {
            let request = self.leaves(&order_id, "first", vec![ONE_UNIT]);
            let answer = staff.orders.create_fulfillment(request).await?;
            self.note(&answer.into_inner().order.expect("the order"));
        }
        // What has gone back cannot leave again.
        let leaves = matches!(
            self.plot,
            Plot::Fulfill
                | Plot::Refund
                | Plot::SplitRefund
                | Plot::CaptureAndFulfill
                | Plot::FulfillInParts
                | Plot::SplitInParts
        );
        if leaves && order.refunds.is_empty() {
            let request = self.leaves(&order_id, "rest", vec![]);
            let answer = staff.orders.create_fulfillment(request).await?;
            self.note(&answer.into_inner().order.expect("the order"));
        }
        if matches!(self.plot, Plot::Refund | Plot::SplitRefund) {
            let request_id = format!("{}/refund", self.name);
            let restock = RestockPolicy::All.into();
            let request =
                RefundOrderRequest { order_id, request_id, restock, ..Default::default() };
            self.note(
                &staff.orders.refund_order(request).await?.into_inner().order.expect("the order"),
            );
        }
        // What was asked for may go on after its answer.
        let end = self.plot.end();
        let is_over = move |order: &Order| (order.state(), order.payment_status()) == end;
        self.reached(&mut customer, &order.order_id, is_over).await?;
        Ok(())
    }

    fn leaves(
        &self,
        order_id: &str,
        part: &str,
        lines: Vec<FulfillmentLine>,
    ) -> CreateFulfillmentRequest {
        CreateFulfillmentRequest {
            request_id: format!("{}/{part}", self.name),
            order_id: order_id.to_owned(),
            fulfillment: Some(Fulfillment { lines, ..Default::default() }),
            effective_time: None,
        }
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

    /// Checks that its order is there and where it is to be.
    ///
    /// # Panics
    /// When it is not.
    pub fn rests(&self, books: &Books, at: (OrderState, PaymentStatus), after: &str) {
        let customer = customer_of(&format!("user:{}", self.name)).to_string();
        let order = books.orders.iter().find(|order| order.customer_id == customer);
        let order = order.unwrap_or_else(|| panic!("{after}: {self:?} has no order"));
        assert_eq!((order.state(), order.payment_status()), at, "{after}: {order:?}");
    }

    async fn place(&mut self, customer: &mut Desk) -> Result<Option<Order>, Status> {
        let mut request = purchase(&self.name, &self.sku, &LINES, self.plot.payment_method());
        request.capture_method = self.plot.capture_method().into();
        request.partial_payments = self.plot.partial_payments();
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
        let is_soft = reason_of(&refusal) == "ERROR_REASON_PAYMENT_METHOD_DECLINED";
        if self.plot == Plot::GiveUpCard && is_soft {
            let order_id = metadata_of(&refusal)["order_id"].clone();
            self.reached(customer, &order_id, is_placed).await?;
            // Why it was rejected is for the repeated call to say.
            return Box::pin(self.place(customer)).await;
        }
        if matches!(self.plot, Plot::SecondCard | Plot::SplitSecondCard) && is_soft {
            let order_id = metadata_of(&refusal)["order_id"].clone();
            self.is_the_same(&order_id);
            let request = RetryPaymentRequest {
                order_id,
                payment_method: "tok_approved".to_owned(),
                ..Default::default()
            };
            let order = customer.orders.retry_payment(request).await?.into_inner().order;
            let order = order.expect("the order");
            self.note(&order);
            return Ok(Some(order));
        }
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
        self.reached(customer, order_id, is_at_rest).await
    }

    /// Waits until the order is as wanted.
    async fn reached(
        &mut self,
        customer: &mut Desk,
        order_id: &str,
        is_wanted: impl Fn(&Order) -> bool,
    ) -> Result<Order, Status> {
        let until = Instant::now() + LIMIT;
        loop {
            let answer = customer
                .orders
                .get_order(GetOrderRequest { order_id: order_id.to_owned() })
                .await?;
            let order = answer.into_inner().order.expect("the order");
            self.note(&order);
            if is_wanted(&order) {
                return Ok(order);
            }
            assert!(Instant::now() < until, "{self:?} does not come where it must: {order:?}");
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

fn is_placed(order: &Order) -> bool {
    order.state() != OrderState::Pending
}

fn is_at_rest(order: &Order) -> bool {
    let is_paying_back = order.refunds.iter().any(|refund| refund.state() == RefundState::Pending);
    is_placed(order) && order.payment_status() != PaymentStatus::Authorized && !is_paying_back
}

/// Returns whether a call may simply be made again: the shop was dying or starting, or busy with
/// the same order.
fn is_passing(status: &Status) -> bool {
    reason_of(status).is_empty()
        || matches!(status.code(), Code::Unavailable | Code::Aborted | Code::DeadlineExceeded)
}

/// A story must come to its end where nobody dies, or it proves nothing where somebody does.
mod tests {
    use super::*;
    use crate::fleet::Fleet;

    #[tokio::test]
    async fn every_plot_comes_to_its_end() {
        let fleet = Fleet::one_program(&[]).await;
        Desk::of_staff(&fleet.addresses).stock_up("MUG", 100).await;
        for plot in [
            Plot::Buy,
            Plot::SecondCard,
            Plot::CaptureLater,
            Plot::CaptureAndFulfill,
            Plot::FulfillInParts,
            Plot::SplitBuy,
            Plot::SplitInParts,
            Plot::SplitRefund,
            Plot::SplitSecondCard,
            Plot::SplitDeclined,
            Plot::SplitCaptureDeclined,
            Plot::CancelPart,
            Plot::Declined,
            Plot::CaptureDeclined,
            Plot::Cancel,
            Plot::Fulfill,
            Plot::Refund,
            Plot::Approve,
        ] {
            let mut story = Story::new(plot, format!("{plot:?}"), "MUG");
            story.tell_to_the_end(&fleet.addresses).await;
            // Told again it is the same story.
            story.tell_to_the_end(&fleet.addresses).await;
            let books = Books::settled(&fleet.addresses, "a story").await;
            books.agree("a story");
            story.is_remembered(&books, "a story");
        }
    }
}
