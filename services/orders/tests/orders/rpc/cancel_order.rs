//! CancelOrder.

use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};

use crate::upstreams::*;

on_each_engine! {
    async fn a_paid_order_is_paid_back_and_its_stock_released(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("regret").await;
        let request = pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
        let canceled = orders.alice().cancel_order(request.clone()).await.unwrap().into_inner().order.unwrap();

        assert_eq!(at(&canceled), At::Canceled);
        {
            let world = orders.world.lock();
            assert_eq!(world.reservations[&order.reservation_id], "released");
            assert_eq!(world.payments[payment_id(&order)], (3 * UNIT, 3 * UNIT, 3 * UNIT));
        }
        let again = orders.alice().cancel_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(again, canceled, "cancelling again answers the same");
        orders.audit().await;
    }

    async fn a_fulfilled_order_is_not_cancelled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("kept").await;
        let refused = orders.staff().cancel_order(pb::CancelOrderRequest { order_id: order.order_id, ..Default::default() }).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
    }

    async fn an_order_that_cannot_be_paid_back_stays_paid(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("stuck").await;
        orders.upstreams.fail(REFUND, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let request = pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
        let refused = orders.staff().cancel_order(request).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_DECLINED");
        orders.reaches(&order.order_id, At::Paid).await;
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "committed");
        orders.audit().await;
    }

    async fn an_order_that_waits_for_its_customer_is_taken_back(engine: Engine) {
        use souk_client::payments::v1 as payments;
        let orders = TestOrders::start(engine).await;
        orders.upstreams.on(AUTHORIZE, |request: payments::AuthorizePaymentRequest| {
            Ok(payments::AuthorizePaymentResponse { payment: Some(requires_action(request)) })
        });
        let mut hasty = tonic::Request::new(request("waits"));
        hasty.set_timeout(std::time::Duration::from_secs(2));
        let order = orders.alice().place_order(hasty).await.unwrap().into_inner().order.unwrap();
        assert_eq!((at(&order), order.payment_action.as_ref().unwrap().redirect_uri.as_str()), (At::Pending, "https://bank.test/confirm"));

        let canceled = orders.alice().cancel_order(pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() }).await;
        assert_eq!(canceled.unwrap().into_inner().order.as_ref().map(at), Some(At::Rejected));
        let world = orders.world.lock();
        assert_eq!(world.reservations[&order.reservation_id], "released");
        assert_eq!(world.payments[payment_id(&order)].0, 0);
    }
}
