//! RetryPayment, and what an order does while it waits for it.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_data::Engine;
use souk_testkit::{eventually, metadata_of, on_each_engine, reason_of};

use crate::upstreams::*;

on_each_engine! {
    async fn an_order_that_was_declined_softly_is_paid_with_another_method(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.decline_softly();
        let refused = orders.place("poor").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_PAYMENT_METHOD_DECLINED");
        let metadata = metadata_of(&refused);
        assert_eq!(metadata["decline"], "DECLINE_CODE_INSUFFICIENT_FUNDS");
        let again = orders.place("poor").await.unwrap_err();
        assert_eq!(metadata_of(&again), metadata, "a repeat answers the same, at once");

        let waiting = orders.reaches(&metadata["order_id"], At::Pending).await;
        assert_eq!(waiting.payments[0].decline(), payments::DeclineCode::InsufficientFunds);
        assert!(waiting.expire_time.is_some());
        assert!(orders.world.lock().reservations.values().all(|state| *state == "held"));

        let paid = orders.retry(&waiting.order_id, "tok_other").await.unwrap();
        assert!(matches!(at(&paid), At::Placed | At::Paid));
        let paid = orders.reaches(&waiting.order_id, At::Paid).await;
        assert_eq!(orders.world.lock().payments[payment_id(&paid)], (3 * UNIT, 3 * UNIT, 0));
        let repeated = orders.retry(&waiting.order_id, "tok_other").await.unwrap();
        assert_eq!(repeated.order_id, paid.order_id);
        assert_eq!(orders.upstreams.calls(CONFIRM), 1);

        let request = pb::ListOrderHistoryRequest { order_id: paid.order_id.clone(), ..Default::default() };
        let changes = orders.alice().list_order_history(request).await.unwrap().into_inner().changes;
        let kinds: Vec<_> = changes.iter().map(|change| change.kind()).collect();
        use pb::OrderChangeKind::{Created, Paid, PaymentMethodDeclined, PaymentRetried, Placed, Priced};
        assert_eq!(kinds, [Created, Priced, PaymentMethodDeclined, PaymentRetried, Placed, Paid]);
        assert_eq!(changes[4].cause(), pb::OrderChangeCause::RetryPayment);
        orders.audit().await;
    }

    async fn a_second_decline_waits_again_and_a_hard_one_ends_the_order(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.decline_softly();
        let order_id = metadata_of(&orders.place("poor").await.unwrap_err())["order_id"].clone();
        orders.upstreams.on(CONFIRM, |request: payments::ConfirmPaymentRequest| {
            Err::<payments::ConfirmPaymentResponse, _>(soft_decline(&request.payment_id))
        });
        let refused = orders.retry(&order_id, "tok_other").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_PAYMENT_METHOD_DECLINED");
        orders.upstreams.fail(CONFIRM, refusal("ERROR_REASON_UNKNOWN_PAYMENT_METHOD", &[]));
        let refused = orders.retry(&order_id, "tok_typo").await.unwrap_err();
        assert_eq!(metadata_of(&refused)["decline"], "DECLINE_CODE_INVALID_METHOD");

        let facts = [("decline", "DECLINE_CODE_STOLEN_OR_LOST"), ("retryable", "false")];
        orders.upstreams.fail(CONFIRM, refusal("ERROR_REASON_PAYMENT_DECLINED", &facts));
        let refused = orders.retry(&order_id, "tok_stolen").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_PAYMENT_DECLINED");
        assert_eq!(metadata_of(&refused)["decline"], "DECLINE_CODE_GENERIC", "a customer reads it");
        orders.reaches(&order_id, At::Rejected).await;
        assert!(orders.world.lock().reservations.values().all(|state| *state == "released"));
        let over = orders.retry(&order_id, "tok_other").await.unwrap_err();
        assert_eq!(metadata_of(&over)["order_id"], order_id, "it answers why the order was rejected");
        orders.audit().await;
    }

    async fn an_order_that_nobody_pays_is_rejected_when_its_time_is_up(engine: Engine) {
        let orders = TestOrders::start_with(engine, &[("saga.payment_seconds", "2")]).await;
        orders.decline_softly();
        let order_id = metadata_of(&orders.place("poor").await.unwrap_err())["order_id"].clone();
        let rejected = orders.reaches(&order_id, At::Rejected).await;
        assert_eq!(rejected.closure_reason(), pb::OrderClosureReason::PaymentDeclined);
        {
            let world = orders.world.lock();
            assert!(world.reservations.values().all(|state| *state == "released"));
            assert!(world.voided.contains(payment_id(&rejected)), "no later attempt can charge it");
        }
        let late = orders.retry(&order_id, "tok_other").await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_PAYMENT_DECLINED");
        let request = pb::ListOrderHistoryRequest { order_id, ..Default::default() };
        let changes = orders.staff().list_order_history(request).await.unwrap().into_inner().changes;
        assert_eq!(changes.last().unwrap().cause(), pb::OrderChangeCause::Expiry);
        orders.audit().await;
    }

    async fn an_order_that_waits_for_a_payment_method_is_canceled_at_once(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.decline_softly();
        let order_id = metadata_of(&orders.place("poor").await.unwrap_err())["order_id"].clone();
        let request = pb::CancelOrderRequest {
            order_id: order_id.clone(),
            reason: pb::CancelReason::CustomerRequest.into(),
            note: "too dear".into(), ..Default::default()
        };
        orders.alice().cancel_order(request).await.unwrap();
        let rejected = orders.reaches(&order_id, At::Rejected).await;
        assert_eq!(rejected.closure_reason(), pb::OrderClosureReason::Canceled);
        assert!(orders.world.lock().reservations.values().all(|state| *state == "released"));
        let request = pb::ListOrderHistoryRequest { order_id, ..Default::default() };
        let changes = orders.staff().list_order_history(request).await.unwrap().into_inner().changes;
        let last = changes.last().unwrap();
        assert_eq!((last.cause(), last.note.as_str()), (pb::OrderChangeCause::CancelOrder, "too dear"));
        assert_eq!(last.actor.as_ref().unwrap().id, "alice");
        orders.audit().await;
    }

    async fn an_order_that_waits_survives_a_restart(engine: Engine) {
        let mut orders = TestOrders::start(engine).await;
        orders.decline_softly();
        let order_id = metadata_of(&orders.place("poor").await.unwrap_err())["order_id"].clone();
        orders.service.restart().await;
        orders.retry(&order_id, "tok_other").await.unwrap();
        orders.reaches(&order_id, At::Paid).await;
        assert_eq!(orders.upstreams.calls(AUTHORIZE), 1, "the declined method is not tried again");
        orders.audit().await;
    }

    async fn only_its_user_retries_and_only_what_waits(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("rich").await;
        let request = pb::RetryPaymentRequest {
            order_id: order.order_id.clone(),
            payment_method: "tok_other".into(),
            ..Default::default()
        };
        let bob = orders.client_as(&Caller::user("bob")).retry_payment(request).await;
        assert_eq!(reason_of(&bob.unwrap_err()), "ERROR_REASON_ORDER_NOT_FOUND");
        let cancel = pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
        orders.alice().cancel_order(cancel).await.unwrap();
        let refused = orders.retry(&order.order_id, "tok_other").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
        assert_eq!(metadata_of(&refused)["state"], "ORDER_STATE_CANCELED");
        eventually(Duration::from_secs(5), || async { orders.upstreams.calls(CONFIRM) == 0 }).await;
    }
}
