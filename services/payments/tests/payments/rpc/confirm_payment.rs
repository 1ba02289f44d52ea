//! CreatePayment and ConfirmPayment.

use souk_client::payments::v1 as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{
    SimulatedOperation, SimulatedOutcome, State, TestPayments, authorization, gbp, new_id,
};

fn creation(token: &str) -> pb::CreatePaymentRequest {
    let request = authorization("");
    pb::CreatePaymentRequest {
        payment_id: request.payment_id,
        order_id: request.order_id,
        customer_id: request.customer_id,
        amount: request.amount,
        payment_method: token.into(),
        ..Default::default()
    }
}

on_each_engine! {
    async fn a_payment_waits_for_its_method_and_then_for_its_confirmation(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        for (token, state, confirmed_with) in [
            ("", State::RequiresPaymentMethod, "tok_approved"),
            ("tok_approved", State::RequiresConfirmation, ""),
            ("tok_declined", State::RequiresConfirmation, "tok_approved"),
        ] {
            let request = creation(token);
            let created = shop.payments.create_payment(request.clone()).await.unwrap().into_inner();
            assert_eq!(created.payment.as_ref().unwrap().state(), state);
            assert_eq!(shop.payments.create_payment(request.clone()).await.unwrap().into_inner(), created);
            let payment = shop.confirm(&request.payment_id, confirmed_with).await.unwrap();
            assert_eq!(payment.state(), State::RequiresCapture);
            assert_eq!(shop.confirm(&request.payment_id, confirmed_with).await.unwrap(), payment);
            let repeated = shop.payments.create_payment(request).await.unwrap().into_inner().payment.unwrap();
            assert_eq!(repeated, payment, "a repeat answers the payment as it stands");
        }
        shop.agree().await;
    }

    async fn a_decline_that_may_pass_later_is_asked_again_and_one_for_good_is_not(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        let request = creation("tok_insufficient_funds");
        shop.payments.create_payment(request.clone()).await.unwrap();
        let id = &request.payment_id;
        assert_eq!(reason_of(&shop.confirm(id, "").await.unwrap_err()), "ERROR_REASON_PAYMENT_DECLINED");
        shop.script(id, SimulatedOperation::Authorize, &[SimulatedOutcome::Approve]).await;
        assert_eq!(shop.confirm(id, "").await.unwrap().state(), State::RequiresCapture);

        let request = creation("tok_declined");
        shop.payments.create_payment(request.clone()).await.unwrap();
        let id = &request.payment_id;
        shop.confirm(id, "").await.unwrap_err();
        shop.script(id, SimulatedOperation::Authorize, &[SimulatedOutcome::Approve]).await;
        assert_eq!(reason_of(&shop.confirm(id, "").await.unwrap_err()), "ERROR_REASON_PAYMENT_DECLINED");
        assert_eq!(shop.confirm(id, "tok_approved").await.unwrap().state(), State::RequiresCapture);
        shop.agree().await;
    }

    async fn what_cannot_be_confirmed_is_refused_by_name(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        let unknown = shop.confirm(&new_id(), "tok_approved").await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        let request = creation("");
        shop.payments.create_payment(request.clone()).await.unwrap();
        assert_eq!(reason_of(&shop.confirm(&request.payment_id, "").await.unwrap_err()), "ERROR_REASON_PAYMENT_STATE");
        let wrong = shop.confirm(&request.payment_id, "no_token").await.unwrap_err();
        assert_eq!(reason_of(&wrong), "ERROR_REASON_UNKNOWN_PAYMENT_METHOD");
        shop.confirm(&request.payment_id, "tok_approved").await.unwrap();
        let other = shop.confirm(&request.payment_id, "tok_slow").await.unwrap_err();
        assert_eq!(reason_of(&other), "ERROR_REASON_PAYMENT_STATE");
        let differs = pb::CreatePaymentRequest { amount: gbp(1), ..request };
        let refusal = shop.payments.create_payment(differs).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_DIFFERS");
    }
}
