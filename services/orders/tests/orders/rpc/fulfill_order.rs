//! FulfillOrder.

use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};

use crate::neighbours::*;

on_each_engine! {
    async fn fulfilling_waits_for_the_capture_and_consumes_the_stock(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("now").await;
        assert_eq!(order.state(), pb::OrderState::Fulfilled);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "consumed");

        let request = pb::FulfillOrderRequest { order_id: order.order_id.clone(), effective_time: None };
        let again = orders.staff().fulfill_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(again, order, "fulfilling again answers the same");
        orders.audit().await;
    }

    async fn a_rejected_order_is_not_fulfilled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.neighbours.fail(RESERVE, refusal("ERROR_REASON_OUT_OF_STOCK", &[]));
        let refused = orders.place("none").await.unwrap_err();
        let order_id = souk_testkit::metadata_of(&refused)["order_id"].clone();
        let refused = orders.staff().fulfill_order(pb::FulfillOrderRequest { order_id, effective_time: None }).await;
        assert_eq!(reason_of(&refused.unwrap_err()), "ERROR_REASON_ORDER_STATE");
    }
}
