//! AuthorizePayment.

use souk_client::payments::v1 as pb;
use souk_client::types::v1::Money;
use souk_testkit::{Engine, field_violations, metadata_of, on_each_engine, reason_of};
use souk_types::OrderId;
use tonic::Code;

use crate::support::{
    DeclineCode, State, TestPayments, amounts, authorization, customer, decline, gbp, minor,
};

on_each_engine! {
    async fn what_is_authorised_is_held_by_the_provider_and_pending_in_the_ledger(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        let payment = shop.authorize(&request).await.unwrap();

        assert_eq!((payment.state(), amounts(&payment)), (State::RequiresCapture, (100, 0, 0)));
        assert!(!payment.in_flight);
        assert_eq!(shop.ledger.held_and_sold(&request.payment_id), (100, 0));
        assert_eq!(minor(&shop.charge(&request.payment_id).await.unwrap().held), 100);
        assert_eq!(shop.get(&request.payment_id).await, payment);
        shop.agree().await;
    }

    async fn the_same_call_again_answers_the_same_and_asks_nobody(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        let first = shop.authorize(&request).await.unwrap();
        let rows = shop.service.row_counts().await;
        let calls = shop.ledger.calls();

        assert_eq!(shop.authorize(&request).await.unwrap(), first);
        assert_eq!((shop.service.row_counts().await, shop.ledger.calls()), (rows, calls));
        assert_eq!(shop.charge(&request.payment_id).await.unwrap().operation_count, 1);
    }

    async fn an_id_stands_for_one_payment_for_ever(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        shop.authorize(&request).await.unwrap();
        let others = [
            ("order_id", pb::AuthorizePaymentRequest { order_id: OrderId::derive(b"o", "o").to_string(), ..request.clone() }),
            ("reference", pb::AuthorizePaymentRequest { reference: "other".into(), ..request.clone() }),
            ("amount", pb::AuthorizePaymentRequest { amount: gbp(101), ..request.clone() }),
            ("payment_method", pb::AuthorizePaymentRequest { payment_method: "tok_slow".into(), ..request.clone() }),
        ];
        for (field, other) in others {
            let refusal = shop.authorize(&other).await.unwrap_err();
            assert_eq!(refusal.code(), Code::FailedPrecondition);
            assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_DIFFERS");
            assert_eq!(metadata_of(&refusal)["field"], field);
        }
        let claimed = pb::AuthorizePaymentRequest { customer_id: customer("bob"), ..request.clone() };
        assert_eq!(shop.authorize(&claimed).await.unwrap().customer_id, request.customer_id, "a repeat changes nothing");
    }

    async fn a_decline_is_told_again_and_holds_nothing(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        for (token, code, detail, retryable) in [
            ("tok_declined", DeclineCode::Generic, "card_declined", "false"),
            ("tok_insufficient_funds", DeclineCode::InsufficientFunds, "insufficient_funds", "true"),
            ("tok_card_expired", DeclineCode::CardExpired, "card_expired", "false"),
            ("tok_stolen_card", DeclineCode::StolenOrLost, "stolen_card", "false"),
            ("tok_fraud", DeclineCode::Fraud, "suspected_fraud", "false"),
        ] {
            let request = authorization(token);
            for _ in 0..2 {
                let refusal = shop.authorize(&request).await.unwrap_err();
                assert_eq!(refusal.code(), Code::FailedPrecondition);
                assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_DECLINED");
                assert_eq!(metadata_of(&refusal)["decline"], code.as_str_name());
                assert_eq!(metadata_of(&refusal)["detail"], detail);
                assert_eq!(metadata_of(&refusal)["retryable"], retryable);
            }
            let payment = shop.get(&request.payment_id).await;
            assert_eq!((payment.state(), amounts(&payment)), (State::RequiresPaymentMethod, (0, 0, 0)));
            assert_eq!(decline(&payment), Some(code));
            assert_eq!(payment.decline.unwrap().retryable.to_string(), retryable);
        }
        assert_eq!(shop.ledger.calls(), 0);
        shop.agree().await;
    }

    async fn what_the_customer_pays_with_is_shown_and_never_the_token(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_wallet:secret");
        let payment = shop.authorize(&request).await.unwrap();
        let method = payment.payment_method.clone().unwrap();
        assert_eq!((method.brand.as_str(), method.last4.as_str(), method.wallet.as_str()), ("visa", "1117", "apple_pay"));
        assert_eq!(payment.provider, "simulator");
        assert!(payment.provider_reference.starts_with("charge_"), "{payment:?}");
        assert!(payment.authorization_expire_time.is_some());
        assert!(!format!("{payment:?}").contains("secret"));
        shop.capture(crate::support::capture(&request.payment_id, "a", None, true)).await.unwrap();
        assert_eq!(shop.get(&request.payment_id).await.authorization_expire_time, None);
    }

    async fn a_slow_provider_is_waited_for(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        shop.authorized("tok_slow").await;
        shop.agree().await;
    }

    async fn what_the_provider_does_not_know_leaves_nothing_behind(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        shop.authorized("tok_approved").await;
        let rows = shop.service.row_counts().await;
        let unknown = shop.authorize(&authorization("4242424242424242")).await.unwrap_err();
        assert_eq!(unknown.code(), Code::InvalidArgument);
        assert_eq!(reason_of(&unknown), "ERROR_REASON_UNKNOWN_PAYMENT_METHOD");
        assert_eq!(field_violations(&unknown)[0].field, "payment_method");
        assert!(!unknown.message().contains("4242"), "{unknown}");

        for minor_units in [-1, 1_000_000_000_000_001] {
            let request = pb::AuthorizePaymentRequest { amount: gbp(minor_units), ..authorization("tok_approved") };
            let refusal = shop.authorize(&request).await.unwrap_err();
            assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_AMOUNT");
            assert_eq!(field_violations(&refusal)[0].field, "amount.minor_units");
        }
        let pounds = Money { currency_code: "pounds".into(), minor_units: 1 };
        let request = pb::AuthorizePaymentRequest { amount: Some(pounds), ..authorization("tok_approved") };
        assert_eq!(shop.authorize(&request).await.unwrap_err().code(), Code::InvalidArgument);
        assert_eq!(shop.service.row_counts().await, rows);
    }

    async fn nothing_to_pay_asks_nobody(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = pb::AuthorizePaymentRequest { amount: gbp(0), ..authorization("tok_approved") };
        let payment = shop.authorize(&request).await.unwrap();
        assert_eq!(payment.state(), State::RequiresCapture);
        assert_eq!(shop.authorize(&request).await.unwrap(), payment);
        let paid = shop.capture(crate::support::capture(&request.payment_id, "a", None, true)).await.unwrap();
        assert_eq!(paid.state(), State::Succeeded);
        assert_eq!(shop.ledger.calls(), 0);
        assert_eq!(shop.charge(&request.payment_id).await, None);
        shop.agree().await;
    }

    async fn the_time_of_the_sale_reaches_the_ledger(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let time = Some(prost_types::Timestamp { seconds: 1_291_191_960, nanos: 0 });
        let request = pb::AuthorizePaymentRequest { effective_time: time, ..authorization("tok_approved") };
        let payment = shop.authorize(&request).await.unwrap();
        assert_eq!(payment.effective_time, time);
        assert_eq!(shop.ledger.transfers_of(&request.payment_id)[0].effective_time, time);
        assert_eq!(shop.authorize(&request).await.unwrap(), payment);
    }
}

#[test]
fn a_payment_method_is_never_printed() {
    let request = pb::AuthorizePaymentRequest {
        return_url: "https://shop.example/?secret".into(),
        ..authorization("tok_approved:secret")
    };
    let printed = format!("{request:?}");
    assert!(!printed.contains("secret") && printed.contains("[redacted]"), "{printed}");
}
