//! GetFulfillment, ListFulfillments, UpdateFulfillment and MarkFulfillmentDelivered.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{field_violations, on_each_engine, reason_of};

use crate::upstreams::*;

on_each_engine! {
    async fn fulfillments_are_read_by_those_who_may_see_the_order(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("seen").await;
        let mut sent = vec![];
        for number in 0..3 {
            let one = orders.fulfill(&order.order_id, &format!("part {number}"), &[(1, 1)]).await.unwrap();
            sent.push(one.fulfillment.unwrap());
        }
        let mut listed = vec![];
        let mut page_token = String::new();
        loop {
            let request = pb::ListFulfillmentsRequest { order_id: order.order_id.clone(), page_size: 2, page_token };
            let page = orders.alice().list_fulfillments(request).await.unwrap().into_inner();
            listed.extend(page.fulfillments);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, sent, "oldest first");
        let get = pb::GetFulfillmentRequest { fulfillment_id: sent[1].fulfillment_id.clone() };
        let read = orders.alice().get_fulfillment(get.clone()).await.unwrap().into_inner().fulfillment.unwrap();
        assert_eq!((&read, read.order_id.as_str()), (&sent[1], order.order_id.as_str()));

        let mut bob = orders.client_as(&Caller::user("bob"));
        let hidden = bob.get_fulfillment(get).await.unwrap_err();
        assert_eq!(reason_of(&hidden), "ERROR_REASON_FULFILLMENT_NOT_FOUND");
        let list = pb::ListFulfillmentsRequest { order_id: order.order_id, ..Default::default() };
        let hidden = bob.list_fulfillments(list).await.unwrap_err();
        assert_eq!(reason_of(&hidden), "ERROR_REASON_ORDER_NOT_FOUND");
    }

    async fn a_parcel_is_tracked_until_it_has_arrived(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.fulfilled("tracked").await;
        let fulfillment_id = order.fulfillments[0].fulfillment_id.clone();
        let tracking = pb::Tracking {
            carrier: "dhl".into(),
            tracking_number: "0034".into(),
            tracking_uri: "https://dhl.test/0034".into(),
        };
        let update = |etag: &str, paths: &[&str]| pb::UpdateFulfillmentRequest {
            fulfillment: Some(pb::Fulfillment {
                fulfillment_id: fulfillment_id.clone(),
                tracking: Some(tracking.clone()),
                etag: etag.into(),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
        };
        for wrong in [&[][..], &["state"], &["tracking.carrier"]] {
            let refused = orders.staff().update_fulfillment(update("", wrong)).await.unwrap_err();
            assert_eq!(field_violations(&refused)[0].field, "update_mask", "{wrong:?}");
        }
        let stale = orders.staff().update_fulfillment(update("0", &["tracking"])).await.unwrap_err();
        assert_eq!(reason_of(&stale), "ERROR_REASON_ETAG_MISMATCH");
        let etag = order.fulfillments[0].etag.clone();
        let tracked = orders.staff().update_fulfillment(update(&etag, &["tracking"])).await.unwrap().into_inner().fulfillment.unwrap();
        assert_eq!(tracked.tracking.as_ref(), Some(&tracking));
        assert_ne!(tracked.etag, etag);
        let again = orders.staff().update_fulfillment(update(&etag, &["*"])).await.unwrap().into_inner().fulfillment.unwrap();
        assert_eq!(again, tracked, "what is set already changes nothing");

        let early = order.effective_time.map(|time| prost_types::Timestamp { seconds: time.seconds - 1, ..time });
        let mark = pb::MarkFulfillmentDeliveredRequest { fulfillment_id: fulfillment_id.clone(), effective_time: early };
        let refused = orders.staff().mark_fulfillment_delivered(mark.clone()).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_EFFECTIVE_TIME");
        let mark = pb::MarkFulfillmentDeliveredRequest { effective_time: None, ..mark };
        let arrived = orders.staff().mark_fulfillment_delivered(mark.clone()).await.unwrap().into_inner().fulfillment.unwrap();
        assert_eq!((arrived.state(), arrived.delivery_time.is_some()), (pb::FulfillmentState::Delivered, true));
        let again = orders.staff().mark_fulfillment_delivered(mark).await.unwrap().into_inner().fulfillment.unwrap();
        assert_eq!(again, arrived);
        let order = orders.reaches(&order.order_id, At::Fulfilled).await;
        assert_eq!(order.fulfillment_status(), pb::FulfillmentStatus::Delivered);
        let request = pb::ListOrderHistoryRequest { order_id: order.order_id, ..Default::default() };
        let changes = orders.staff().list_order_history(request).await.unwrap().into_inner().changes;
        let last = changes.last().unwrap();
        assert_eq!((last.kind(), last.fulfillment_id.as_str()), (pb::OrderChangeKind::FulfillmentDelivered, fulfillment_id.as_str()));
        assert_eq!(last.cause(), pb::OrderChangeCause::MarkFulfillmentDelivered);
        orders.audit().await;
    }
}
