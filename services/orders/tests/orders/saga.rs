//! What happens to an order when things go wrong between its steps.

use std::time::Duration;

use souk_chassis::{Caller, Effect, Rule};
use souk_client::catalog::v1 as catalog;
use souk_client::inventory::v1 as inventory;
use souk_client::ops::v1 as ops;
use souk_client::ops::v1::SagaState;
use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_data::Engine;
use souk_testkit::{Fake, eventually, metadata_of, on_each_engine, reason_of};
use souk_types::{OrderId, Timestamp};
use tonic::Status;

use crate::upstreams::*;

on_each_engine! {
    async fn an_upstream_that_comes_back_lets_the_order_go_on(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(CAPTURE, Status::unavailable("gone for now"));
        let order = orders.place("patient").await.unwrap();
        assert_eq!(at(&order), At::Placed);
        eventually(Duration::from_secs(10), || async { orders.upstreams.calls(CAPTURE) >= 2 }).await;

        let world = orders.world.clone();
        orders.upstreams.on(CAPTURE, move |request| Ok(capture(&world, &request)));
        orders.reaches(&order.order_id, At::Paid).await;
    }

    async fn an_order_that_gets_no_answer_is_given_up_and_taken_back(engine: Engine) {
        let settings =
            [("saga.give_up_seconds", "1"), ("saga.hold_seconds", "60"), ("saga.payment_seconds", "30")];
        let orders = TestOrders::start_with(engine, &settings).await;
        orders.upstreams.fail(AUTHORIZE, Status::unavailable("gone for good"));
        let refused = orders.place("late").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_GAVE_UP");
        let world = orders.world.lock();
        assert!(world.reservations.values().all(|state| *state == "released"));
        assert!(world.payments.values().all(|payment| payment.0 == 0), "an unknown authorisation is voided as if done");
    }

    async fn a_capture_refused_for_good_cancels_the_order(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(CAPTURE, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let order = orders.place("unlucky").await.unwrap();
        let canceled = orders.reaches(&order.order_id, At::Canceled).await;
        assert_eq!(canceled.closure_reason(), pb::OrderClosureReason::PaymentDeclined);
        let world = orders.world.lock();
        assert_eq!(world.reservations[&order.reservation_id], "released");
        assert_eq!(world.payments[payment_id(&order)].0, 0);
    }

    async fn a_quarantined_order_is_listed_resumed_and_settled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(CAPTURE, Status::permission_denied("misconfigured"));
        let order = orders.place("stuck").await.unwrap();
        let listed = eventually(Duration::from_secs(10), || async {
            orders.quarantined().await.pop()
        })
        .await;
        assert_eq!((listed.step.as_str(), listed.failure.as_str()), ("place.capture", "PermissionDenied"));
        assert_eq!((listed.service.as_str(), &listed.saga_id), ("orders", &order.order_id));
        assert_eq!(listed.state(), SagaState::Quarantined);

        // Still broken: it comes back.
        assert_eq!(orders.resume(&order.order_id).await.state(), SagaState::Running);
        eventually(Duration::from_secs(10), || async {
            let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
            orders.staff().get_order(request).await.unwrap().into_inner().order.unwrap().quarantined
        })
        .await;
        let request = ops::SettleSagaRequest {
            service: "orders".into(),
            saga_id: order.order_id.clone(),
            step: "place.capture".into(),
            note: "captured by telephone".into(),
        };
        let other = ops::SettleSagaRequest { step: "place.void".into(), ..request.clone() };
        let refused = orders.repair().settle_saga(other).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_SAGA_NOT_QUARANTINED");
        orders.repair().settle_saga(request.clone()).await.unwrap();
        orders.reaches(&order.order_id, At::Paid).await;
        let refused = orders.repair().settle_saga(request.clone()).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_SAGA_NOT_QUARANTINED");
        assert_eq!(metadata_of(&refused)["saga_id"], order.order_id);
        // What is not there, is no order, or is of a service that has no sagas.
        let unknown = OrderId::new(Timestamp::from_micros(1)).to_string();
        for (service, saga_id, reason) in [
            ("orders", unknown.as_str(), "ERROR_REASON_SAGA_NOT_FOUND"),
            ("orders", "no order", "ERROR_REASON_INVALID_FIELD"),
            ("payments", order.order_id.as_str(), "ERROR_REASON_INVALID_FIELD"),
            ("", order.order_id.as_str(), "ERROR_REASON_INVALID_FIELD"),
        ] {
            let request = ops::SettleSagaRequest {
                service: service.into(),
                saga_id: saga_id.into(),
                ..request.clone()
            };
            let refused = orders.repair().settle_saga(request).await.unwrap_err();
            assert_eq!(reason_of(&refused), reason, "{service} {saga_id}");
        }
        orders.audit().await;
    }

    /// After any invalid response of an upstream the order waits for a valid one, and then
    /// continues.
    async fn an_answer_is_not_believed_because_it_parses(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let fake = &orders.upstreams;
        for (step, kind) in [(RESOLVE, 0), (RESERVE, 1), (AUTHORIZE, 2), (COMMIT, 1), (CAPTURE, 2)] {
            for (way, other) in [("nothing", false), ("garbage", false), ("another", false), ("another amount", true)] {
                match way {
                    "nothing" => fake.answer_nothing(step),
                    "garbage" => fake.answer_garbage(step),
                    _ => lie(fake, step, kind, other),
                }
                let before = fake.calls(step);
                let request_id = format!("{step} {way}");
                let mut alice = orders.alice();
                let placing = tokio::spawn(async move { alice.place_order(request(&request_id)).await });
                eventually(Duration::from_secs(10), || async { fake.calls(step) >= before + 2 }).await;
                fake.answer_truly(step);
                let placed = placing.await.unwrap();
                let order = placed.unwrap_or_else(|status| panic!("{step} {way}: {status}")).into_inner().order.unwrap();
                let paid = orders.reaches(&order.order_id, At::Paid).await;
                assert_eq!((paid.lines.len(), paid.total.unwrap().minor_units), (1, 3 * UNIT), "{step} {way}");
            }
        }
        // What comes later is believed no more easily.
        for (step, kind) in [(REFUND, 3), (RETURN, 1)] {
            for (way, other) in [("nothing", false), ("garbage", false), ("another", false), ("another amount", true)] {
                match way {
                    "nothing" => fake.answer_nothing(step),
                    "garbage" => fake.answer_garbage(step),
                    _ => lie(fake, step, kind, other),
                }
                let before = fake.calls(step);
                let order = orders.fulfilled(&format!("{step} {way}")).await;
                let refund = pb::RefundOrderRequest {
                    order_id: order.order_id,
                    request_id: format!("{step} {way} back"),
                    lines: vec![pb::RefundLine { line_number: 1, quantity: 1, ..Default::default() }],
                    restock: pb::RestockPolicy::All.into(),
                    ..Default::default()
                };
                let mut staff = orders.staff();
                let refunding = tokio::spawn(async move { staff.refund_order(refund).await });
                eventually(Duration::from_secs(10), || async { fake.calls(step) >= before + 2 }).await;
                fake.answer_truly(step);
                let refunded = refunding.await.unwrap().unwrap_or_else(|status| panic!("{step} {way}: {status}"));
                assert_eq!(refunded.into_inner().refund.unwrap().state(), pb::RefundState::Succeeded, "{step} {way}");
            }
        }
        // Nor do goods leave on a response about something else.
        for (step, kind) in [(GET_PAYMENT, 2), (GET_RESERVATION, 1), (CONSUME, 1)] {
            let order = orders.paid(step).await;
            lie(fake, step, kind, false);
            let before = fake.calls(step);
            let fulfill = fulfillment(&order.order_id, step, &[]);
            let mut staff = orders.staff();
            let fulfilling = tokio::spawn(async move { staff.create_fulfillment(fulfill).await });
            eventually(Duration::from_secs(10), || async { fake.calls(step) >= before + 2 }).await;
            fake.answer_truly(step);
            let fulfilled = fulfilling.await.unwrap().unwrap().into_inner().order.unwrap();
            assert_eq!(at(&fulfilled), At::Fulfilled, "{step}");
        }
        orders.audit().await;
    }

    async fn a_compensation_is_not_believed_because_it_parses(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let fake = &orders.upstreams;
        for (step, way) in [(VOID, 0), (VOID, 1), (VOID, 2), (RELEASE, 0), (RELEASE, 1), (RELEASE, 2)] {
            fake.fail(CAPTURE, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
            match way {
                0 => fake.answer_nothing(step),
                1 => fake.answer_garbage(step),
                _ => lie(fake, step, if step == VOID { 2 } else { 1 }, false),
            }
            let before = fake.calls(step);
            let order = orders.place(&format!("{step} {way}")).await.unwrap();
            eventually(Duration::from_secs(10), || async { fake.calls(step) >= before + 2 }).await;
            let waiting = pb::GetOrderRequest { order_id: order.order_id.clone() };
            let waiting = orders.staff().get_order(waiting).await.unwrap().into_inner().order.unwrap();
            assert_eq!(at(&waiting), At::Placed, "{step} {way}");
            fake.answer_truly(step);
            orders.reaches(&order.order_id, At::Canceled).await;
        }
        orders.audit().await;
    }

    async fn a_refusal_counts_only_if_the_upstream_gave_it_and_for_this_order(engine: Engine) {
        let settings = [("saga.give_up_seconds", "1"), ("saga.hold_seconds", "60"), ("saga.payment_seconds", "30")];
        let orders = TestOrders::start_with(engine, &settings).await;
        // Something between us that knows no such path.
        orders.upstreams.fail(RESERVE, Status::not_found("no such page"));
        assert_eq!(reason_of(&orders.place("proxy").await.unwrap_err()), "ERROR_REASON_GAVE_UP");
        assert!(orders.upstreams.calls(RESERVE) > 1, "it was tried again");
        let other = refusal("ERROR_REASON_PAYMENT_DECLINED", &[("payment_id", "payment_01h455vb4pex5vsknk084sn02q")]);
        let orders = TestOrders::start_with(engine, &settings).await;
        orders.upstreams.fail(AUTHORIZE, other);
        assert_eq!(reason_of(&orders.place("other").await.unwrap_err()), "ERROR_REASON_GAVE_UP");
        orders.upstreams.fail(AUTHORIZE, Status::invalid_argument("misunderstood"));
        assert_eq!(reason_of(&orders.place("misunderstood").await.unwrap_err()), "ERROR_REASON_UPSTREAM_REFUSED");
        orders.audit().await;
    }

    async fn a_customer_who_does_not_confirm_in_time_learns_why(engine: Engine) {
        let settings = [("saga.give_up_seconds", "1"), ("saga.payment_seconds", "4")];
        let orders = TestOrders::start_with(engine, &settings).await;
        let world = orders.world.clone();
        orders.upstreams.on(AUTHORIZE, move |asked: payments::AuthorizePaymentRequest| {
            let mut world = world.lock();
            world.payments.entry(asked.payment_id.clone()).or_default();
            Ok(payments::AuthorizePaymentResponse { payment: Some(requires_action(asked)) })
        });
        let waiting = orders.place("slow").await.unwrap();
        let action = waiting.payment_action.unwrap();
        assert_eq!(action.redirect_uri, "https://bank.test/confirm");
        let refused = eventually(Duration::from_secs(30), || async { orders.place("slow").await.err() }).await;
        assert_eq!(reason_of(&refused), "ERROR_REASON_PAYMENT_ACTION_EXPIRED");
        assert!(orders.upstreams.calls(AUTHORIZE) > 1, "it was not given up after one second");
        assert!(orders.world.lock().reservations.values().all(|state| *state == "released"));
        orders.audit().await;
    }

    async fn a_restart_goes_on_where_the_order_stood(engine: Engine) {
        let mut orders = TestOrders::start_with(engine, &[("saga.lease_seconds", "1")]).await;
        orders.upstreams.fail(CAPTURE, Status::unavailable("gone for now"));
        let order = orders.place("survivor").await.unwrap();
        orders.service.restart().await;
        let world = orders.world.clone();
        orders.upstreams.on(CAPTURE, move |request| Ok(capture(&world, &request)));
        orders.reaches(&order.order_id, At::Paid).await;
        assert_eq!(orders.upstreams.calls(RESERVE), 1, "what was done is not done again");
        orders.audit().await;
    }
}

/// Has a step answer about something else: `kind` 0 prices, 1 reservations, 2 payments, 3 refunds;
/// `other` the amount, not the id.
fn lie(fake: &Fake, step: &str, kind: u8, other: bool) {
    let one_more = |money: &mut Option<souk_client::types::v1::Money>| {
        money.as_mut().unwrap().minor_units += 1
    };
    let reservation = move |reservation: &mut Option<inventory::Reservation>| {
        let reservation = reservation.as_mut().unwrap();
        if other {
            for line in &mut reservation.lines {
                (line.quantity, line.returned) = (line.quantity + 1, 0);
            }
        } else {
            reservation.reservation_id = "reservation_01h455vb4pex5vsknk084sn02q".into();
        }
    };
    let payment = move |payment: &mut Option<payments::Payment>| {
        let payment = payment.as_mut().unwrap();
        if other {
            one_more(&mut payment.amount);
        } else {
            payment.payment_id = "payment_01h455vb4pex5vsknk084sn02q".into();
        }
    };
    match (step, kind) {
        (RESOLVE, _) => {
            fake.answer_changed(step, move |answer: &mut catalog::ResolvePricesResponse| {
                if other {
                    answer.prices[0].unit_price.as_mut().unwrap().currency_code = "EUR".into();
                } else {
                    answer.prices[0].sku = "JUG".into();
                }
            })
        }
        (_, 3) => fake.answer_changed(step, move |answer: &mut payments::RefundPaymentResponse| {
            let refund = answer.refund.as_mut().unwrap();
            if other {
                one_more(&mut refund.amount);
            } else {
                refund.refund_id = "refund_01h455vb4pex5vsknk084sn02q".into();
            }
        }),
        // Every other answer holds its reservation, or its payment, in field 1.
        (_, 1) => {
            fake.answer_changed(step, move |answer: &mut inventory::CreateReservationResponse| {
                reservation(&mut answer.reservation)
            })
        }
        _ => fake.answer_changed(step, move |answer: &mut payments::CapturePaymentResponse| {
            payment(&mut answer.payment)
        }),
    }
}

/// A replica is paused between writing down that it will authorise and doing it. Another takes over
/// the order and cancels it; then the first one wakes up and continues as if nothing had happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_paused_changes_nothing_any_more() {
    if !souk_testkit::is_available(Engine::Postgres) {
        return;
    }
    // The lease is longer than a busy machine needs to start the other replica, and the pause
    // longer than the lease.
    let settings = [("saga.lease_seconds", "3"), ("faults.enabled", "true")];
    let orders = TestOrders::start_with(Engine::Postgres, &settings).await;
    let pause = Rule {
        id: 0,
        target: "orders.authorize.before_call".into(),
        key: String::new(),
        after: 0,
        times: 1,
        effect: Effect::Delay(Duration::from_secs(8)),
    };
    orders.service.running().faults().inject(pause);
    let mut alice = orders.alice();
    let placing = tokio::spawn(async move { alice.place_order(request("paused")).await });
    eventually(Duration::from_secs(60), || async { orders.upstreams.calls(RESERVE) == 1 }).await;

    let mut other = orders.replica(&[]).await;
    let mut client = souk_client::orders::v1::order_service_client::OrderServiceClient::new(
        other.channel_as(&Caller::Staff("ann".into())),
    );
    let listed =
        client.list_orders(pb::ListOrdersRequest::default()).await.unwrap().into_inner().orders;
    let order_id = listed[0].order_id.clone();
    let canceled = client
        .cancel_order(pb::CancelOrderRequest { order_id: order_id.clone(), ..Default::default() })
        .await
        .unwrap();
    assert_eq!(at(&canceled.into_inner().order.unwrap()), At::Rejected);
    let before = orders.reaches(&order_id, At::Rejected).await;

    // Both replicas have authorised by now: the second in time, the first after the tombstone.
    eventually(Duration::from_secs(60), || async { orders.upstreams.calls(AUTHORIZE) >= 2 }).await;
    assert_eq!(reason_of(&placing.await.unwrap().unwrap_err()), "ERROR_REASON_ORDER_CANCELED");
    assert_eq!(
        orders.reaches(&order_id, At::Rejected).await,
        before,
        "the late replica changed nothing"
    );
    assert!(
        orders.world.lock().payments.values().all(|payment| payment.0 == 0),
        "nothing stays authorised"
    );
    orders.audit().await;
    other.stop().await;
}
