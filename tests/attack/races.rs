//! Fifty callers at the same moment for what only one of them can have.

use std::collections::BTreeSet;

use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::inventory::v1::{AdjustStockRequest, Stock};
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::{GetOrderRequest, OrderState, PaymentStatus, RefundOrderRequest};
use souk_client::types::v1::Money;
use souk_testkit::{ChildShop, eventually, reason_of};
use tokio::task::JoinSet;
use tonic::Code;

use crate::shop::{LIMIT, SKU, audit, buy, staff, start, stock, user};

const CALLERS: usize = 50;

fn available(stock: &Stock) -> i32 {
    stock.on_hand - stock.reserved
}

/// Leaves one unit of the sku in stock.
async fn leave_one(shop: &ChildShop) -> Stock {
    let change = 1 - available(&stock(shop).await);
    let request = AdjustStockRequest {
        request_id: "leave-one".to_owned(),
        sku: SKU.to_owned(),
        on_hand_change: change,
        note: "counted".to_owned(),
        ..Default::default()
    };
    InventoryServiceClient::new(staff(shop)).adjust_stock(request).await.expect("an adjustment");
    stock(shop).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_one_gets_the_last_piece_one_refund_and_one_order_for_a_request_id() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;

    // One request id: every caller gets the same order, and one unit is sold.
    let on_hand = stock(&shop).await;
    let mut buyers = JoinSet::new();
    for _ in 0..CALLERS {
        let channel = user(&shop, "alice");
        buyers.spawn(async move {
            eventually(LIMIT, || {
                let channel = channel.clone();
                async move {
                    match buy(channel, "the-same", 1).await {
                        Ok(order) if order.state() != OrderState::Pending => Ok(order.order_id),
                        other => Err(other),
                    }
                }
            })
            .await
        });
    }
    let orders: BTreeSet<String> = buyers.join_all().await.into_iter().collect();
    assert_eq!(orders.len(), 1, "{orders:?}");
    let order_id = orders.into_iter().next().expect("one order");
    assert_eq!(available(&stock(&shop).await), available(&on_hand) - 1);

    // One refund of all: the others find nothing left.
    let client = OrderServiceClient::new(staff(&shop));
    eventually(LIMIT, || {
        let mut client = client.clone();
        let order_id = order_id.clone();
        async move {
            let order =
                client.get_order(GetOrderRequest { order_id }).await.ok()?.into_inner().order?;
            (order.payment_status() == PaymentStatus::Paid).then_some(order)
        }
    })
    .await;
    let mut refunds = JoinSet::new();
    for number in 0..CALLERS {
        let client = client.clone();
        let order_id = order_id.clone();
        refunds.spawn(async move {
            let amount = Some(Money { currency_code: "GBP".to_owned(), minor_units: 100 });
            let request = RefundOrderRequest {
                order_id,
                request_id: format!("refund-{number}"),
                amount,
                ..Default::default()
            };
            eventually(LIMIT, || {
                let mut client = client.clone();
                let request = request.clone();
                async move {
                    match client.refund_order(request).await {
                        Err(status) if status.code() == Code::Aborted => Err(status),
                        other => {
                            Ok(other.map(|answer| answer.into_inner().order.expect("an order")))
                        }
                    }
                }
            })
            .await
        });
    }
    let answers = refunds.join_all().await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for answer in &refused {
        let reason = reason_of(answer.as_ref().expect_err("a refusal"));
        let allowed = ["ERROR_REASON_REFUND_EXCEEDS_ORDER", "ERROR_REASON_ORDER_STATE"];
        assert!(allowed.contains(&reason.as_str()), "{answer:?}");
    }
    let order = client
        .clone()
        .get_order(GetOrderRequest { order_id })
        .await
        .expect("it is there")
        .into_inner();
    let order = order.order.expect("an order");
    let minor = |money: Option<&Money>| money.expect("an amount").minor_units;
    let total = minor(order.total.as_ref());
    let refunded = minor(order.refunded_total.as_ref());
    assert_eq!(refunded, 100 * done.len() as i64, "{order:?}");
    assert!(refunded <= total && total - refunded < 100, "{order:?}");

    // The last unit: one buyer gets it, and all others get OUT_OF_STOCK.
    let left = leave_one(&shop).await;
    let units = available(&left);
    assert!(units <= 1, "{left:?}");
    let mut buyers = JoinSet::new();
    for number in 0..CALLERS {
        let channel = user(&shop, &format!("buyer-{number}"));
        buyers.spawn(async move {
            eventually(LIMIT, || {
                let channel = channel.clone();
                async move {
                    match buy(channel, "last", 1).await {
                        Ok(order) if order.state() == OrderState::Pending => Err(order.order_id),
                        Ok(_) => Ok(true),
                        Err(status) if reason_of(&status) == "ERROR_REASON_OUT_OF_STOCK" => {
                            Ok(false)
                        }
                        Err(status) => panic!("{status:?}"),
                    }
                }
            })
            .await
        });
    }
    let bought = buyers.join_all().await.into_iter().filter(|bought| *bought).count();
    assert_eq!(bought as i32, units);
    audit(&shop).await;
}
