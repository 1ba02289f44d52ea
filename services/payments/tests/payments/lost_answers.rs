//! Answers that are lost, by the provider and by the ledger: inquired, never sent again as new,
//! finished by the next call or by the recovery.

use souk_client::payments::v1 as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{
    Mood, State, TestPayments, amounts, authorization, capture, new_refund_id, refund,
};

on_each_engine! {
    async fn a_lost_answer_leaves_the_payment_in_flight_and_the_next_call_inquires(engine: Engine) {
        let shop = TestPayments::start_without_recovery(engine).await;
        for (token, operations) in [("tok_lost_after", 1), ("tok_lost_before", 0)] {
            let request = authorization(token);
            let lost = shop.authorize(&request).await.unwrap_err();
            assert_eq!((lost.code(), reason_of(&lost)), (Code::Unavailable, "ERROR_REASON_PROVIDER_UNAVAILABLE".into()));
            let payment = shop.get(&request.payment_id).await;
            assert_eq!((payment.state(), payment.in_flight), (State::Processing, true));
            assert_eq!(shop.charge(&request.payment_id).await.unwrap().operation_count, operations);

            let payment = shop.authorize(&request).await.unwrap();
            assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
            assert_eq!(shop.charge(&request.payment_id).await.unwrap().operation_count, 1);
        }
        shop.agree().await;
    }

    async fn the_recovery_finishes_what_nobody_asks_about(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        for token in ["tok_lost_after", "tok_lost_before"] {
            let request = authorization(token);
            shop.authorize(&request).await.unwrap_err();
            let payment = shop.settled(&request.payment_id).await;
            assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
            assert_eq!(shop.charge(&request.payment_id).await.unwrap().operation_count, 1);
        }
        shop.agree().await;
    }

    async fn a_lost_capture_and_a_lost_refund_happen_once(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        let id = shop.authorized("tok_capture_lost_after").await;
        let request = capture(&id, "a", Some(40), false);
        shop.capture(request.clone()).await.unwrap_err();
        assert_eq!(amounts(&shop.capture(request).await.unwrap()), (100, 40, 0));

        let id = shop.captured("tok_refund_lost_after").await;
        let request = refund(&id, &new_refund_id(), 30);
        shop.refund(request.clone()).await.unwrap_err();
        let answer = shop.refund(request).await.unwrap();
        assert_eq!(amounts(&answer.payment.unwrap()), (100, 100, 30));
        assert_eq!(answer.refund.unwrap().state(), pb::PaymentRefundState::Succeeded);
        shop.agree().await;
    }

    async fn another_operation_first_finishes_what_was_left(engine: Engine) {
        let shop = TestPayments::start_without_recovery(engine).await;
        let request = authorization("tok_lost_after");
        shop.authorize(&request).await.unwrap_err();
        let payment = shop.capture(capture(&request.payment_id, "a", None, true)).await.unwrap();
        assert_eq!((payment.state(), amounts(&payment)), (State::Succeeded, (100, 100, 0)));
        shop.agree().await;
    }

    async fn an_authorisation_nobody_knows_about_can_be_voided(engine: Engine) {
        let shop = TestPayments::start_without_recovery(engine).await;
        for token in ["tok_lost_after", "tok_lost_before", "tok_down"] {
            let request = authorization(token);
            shop.authorize(&request).await.unwrap_err();
            let payment = shop.void(&request.payment_id).await.unwrap();
            assert_eq!((payment.state(), amounts(&payment)), (State::Canceled, (0, 0, 0)), "{token}");
            assert_eq!(reason_of(&shop.authorize(&request).await.unwrap_err()), "ERROR_REASON_PAYMENT_STATE");
            assert_eq!(shop.ledger.held_and_sold(&request.payment_id), (0, 0));
        }
        shop.agree().await;
    }

    async fn a_provider_that_is_down_keeps_the_payment_in_flight(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        let request = authorization("tok_down");
        for _ in 0..3 {
            let refusal = shop.authorize(&request).await.unwrap_err();
            assert!([Code::Unavailable, Code::Aborted].contains(&refusal.code()), "{refusal}");
            assert!(shop.get(&request.payment_id).await.in_flight);
        }
        assert_eq!(shop.ledger.calls(), 0);
    }

    async fn a_ledger_that_is_down_is_written_later(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        let id = shop.authorized("tok_approved").await;
        for mood in [Mood::Down, Mood::LosesAnswers] {
            shop.ledger.set(mood);
            let request = capture(&id, &format!("{mood:?}"), Some(10), false);
            let refusal = shop.capture(request.clone()).await.unwrap_err();
            assert_eq!((refusal.code(), reason_of(&refusal)), (Code::Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE".into()));
            assert!(shop.get(&id).await.in_flight);
            shop.ledger.set(Mood::Well);
            let payment = shop.settled(&id).await;
            assert_eq!(shop.capture(request).await.unwrap(), payment);
        }
        assert_eq!(amounts(&shop.get(&id).await), (100, 20, 0));
        assert_eq!(shop.ledger.held_and_sold(&id), (80, 20));
        shop.agree().await;
    }

    async fn an_answer_of_the_ledger_that_names_not_our_transfers_is_none(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        shop.authorized("tok_approved").await;
        for mood in [Mood::AnswersNothing, Mood::AnswersNoNames, Mood::AnswersOthers, Mood::AnswersAnotherAmount] {
            shop.ledger.set(mood);
            let request = authorization("tok_approved");
            let refusal = shop.authorize(&request).await.unwrap_err();
            assert_eq!(
                (refusal.code(), reason_of(&refusal).as_str()),
                (Code::Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE"),
                "{mood:?}"
            );
            assert!(shop.get(&request.payment_id).await.in_flight, "{mood:?}");
            assert_eq!(shop.ledger.held_and_sold(&request.payment_id), (0, 0), "{mood:?}");
            shop.ledger.set(Mood::Well);
            assert_eq!(shop.settled(&request.payment_id).await.state(), State::RequiresCapture);
            assert_eq!(shop.ledger.held_and_sold(&request.payment_id), (100, 0), "{mood:?}");
        }
        // What was done all the same is found by looking.
        shop.ledger.set(Mood::DoesAndAnswersNothing);
        let id = shop.authorized("tok_approved").await;
        assert_eq!(shop.ledger.held_and_sold(&id), (100, 0));
        shop.ledger.set(Mood::Well);
        shop.agree().await;
    }

    async fn a_ledger_that_refuses_is_told_as_a_bug_and_tried_again(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        shop.authorized("tok_approved").await;
        shop.ledger.set(Mood::Refuses);
        let request = authorization("tok_approved");
        let refusal = shop.authorize(&request).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::Internal, "ERROR_REASON_LEDGER_REFUSED".into()));
        shop.ledger.set(Mood::Well);
        assert_eq!(shop.settled(&request.payment_id).await.state(), State::RequiresCapture);
        shop.agree().await;
    }
}
