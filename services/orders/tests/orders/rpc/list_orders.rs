//! ListOrders and GetOrder: who sees what.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};
use tonic::Code;

use crate::upstreams::*;

on_each_engine! {
    async fn a_user_sees_its_own_orders_only(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.place("mine").await.unwrap();
        let mut bob = orders.client_as(&Caller::user("bob"));

        let hidden = bob.get_order(pb::GetOrderRequest { order_id: order.order_id.clone() }).await.unwrap_err();
        assert_eq!((hidden.code(), reason_of(&hidden).as_str()), (Code::NotFound, "ERROR_REASON_ORDER_NOT_FOUND"));
        assert!(bob.list_orders(pb::ListOrdersRequest::default()).await.unwrap().into_inner().orders.is_empty());
        let listed = orders.alice().list_orders(pb::ListOrdersRequest::default()).await.unwrap().into_inner();
        assert_eq!(listed.orders[0].order_id, order.order_id);
    }

    async fn pages_follow_each_other_without_gap_or_repeat(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let mut placed = vec![];
        for number in 0..5 {
            placed.push(orders.paid(&format!("order-{number}")).await.order_id);
        }
        placed.sort();
        placed.reverse();
        let mut seen = vec![];
        let mut page_token = String::new();
        loop {
            let request = pb::ListOrdersRequest { page_size: 2, page_token, ..Default::default() };
            let page = orders.staff().list_orders(request).await.unwrap().into_inner();
            assert!(page.orders.len() <= 2);
            seen.extend(page.orders.into_iter().map(|order| order.order_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, placed);
    }

    async fn a_list_has_what_its_filters_ask_for(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let one = pb::PlaceOrderRequest { reference: "INV-7".into(), ..request("one") };
        let one = orders.alice().place_order(one).await.unwrap().into_inner().order.unwrap();
        let two = pb::PlaceOrderRequest { channel: "market".into(), ..request("two") };
        let two = orders.alice().place_order(two).await.unwrap().into_inner().order.unwrap();
        orders.reaches(&one.order_id, At::Paid).await;
        orders.fulfill(&two.order_id, "two", &[]).await.unwrap();
        orders.upstreams.fail(RESERVE, refusal("ERROR_REASON_OUT_OF_STOCK", &[]));
        orders.place("three").await.unwrap_err();
        assert_ne!(one.order_number, two.order_number);
        assert_eq!((one.channel.as_str(), two.channel.as_str()), ("default", "market"));

        let all = pb::ListOrdersRequest::default;
        let listed = async |request: pb::ListOrdersRequest| {
            let found = orders.staff().list_orders(request).await.unwrap().into_inner().orders;
            found.into_iter().map(|order| order.order_id).collect::<Vec<_>>()
        };
        let everything = listed(all()).await;
        let one_id = one.order_id.clone();
        let two_id = two.order_id.clone();
        assert_eq!(everything[1..], [two_id.clone(), one_id.clone()], "newest first");
        let oldest_first = pb::ListOrdersRequest { order_by: "create_time".into(), ..all() };
        assert_eq!(listed(oldest_first).await, everything.iter().rev().cloned().collect::<Vec<_>>());

        let placed = pb::OrderState::Placed.into();
        let completed = pb::OrderState::Completed.into();
        for (request, expected) in [
            (pb::ListOrdersRequest { states: vec![placed], ..all() }, vec![&one_id]),
            (pb::ListOrdersRequest { states: vec![placed, completed], ..all() }, vec![&two_id, &one_id]),
            (
                pb::ListOrdersRequest { payment_statuses: vec![pb::PaymentStatus::Paid.into()], ..all() },
                vec![&two_id, &one_id],
            ),
            (
                pb::ListOrdersRequest { fulfillment_statuses: vec![pb::FulfillmentStatus::Fulfilled.into()], ..all() },
                vec![&two_id],
            ),
            (pb::ListOrdersRequest { reference: "INV-7".into(), ..all() }, vec![&one_id]),
            (pb::ListOrdersRequest { order_number: two.order_number.clone(), ..all() }, vec![&two_id]),
            (pb::ListOrdersRequest { order_number: "none".into(), ..all() }, vec![]),
            (pb::ListOrdersRequest { channel: "market".into(), ..all() }, vec![&two_id]),
            (pb::ListOrdersRequest { channel: "default".into(), states: vec![placed], ..all() }, vec![&one_id]),
            (pb::ListOrdersRequest { create_time_after: two.create_time, states: vec![completed], ..all() }, vec![&two_id]),
            (pb::ListOrdersRequest { create_time_before: two.create_time, ..all() }, vec![&one_id]),
            (
                pb::ListOrdersRequest { sku: "MUG".into(), states: vec![placed, completed], ..all() },
                vec![&two_id, &one_id],
            ),
            (pb::ListOrdersRequest { sku: "JUG".into(), ..all() }, vec![]),
        ] {
            let found = listed(request.clone()).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{request:?}");
        }
    }

    async fn a_page_token_is_good_for_its_own_list_and_caller_only(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.place("one").await.unwrap();
        orders.place("two").await.unwrap();
        let first = pb::ListOrdersRequest { page_size: 1, ..Default::default() };
        let page_token = orders.staff().list_orders(first.clone()).await.unwrap().into_inner().next_page_token;
        let next = pb::ListOrdersRequest { page_token, ..first };
        assert!(orders.staff().list_orders(next.clone()).await.is_ok());

        let filtered = pb::ListOrdersRequest { states: vec![pb::OrderState::Placed.into()], ..next.clone() };
        for (who, request) in [(orders.staff(), filtered), (orders.alice(), next)] {
            let refused = who.clone().list_orders(request).await.unwrap_err();
            assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN"));
        }
    }
}
