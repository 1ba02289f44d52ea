//! CreateOrderLink and GetLinkedOrder: a link that opens one order.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::types::v1::Contact;
use souk_data::Engine;
use souk_testkit::{field_violations, on_each_engine, reason_of};
use souk_types::{Clock, Timestamp};
use tonic::Code;

use crate::upstreams::*;

fn ttl(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

on_each_engine! {
    async fn a_link_opens_one_order_without_what_is_personal(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let contact = Contact { email_address: "a@shop.test".into(), ..Default::default() };
        let asked = pb::PlaceOrderRequest {
            contact: Some(contact),
            customer_note: "ring twice".into(),
            metadata: [("erp".to_owned(), "7".to_owned())].into(),
            ..request("linked")
        };
        let placed = orders.alice().place_order(asked).await.unwrap().into_inner().order.unwrap();
        let order = orders.reaches(&placed.order_id, At::Paid).await;
        let ask = pb::CreateOrderLinkRequest { order_id: order.order_id.clone(), ttl: None };

        let mut notifications = orders.client_as(&Caller::Service("notifications".into()));
        let mut staff = orders.staff();
        for by in [&mut orders.alice(), &mut notifications, &mut staff] {
            let link = by.create_order_link(ask.clone()).await.unwrap().into_inner();
            let expires = Timestamp::try_from(link.expire_time.unwrap()).unwrap();
            let days = expires.since(Clock::system().now()).as_secs_f64() / 86_400.0;
            assert!((29.9..=30.0).contains(&days), "{days}");

            let open = pb::GetLinkedOrderRequest { link_token: link.link_token };
            let mut anyone = orders.client_as(&Caller::Anonymous);
            let seen = anyone.get_linked_order(open).await.unwrap().into_inner().order.unwrap();
            let expected = pb::Order {
                customer_id: String::new(),
                contact: None,
                customer_note: String::new(),
                metadata: [].into(),
                ..order.clone()
            };
            assert_eq!(seen, expected);
        }
        let hidden = orders.client_as(&Caller::user("bob")).create_order_link(ask).await.unwrap_err();
        assert_eq!(reason_of(&hidden), "ERROR_REASON_ORDER_NOT_FOUND");
    }

    async fn a_link_that_is_wrong_or_has_expired_is_refused(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("linked").await;
        let other = orders.paid("other").await;
        let link = async |order: &pb::Order, seconds| {
            let ask = pb::CreateOrderLinkRequest { order_id: order.order_id.clone(), ttl: ttl(seconds) };
            orders.alice().create_order_link(ask).await.map(|link| link.into_inner().link_token)
        };
        let good = link(&order, 60).await.unwrap();
        let short = link(&order, 1).await.unwrap();
        assert_ne!(good, link(&other, 60).await.unwrap());
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let (head, tail) = good.split_at(good.len() / 2);
        let changed = if tail.starts_with('A') { "B" } else { "A" };
        for token in [short, format!("{head}{changed}{}", &tail[1..]), head.to_owned(), "x".repeat(512)] {
            let open = pb::GetLinkedOrderRequest { link_token: token };
            let refused = orders.alice().get_linked_order(open).await.unwrap_err();
            assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, "ERROR_REASON_LINK_REFUSED"));
        }
        let open = pb::GetLinkedOrderRequest { link_token: good };
        assert!(orders.alice().get_linked_order(open).await.is_ok());

        for seconds in [0, 91 * 86_400] {
            let refused = link(&order, seconds).await.unwrap_err();
            assert_eq!(field_violations(&refused)[0].field, "ttl", "{seconds}");
        }
    }
}
