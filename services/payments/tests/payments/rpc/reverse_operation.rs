//! SimulatorService.ReverseOperation: what a provider takes back after it succeeded.

use souk_client::payments::v1 as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{
    DeclineCode, Mood, State, TestPayments, amounts, capture, capture_id, minor, new_refund_id,
    refund, returned, reversal,
};

on_each_engine! {
    async fn a_capture_that_is_taken_back_is_no_longer_sold(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_approved").await;
        shop.capture(capture(&id, "a", Some(60), false)).await.unwrap();
        shop.capture(capture(&id, "b", Some(40), false)).await.unwrap();
        let mut bank = shop.simulator.clone();
        for _ in 0..2 {
            let answer = bank.reverse_operation(reversal(capture_id(&id, "a"))).await.unwrap().into_inner();
            assert_eq!(minor(&answer.charge.unwrap().captured), 40);
            let payment = shop.get(&id).await;
            assert_eq!((payment.state(), amounts(&payment)), (State::Succeeded, (40, 40, 0)));
        }
        shop.agree().await;

        // A repeat of the capture answers what has become of it.
        let answer = shop.payments.clone().capture_payment(capture(&id, "a", Some(60), false)).await.unwrap().into_inner();
        let reversed = answer.capture.unwrap();
        assert_eq!(reversed.state(), pb::PaymentCaptureState::Reversed);
        assert_eq!(reversed.decline.unwrap().code(), DeclineCode::Reversed);

        bank.reverse_operation(reversal(capture_id(&id, "b"))).await.unwrap();
        let payment = shop.get(&id).await;
        assert_eq!((payment.state(), amounts(&payment)), (State::Canceled, (0, 0, 0)));
        assert_eq!(payment.cancellation_reason(), pb::PaymentCancellationReason::CaptureReversed);
        let nothing = shop.refund(refund(&id, &new_refund_id(), 1)).await.unwrap_err();
        assert_eq!(reason_of(&nothing), "ERROR_REASON_REFUND_EXCEEDS_CAPTURED");
        shop.agree().await;
    }

    async fn a_refund_that_comes_back_has_failed(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        let refund_id = new_refund_id();
        shop.refund(refund(&id, &refund_id, 30)).await.unwrap();
        let mut bank = shop.simulator.clone();
        let too_much = bank.reverse_operation(reversal(capture_id(&id, "whole"))).await.unwrap_err();
        assert_eq!((too_much.code(), reason_of(&too_much).as_str()), (Code::FailedPrecondition, "ERROR_REASON_NOT_REVERSIBLE"));

        // The ledger is down: the reversal is not forgotten.
        shop.ledger.set(Mood::Down);
        let refusal = bank.reverse_operation(returned(&refund_id)).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_UPSTREAM_UNAVAILABLE");
        shop.ledger.set(Mood::Well);
        bank.reverse_operation(returned(&refund_id)).await.unwrap();
        let payment = shop.settled(&id).await;
        assert_eq!((payment.state(), amounts(&payment)), (State::Succeeded, (100, 100, 0)));
        let list = pb::ListRefundsRequest { payment_id: id.clone(), ..Default::default() };
        let refunds = shop.payments.clone().list_refunds(list).await.unwrap().into_inner().refunds;
        assert_eq!(refunds[0].state(), pb::PaymentRefundState::Failed);
        assert_eq!(refunds[0].decline.as_ref().unwrap().code(), DeclineCode::Reversed);
        shop.agree().await;
        // The money may be paid back once more.
        shop.refund(refund(&id, &new_refund_id(), 100)).await.unwrap();
        shop.agree().await;
    }

    async fn what_has_not_succeeded_cannot_be_taken_back(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_capture_declined").await;
        shop.capture(capture(&id, "a", None, true)).await.unwrap_err();
        for request in [reversal(capture_id(&id, "a")), reversal(capture_id(&id, "b")), returned(&new_refund_id())] {
            let refusal = shop.simulator.clone().reverse_operation(request).await.unwrap_err();
            assert_eq!((refusal.code(), reason_of(&refusal).as_str()), (Code::NotFound, "ERROR_REASON_OPERATION_NOT_FOUND"));
        }
        shop.agree().await;
    }
}
