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

    async fn units_are_canceled_and_paid_back(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("part").await;
        let less = orders.cancel_units(&order.order_id, "one", &[(1, 1)]).await.unwrap();
        assert_eq!((at(&less), less.payment_status()), (At::Paid, pb::PaymentStatus::Paid));
        let minor = |money: &Option<souk_client::types::v1::Money>| money.as_ref().unwrap().minor_units;
        assert_eq!((minor(&less.total), minor(&less.canceled_total)), (3 * UNIT, UNIT));
        assert_eq!((minor(&less.captured_total), minor(&less.refunded_total)), (2 * UNIT, 0));
        assert_eq!(less.lines[0].canceled_quantity, 1);
        {
            let world = orders.world.lock();
            assert_eq!(world.payments[payment_id(&order)], (3 * UNIT, 3 * UNIT, UNIT));
            assert_eq!(world.units[&order.reservation_id]["MUG"].released, 1);
        }
        let again = orders.cancel_units(&order.order_id, "one", &[(1, 1)]).await.unwrap();
        assert_eq!(again, less, "the same call changes nothing");
        let other = orders.cancel_units(&order.order_id, "one", &[(1, 2)]).await.unwrap_err();
        assert_eq!(reason_of(&other), "ERROR_REASON_REQUEST_ID_REUSED");
        let without_key = orders.cancel_units(&order.order_id, "", &[(1, 1)]).await.unwrap_err();
        assert_eq!(souk_testkit::field_violations(&without_key)[0].field, "request_id");
        let too_many = orders.cancel_units(&order.order_id, "three", &[(1, 3)]).await.unwrap_err();
        assert_eq!(reason_of(&too_many), "ERROR_REASON_EXCEEDS_OPEN_UNITS");
        orders.audit().await;

        // One leaves, and the last one is canceled: the order is over.
        orders.fulfill(&order.order_id, "two", &[(1, 1)]).await.unwrap();
        let request = pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
        let over = orders.alice().cancel_order(request.clone()).await.unwrap().into_inner().order.unwrap();
        assert_eq!((at(&over), minor(&over.canceled_total)), (At::Fulfilled, 2 * UNIT));
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "consumed");
        assert_eq!(orders.world.lock().payments[payment_id(&order)], (3 * UNIT, 3 * UNIT, 2 * UNIT));
        let again = orders.alice().cancel_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(again, over);
        let request = pb::ListOrderHistoryRequest { order_id: order.order_id, ..Default::default() };
        let changes = orders.staff().list_order_history(request).await.unwrap().into_inner().changes;
        let last = changes.last().unwrap();
        assert_eq!((last.kind(), last.cause()), (pb::OrderChangeKind::LinesCanceled, pb::OrderChangeCause::CancelOrder));
        orders.audit().await;
    }

    async fn units_that_were_not_captured_are_not_charged(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let request = pb::PlaceOrderRequest { capture_method: pb::CaptureMethod::OnFulfillment.into(), ..request("later") };
        let order = orders.alice().place_order(request).await.unwrap().into_inner().order.unwrap();
        orders.fulfill(&order.order_id, "one", &[(1, 1)]).await.unwrap();
        let less = orders.cancel_units(&order.order_id, "one", &[(1, 1)]).await.unwrap();
        assert_eq!((at(&less), less.payment_status()), (At::Partly, pb::PaymentStatus::PartiallyPaid));
        assert_eq!(orders.upstreams.calls(REFUND), 0);
        orders.audit().await;
        let over = orders.cancel_units(&order.order_id, "two", &[(1, 1)]).await.unwrap();
        assert_eq!((at(&over), over.payment_status()), (At::Fulfilled, pb::PaymentStatus::Paid));
        {
            let world = orders.world.lock();
            assert_eq!(world.payments[payment_id(&order)], (UNIT, UNIT, 0), "the rest is void");
            assert_eq!(world.reservations[&order.reservation_id], "consumed");
        }
        orders.audit().await;
    }

    async fn an_order_of_which_all_units_are_canceled_is_canceled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("all").await;
        let canceled = orders.cancel_units(&order.order_id, "all", &[(1, 3)]).await.unwrap();
        assert_eq!(at(&canceled), At::Canceled);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "released");
        orders.audit().await;
    }

    async fn units_that_cannot_be_paid_back_stay(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("stuck part").await;
        orders.upstreams.fail(REFUND, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let refused = orders.cancel_units(&order.order_id, "one", &[(1, 1)]).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_DECLINED");
        let kept = orders.reaches(&order.order_id, At::Paid).await;
        assert_eq!((kept.lines[0].canceled_quantity, kept.canceled_total.unwrap().minor_units), (0, 0));
        orders.audit().await;
    }
}
