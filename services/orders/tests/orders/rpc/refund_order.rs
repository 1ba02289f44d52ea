//! RefundOrder.

use souk_client::orders::v1 as pb;
use souk_client::types::v1::Money;
use souk_data::Engine;
use souk_testkit::{field_violations, on_each_engine, reason_of};

use crate::upstreams::*;

fn lines(order: &pb::Order, request_id: &str, quantity: i32) -> pb::RefundOrderRequest {
    pb::RefundOrderRequest {
        order_id: order.order_id.clone(),
        request_id: request_id.into(),
        lines: vec![pb::RefundLine { line_number: 1, quantity, ..Default::default() }],
        restock: pb::RestockPolicy::All.into(),
        ..Default::default()
    }
}

on_each_engine! {
    async fn refunding_lines_pays_back_and_takes_the_goods_in(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;

        let part = orders.staff().refund_order(lines(&order, "r1", 2)).await.unwrap().into_inner();
        assert_eq!(part.refund.unwrap().state(), pb::RefundState::Succeeded);
        assert_eq!(part.order.unwrap().refunded_total.unwrap().minor_units, 2 * UNIT);
        let rest = orders.staff().refund_order(lines(&order, "r2", 1)).await.unwrap().into_inner();
        assert_eq!(at(&rest.order.unwrap()), At::Refunded);
        {
            let world = orders.world.lock();
            assert_eq!((world.returned, world.payments[payment_id(&order)].2), (3, 3 * UNIT));
        }
        orders.audit().await;
    }

    async fn one_request_id_refunds_once(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let first = orders.staff().refund_order(lines(&order, "same", 1)).await.unwrap().into_inner();
        let second = orders.staff().refund_order(lines(&order, "same", 1)).await.unwrap().into_inner();
        assert_eq!(first, second);
        assert_eq!(orders.world.lock().payments[payment_id(&order)].2, UNIT);

        let refused = orders.staff().refund_order(lines(&order, "same", 2)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REQUEST_ID_REUSED");
    }

    async fn more_than_was_paid_is_refused(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let refused = orders.staff().refund_order(lines(&order, "r", 4)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_RETURN_EXCEEDS_ORDER");
        assert_eq!(field_violations(&refused)[0].field, "lines[0].quantity");
        let no_goods = pb::RefundOrderRequest { restock: 0, ..lines(&order, "m", 4) };
        let refused = orders.staff().refund_order(no_goods).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_EXCEEDS_ORDER");

        let amount = Some(Money { currency_code: "GBP".into(), minor_units: 3 * UNIT + 1 });
        let bare = pb::RefundOrderRequest { lines: vec![], restock: 0, amount, ..lines(&order, "a", 1) };
        let refused = orders.staff().refund_order(bare.clone()).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_EXCEEDS_ORDER");
        let refused = orders.staff().refund_order(pb::RefundOrderRequest { restock: pb::RestockPolicy::All.into(), ..bare }).await.unwrap_err();
        assert_eq!(field_violations(&refused)[0].field, "restock");
    }

    async fn a_refund_that_the_provider_refuses_leaves_the_order_as_it_was(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        orders.upstreams.fail(REFUND, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let refused = orders.staff().refund_order(lines(&order, "r1", 1)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_DECLINED");
        let kept = orders.reaches(&order.order_id, At::Fulfilled).await;
        assert_eq!((kept.refunded_total.unwrap().minor_units, orders.world.lock().returned), (0, 0));
        orders.audit().await;
    }

    async fn paying_back_all_of_what_has_not_left_releases_its_stock(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("regret").await;
        let part = pb::RefundOrderRequest { restock: 0, ..lines(&order, "part", 1) };
        orders.staff().refund_order(part).await.unwrap();
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "committed");

        let rest = pb::RefundOrderRequest { lines: vec![], restock: 0, ..lines(&order, "rest", 1) };
        let refunded = orders.staff().refund_order(rest).await.unwrap().into_inner().order.unwrap();
        assert_eq!(at(&refunded), At::Refunded);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "released");
        let nothing_left = orders.staff().refund_order(lines(&order, "goods", 1)).await.unwrap_err();
        assert_eq!(reason_of(&nothing_left), "ERROR_REASON_ORDER_STATE");
        orders.audit().await;
    }

    async fn goods_that_come_after_their_money_come_back_for_nothing(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let all = pb::RefundOrderRequest { lines: vec![], restock: 0, ..lines(&order, "all", 1) };
        assert_eq!(at(&orders.staff().refund_order(all).await.unwrap().into_inner().order.unwrap()), At::Refunded);

        let back = orders.staff().refund_order(lines(&order, "parcel", 3)).await.unwrap().into_inner();
        assert_eq!(back.refund.unwrap().amount.unwrap().minor_units, 0);
        let line = back.order.unwrap().lines.remove(0);
        assert_eq!((line.returned_quantity, orders.world.lock().returned), (3, 3));
        assert_eq!(orders.upstreams.calls(REFUND), 1, "no money goes back twice");
        let refused = orders.staff().refund_order(lines(&order, "another", 1)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_RETURN_EXCEEDS_ORDER");
        orders.audit().await;
    }

    async fn each_line_has_its_own_amount_and_its_own_way(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let pence = |minor_units| Some(Money { currency_code: "GBP".into(), minor_units });
        let of = |request_id: &str, line: pb::RefundLine| pb::RefundOrderRequest {
            lines: vec![pb::RefundLine { line_number: 1, quantity: 1, ..line }],
            ..lines(&order, request_id, 1)
        };
        let none = pb::RestockPolicy::None.into();

        let beside = pb::RefundOrderRequest { amount: pence(1), ..lines(&order, "beside", 1) };
        let nothing = of("nothing", pb::RefundLine { amount: pence(0), restock: none, ..Default::default() });
        let mut twice = lines(&order, "twice", 1);
        twice.lines.push(twice.lines[0].clone());
        for (request, field) in [(beside, "amount"), (nothing, "lines[0].amount.minor_units"), (twice, "lines[1].line_number")] {
            let refused = orders.staff().refund_order(request).await.unwrap_err();
            assert_eq!(field_violations(&refused)[0].field, field);
        }
        let shipping = pb::RefundOrderRequest { shipping_amount: pence(1), ..lines(&order, "shipping", 1) };
        let refused = orders.staff().refund_order(shipping).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_EXCEEDS_ORDER");

        // A fee is kept, a gift comes back, and a broken thing stays with the customer.
        let fee = of("fee", pb::RefundLine { amount: pence(UNIT - 50), ..Default::default() });
        let part = orders.staff().refund_order(fee).await.unwrap().into_inner().order.unwrap();
        assert_eq!(part.refunded_total.unwrap().minor_units, UNIT - 50);
        let gift = of("gift", pb::RefundLine { amount: pence(0), ..Default::default() });
        let part = orders.staff().refund_order(gift).await.unwrap().into_inner().order.unwrap();
        assert_eq!(part.refunded_total.unwrap().minor_units, UNIT - 50);
        assert_eq!((part.lines[0].refunded_quantity, part.lines[0].returned_quantity), (1, 2));
        let broken = pb::RefundOrderRequest {
            reason: pb::RefundReason::Defective.into(),
            note: "arrived in pieces".into(),
            ..of("broken", pb::RefundLine { amount: pence(100), restock: none, ..Default::default() })
        };
        let broken = orders.staff().refund_order(broken).await.unwrap().into_inner();
        let refund = broken.refund.unwrap();
        assert_eq!((refund.reason(), refund.note.as_str()), (pb::RefundReason::Defective, "arrived in pieces"));
        assert_eq!(refund.actor.unwrap().id, "ann");
        assert_eq!((refund.lines[0].amount.clone(), refund.lines[0].restock()), (pence(100), pb::RestockPolicy::None));
        let part = broken.order.unwrap();
        assert_eq!((part.lines[0].refunded_quantity, part.lines[0].returned_quantity), (2, 2));
        assert_eq!(part.fulfillment_status(), pb::FulfillmentStatus::PartiallyReturned);
        orders.audit().await;
    }
}
