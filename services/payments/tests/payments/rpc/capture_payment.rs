//! CapturePayment.

use souk_testkit::{Engine, metadata_of, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{State, TestPayments, amounts, authorization, capture, minor, new_id};

on_each_engine! {
    async fn a_whole_capture_posts_what_was_pending(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_approved").await;
        let payment = shop.capture(capture(&id, "a", None, true)).await.unwrap();
        assert_eq!((payment.state(), amounts(&payment)), (State::Succeeded, (100, 100, 0)));
        assert_eq!(shop.ledger.held_and_sold(&id), (0, 100));
        assert_eq!(shop.capture(capture(&id, "a", None, true)).await.unwrap(), payment);
        shop.agree().await;
    }

    async fn parts_are_captured_until_the_last_releases_the_rest(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_approved").await;
        let first = shop.capture(capture(&id, "a", Some(30), false)).await.unwrap();
        assert_eq!((first.state(), amounts(&first)), (State::RequiresCapture, (100, 30, 0)));
        assert_eq!(shop.ledger.held_and_sold(&id), (70, 30));
        shop.capture(capture(&id, "b", Some(20), false)).await.unwrap();
        shop.agree().await;
        let last = shop.capture(capture(&id, "c", Some(10), true)).await.unwrap();
        assert_eq!((last.state(), amounts(&last)), (State::Succeeded, (60, 60, 0)));
        assert_eq!(shop.ledger.held_and_sold(&id), (0, 60));
        assert_eq!(shop.capture(capture(&id, "a", Some(30), false)).await.unwrap(), last, "a repeat answers what is");
        shop.agree().await;
    }

    async fn what_cannot_be_captured_is_refused_by_name(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_approved").await;
        let refusal = shop.capture(capture(&id, "a", Some(101), true)).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_CAPTURE_EXCEEDS_AUTHORIZED");
        assert_eq!(metadata_of(&refusal)["capturable"], "100");
        let refusal = shop.capture(capture(&id, "a", Some(0), true)).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::InvalidArgument, "ERROR_REASON_INVALID_AMOUNT".into()));

        shop.capture(capture(&id, "a", Some(30), false)).await.unwrap();
        let reused = shop.capture(capture(&id, "a", Some(31), false)).await.unwrap_err();
        assert_eq!(reason_of(&reused), "ERROR_REASON_CAPTURE_DIFFERS");
        shop.capture(capture(&id, "b", None, true)).await.unwrap();
        let late = shop.capture(capture(&id, "c", Some(1), true)).await.unwrap_err();
        assert_eq!(reason_of(&late), "ERROR_REASON_PAYMENT_STATE");
        assert_eq!(metadata_of(&late)["state"], "PAYMENT_STATE_SUCCEEDED");

        let unknown = shop.capture(capture(&new_id(), "a", None, true)).await.unwrap_err();
        assert_eq!((unknown.code(), reason_of(&unknown)), (Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND".into()));
        let declined = authorization("tok_declined");
        shop.authorize(&declined).await.unwrap_err();
        let refusal = shop.capture(capture(&declined.payment_id, "a", None, true)).await.unwrap_err();
        assert_eq!(metadata_of(&refusal)["state"], "PAYMENT_STATE_REQUIRES_PAYMENT_METHOD");
        shop.agree().await;
    }

    async fn a_declined_capture_is_told_again_and_leaves_the_hold(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_capture_declined").await;
        for _ in 0..2 {
            let refusal = shop.capture(capture(&id, "a", None, true)).await.unwrap_err();
            assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_DECLINED");
            assert_eq!(metadata_of(&refusal)["decline"], "DECLINE_CODE_AUTHORIZATION_EXPIRED");
        }
        let payment = shop.get(&id).await;
        assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
        shop.agree().await;
        assert_eq!(shop.void(&id).await.unwrap().state(), State::Canceled);
        shop.agree().await;
    }

    async fn the_fee_of_the_provider_is_booked_with_the_capture(engine: Engine) {
        let fees = [("simulator.fee_basis_points", "140"), ("simulator.fee_minor_units", "20")];
        let shop = TestPayments::with(engine, &fees).await;
        let id = shop.authorized("tok_approved").await;
        shop.capture(capture(&id, "a", Some(50), false)).await.unwrap();
        let payment = shop.capture(capture(&id, "b", None, true)).await.unwrap();
        assert_eq!(minor(&payment.fees), 40);
        shop.agree().await;
    }
}
