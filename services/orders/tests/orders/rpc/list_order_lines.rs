//! ListOrderLines, and how much of a long order is shown elsewhere.

use prost::Message;
use souk_chassis::Caller;
use souk_client::catalog::v1::ResolvePricesResponse;
use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};

use crate::upstreams::*;

/// What a plain gRPC client reads.
const PLAIN: usize = 4 << 20;

on_each_engine! {
    /// The longest order there may be, with the longest titles: 5,000 lines of 200 letters of four
    /// bytes.
    async fn the_longest_order_is_placed_read_and_paid_back_in_messages_that_every_client_reads(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.answer_changed(RESOLVE, |answer: &mut ResolvePricesResponse| {
            answer.prices.iter_mut().for_each(|price| price.title = "\u{1f375}".repeat(200));
        });
        let line = |number: usize| pb::PlaceOrderLine {
            item: Some(pb::place_order_line::Item::Sku(format!("SKU-{number}"))),
            quantity: 2,
        };
        let long = pb::PlaceOrderRequest { lines: (1..=5000).map(line).collect(), ..request("long") };
        let mut longer = long.clone();
        longer.lines.push(line(5001));
        assert_eq!(souk_testkit::field_violations(&orders.alice().place_order(longer).await.unwrap_err())[0].field, "lines");

        let order = orders.alice().place_order(long).await.unwrap().into_inner().order.unwrap();
        assert_eq!((order.line_count, order.lines.len(), order.total.as_ref().unwrap().minor_units), (5000, 200, 10_000 * UNIT));
        let paid = orders.reaches(&order.order_id, At::Paid).await;
        assert!(paid.encoded_len() < PLAIN);

        let mut numbers = vec![];
        let mut page_token = String::new();
        loop {
            let request = pb::ListOrderLinesRequest { order_id: order.order_id.clone(), page_size: 1000, page_token };
            let page = orders.alice().list_order_lines(request).await.unwrap().into_inner();
            assert!(page.encoded_len() < PLAIN, "{}", page.encoded_len());
            numbers.extend(page.lines.iter().map(|line| line.line_number));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(numbers, (1..=5000).collect::<Vec<i32>>());
        let hidden = pb::ListOrderLinesRequest { order_id: order.order_id.clone(), ..Default::default() };
        let refused = orders.client_as(&Caller::user("bob")).list_order_lines(hidden).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_NOT_FOUND");

        orders.fulfill(&order.order_id, "all", &[]).await.unwrap();
        let lines = (1..=5000).map(|line_number| pb::RefundLine { line_number, quantity: 1, ..Default::default() }).collect();
        let refund = pb::RefundOrderRequest {
            order_id: order.order_id.clone(),
            request_id: "half".into(),
            lines,
            restock: pb::RestockPolicy::All.into(),
            ..Default::default()
        };
        let half = orders.staff().refund_order(refund).await.unwrap().into_inner();
        assert!(half.encoded_len() < PLAIN);
        let refund = half.refund.unwrap();
        assert_eq!((refund.line_count, refund.lines.len(), refund.amount.unwrap().minor_units), (5000, 200, 5000 * UNIT));
        assert_eq!(orders.world.lock().returned, 5000);

        let watch = pb::WatchOrderRequest { order_id: order.order_id, ..Default::default() };
        let mut changes = orders.alice().watch_order(watch).await.unwrap().into_inner();
        loop {
            let seen = changes.message().await.unwrap().unwrap();
            assert!(seen.encoded_len() < PLAIN);
            if seen.change.unwrap().kind() == pb::OrderChangeKind::RefundSucceeded {
                break;
            }
        }
        orders.audit().await;
    }

    async fn a_page_of_long_orders_is_cut_by_its_bytes(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.answer_changed(RESOLVE, |answer: &mut ResolvePricesResponse| {
            answer.prices.iter_mut().for_each(|price| price.title = "\u{1f375}".repeat(200));
        });
        let line = pb::PlaceOrderLine { item: Some(pb::place_order_line::Item::Sku("MUG".into())), quantity: 1 };
        for number in 0..20 {
            let request = request(&number.to_string());
            let long = pb::PlaceOrderRequest { lines: vec![line.clone(); 200], ..request };
            orders.alice().place_order(long).await.unwrap();
        }
        let mut found = 0;
        let mut pages = 0;
        let mut page_token = String::new();
        loop {
            let request = pb::ListOrdersRequest { page_token, ..Default::default() };
            let page = orders.alice().list_orders(request).await.unwrap().into_inner();
            assert!(page.encoded_len() < PLAIN, "{}", page.encoded_len());
            found += page.orders.len();
            pages += 1;
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((found, pages), (20, 2));
    }
}
