//! CreateFulfillment.

use souk_chassis::Caller;
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
        assert_eq!((order.fulfillment_count, order.fulfillments.len()), (1, 1));
        let sent = &order.fulfillments[0];
        assert_eq!((sent.state(), sent.lines.clone()), (pb::FulfillmentState::Shipped, lines_of(&[(1, 3)])));
        assert_eq!(sent.actor.as_ref().unwrap().id, "ann");

        let again = orders.fulfill(&order.order_id, "now", &[]).await.unwrap();
        assert_eq!((again.order.as_ref(), again.fulfillment.as_ref()), (Some(&order), Some(sent)), "the same call answers the same");
        let other = orders.fulfill(&order.order_id, "now", &[(1, 1)]).await.unwrap_err();
        assert_eq!(reason_of(&other), "ERROR_REASON_REQUEST_ID_REUSED");
        let more = orders.fulfill(&order.order_id, "more", &[]).await.unwrap_err();
        assert_eq!(reason_of(&more), "ERROR_REASON_ORDER_STATE");
        orders.audit().await;
    }

    async fn goods_leave_in_parts(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("parts").await;
        let part = orders.fulfill(&order.order_id, "one", &[(1, 1)]).await.unwrap();
        let left = part.order.unwrap();
        assert_eq!((at(&left), left.payment_status()), (At::Partly, pb::PaymentStatus::Paid));
        assert_eq!((left.lines[0].fulfilled_quantity, left.lines[0].canceled_quantity), (1, 0));
        assert_eq!(orders.world.lock().units[&order.reservation_id]["MUG"].consumed, 1);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "committed");
        orders.audit().await;

        let too_many = orders.fulfill(&order.order_id, "three", &[(1, 3)]).await.unwrap_err();
        assert_eq!((too_many.code(), reason_of(&too_many).as_str()), (Code::FailedPrecondition, "ERROR_REASON_EXCEEDS_OPEN_UNITS"));
        assert_eq!((metadata_of(&too_many)["line_number"].as_str(), metadata_of(&too_many)["open"].as_str()), ("1", "2"));
        assert_eq!(field_violations(&too_many)[0].field, "fulfillment.lines[0].quantity");
        let unknown = orders.fulfill(&order.order_id, "none", &[(2, 1)]).await.unwrap_err();
        assert_eq!((reason_of(&unknown).as_str(), field_violations(&unknown)[0].field.as_str()), ("ERROR_REASON_LINE_NOT_FOUND", "fulfillment.lines[0].line_number"));
        let twice = orders.fulfill(&order.order_id, "twice", &[(1, 1), (1, 1)]).await.unwrap_err();
        assert_eq!(field_violations(&twice)[0].field, "fulfillment.lines[1].line_number");

        let refund = pb::RefundOrderRequest {
            order_id: order.order_id.clone(),
            request_id: "back".into(),
            lines: vec![pb::RefundLine { line_number: 1, quantity: 1, ..Default::default() }],
            restock: pb::RestockPolicy::All.into(),
            ..Default::default()
        };
        orders.staff().refund_order(refund).await.unwrap();
        orders.audit().await;
        let rest = orders.fulfill(&order.order_id, "rest", &[]).await.unwrap().order.unwrap();
        assert_eq!((at(&rest), rest.lines[0].fulfilled_quantity), (At::Fulfilled, 3));
        assert_eq!(rest.fulfillment_status(), pb::FulfillmentStatus::PartiallyReturned);
        orders.audit().await;
    }

    async fn a_rejected_order_is_not_fulfilled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(RESERVE, refusal("ERROR_REASON_OUT_OF_STOCK", &[]));
        let refused = orders.place("none").await.unwrap_err();
        let order_id = metadata_of(&refused)["order_id"].clone();
        let refused = orders.fulfill(&order_id, "none", &[]).await;
        assert_eq!(reason_of(&refused.unwrap_err()), "ERROR_REASON_ORDER_STATE");
    }

    async fn goods_whose_money_or_stock_is_gone_do_not_leave(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("behind").await;
        orders.world.lock().payments.get_mut(payment_id(&order)).unwrap().2 = 1;
        let refused = orders.fulfill(&order.order_id, "one", &[]).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "ERROR_REASON_ORDER_OUT_OF_STEP"));
        let metadata = metadata_of(&refused);
        assert_eq!((metadata["refunded"].as_str(), metadata["expected_refunded"].as_str()), ("1", "0"));
        assert_eq!(orders.upstreams.calls(CONSUME), 0);

        orders.world.lock().payments.get_mut(payment_id(&order)).unwrap().2 = 0;
        orders.world.lock().reservations.insert(order.reservation_id.clone(), "released");
        let refused = orders.fulfill(&order.order_id, "one", &[]).await.unwrap_err();
        assert_eq!(metadata_of(&refused)["reservation_state"], "RESERVATION_STATE_RELEASED");
        let kept = orders.reaches(&order.order_id, At::Paid).await;
        assert!(!kept.quarantined);
        assert_eq!((kept.fulfillment_count, kept.fulfillments.len()), (0, 0));

        orders.world.lock().reservations.insert(order.reservation_id.clone(), "committed");
        orders.upstreams.fail(CONSUME, refusal("ERROR_REASON_STOCK_NOT_ON_HAND", &[("sku", "MUG"), ("on_hand", "0")]));
        let refused = orders.fulfill(&order.order_id, "one", &[]).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_STOCK_NOT_ON_HAND");
        assert_eq!(metadata_of(&refused)["on_hand"], "0");
        orders.audit().await;

        consume_truly(&orders.upstreams, &orders.world);
        let left = orders.fulfill(&order.order_id, "one", &[]).await.unwrap().order.unwrap();
        assert_eq!(at(&left), At::Fulfilled);
        orders.audit().await;
    }

    async fn nothing_leaves_before_it_was_sold(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("early").await;
        let effective_time = order.effective_time.map(|time| prost_types::Timestamp { seconds: time.seconds - 1, ..time });
        let request = pb::CreateFulfillmentRequest { effective_time, ..fulfillment(&order.order_id, "early", &[]) };
        let refused = orders.staff().create_fulfillment(request).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "ERROR_REASON_EFFECTIVE_TIME"));
        assert_eq!(field_violations(&refused)[0].field, "effective_time");
        let user = orders.client_as(&Caller::user("alice")).create_fulfillment(fulfillment(&order.order_id, "own", &[])).await;
        assert_eq!(user.unwrap_err().code(), Code::PermissionDenied);
    }
}
