//! CompletePaymentAction, and the simulator's button that it asks about.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::payments::v1::simulator_service_client::SimulatorServiceClient;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{Mood, State, TestPayments, amounts, authorization};

on_each_engine! {
    async fn only_the_bank_says_what_the_customer_decided(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        let waiting = shop.authorize(&request).await.unwrap();
        assert_eq!(waiting.state(), State::RequiresAction);
        assert!(waiting.action_url.starts_with("https://"));
        assert!(!waiting.action_url.contains(&request.payment_id));
        assert_eq!(shop.authorize(&request).await.unwrap(), waiting);

        // No caller's claim counts: not the customer's, not the staff's, not the orders service's.
        let said = pb::CompletePaymentActionRequest { payment_id: request.payment_id.clone(), approve: true };
        let callers = [Caller::User("alice".into()), Caller::Staff("ann".into()), Caller::Service("orders".into())];
        for caller in callers {
            let mut client = PaymentServiceClient::new(shop.service.channel_as(&caller));
            let refusal = client.complete_payment_action(said.clone()).await.unwrap_err();
            assert_eq!(
                (refusal.code(), reason_of(&refusal).as_str()),
                (Code::FailedPrecondition, "ERROR_REASON_ACTION_NOT_COMPLETED"),
                "{caller:?}"
            );
        }
        let as_caller = |caller: Caller| PaymentServiceClient::new(shop.service.channel_as(&caller));
        let stranger = as_caller(Caller::User("bob".into())).complete_payment_action(said.clone()).await.unwrap_err();
        assert_eq!((stranger.code(), reason_of(&stranger)), (Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND".into()));
        assert_eq!(shop.get(&request.payment_id).await, waiting);
        assert_eq!(shop.ledger.calls(), 0);
        shop.agree().await;

        // The holder of the link decides, once; it cannot be guessed.
        let mut page = SimulatorServiceClient::new(shop.service.channel_as(&Caller::User("alice".into())));
        let guessed = format!("https://simulator.invalid/actions/{}", request.payment_id);
        let cut = waiting.action_url[..waiting.action_url.len() - 1].to_owned();
        for action_url in [guessed, cut, "https://simulator.invalid/actions/".into(), request.payment_id.clone()] {
            let refusal = page.complete_action(pb::CompleteActionRequest { action_url, approve: true }).await.unwrap_err();
            assert_eq!((refusal.code(), reason_of(&refusal).as_str()), (Code::NotFound, "ERROR_REASON_ACTION_NOT_FOUND"));
        }
        let press = pb::CompleteActionRequest { action_url: waiting.action_url.clone(), approve: true };
        assert!(page.complete_action(press.clone()).await.unwrap().into_inner().approved);
        let payment = shop.get(&request.payment_id).await;
        assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
        assert_eq!(payment.action_url, "");
        let changed_mind = pb::CompleteActionRequest { approve: false, ..press };
        assert!(page.complete_action(changed_mind).await.unwrap().into_inner().approved, "the first decision holds");
        let asked = as_caller(Caller::User("alice".into())).complete_payment_action(said).await.unwrap();
        assert_eq!(asked.into_inner().payment, Some(payment));
        assert_eq!(shop.ledger.held_and_sold(&request.payment_id), (100, 0));
        shop.agree().await;
    }

    async fn a_decision_that_payments_could_not_take_in_is_taken_in_later(engine: Engine) {
        let shop = TestPayments::start_without_recovery(engine).await;
        let request = authorization("tok_requires_action");
        let waiting = shop.authorize(&request).await.unwrap();
        shop.ledger.set(Mood::Down);
        let refusal = shop.decide(&request.payment_id, true).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unavailable);
        shop.ledger.set(Mood::Well);
        let press = pb::CompleteActionRequest { action_url: waiting.action_url, approve: true };
        assert!(shop.simulator.clone().complete_action(press).await.unwrap().into_inner().approved);
        assert_eq!(shop.get(&request.payment_id).await.state(), State::RequiresCapture);
        shop.agree().await;
    }

    async fn the_customer_declines_and_may_come_with_another_method(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        shop.authorize(&request).await.unwrap();
        let payment = shop.complete_action(&request.payment_id, false).await.unwrap();
        assert_eq!(payment.state(), State::RequiresPaymentMethod);
        assert_eq!(payment.decline, "declined_by_customer");
        assert_eq!(shop.complete_action(&request.payment_id, false).await.unwrap(), payment);
        let changed_mind = shop.complete_action(&request.payment_id, true).await.unwrap_err();
        assert_eq!(reason_of(&changed_mind), "ERROR_REASON_PAYMENT_DECLINED");
        // Another card of the same kind asks again, and nothing of the first decision is left.
        let again = shop.confirm(&request.payment_id, "tok_requires_action:second").await.unwrap();
        assert_eq!(again.state(), State::RequiresAction);
        let said = pb::CompletePaymentActionRequest { payment_id: request.payment_id.clone(), approve: true };
        let refusal = shop.payments.clone().complete_payment_action(said).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_ACTION_NOT_COMPLETED");
        let payment = shop.complete_action(&request.payment_id, true).await.unwrap();
        assert_eq!((payment.state(), payment.decline.as_str()), (State::RequiresCapture, ""));
        shop.agree().await;
    }

    async fn a_customer_who_is_too_late_is_told_so_and_not_that_the_bank_declined(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        let waiting = shop.authorize(&request).await.unwrap();
        assert_eq!(shop.void(&request.payment_id).await.unwrap().state(), State::Canceled);
        let late = shop.complete_action(&request.payment_id, true).await.unwrap_err();
        assert_eq!((late.code(), reason_of(&late).as_str()), (Code::FailedPrecondition, "ERROR_REASON_ACTION_EXPIRED"));
        let press = pb::CompleteActionRequest { action_url: waiting.action_url, approve: true };
        let late = shop.simulator.clone().complete_action(press).await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_ACTION_EXPIRED");
        // One that never waited for its customer is only in another state.
        let id = shop.authorized("tok_approved").await;
        shop.void(&id).await.unwrap();
        let never = shop.complete_action(&id, true).await.unwrap_err();
        assert_eq!(reason_of(&never), "ERROR_REASON_PAYMENT_STATE");
        shop.agree().await;
    }
}
