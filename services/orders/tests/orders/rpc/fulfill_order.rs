//! FulfillOrder.

use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{field_violations, metadata_of, on_each_engine, reason_of};
use tonic::Code;

use crate::upstreams::*;

on_each_engine! {
    async fn fulfilling_waits_for_the_capture_and_consumes_the_stock(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("now").await;
        assert_eq!(at(&order), At::Fulfilled);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "consumed");

        let request = pb::FulfillOrderRequest { order_id: order.order_id.clone(), effective_time: None };
        let again = orders.staff().fulfill_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(again, order, "fulfilling again answers the same");
        orders.audit().await;
    }

    async fn a_rejected_order_is_not_fulfilled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(RESERVE, refusal("ERROR_REASON_OUT_OF_STOCK", &[]));
        let refused = orders.place("none").await.unwrap_err();
        let order_id = metadata_of(&refused)["order_id"].clone();
        let refused = orders.staff().fulfill_order(pb::FulfillOrderRequest { order_id, effective_time: None }).await;
        assert_eq!(reason_of(&refused.unwrap_err()), "ERROR_REASON_ORDER_STATE");
    }

    async fn goods_whose_money_or_stock_is_gone_do_not_leave(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("behind").await;
        orders.world.lock().payments.get_mut(payment_id(&order)).unwrap().2 = 1;
        let request = pb::FulfillOrderRequest { order_id: order.order_id.clone(), effective_time: None };
        let refused = orders.staff().fulfill_order(request.clone()).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "ERROR_REASON_ORDER_OUT_OF_STEP"));
        let told = metadata_of(&refused);
        assert_eq!((told["refunded"].as_str(), told["expected_refunded"].as_str()), ("1", "0"));
        assert_eq!(orders.upstreams.calls(CONSUME), 0);

        orders.world.lock().payments.get_mut(payment_id(&order)).unwrap().2 = 0;
        orders.world.lock().reservations.insert(order.reservation_id.clone(), "released");
        let refused = orders.staff().fulfill_order(request.clone()).await.unwrap_err();
        assert_eq!(metadata_of(&refused)["reservation_state"], "RESERVATION_STATE_RELEASED");
        let kept = orders.reaches(&order.order_id, At::Paid).await;
        assert!(!kept.quarantined);

        orders.world.lock().reservations.insert(order.reservation_id.clone(), "committed");
        let left = orders.staff().fulfill_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(at(&left), At::Fulfilled);
        orders.audit().await;
    }

    async fn nothing_leaves_before_it_was_sold(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("early").await;
        let effective_time = order.effective_time.map(|time| prost_types::Timestamp { seconds: time.seconds - 1, ..time });
        let request = pb::FulfillOrderRequest { order_id: order.order_id, effective_time };
        let refused = orders.staff().fulfill_order(request).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "ERROR_REASON_EFFECTIVE_TIME"));
        assert_eq!(field_violations(&refused)[0].field, "effective_time");
    }
}
