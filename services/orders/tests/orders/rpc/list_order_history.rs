//! ListOrderHistory: what an order was, why it changed and who did it; and what an order keeps of
//! its request.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::types::v1::{ActorKind, Address, Contact};
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};

use crate::upstreams::*;

on_each_engine! {
    async fn every_change_says_what_was_before_why_and_who(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("told").await;
        let cancel = pb::CancelOrderRequest {
            order_id: order.order_id.clone(),
            reason: pb::CancelReason::Fraud.into(),
            note: "stolen card".into(),
            ..Default::default()
        };
        orders.staff().cancel_order(cancel).await.unwrap();

        let mut changes = vec![];
        let mut page_token = String::new();
        loop {
            let request = pb::ListOrderHistoryRequest { order_id: order.order_id.clone(), page_size: 2, page_token };
            let page = orders.alice().list_order_history(request).await.unwrap().into_inner();
            changes.extend(page.changes);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        use pb::OrderChangeKind::{CancelStarted, Canceled, Created, Paid, Placed, Priced};
        let kinds: Vec<_> = changes.iter().map(|change| change.kind()).collect();
        assert_eq!(kinds, [Created, Priced, Placed, Paid, CancelStarted, Canceled]);
        for (before, after) in changes.iter().zip(&changes[1..]) {
            assert_eq!(after.version, before.version + 1);
            assert_eq!(after.previous_state, before.state);
            assert_eq!(after.previous_payment_status, before.payment_status);
            assert_eq!(after.previous_fulfillment_status, before.fulfillment_status);
        }
        assert_eq!(changes[0].previous_state(), pb::OrderState::Unspecified);
        let who = |change: &pb::OrderChange| change.actor.clone().map(|actor| (actor.kind(), actor.id));
        assert_eq!(who(&changes[2]), Some((ActorKind::User, "alice".into())));
        assert_eq!(changes[2].cause(), pb::OrderChangeCause::PlaceOrder);
        for change in &changes[4..] {
            assert_eq!(who(change), Some((ActorKind::Staff, "ann".into())));
            assert_eq!(change.cause(), pb::OrderChangeCause::CancelOrder);
            assert_eq!((change.cancel_reason(), change.note.as_str()), (pb::CancelReason::Fraud, "stolen card"));
        }
        assert_eq!(changes[5].refunded_total.as_ref().unwrap().minor_units, 0);
        assert_eq!(changes[5].canceled_total.as_ref().unwrap().minor_units, 3 * UNIT);
        assert_eq!(changes[5].captured_total.as_ref().unwrap().minor_units, 0);
        let hidden = pb::ListOrderHistoryRequest { order_id: order.order_id, ..Default::default() };
        let refused = orders.client_as(&Caller::user("bob")).list_order_history(hidden).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_NOT_FOUND");
        orders.audit().await;
    }

    async fn an_order_keeps_what_its_request_said(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let address = Address {
            region_code: "GB".into(),
            address_lines: vec!["1 High Street".into()],
            ..Default::default()
        };
        let asked = pb::PlaceOrderRequest {
            channel: "market".into(),
            locale: "en-GB".into(),
            contact: Some(Contact { email_address: "a@shop.test".into(), ..Default::default() }),
            shipping_address: Some(address.clone()),
            billing_address: Some(address),
            customer_note: "ring twice\nplease".into(),
            metadata: [("erp".to_owned(), "7".to_owned()), ("a.b".to_owned(), String::new())].into(),
            ..request("all")
        };
        let placed = orders.alice().place_order(asked.clone()).await.unwrap().into_inner().order.unwrap();
        let read = orders.reaches(&placed.order_id, At::Paid).await;
        for order in [placed, read] {
            assert_eq!((&order.channel, &order.locale), (&asked.channel, &asked.locale));
            assert_eq!((&order.contact, &order.customer_note), (&asked.contact, &asked.customer_note));
            assert_eq!(order.shipping_address, asked.shipping_address);
            assert_eq!(order.billing_address, asked.billing_address);
            assert_eq!(order.metadata, asked.metadata);
            assert_eq!(order.subtotal, order.total);
            assert_eq!(order.lines[0].total, order.total);
        }
        let other = orders.paid("other").await;
        let repeated = orders.alice().place_order(asked).await.unwrap().into_inner().order.unwrap();
        assert_ne!(repeated.order_number, other.order_number);
        orders.audit().await;
    }
}
