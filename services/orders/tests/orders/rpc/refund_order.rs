//! RefundOrder.

use souk_client::orders::v1 as pb;
use souk_client::types::v1::Money;
use souk_data::Engine;
use souk_testkit::{field_violations, on_each_engine, reason_of};

use crate::upstreams::*;

fn lines(order: &pb::Order, request_id: &str, quantity: i64) -> pb::RefundOrderRequest {
    pb::RefundOrderRequest {
        order_id: order.order_id.clone(),
        request_id: request_id.into(),
        lines: vec![pb::RefundLineRequest { line_number: 1, quantity }],
        restock: true,
        ..Default::default()
    }
}

on_each_engine! {
    async fn refunding_lines_pays_back_and_takes_the_goods_in(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;

        let part = orders.staff().refund_order(lines(&order, "r1", 2)).await.unwrap().into_inner();
        assert_eq!(part.refund.unwrap().state(), pb::RefundState::Succeeded);
        assert_eq!(part.order.unwrap().refunded.unwrap().minor_units, 2 * UNIT);
        let rest = orders.staff().refund_order(lines(&order, "r2", 1)).await.unwrap().into_inner();
        assert_eq!(rest.order.unwrap().state(), pb::OrderState::Refunded);
        {
            let world = orders.world.lock();
            assert_eq!((world.returned, world.payments[&order.payment_id].2), (3, 3 * UNIT));
        }
        orders.audit().await;
    }

    async fn one_request_id_refunds_once(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let first = orders.staff().refund_order(lines(&order, "same", 1)).await.unwrap().into_inner();
        let second = orders.staff().refund_order(lines(&order, "same", 1)).await.unwrap().into_inner();
        assert_eq!(first, second);
        assert_eq!(orders.world.lock().payments[&order.payment_id].2, UNIT);

        let refused = orders.staff().refund_order(lines(&order, "same", 2)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REQUEST_ID_REUSED");
    }

    async fn more_than_was_paid_is_refused(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let refused = orders.staff().refund_order(lines(&order, "r", 4)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_RETURN_EXCEEDS_ORDER");
        let no_goods = pb::RefundOrderRequest { restock: false, ..lines(&order, "m", 4) };
        let refused = orders.staff().refund_order(no_goods).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_EXCEEDS_ORDER");

        let amount = Some(Money { currency_code: "GBP".into(), minor_units: 3 * UNIT + 1 });
        let bare = pb::RefundOrderRequest { lines: vec![], restock: false, amount, ..lines(&order, "a", 1) };
        let refused = orders.staff().refund_order(bare.clone()).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_EXCEEDS_ORDER");
        let refused = orders.staff().refund_order(pb::RefundOrderRequest { restock: true, ..bare }).await.unwrap_err();
        assert_eq!(field_violations(&refused)[0].field, "restock");
    }

    async fn a_refund_that_the_provider_refuses_leaves_the_order_as_it_was(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        orders.upstreams.fail(REFUND, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let refused = orders.staff().refund_order(lines(&order, "r1", 1)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REFUND_DECLINED");
        let kept = orders.reaches(&order.order_id, pb::OrderState::Fulfilled).await;
        assert_eq!((kept.refunded.unwrap().minor_units, orders.world.lock().returned), (0, 0));
        orders.audit().await;
    }

    async fn paying_back_all_of_what_has_not_left_releases_its_stock(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("regret").await;
        let part = pb::RefundOrderRequest { restock: false, ..lines(&order, "part", 1) };
        orders.staff().refund_order(part).await.unwrap();
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "committed");

        let rest = pb::RefundOrderRequest { lines: vec![], restock: false, ..lines(&order, "rest", 1) };
        let refunded = orders.staff().refund_order(rest).await.unwrap().into_inner().order.unwrap();
        assert_eq!(refunded.state(), pb::OrderState::Refunded);
        assert_eq!(orders.world.lock().reservations[&order.reservation_id], "released");
        let nothing_left = orders.staff().refund_order(lines(&order, "goods", 1)).await.unwrap_err();
        assert_eq!(reason_of(&nothing_left), "ERROR_REASON_ORDER_STATE");
        orders.audit().await;
    }

    async fn goods_that_come_after_their_money_come_back_for_nothing(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let all = pb::RefundOrderRequest { lines: vec![], restock: false, ..lines(&order, "all", 1) };
        assert_eq!(orders.staff().refund_order(all).await.unwrap().into_inner().order.unwrap().state(), pb::OrderState::Refunded);

        let back = orders.staff().refund_order(lines(&order, "parcel", 3)).await.unwrap().into_inner();
        assert_eq!(back.refund.unwrap().amount.unwrap().minor_units, 0);
        let line = back.order.unwrap().lines.remove(0);
        assert_eq!((line.returned_quantity, orders.world.lock().returned), (3, 3));
        assert_eq!(orders.upstreams.calls(REFUND), 1, "no money goes back twice");
        let refused = orders.staff().refund_order(lines(&order, "another", 1)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_RETURN_EXCEEDS_ORDER");
        orders.audit().await;
    }

    async fn an_amount_beside_lines_is_for_goods_that_come_back(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("back").await;
        let pence = |minor_units| Some(Money { currency_code: "GBP".into(), minor_units });
        let no_goods = pb::RefundOrderRequest { amount: pence(1), restock: false, ..lines(&order, "a", 1) };
        assert_eq!(field_violations(&orders.staff().refund_order(no_goods).await.unwrap_err())[0].field, "amount");
        let fee = pb::RefundOrderRequest { amount: pence(UNIT - 50), ..lines(&order, "b", 1) };
        let part = orders.staff().refund_order(fee).await.unwrap().into_inner().order.unwrap();
        assert_eq!(part.refunded.unwrap().minor_units, UNIT - 50);
        let gift = pb::RefundOrderRequest { amount: pence(0), ..lines(&order, "c", 1) };
        let part = orders.staff().refund_order(gift).await.unwrap().into_inner().order.unwrap();
        assert_eq!(part.refunded.unwrap().minor_units, UNIT - 50);
        assert_eq!((part.lines[0].refunded_quantity, part.lines[0].returned_quantity), (1, 2));
        orders.audit().await;
    }
}
