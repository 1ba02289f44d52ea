//! Several calls about one payment at once: one wins, the others get a typed refusal, and the
//! provider sees one.

use souk_testkit::{Engine, on_each_engine, reason_of};
use tokio::task::JoinSet;

use crate::support::{State, TestPayments, amounts, authorization, capture, new_refund_id, refund};

on_each_engine! {
    async fn of_many_captures_of_the_whole_one_wins(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        let id = shop.authorized("tok_approved").await;
        let mut calls = JoinSet::new();
        for number in 0..8 {
            let mut client = shop.payments.clone();
            let request = capture(&id, &number.to_string(), None, true);
            calls.spawn(async move { client.capture_payment(request).await });
        }
        let mut won = 0;
        while let Some(answer) = calls.join_next().await {
            match answer.unwrap() {
                Ok(_) => won += 1,
                Err(status) => assert_eq!(reason_of(&status), "ERROR_REASON_PAYMENT_STATE", "{status}"),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(amounts(&shop.get(&id).await), (100, 100, 0));
        assert_eq!(shop.charge(&id).await.unwrap().operation_count, 2);
        shop.agree().await;
    }

    async fn of_a_capture_and_a_void_one_wins(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        for _ in 0..12 {
            let id = shop.authorized("tok_approved").await;
            let (captured, voided) = tokio::join!(shop.capture(capture(&id, "a", None, true)), shop.void(&id));
            let payment = shop.get(&id).await;
            match (captured, voided) {
                (Ok(_), Err(refusal)) => {
                    assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_STATE");
                    assert_eq!(payment.state(), State::Succeeded);
                }
                (Err(refusal), Ok(_)) => {
                    assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_STATE");
                    assert_eq!(payment.state(), State::Canceled);
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(shop.charge(&id).await.unwrap().operation_count, 2);
        }
        shop.agree().await;
    }

    async fn the_same_call_many_times_at_once_is_one_call(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        let request = authorization("tok_slow");
        let mut calls = JoinSet::new();
        for _ in 0..8 {
            let mut client = shop.payments.clone();
            let request = request.clone();
            calls.spawn(async move { client.authorize_payment(request).await });
        }
        while let Some(answer) = calls.join_next().await {
            assert_eq!(answer.unwrap().unwrap().into_inner().payment.unwrap().state(), State::RequiresCapture);
        }
        assert_eq!(shop.charge(&request.payment_id).await.unwrap().operation_count, 1);
        shop.agree().await;
    }

    async fn refunds_at_once_never_pay_back_more_than_was_captured(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        let id = shop.captured("tok_approved").await;
        let mut calls = JoinSet::new();
        for _ in 0..8 {
            let mut client = shop.payments.clone();
            let request = refund(&id, &new_refund_id(), 30);
            calls.spawn(async move { client.refund_payment(request).await });
        }
        let mut paid_back = 0;
        while let Some(answer) = calls.join_next().await {
            match answer.unwrap() {
                Ok(_) => paid_back += 1,
                Err(status) => assert_eq!(reason_of(&status), "ERROR_REASON_REFUND_EXCEEDS_CAPTURED", "{status}"),
            }
        }
        assert_eq!(paid_back, 3);
        assert_eq!(amounts(&shop.get(&id).await), (100, 100, 90));
        shop.agree().await;
    }

    async fn many_payments_at_once_do_not_hinder_each_other(engine: Engine) {
        let shop = TestPayments::with(engine, &[]).await;
        let mut calls = JoinSet::new();
        for _ in 0..64 {
            let mut client = shop.payments.clone();
            calls.spawn(async move {
                let request = authorization("tok_approved");
                let id = request.payment_id.clone();
                client.authorize_payment(request).await?;
                client.capture_payment(capture(&id, "a", None, true)).await
            });
        }
        while let Some(answer) = calls.join_next().await {
            assert_eq!(answer.unwrap().unwrap().into_inner().payment.unwrap().state(), State::Succeeded);
        }
        shop.agree().await;
    }
}
