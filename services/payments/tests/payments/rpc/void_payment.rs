//! VoidPayment.

use souk_testkit::{Engine, metadata_of, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{State, TestPayments, amounts, authorization, capture, new_id};

on_each_engine! {
    async fn voiding_sets_free_what_was_held(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_approved").await;
        let payment = shop.void(&id).await.unwrap();
        assert_eq!((payment.state(), amounts(&payment)), (State::Canceled, (0, 0, 0)));
        assert_eq!(shop.ledger.held_and_sold(&id), (0, 0));
        assert_eq!(shop.void(&id).await.unwrap(), payment);
        let late = shop.capture(capture(&id, "a", None, true)).await.unwrap_err();
        assert_eq!(metadata_of(&late)["state"], "PAYMENT_STATE_CANCELED");
        shop.agree().await;
    }

    async fn an_unknown_id_is_remembered_and_refuses_the_authorisation_that_comes_later(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        let tombstone = shop.void(&request.payment_id).await.unwrap();
        assert_eq!((tombstone.state(), tombstone.order_id.as_str()), (State::Canceled, ""));
        assert_eq!(shop.void(&request.payment_id).await.unwrap(), tombstone);
        let refusal = shop.authorize(&request).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::FailedPrecondition, "ERROR_REASON_PAYMENT_STATE".into()));
        assert_eq!(shop.charge(&request.payment_id).await, None);
        assert_eq!(shop.get(&request.payment_id).await, tombstone);
        shop.agree().await;
    }

    async fn an_authorisation_that_is_repeated_after_its_void_is_refused(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        shop.authorize(&request).await.unwrap();
        shop.void(&request.payment_id).await.unwrap();
        let refusal = shop.authorize(&request).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_STATE");
        shop.agree().await;
    }

    async fn what_is_captured_cannot_be_voided_and_the_rest_of_it_can(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let whole = shop.captured("tok_approved").await;
        assert_eq!(reason_of(&shop.void(&whole).await.unwrap_err()), "ERROR_REASON_PAYMENT_STATE");
        let part = shop.authorized("tok_approved").await;
        shop.capture(capture(&part, "a", Some(40), false)).await.unwrap();
        let payment = shop.void(&part).await.unwrap();
        assert_eq!((payment.state(), amounts(&payment)), (State::Succeeded, (40, 40, 0)));
        assert_eq!(shop.ledger.held_and_sold(&part), (0, 40));
        assert_eq!(shop.void(&part).await.unwrap(), payment);
        shop.agree().await;
    }

    async fn a_payment_that_was_declined_can_be_voided(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_declined");
        shop.authorize(&request).await.unwrap_err();
        assert_eq!(shop.void(&request.payment_id).await.unwrap().state(), State::Canceled);
        assert_eq!(shop.void(&new_id()).await.unwrap().state(), State::Canceled);
        shop.agree().await;
    }
}
