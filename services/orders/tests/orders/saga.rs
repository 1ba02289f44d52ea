//! What happens to an order when things go wrong between its steps.

use std::time::Duration;

use souk_chassis::{Caller, Effect, Rule};
use souk_client::orders::v1 as pb;
use souk_data::Engine;
use souk_testkit::{eventually, on_each_engine, reason_of};
use tonic::Status;

use crate::neighbours::*;

on_each_engine! {
    async fn a_neighbour_that_comes_back_lets_the_order_go_on(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.neighbours.fail(CAPTURE, Status::unavailable("gone for now"));
        let order = orders.place("patient").await.unwrap();
        assert_eq!(order.state(), pb::OrderState::Placed);
        eventually(Duration::from_secs(10), || async { orders.neighbours.calls(CAPTURE) >= 2 }).await;

        let world = orders.world.clone();
        orders.neighbours.on(CAPTURE, move |request: souk_client::payments::v1::CapturePaymentRequest| {
            let mut world = world.lock();
            let payment = world.payments.get_mut(&request.payment_id).unwrap();
            payment.1 = payment.0;
            Ok(souk_client::payments::v1::CapturePaymentResponse::default())
        });
        orders.reaches(&order.order_id, pb::OrderState::Paid).await;
    }

    async fn an_order_that_gets_no_answer_is_given_up_and_taken_back(engine: Engine) {
        let settings = [("saga.give_up_seconds", "1"), ("saga.hold_seconds", "60")];
        let orders = TestOrders::start_with(engine, &settings).await;
        orders.neighbours.fail(AUTHORIZE, Status::unavailable("gone for good"));
        let refused = orders.place("late").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_GAVE_UP");
        let world = orders.world.lock();
        assert!(world.reservations.values().all(|state| *state == "released"));
        assert!(world.payments.values().all(|payment| payment.0 == 0), "an unknown authorisation is voided as if done");
    }

    async fn a_capture_refused_for_good_cancels_the_order(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.neighbours.fail(CAPTURE, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let order = orders.place("unlucky").await.unwrap();
        let canceled = orders.reaches(&order.order_id, pb::OrderState::Canceled).await;
        assert_eq!(canceled.reason, "ERROR_REASON_PAYMENT_DECLINED");
        let world = orders.world.lock();
        assert_eq!(world.reservations[&order.reservation_id], "released");
        assert_eq!(world.payments[&order.payment_id].0, 0);
    }

    async fn a_quarantined_order_is_listed_resumed_and_settled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.neighbours.fail(CAPTURE, Status::permission_denied("misconfigured"));
        let order = orders.place("stuck").await.unwrap();
        let listed = eventually(Duration::from_secs(10), || async {
            let request = pb::ListQuarantinedOrdersRequest::default();
            orders.staff().list_quarantined_orders(request).await.unwrap().into_inner().orders.pop()
        })
        .await;
        assert_eq!((listed.step.as_str(), listed.failure.as_str()), ("place.capture", "PermissionDenied"));
        assert_eq!(listed.order.unwrap().order_id, order.order_id);

        // Still broken: it comes back.
        orders.staff().resume_order(pb::ResumeOrderRequest { order_id: order.order_id.clone() }).await.unwrap();
        eventually(Duration::from_secs(10), || async {
            let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
            orders.staff().get_order(request).await.unwrap().into_inner().order.unwrap().is_quarantined
        })
        .await;
        let request = pb::SettleOrderRequest { order_id: order.order_id.clone(), note: "captured by telephone".into() };
        orders.staff().settle_order(request.clone()).await.unwrap();
        orders.reaches(&order.order_id, pb::OrderState::Paid).await;
        let refused = orders.staff().settle_order(request).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_NOT_QUARANTINED");
        orders.audit().await;
    }

    async fn a_restart_goes_on_where_the_order_stood(engine: Engine) {
        let mut orders = TestOrders::start_with(engine, &[("saga.lease_seconds", "1")]).await;
        orders.neighbours.fail(CAPTURE, Status::unavailable("gone for now"));
        let order = orders.place("survivor").await.unwrap();
        orders.service.restart().await;
        let world = orders.world.clone();
        orders.neighbours.on(CAPTURE, move |request: souk_client::payments::v1::CapturePaymentRequest| {
            let mut world = world.lock();
            let payment = world.payments.get_mut(&request.payment_id).unwrap();
            payment.1 = payment.0;
            Ok(souk_client::payments::v1::CapturePaymentResponse::default())
        });
        orders.reaches(&order.order_id, pb::OrderState::Paid).await;
        assert_eq!(orders.neighbours.calls(RESERVE), 1, "what was done is not done again");
        orders.audit().await;
    }
}

/// A replica is paused between writing down that it will authorise and doing it. Another takes the order over and takes
/// it back; then the first one wakes up and goes on as if nothing had happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_paused_changes_nothing_any_more() {
    if !souk_testkit::is_available(Engine::Postgres) {
        return;
    }
    let settings = [("saga.lease_seconds", "1"), ("faults.enabled", "true")];
    let orders = TestOrders::start_with(Engine::Postgres, &settings).await;
    let pause = Rule {
        id: 0,
        target: "orders.authorize.before_call".into(),
        key: String::new(),
        after: 0,
        times: 1,
        effect: Effect::Delay(Duration::from_secs(4)),
    };
    orders.service.running().faults().inject(pause);
    let mut alice = orders.alice();
    let placing = tokio::spawn(async move { alice.place_order(request("paused")).await });
    eventually(Duration::from_secs(5), || async { orders.neighbours.calls(RESERVE) == 1 }).await;

    let mut other = orders.replica(&[]).await;
    let mut client = souk_client::orders::v1::order_service_client::OrderServiceClient::new(
        other.channel_as(&Caller::Staff("ann".into())),
    );
    let listed = client.list_orders(pb::ListOrdersRequest::default()).await.unwrap().into_inner().orders;
    let order_id = listed[0].order_id.clone();
    let canceled = client.cancel_order(pb::CancelOrderRequest { order_id: order_id.clone() }).await.unwrap();
    assert_eq!(canceled.into_inner().order.unwrap().state(), pb::OrderState::Rejected);
    let before = orders.reaches(&order_id, pb::OrderState::Rejected).await;

    // Both replicas have authorised by now: the second in time, the first after the tombstone.
    eventually(Duration::from_secs(10), || async { orders.neighbours.calls(AUTHORIZE) >= 2 }).await;
    assert_eq!(reason_of(&placing.await.unwrap().unwrap_err()), "ERROR_REASON_ORDER_CANCELED");
    assert_eq!(orders.reaches(&order_id, pb::OrderState::Rejected).await, before, "the late replica changed nothing");
    assert!(orders.world.lock().payments.values().all(|payment| payment.0 == 0), "nothing stays authorised");
    orders.audit().await;
    other.stop().await;
}
