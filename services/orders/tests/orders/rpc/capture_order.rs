//! CaptureOrder, and orders whose payment is not captured at once.

use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};
use tonic::Status;

use crate::upstreams::*;

async fn place(orders: &TestOrders, method: pb::CaptureMethod) -> pb::Order {
    let request = pb::PlaceOrderRequest { capture_method: method.into(), ..request("later") };
    let placed = orders.alice().place_order(request).await.unwrap().into_inner().order.unwrap();
    assert_eq!((at(&placed), placed.capture_method()), (At::Placed, method));
    placed
}

async fn capture_order(orders: &TestOrders, order: &pb::Order) -> Result<pb::Order, Status> {
    let request =
        pb::CaptureOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
    Ok(orders.staff().capture_order(request).await?.into_inner().order.unwrap())
}

async fn fulfill(orders: &TestOrders, order: &pb::Order) -> Result<pb::Order, Status> {
    Ok(orders.fulfill(&order.order_id, "leave", &[]).await?.order.unwrap())
}

on_each_engine! {
    async fn an_order_is_captured_by_hand(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, pb::CaptureMethod::Manual).await;
        assert_eq!(orders.world.lock().payments[payment_id(&order)], (3 * UNIT, 0, 0));
        let early = fulfill(&orders, &order).await.unwrap_err();
        assert_eq!(reason_of(&early), "ERROR_REASON_ORDER_STATE");
        orders.audit().await;

        let paid = capture_order(&orders, &order).await.unwrap();
        assert_eq!(at(&paid), At::Paid);
        assert_eq!(capture_order(&orders, &order).await.unwrap().version, paid.version);
        assert_eq!(orders.upstreams.calls(CAPTURE), 1);
        assert_eq!(at(&fulfill(&orders, &order).await.unwrap()), At::Fulfilled);
        let request = pb::ListOrderHistoryRequest { order_id: order.order_id, ..Default::default() };
        let changes = orders.staff().list_order_history(request).await.unwrap().into_inner().changes;
        let paid = changes.iter().find(|change| change.kind() == pb::OrderChangeKind::Paid).unwrap();
        assert_eq!(paid.cause(), pb::OrderChangeCause::CaptureOrder);
        assert_eq!(paid.actor.as_ref().unwrap().id, "ann");
        orders.audit().await;
    }

    async fn an_order_is_captured_before_its_goods_leave(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, pb::CaptureMethod::OnFulfillment).await;
        let left = fulfill(&orders, &order).await.unwrap();
        assert_eq!(at(&left), At::Fulfilled);
        let charged = orders.world.lock().payments[payment_id(&order)];
        assert_eq!(charged, (3 * UNIT, 3 * UNIT, 0));
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "consumed");
        orders.audit().await;
    }

    async fn goods_whose_payment_cannot_be_captured_stay(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, pb::CaptureMethod::OnFulfillment).await;
        orders.upstreams.fail(CAPTURE, refusal("ERROR_REASON_PAYMENT_STATE", &[]));
        let refused = fulfill(&orders, &order).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
        let canceled = orders.reaches(&order.order_id, At::Canceled).await;
        assert_eq!(canceled.closure_reason(), pb::OrderClosureReason::PaymentCanceled);
        assert_eq!(canceled.payment_status(), pb::PaymentStatus::Voided);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "released");
        assert_eq!(orders.upstreams.calls(CONSUME), 0);
        orders.audit().await;
    }

    async fn an_order_that_was_never_captured_is_canceled_without_a_refund(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, pb::CaptureMethod::Manual).await;
        let request = pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
        let canceled = orders.alice().cancel_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!((at(&canceled), canceled.payment_status()), (At::Canceled, pb::PaymentStatus::Voided));
        {
            let world = orders.world.lock();
            assert_eq!(world.payments[payment_id(&order)].0, 0);
            assert_eq!(world.reservations[&order.reservation_id], "released");
        }
        assert_eq!(orders.upstreams.calls(REFUND), 0);
        let late = capture_order(&orders, &order).await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_ORDER_STATE");
        orders.audit().await;
    }

    async fn what_leaves_is_captured_part_by_part(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, pb::CaptureMethod::OnFulfillment).await;
        let part = orders.fulfill(&order.order_id, "one", &[(1, 1)]).await.unwrap().order.unwrap();
        assert_eq!((at(&part), part.payment_status()), (At::Partly, pb::PaymentStatus::PartiallyPaid));
        assert_eq!(part.captured_total.as_ref().unwrap().minor_units, UNIT);
        assert_eq!(orders.world.lock().payments[payment_id(&order)], (3 * UNIT, UNIT, 0));
        orders.audit().await;

        // A decline: nothing leaves, and another attempt is another capture.
        orders.upstreams.fail(CAPTURE, refusal("ERROR_REASON_PAYMENT_DECLINED", &[("decline", "DECLINE_CODE_GENERIC")]));
        let refused = orders.fulfill(&order.order_id, "two", &[(1, 1)]).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_CAPTURE_DECLINED");
        assert_eq!(souk_testkit::metadata_of(&refused)["decline"], "DECLINE_CODE_GENERIC");
        let kept = orders.reaches(&order.order_id, At::Partly).await;
        assert_eq!((kept.fulfillment_count, kept.lines[0].fulfilled_quantity), (1, 1));
        orders.audit().await;

        let world = orders.world.clone();
        orders.upstreams.on(CAPTURE, move |request| Ok(capture(&world, &request)));
        let rest = orders.fulfill(&order.order_id, "two", &[]).await.unwrap().order.unwrap();
        assert_eq!((at(&rest), rest.payment_status()), (At::Fulfilled, pb::PaymentStatus::Paid));
        let world = orders.world.lock();
        assert_eq!((world.payments[payment_id(&order)], world.captures.len()), ((3 * UNIT, 3 * UNIT, 0), 2));
    }

    async fn an_amount_is_captured_once_for_each_request(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, pb::CaptureMethod::Manual).await;
        let of = |minor_units: i64, request_id: &str| pb::CaptureOrderRequest {
            order_id: order.order_id.clone(),
            amount: Some(souk_client::types::v1::Money { currency_code: "GBP".into(), minor_units }),
            request_id: request_id.into(),
        };
        let without_key = orders.staff().capture_order(of(1, "")).await.unwrap_err();
        assert_eq!(souk_testkit::field_violations(&without_key)[0].field, "request_id");
        let without_use = pb::CaptureOrderRequest { amount: None, ..of(1, "all") };
        let without_use = orders.staff().capture_order(without_use).await.unwrap_err();
        assert_eq!(souk_testkit::field_violations(&without_use)[0].field, "request_id");
        let too_much = orders.staff().capture_order(of(3 * UNIT + 1, "much")).await.unwrap_err();
        assert_eq!(reason_of(&too_much), "ERROR_REASON_CAPTURE_EXCEEDS_ORDER");

        let part = orders.staff().capture_order(of(UNIT, "one")).await.unwrap().into_inner().order.unwrap();
        assert_eq!(part.payment_status(), pb::PaymentStatus::PartiallyPaid);
        let again = orders.staff().capture_order(of(UNIT, "one")).await.unwrap().into_inner().order.unwrap();
        assert_eq!((again, orders.upstreams.calls(CAPTURE)), (part, 1));
        let early = orders.fulfill(&order.order_id, "two", &[(1, 2)]).await.unwrap_err();
        assert_eq!(reason_of(&early), "ERROR_REASON_ORDER_STATE", "only one is paid");
        orders.fulfill(&order.order_id, "one", &[(1, 1)]).await.unwrap();
        orders.audit().await;
        let paid = capture_order(&orders, &order).await.unwrap();
        assert_eq!(paid.payment_status(), pb::PaymentStatus::Paid);
        assert_eq!(orders.world.lock().payments[payment_id(&order)], (3 * UNIT, 3 * UNIT, 0));
        orders.audit().await;
    }
}
