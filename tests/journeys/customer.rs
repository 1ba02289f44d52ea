//! What people do at a shop, as calls.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::place_order_line::Item;
use souk_client::orders::v1::{Order, OrderChangeKind, OrderState};
use souk_testkit::{CallerChannel, eventually};
use tonic::codec::Streaming;
use tonic::{Request, Status};

use crate::shops::Shop;

/// How long anything may take on a machine that is busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A client of the orders service.
#[derive(Clone)]
pub struct Person(pub OrderServiceClient<CallerChannel>);

impl Person {
    /// A customer who talks to the first replica.
    pub fn customer(shop: &Shop, name: &str) -> Person {
        Person(OrderServiceClient::new(shop.channel("orders", &Caller::user(name))))
    }

    /// A customer who talks to the last replica.
    pub fn customer_elsewhere(shop: &Shop, name: &str) -> Person {
        Person(OrderServiceClient::new(shop.last_channel("orders", &Caller::user(name))))
    }

    /// Staff at the first replica.
    pub fn staff(shop: &Shop) -> Person {
        Person(OrderServiceClient::new(shop.channel("orders", &Caller::Staff("ann".to_owned()))))
    }

    /// Places an order and waits at most `patience` for the response.
    pub async fn place(
        &self,
        request_id: &str,
        lines: &[(&str, i64)],
        payment_method: &str,
        patience: Duration,
    ) -> Result<Order, Status> {
        let line = |(sku, quantity): &(&str, i64)| orders::PlaceOrderLine {
            item: Some(Item::Sku((*sku).to_owned())),
            quantity: *quantity as i32,
        };
        let mut request = Request::new(orders::PlaceOrderRequest {
            request_id: request_id.to_owned(),
            currency_code: "GBP".to_owned(),
            payment_method: payment_method.to_owned(),
            lines: lines.iter().map(line).collect(),
            ..Default::default()
        });
        request.set_timeout(patience);
        Ok(self.0.clone().place_order(request).await?.into_inner().order.unwrap())
    }

    pub async fn order(&self, order_id: &str) -> Result<Order, Status> {
        let request = orders::GetOrderRequest { order_id: order_id.to_owned() };
        Ok(self.0.clone().get_order(request).await?.into_inner().order.unwrap())
    }

    /// Waits until an order is in a state.
    pub async fn order_in(&self, order_id: &str, state: OrderState) -> Order {
        self.order_when(order_id, |order| order.state() == state).await
    }

    /// Waits until an order is as wanted.
    pub async fn order_when(&self, order_id: &str, is_wanted: impl Fn(&Order) -> bool) -> Order {
        eventually(LIMIT, || async {
            let order = self.order(order_id).await.map_err(|status| format!("{status:?}"))?;
            if is_wanted(&order) { Ok(order) } else { Err(format!("{order:?}")) }
        })
        .await
    }

    /// Tries to pay an order with another payment method.
    pub async fn retry_payment(&self, order_id: &str, method: &str) -> Result<Order, Status> {
        let request = orders::RetryPaymentRequest {
            order_id: order_id.to_owned(),
            payment_method: method.to_owned(),
            ..Default::default()
        };
        Ok(self.0.clone().retry_payment(request).await?.into_inner().order.unwrap())
    }

    pub async fn watch(&self, order_id: &str, resume_token: &str) -> Watched {
        let request = orders::WatchOrderRequest {
            order_id: order_id.to_owned(),
            resume_token: resume_token.to_owned(),
            ..Default::default()
        };
        Watched(self.0.clone().watch_order(request).await.unwrap().into_inner())
    }

    pub async fn fulfill(&self, order_id: &str) -> Result<Order, Status> {
        let request = orders::CreateFulfillmentRequest {
            request_id: "all".to_owned(),
            order_id: order_id.to_owned(),
            ..Default::default()
        };
        Ok(self.0.clone().create_fulfillment(request).await?.into_inner().order.unwrap())
    }

    /// Pays back some units of a line, which come back on hand, or all that is left of the money.
    pub async fn refund(
        &self,
        order_id: &str,
        request_id: &str,
        line: Option<(i32, i32)>,
    ) -> Result<Order, Status> {
        let restock = match line {
            Some(_) => orders::RestockPolicy::All,
            None => orders::RestockPolicy::None,
        };
        let line = line.map(|(line_number, quantity)| orders::RefundLine {
            line_number,
            quantity,
            ..Default::default()
        });
        let request = orders::RefundOrderRequest {
            order_id: order_id.to_owned(),
            request_id: request_id.to_owned(),
            restock: restock.into(),
            lines: line.into_iter().collect(),
            ..Default::default()
        };
        Ok(self.0.clone().refund_order(request).await?.into_inner().order.unwrap())
    }

    pub async fn cancel(&self, order_id: &str) -> Result<Order, Status> {
        let request =
            orders::CancelOrderRequest { order_id: order_id.to_owned(), ..Default::default() };
        Ok(self.0.clone().cancel_order(request).await?.into_inner().order.unwrap())
    }
}

/// The changes of an order, as they happen.
pub struct Watched(Streaming<orders::WatchOrderResponse>);

impl Watched {
    /// Waits for the next change; `None` once the order is final.
    pub async fn next(&mut self) -> Option<orders::WatchOrderResponse> {
        let next = tokio::time::timeout(LIMIT, self.0.message()).await;
        next.expect("the next change comes in time").unwrap()
    }

    /// Waits until a change of this kind has come, and returns all kinds up to it and the token
    /// after it.
    pub async fn until(&mut self, kind: OrderChangeKind) -> (Vec<OrderChangeKind>, String) {
        let mut kinds = vec![];
        loop {
            let seen = self
                .next()
                .await
                .unwrap_or_else(|| panic!("it ended after {kinds:?}, before {kind:?}"));
            kinds.push(seen.change.unwrap().kind());
            if kinds.last() == Some(&kind) {
                return (kinds, seen.resume_token);
            }
        }
    }
}
