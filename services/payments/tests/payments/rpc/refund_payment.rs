//! RefundPayment and ListRefunds.

use souk_client::payments::v1 as pb;
use souk_testkit::{Engine, metadata_of, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{TestPayments, amounts, capture, gbp, minor, new_id, new_refund_id, refund};

on_each_engine! {
    async fn a_refund_pays_back_once(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        let request = refund(&id, &new_refund_id(), 30);
        let first = shop.refund(request.clone()).await.unwrap();
        assert_eq!(amounts(first.payment.as_ref().unwrap()), (100, 100, 30));
        assert_eq!(first.refund.as_ref().unwrap().state(), pb::PaymentRefundState::Succeeded);
        assert_eq!(shop.refund(request).await.unwrap(), first);
        let rest = shop.refund(refund(&id, &new_refund_id(), 70)).await.unwrap();
        assert_eq!(amounts(&rest.payment.unwrap()), (100, 100, 100));

        let list = pb::ListRefundsRequest { payment_id: id.clone(), page_size: 1, ..Default::default() };
        let page = shop.payments.clone().list_refunds(list.clone()).await.unwrap().into_inner();
        let next = pb::ListRefundsRequest { page_token: page.next_page_token.clone(), ..list };
        let last = shop.payments.clone().list_refunds(next).await.unwrap().into_inner();
        let amounts: Vec<i64> = page.refunds.iter().chain(&last.refunds).map(|refund| minor(&refund.amount)).collect();
        assert_eq!((amounts.iter().sum::<i64>(), amounts.len(), last.next_page_token.as_str()), (100, 2, ""));
        shop.agree().await;
    }

    async fn no_more_is_refunded_than_was_captured(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_approved").await;
        let nothing = shop.refund(refund(&id, &new_refund_id(), 1)).await.unwrap_err();
        assert_eq!(reason_of(&nothing), "ERROR_REASON_REFUND_EXCEEDS_CAPTURED");
        shop.capture(capture(&id, "a", Some(60), false)).await.unwrap();
        let refusal = shop.refund(refund(&id, &new_refund_id(), 61)).await.unwrap_err();
        assert_eq!(refusal.code(), Code::FailedPrecondition);
        assert_eq!(metadata_of(&refusal)["refundable"], "60");
        let refusal = shop.refund(refund(&id, &new_refund_id(), 0)).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_AMOUNT");
        let unknown = shop.refund(refund(&new_id(), &new_refund_id(), 1)).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        shop.refund(refund(&id, &new_refund_id(), 60)).await.unwrap();
        shop.agree().await;
    }

    async fn a_refund_id_stands_for_one_refund_for_ever(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        let other = shop.captured("tok_approved").await;
        let refund_id = new_refund_id();
        shop.refund(refund(&id, &refund_id, 10)).await.unwrap();
        for wrong in [refund(&id, &refund_id, 11), refund(&other, &refund_id, 10)] {
            let refusal = shop.refund(wrong).await.unwrap_err();
            assert_eq!(refusal.code(), Code::FailedPrecondition);
            assert_eq!(reason_of(&refusal), "ERROR_REASON_REFUND_DIFFERS");
        }
        let euros = souk_client::types::v1::Money { currency_code: "EUR".into(), ..gbp(1).unwrap() };
        let wrong = pb::RefundPaymentRequest { amount: Some(euros), ..refund(&id, &new_refund_id(), 1) };
        assert_eq!(reason_of(&shop.refund(wrong).await.unwrap_err()), "ERROR_REASON_INVALID_AMOUNT");
        shop.agree().await;
    }

    async fn a_declined_refund_has_failed_for_good(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_refund_declined").await;
        let refund_id = new_refund_id();
        for _ in 0..2 {
            let refusal = shop.refund(refund(&id, &refund_id, 10)).await.unwrap_err();
            assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_DECLINED");
            assert_eq!(metadata_of(&refusal)["decline"], "DECLINE_CODE_NOT_ALLOWED");
        }
        let list = pb::ListRefundsRequest { payment_id: id.clone(), ..Default::default() };
        let refunds = shop.payments.clone().list_refunds(list).await.unwrap().into_inner().refunds;
        assert_eq!(refunds[0].state(), pb::PaymentRefundState::Failed);
        let decline = refunds[0].decline.as_ref().unwrap();
        assert_eq!((decline.code(), decline.detail.as_str()), (pb::DeclineCode::NotAllowed, "refund_refused"));
        assert_eq!(amounts(&shop.get(&id).await), (100, 100, 0));
        shop.agree().await;
    }
}
