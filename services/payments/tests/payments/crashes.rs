//! Operations that are interrupted at every boundary: the work is dropped there, as by a crash, and
//! only the databases survive.

use std::time::Duration;

use souk_chassis::{Effect, Rule};
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::v1 as pb;
use souk_testkit::{Engine, eventually, on_each_engine};

use crate::support::{
    PATIENCE, State, TestPayments, action, amounts, authorization, capture, capture_id,
    new_refund_id, refund, reversal,
};

/// How long the work would pause.
const STANDSTILL: Duration = Duration::from_secs(60);

/// Makes the work pause at a point, once.
fn stop_at(shop: &TestPayments, point: &str, key: &str) {
    let target = point.to_owned();
    let key = key.to_owned();
    shop.service.running().faults().inject(Rule {
        id: 0,
        target,
        key,
        after: 0,
        times: 1,
        effect: Effect::Delay(STANDSTILL),
    });
}

/// Begins the operation of a point on a fresh payment, is cut off there, and returns the payment's
/// id and what must come of it.
async fn cut_off(shop: &TestPayments, point: &str) -> (String, State, (i64, i64, i64)) {
    let operation = point.split('.').nth(1).expect("payments.<operation>.<moment>");
    let mut client = shop.payments.clone();
    let request = authorization(if operation == "complete_action" {
        "tok_requires_action"
    } else {
        "tok_approved"
    });
    let id = request.payment_id.clone();
    if operation != "authorize" {
        shop.authorize(&request).await.unwrap();
    }
    if operation == "refund" || operation == "reverse" {
        shop.capture(capture(&id, "a", None, true)).await.unwrap();
    }
    stop_at(shop, point, &id);
    let hits = || shop.service.running().faults().hits().get(point).copied().unwrap_or(0);
    let before = hits();
    let call = async {
        match operation {
            "authorize" => client.authorize_payment(request).await.map(|_| ()),
            "complete_action" => {
                let request = simulator::CompleteActionRequest {
                    redirect_uri: action(&shop.get(&id).await),
                    approve: true,
                };
                shop.simulator.clone().complete_action(request).await.map(|_| ())
            }
            "capture" => {
                client.capture_payment(capture(&id, "a", Some(60), true)).await.map(|_| ())
            }
            "void" => {
                let request = pb::VoidPaymentRequest { payment_id: id.clone() };
                client.void_payment(request).await.map(|_| ())
            }
            "refund" => client.refund_payment(refund(&id, &new_refund_id(), 30)).await.map(|_| ()),
            "reverse" => {
                let request = reversal(capture_id(&id, "a"));
                shop.simulator.clone().reverse_operation(request).await.map(|_| ())
            }
            other => panic!("no scenario for {other}"),
        }
    };
    // The caller goes away once the work is there.
    tokio::select! {
        done = call => panic!("nothing stopped it at {point}: {done:?}"),
        () = eventually(PATIENCE, || async { hits() > before }) => {}
    }
    match operation {
        "authorize" | "complete_action" => (id, State::RequiresCapture, (100, 0, 0)),
        "capture" => (id, State::Succeeded, (60, 60, 0)),
        "void" | "reverse" => (id, State::Canceled, (0, 0, 0)),
        _ => (id, State::Succeeded, (100, 100, 30)),
    }
}

on_each_engine! {
    async fn whoever_is_cut_off_at_any_boundary_is_finished_by_the_recovery(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        for point in payments::FAULT_POINTS {
            let (id, state, expected) = cut_off(&shop, point).await;
            let payment = shop.settled(&id).await;
            assert_eq!((payment.state(), amounts(&payment)), (state, expected), "{point}");
        }
        let hits = shop.service.running().faults().hits();
        assert!(payments::FAULT_POINTS.iter().all(|point| hits.contains_key(point)), "{hits:?}");
        shop.agree().await;
    }

    async fn a_restart_finishes_what_was_begun(engine: Engine) {
        let mut shop = TestPayments::with(engine, &[]).await;
        let mut begun = Vec::new();
        for point in payments::FAULT_POINTS.iter().filter(|point| point.ends_with("after_attempt")) {
            begun.push((cut_off(&shop, point).await, point));
        }
        shop.restart().await;
        for ((id, state, expected), point) in begun {
            let payment = shop.settled(&id).await;
            assert_eq!((payment.state(), amounts(&payment)), (state, expected), "{point}");
        }
        shop.agree().await;
    }
}
