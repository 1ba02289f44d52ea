//! CancelOrder.

use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};

use crate::upstreams::*;

on_each_engine! {
    async fn a_paid_order_is_paid_back_and_its_stock_released(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("regret").await;
        let request = pb::CancelOrderRequest { order_id: order.order_id.clone() };
        let canceled = orders.alice().cancel_order(request.clone()).await.unwrap().into_inner().order.unwrap();

        assert_eq!(canceled.state(), pb::OrderState::Canceled);
        {
            let world = orders.world.lock();
            assert_eq!(world.reservations[&order.reservation_id], "released");
            assert_eq!(world.payments[&order.payment_id], (3 * UNIT, 3 * UNIT, 3 * UNIT));
        }
        let again = orders.alice().cancel_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(again, canceled, "cancelling again answers the same");
        orders.audit().await;
    }

    async fn a_fulfilled_order_is_not_cancelled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("kept").await;
        let refused = orders.staff().cancel_order(pb::CancelOrderRequest { order_id: order.order_id }).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
    }

    async fn an_order_that_cannot_be_paid_back_stays_paid(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("stuck").await;
        orders.upstreams.fail(REFUND, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let request = pb::CancelOrderRequest { order_id: order.order_id.clone() };
        let refused = orders.staff().cancel_order(request).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_DECLINED");
        orders.reaches(&order.order_id, pb::OrderState::Paid).await;
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "committed");
        orders.audit().await;
    }

    async fn an_order_that_waits_for_its_customer_is_taken_back(engine: Engine) {
        use souk_client::payments::v1 as payments;
        let orders = TestOrders::start(engine).await;
        orders.upstreams.on(AUTHORIZE, |request: payments::AuthorizePaymentRequest| {
            let state = payments::PaymentState::RequiresAction.into();
            let action_url = "https://bank.test/confirm".into();
            let payment = payments::Payment {
                payment_id: request.payment_id,
                order_id: request.order_id,
                customer_id: request.customer_id,
                amount: request.amount,
                state,
                action_url,
                ..Default::default()
            };
            Ok(payments::AuthorizePaymentResponse { payment: Some(payment) })
        });
        let mut hasty = tonic::Request::new(request("waits"));
        hasty.set_timeout(std::time::Duration::from_secs(2));
        let order = orders.alice().place_order(hasty).await.unwrap().into_inner().order.unwrap();
        assert_eq!((order.state(), order.payment_action_url.as_str()), (pb::OrderState::Pending, "https://bank.test/confirm"));

        let canceled = orders.alice().cancel_order(pb::CancelOrderRequest { order_id: order.order_id.clone() }).await;
        assert_eq!(canceled.unwrap().into_inner().order.unwrap().state(), pb::OrderState::Rejected);
        let world = orders.world.lock();
        assert_eq!(world.reservations[&order.reservation_id], "released");
        assert_eq!(world.payments[&order.payment_id].0, 0);
    }
}
