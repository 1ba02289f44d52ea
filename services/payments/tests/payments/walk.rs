//! A random walk over gRPC: commands, lost responses, declines, a ledger that comes and goes. After
//! every step amounts are in order, and at rest payments, ledger and the provider's book agree.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use souk_client::payments::v1 as pb;
use souk_testkit::{Engine, nightly, on_each_engine};
use tonic::{Code, Status};

use crate::support::{
    Mood, SimulatedOperation, SimulatedOutcome, TestPayments, amounts, authorization, capture,
    capture_id, minor, new_refund_id, refund, reversal,
};

#[derive(Clone, Debug)]
enum Move {
    Authorize,
    Confirm,
    CompleteAction(bool),
    Capture(Option<i64>, bool),
    Void,
    Refund(i64),
    Script(i32),
    Refresh,
    /// The provider takes back the capture of an earlier step.
    Reverse(usize),
    Ledger(bool),
    Rest,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let step = prop_oneof![
        3 => Just(Move::Authorize),
        1 => Just(Move::Confirm),
        1 => any::<bool>().prop_map(Move::CompleteAction),
        4 => (prop::option::of(1..110i64), prop::bool::weighted(0.2)).prop_map(|(part, last)| Move::Capture(part, last)),
        1 => Just(Move::Void),
        3 => (1..60i64).prop_map(Move::Refund),
        4 => (1..=5i32).prop_map(Move::Script),
        1 => Just(Move::Refresh),
        2 => (0..20usize).prop_map(Move::Reverse),
        2 => prop::bool::weighted(0.7).prop_map(Move::Ledger),
        2 => Just(Move::Rest),
    ];
    prop::collection::vec(step, 4..20)
}

/// What a call may come to: whatever it is, it is a refusal by name.
fn is_expected(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::FailedPrecondition | Code::Unavailable | Code::Aborted | Code::NotFound
    )
}

async fn walk(shop: &TestPayments, number: usize, moves: &[Move]) {
    let token = if number.is_multiple_of(3) { "tok_requires_action" } else { "tok_approved" };
    let request = authorization(token);
    let id = request.payment_id.clone();
    for (index, step) in moves.iter().enumerate() {
        let outcome = match step {
            Move::Authorize => shop.authorize(&request).await.map(|_| ()),
            Move::Confirm => shop.confirm(&id, "tok_approved:again").await.map(|_| ()),
            Move::CompleteAction(approve) => shop.complete_action(&id, *approve).await.map(|_| ()),
            Move::Capture(part, is_final) => {
                shop.capture(capture(&id, &index.to_string(), *part, *is_final)).await.map(|_| ())
            }
            Move::Refresh => shop.refresh(&id).await.map(|_| ()),
            Move::Reverse(earlier) => {
                let request = reversal(capture_id(&id, &earlier.to_string()));
                shop.simulator.clone().reverse_operation(request).await.map(|_| ())
            }
            Move::Void => shop.void(&id).await.map(|_| ()),
            Move::Refund(amount) => {
                shop.refund(refund(&id, &new_refund_id(), *amount)).await.map(|_| ())
            }
            Move::Script(outcome) => {
                let outcome = SimulatedOutcome::try_from(*outcome).unwrap();
                shop.script(&id, SimulatedOperation::Unspecified, &[outcome]).await;
                Ok(())
            }
            Move::Ledger(is_well) => {
                shop.ledger.set(if *is_well { Mood::Well } else { Mood::LosesAnswers });
                Ok(())
            }
            Move::Rest => {
                shop.ledger.set(Mood::Well);
                Ok(())
            }
        };
        if let Err(status) = outcome {
            assert!(is_expected(&status), "{step:?}: {status:?}");
        }
        let Ok(answer) = shop
            .payments
            .clone()
            .get_payment(pb::GetPaymentRequest { payment_id: id.clone() })
            .await
        else {
            continue;
        };
        let payment = answer.into_inner().payment.unwrap();
        let (authorized, captured, refunded) = amounts(&payment);
        assert!([0, refunded, captured, authorized, 100].is_sorted(), "{step:?}: {payment:?}");
        if matches!(step, Move::Rest) {
            let payment = shop.settled(&id).await;
            // What the provider took back while payments could not take in its event.
            let payment = shop.refresh(&id).await.unwrap_or(payment);
            let (authorized, captured, refunded) = amounts(&payment);
            let (held, sold) = shop.ledger.held_and_sold(&id);
            assert_eq!(held, authorized - captured, "{moves:?}");
            assert!(sold >= captured, "{moves:?}");
            if let Some(charge) = shop.charge(&id).await {
                let book = (minor(&charge.held), minor(&charge.captured), minor(&charge.refunded));
                assert_eq!(book, (authorized - captured, captured, refunded), "{moves:?}");
            }
        }
    }
    shop.ledger.set(Mood::Well);
}

on_each_engine! {
    async fn payments_ledger_and_book_agree_whatever_happens(engine: Engine) {
        let shop = TestPayments::with(engine, &[("simulator.fee_basis_points", "140")]).await;
        let mut runner = TestRunner::new(Config::default());
        let walks = if nightly() { 500 } else { 40 };
        for number in 0..walks {
            let moves = moves().new_tree(&mut runner).unwrap().current();
            println!("walk {number}: {moves:?}");
            walk(&shop, number, &moves).await;
        }
        let mut page_token = String::new();
        loop {
            let request = pb::ListPaymentsRequest { page_size: 100, page_token, ..Default::default() };
            let page = shop.payments.clone().list_payments(request).await.unwrap().into_inner();
            for payment in page.payments {
                shop.settled(&payment.payment_id).await;
                shop.refresh(&payment.payment_id).await.unwrap();
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        shop.agree().await;
    }
}
