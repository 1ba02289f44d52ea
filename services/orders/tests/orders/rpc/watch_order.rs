//! WatchOrder.

use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{on_each_engine, reason_of};
use tonic::Code;

use crate::upstreams::*;

on_each_engine! {
    async fn every_change_is_seen_once_and_in_order(engine: Engine) {
        use pb::OrderChangeKind::{Created, Paid, Placed, Priced};
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("watched").await;
        let request = pb::WatchOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
        let mut changes = orders.alice().watch_order(request).await.unwrap().into_inner();
        let mut kinds = vec![];
        let mut token_after_placed = String::new();
        while kinds.last().is_none_or(|kind| *kind != Paid) {
            let seen = changes.message().await.unwrap().unwrap();
            let change = seen.change.unwrap();
            assert_eq!(change.version, kinds.len() as i64 + 1);
            if change.kind() == Placed {
                token_after_placed = seen.resume_token;
            }
            kinds.push(change.kind());
        }
        assert_eq!(kinds, [Created, Priced, Placed, Paid]);

        // What happens while watching arrives too, and the stream ends with the order.
        orders.staff().cancel_order(pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() }).await.unwrap();
        let mut last = pb::OrderState::Unspecified;
        while let Some(seen) = changes.message().await.unwrap() {
            last = seen.change.unwrap().state();
        }
        assert_eq!(last, pb::OrderState::Canceled);

        let request = pb::WatchOrderRequest { order_id: order.order_id, resume_token: token_after_placed, ..Default::default() };
        let mut resumed = orders.alice().watch_order(request).await.unwrap().into_inner();
        assert_eq!(resumed.message().await.unwrap().unwrap().change.unwrap().kind(), Paid);
    }

    async fn a_stream_ends_in_the_states_that_it_waits_for(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("watched").await;
        let request = pb::WatchOrderRequest {
            order_id: order.order_id,
            until_states: vec![pb::OrderState::Placed.into()],
            ..Default::default()
        };
        let mut changes = orders.alice().watch_order(request).await.unwrap().into_inner();
        let mut last = None;
        while let Some(seen) = changes.message().await.unwrap() {
            last = seen.change;
        }
        assert_eq!(last.unwrap().kind(), pb::OrderChangeKind::Placed);
    }

    async fn a_token_of_another_order_does_not_resume(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let one = orders.paid("one").await;
        let two = orders.paid("two").await;
        let request = pb::WatchOrderRequest { order_id: one.order_id, ..Default::default() };
        let mut changes = orders.alice().watch_order(request).await.unwrap().into_inner();
        let resume_token = changes.message().await.unwrap().unwrap().resume_token;
        let request = pb::WatchOrderRequest { order_id: two.order_id, resume_token, ..Default::default() };
        let refused = orders.alice().watch_order(request).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN"));
    }
}
