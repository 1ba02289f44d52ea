//! SimulatorService.ScriptCharges.

use souk_client::payments::simulator::v1alpha as pb;
use souk_testkit::{Engine, on_each_engine, reason_of};

use crate::support::{
    SimulatedOperation, SimulatedOutcome, State, TestPayments, authorization, new_id,
};

fn script(token: &str, outcomes: &[SimulatedOutcome]) -> pb::ScriptChargesRequest {
    pb::ScriptChargesRequest {
        request_id: new_id(),
        target: Some(pb::script_charges_request::Target::PaymentMethod(token.into())),
        outcomes: outcomes.iter().map(|outcome| *outcome as i32).collect(),
        operation: SimulatedOperation::Unspecified as i32,
    }
}

on_each_engine! {
    async fn the_next_operations_follow_the_script_and_then_the_token(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        let outcomes = [SimulatedOutcome::Decline, SimulatedOutcome::DeclineSoft];
        let request = script("tok_approved:mine", &outcomes);
        shop.simulator.script_charges(request.clone()).await.unwrap();
        shop.simulator.script_charges(request).await.unwrap();

        shop.authorized("tok_approved:other").await;
        for _ in 0..2 {
            let refusal = shop.authorize(&authorization("tok_approved:mine")).await.unwrap_err();
            assert_eq!(reason_of(&refusal), "ERROR_REASON_PAYMENT_DECLINED");
        }
        shop.authorized("tok_approved:mine").await;
    }

    async fn a_script_may_be_for_one_payment_and_one_kind_of_operation(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        shop.script(&request.payment_id, SimulatedOperation::Void, &[SimulatedOutcome::LoseAnswer]).await;
        shop.authorize(&request).await.unwrap();
        let lost = shop.void(&request.payment_id).await.unwrap_err();
        assert_eq!(reason_of(&lost), "ERROR_REASON_PROVIDER_UNAVAILABLE");
        assert_eq!(shop.void(&request.payment_id).await.unwrap().state(), State::Canceled);
        shop.agree().await;
    }

    async fn a_script_needs_something_it_is_for(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        let request = pb::ScriptChargesRequest { target: None, ..script("tok_approved", &[SimulatedOutcome::Approve]) };
        let refusal = shop.simulator.script_charges(request).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_FIELD");
    }
}
