//! RefreshPayment, the simulator's button that it asks about, and what expires.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{Engine, TestService, eventually, metadata_of, on_each_engine, reason_of};
use souk_types::{Clock, Timestamp};
use tonic::Code;

use crate::support::{
    DeclineCode, FakeLedger, Mood, PATIENCE, State, TestPayments, action, amounts, authorization,
    capture, decline, gbp,
};

/// Starts the service at a clock of the test's own.
async fn at_a_clock(engine: Engine) -> (TestPayments, Clock) {
    let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
    let ledger = FakeLedger::start().await;
    let builder = TestService::builder(payments::definition(), engine)
        .clock(&clock)
        .upstream("ledger", &ledger.url())
        .set("recovery.sweep_milliseconds", "20")
        .database("simulator.data.url");
    (TestPayments::of(builder.start().await, ledger), clock)
}

on_each_engine! {
    async fn only_the_bank_says_what_the_customer_decided(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        let waiting = shop.authorize(&request).await.unwrap();
        assert_eq!(waiting.state(), State::RequiresAction);
        let redirect_uri = action(&waiting);
        assert!(redirect_uri.starts_with("https://"));
        assert!(!redirect_uri.contains(&request.payment_id));
        assert!(!format!("{waiting:?}").contains(&redirect_uri), "it is a secret");
        assert_eq!(shop.authorize(&request).await.unwrap(), waiting);

        // Whoever asks, nothing was decided.
        let ask = pb::RefreshPaymentRequest { payment_id: request.payment_id.clone() };
        let as_caller = |caller: Caller| PaymentServiceClient::new(shop.service.channel_as(&caller));
        let callers = [Caller::user("alice"), Caller::Staff("ann".into()), Caller::Service("orders".into())];
        for caller in callers {
            let payment = as_caller(caller).refresh_payment(ask.clone()).await.unwrap().into_inner().payment.unwrap();
            assert_eq!((payment.state(), action(&payment)), (State::RequiresAction, redirect_uri.clone()));
        }
        let stranger = as_caller(Caller::user("bob")).refresh_payment(ask.clone()).await.unwrap_err();
        assert_eq!((stranger.code(), reason_of(&stranger)), (Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND".into()));
        assert_eq!(shop.get(&request.payment_id).await, waiting);
        assert_eq!(shop.ledger.calls(), 0);
        shop.agree().await;

        // The holder of the link decides, once; it cannot be guessed.
        let mut page = SimulatorServiceClient::new(shop.service.channel_as(&Caller::user("alice")));
        let guessed = format!("https://simulator.invalid/actions/{}", request.payment_id);
        let cut = redirect_uri[..redirect_uri.len() - 1].to_owned();
        for redirect_uri in [guessed, cut, "https://simulator.invalid/actions/".into(), request.payment_id.clone()] {
            let press = simulator::CompleteActionRequest { redirect_uri, approve: true };
            let refusal = page.complete_action(press).await.unwrap_err();
            assert_eq!((refusal.code(), reason_of(&refusal).as_str()), (Code::NotFound, "ERROR_REASON_ACTION_NOT_FOUND"));
        }
        let press = simulator::CompleteActionRequest { redirect_uri, approve: true };
        assert!(page.complete_action(press.clone()).await.unwrap().into_inner().approved);
        let payment = shop.get(&request.payment_id).await;
        assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
        assert_eq!(payment.action, None);
        let changed_mind = simulator::CompleteActionRequest { approve: false, ..press };
        assert!(page.complete_action(changed_mind).await.unwrap().into_inner().approved, "the first decision holds");
        // The customer sees the payment, and not what the shop and the provider settle.
        let asked = as_caller(Caller::user("alice")).refresh_payment(ask).await.unwrap();
        let shown = pb::Payment { fees: None, provider_reference: String::new(), ..payment };
        assert_eq!(asked.into_inner().payment, Some(shown));
        assert_eq!(shop.ledger.held_and_sold(&request.payment_id), (100, 0));
        shop.agree().await;
    }

    async fn the_page_of_the_bank_sends_the_customer_back(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        for url in ["https://shop.example/orders/1?x=1", "http://localhost:3000/back", "http://127.0.0.1", "http://[::1]:80/"] {
            let request = pb::AuthorizePaymentRequest { return_url: url.into(), ..authorization("tok_requires_action") };
            let redirect_uri = action(&shop.authorize(&request).await.unwrap());
            let press = simulator::CompleteActionRequest { redirect_uri, approve: true };
            let answer = shop.simulator.clone().complete_action(press).await.unwrap().into_inner();
            assert_eq!(answer.return_url, url);
        }
        let long = format!("https://shop.example/{}", "x".repeat(2048));
        for url in ["http://shop.example/", "javascript:alert(1)", "https://", "https://a b", "http://localhost.evil.example/", &long] {
            let request = pb::AuthorizePaymentRequest { return_url: url.into(), ..authorization("tok_approved") };
            let refusal = shop.authorize(&request).await.unwrap_err();
            assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_FIELD", "{url}");
            assert_eq!(souk_testkit::field_violations(&refusal)[0].field, "return_url");
        }
    }

    async fn a_decision_that_payments_could_not_take_in_is_taken_in_later(engine: Engine) {
        let shop = TestPayments::start_without_recovery(engine).await;
        let request = authorization("tok_requires_action");
        let redirect_uri = action(&shop.authorize(&request).await.unwrap());
        shop.ledger.set(Mood::Down);
        let refusal = shop.decide(&request.payment_id, true).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE".into()));
        shop.ledger.set(Mood::Well);
        let press = simulator::CompleteActionRequest { redirect_uri, approve: true };
        assert!(shop.simulator.clone().complete_action(press).await.unwrap().into_inner().approved);
        let payment = shop.get(&request.payment_id).await;
        assert_eq!(payment.state(), State::RequiresCapture);
        assert!(payment.authorization_expire_time.is_some(), "{payment:?}");
        shop.agree().await;
    }

    async fn the_customer_declines_and_may_come_with_another_method(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        shop.authorize(&request).await.unwrap();
        let payment = shop.complete_action(&request.payment_id, false).await.unwrap();
        assert_eq!(payment.state(), State::RequiresPaymentMethod);
        assert_eq!(decline(&payment), Some(DeclineCode::AuthenticationFailed));
        assert_eq!(shop.refresh(&request.payment_id).await.unwrap(), payment);
        let again = shop.authorize(&request).await.unwrap_err();
        assert_eq!(reason_of(&again), "ERROR_REASON_PAYMENT_DECLINED");
        assert_eq!(metadata_of(&again)["decline"], "DECLINE_CODE_AUTHENTICATION_FAILED");
        // Another card of the same kind asks again, and nothing of the first decision is left.
        let again = shop.confirm(&request.payment_id, "tok_requires_action:second").await.unwrap();
        assert_eq!(again.state(), State::RequiresAction);
        assert_eq!(shop.refresh(&request.payment_id).await.unwrap(), again);
        let payment = shop.complete_action(&request.payment_id, true).await.unwrap();
        assert_eq!((payment.state(), payment.decline), (State::RequiresCapture, None));
        shop.agree().await;
    }

    async fn another_method_takes_the_place_of_an_action_unless_the_customer_has_acted(engine: Engine) {
        let shop = TestPayments::start_without_recovery(engine).await;
        let request = authorization("tok_requires_action");
        let redirect_uri = action(&shop.authorize(&request).await.unwrap());
        let same = shop.confirm(&request.payment_id, "tok_requires_action").await.unwrap();
        assert_eq!((same.state(), action(&same)), (State::RequiresAction, redirect_uri.clone()));
        let payment = shop.confirm(&request.payment_id, "tok_approved").await.unwrap();
        assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
        let press = simulator::CompleteActionRequest { redirect_uri, approve: true };
        let late = shop.simulator.clone().complete_action(press).await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_ACTION_CLOSED");
        shop.agree().await;

        // The customer approved, and payments could not take that in: the first method holds.
        let request = authorization("tok_requires_action");
        shop.authorize(&request).await.unwrap();
        shop.ledger.set(Mood::Down);
        shop.decide(&request.payment_id, true).await.unwrap_err();
        shop.ledger.set(Mood::Well);
        let refusal = shop.confirm(&request.payment_id, "tok_approved").await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_STATE");
        let payment = shop.get(&request.payment_id).await;
        assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
        shop.agree().await;
    }

    async fn a_customer_who_comes_after_the_payment_was_voided_decides_nothing(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        let redirect_uri = action(&shop.authorize(&request).await.unwrap());
        let voided = shop.void(&request.payment_id).await.unwrap();
        assert_eq!(voided.cancellation_reason(), pb::PaymentCancellationReason::Voided);
        let press = simulator::CompleteActionRequest { redirect_uri, approve: true };
        let late = shop.simulator.clone().complete_action(press).await.unwrap_err();
        assert_eq!((late.code(), reason_of(&late).as_str()), (Code::FailedPrecondition, "ERROR_REASON_ACTION_CLOSED"));
        assert_eq!(shop.refresh(&request.payment_id).await.unwrap(), voided);
        shop.agree().await;
    }

    async fn an_action_expires_and_another_method_may_follow(engine: Engine) {
        let (shop, clock) = at_a_clock(engine).await;
        let request = authorization("tok_requires_action");
        let waiting = shop.authorize(&request).await.unwrap();
        let expires = waiting.action.as_ref().unwrap().expire_time.as_ref().unwrap();
        assert_eq!(expires.seconds, 1_700_000_000 + 900);
        clock.advance(Duration::from_secs(901));
        let ended = eventually(PATIENCE, || async {
            let payment = shop.get(&request.payment_id).await;
            (payment.state() == State::RequiresPaymentMethod).then_some(payment)
        })
        .await;
        assert_eq!((decline(&ended), ended.action.as_ref()), (Some(DeclineCode::ActionExpired), None));
        let refusal = shop.authorize(&request).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal).as_str()), (Code::FailedPrecondition, "ERROR_REASON_ACTION_EXPIRED"));
        let press = simulator::CompleteActionRequest { redirect_uri: action(&waiting), approve: true };
        let late = shop.simulator.clone().complete_action(press).await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_ACTION_CLOSED");
        let payment = shop.confirm(&request.payment_id, "tok_approved").await.unwrap();
        assert_eq!(payment.state(), State::RequiresCapture);
        shop.agree().await;
    }

    async fn a_customer_who_decided_in_time_is_heard_after_the_expiry(engine: Engine) {
        let shop = TestPayments::with(engine, &[("recovery.sweep_milliseconds", "60000"), ("action.expire_seconds", "1")]).await;
        let request = authorization("tok_requires_action");
        shop.authorize(&request).await.unwrap();
        shop.ledger.set(Mood::Down);
        shop.decide(&request.payment_id, true).await.unwrap_err();
        shop.ledger.set(Mood::Well);
        let heard = eventually(PATIENCE, || async { shop.refresh(&request.payment_id).await.ok() }).await;
        assert_eq!((heard.state(), amounts(&heard)), (State::RequiresCapture, (100, 0, 0)));
        shop.agree().await;
    }

    async fn an_authorisation_expires_and_what_was_captured_of_it_stays(engine: Engine) {
        let (shop, clock) = at_a_clock(engine).await;
        let whole = shop.authorized("tok_approved").await;
        let part = shop.authorized("tok_approved").await;
        shop.capture(capture(&part, "a", Some(30), false)).await.unwrap();
        let nothing = pb::AuthorizePaymentRequest { amount: gbp(0), ..authorization("tok_approved") };
        assert_eq!(shop.authorize(&nothing).await.unwrap().authorization_expire_time, None);
        clock.advance(Duration::from_secs(7 * 86_400 + 1));
        let over = |id: String, state: State| {
            let shop = &shop;
            eventually(PATIENCE, move || {
                let id = id.clone();
                async move {
                    let payment = shop.get(&id).await;
                    (payment.state() == state).then_some(payment)
                }
            })
        };
        let ended = over(whole.clone(), State::Canceled).await;
        assert_eq!(ended.cancellation_reason(), pb::PaymentCancellationReason::AuthorizationExpired);
        assert_eq!((amounts(&ended), shop.ledger.held_and_sold(&whole)), ((0, 0, 0), (0, 0)));
        let ended = over(part.clone(), State::Succeeded).await;
        assert_eq!((amounts(&ended), shop.ledger.held_and_sold(&part)), ((30, 30, 0), (0, 30)));
        let late = shop.capture(capture(&whole, "a", None, true)).await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_PAYMENT_STATE");
        assert_eq!(shop.get(&nothing.payment_id).await.state(), State::RequiresCapture);
        shop.agree().await;
    }
}
