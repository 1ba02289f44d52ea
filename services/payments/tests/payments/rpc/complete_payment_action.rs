//! CompletePaymentAction.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{State, TestPayments, amounts, authorization};

on_each_engine! {
    async fn the_customer_approves_and_the_payment_is_authorised(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        let waiting = shop.authorize(&request).await.unwrap();
        assert_eq!(waiting.state(), State::RequiresAction);
        assert!(waiting.action_url.starts_with("https://"));
        assert_eq!(shop.authorize(&request).await.unwrap(), waiting);
        assert_eq!(shop.ledger.calls(), 0);
        shop.agree().await;

        let request_of_user = pb::CompletePaymentActionRequest { payment_id: request.payment_id.clone(), approve: true };
        let as_user = |name: &str| PaymentServiceClient::new(shop.service.channel_as(&Caller::User(name.into())));
        let stranger = as_user("bob").complete_payment_action(request_of_user.clone()).await.unwrap_err();
        assert_eq!((stranger.code(), reason_of(&stranger)), (Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND".into()));
        let payment = as_user("alice").complete_payment_action(request_of_user).await.unwrap().into_inner().payment.unwrap();
        assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
        assert_eq!(payment.action_url, "");
        assert_eq!(shop.complete_action(&request.payment_id, true).await.unwrap(), payment);
        assert_eq!(shop.ledger.held_and_sold(&request.payment_id), (100, 0));
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
        let payment = shop.confirm(&request.payment_id, "tok_approved").await.unwrap();
        assert_eq!((payment.state(), payment.decline.as_str()), (State::RequiresCapture, ""));
        shop.agree().await;
    }

    async fn a_payment_that_waits_for_its_customer_can_be_voided(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_requires_action");
        shop.authorize(&request).await.unwrap();
        assert_eq!(shop.void(&request.payment_id).await.unwrap().state(), State::Canceled);
        let late = shop.complete_action(&request.payment_id, true).await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_PAYMENT_STATE");
        shop.agree().await;
    }
}
