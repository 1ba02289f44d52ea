//! Whom a payment belongs to: that of an order is changed through the order, and staff have
//! payments of their own.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{CallerChannel, Engine, metadata_of, on_each_engine, reason_of};
use tonic::{Code, Status};

use crate::support::{
    State, TestPayments, amounts, authorization, capture, new_id, new_refund_id, refund,
};

fn staff(shop: &TestPayments) -> PaymentServiceClient<CallerChannel> {
    PaymentServiceClient::new(shop.service.channel_as(&Caller::Staff("ann".into())))
}

/// Checks that a refusal names the order and the way.
#[track_caller]
fn is_of_an_order(refusal: &Status, order_id: &str, way: &str) {
    assert_eq!(
        (refusal.code(), reason_of(refusal).as_str()),
        (Code::FailedPrecondition, "ERROR_REASON_PAYMENT_OF_ORDER"),
        "{refusal}"
    );
    let metadata = metadata_of(refusal);
    assert_eq!(metadata["order_id"], order_id);
    assert_eq!(metadata["use"], format!("souk.orders.v1.OrderService.{way}"));
}

on_each_engine! {
    async fn staff_cannot_change_the_payment_of_an_order_behind_its_back(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        shop.authorize(&request).await.unwrap();
        let id = request.payment_id.clone();
        let mut staff = staff(&shop);

        let refusal = staff.capture_payment(capture(&id, "theirs", None, true)).await.unwrap_err();
        is_of_an_order(&refusal, &request.order_id, "GetOrder");
        let void = pb::VoidPaymentRequest { payment_id: id.clone() };
        let refusal = staff.void_payment(void.clone()).await.unwrap_err();
        is_of_an_order(&refusal, &request.order_id, "CancelOrder");
        let confirm = pb::ConfirmPaymentRequest { payment_id: id.clone(), payment_method: "tok_slow".into(), ..Default::default() };
        let refusal = staff.confirm_payment(confirm).await.unwrap_err();
        is_of_an_order(&refusal, &request.order_id, "PlaceOrder");
        assert_eq!(amounts(&shop.get(&id).await), (100, 0, 0));

        shop.capture(capture(&id, "a", None, true)).await.unwrap();
        let refusal = staff.refund_payment(refund(&id, &new_refund_id(), 1)).await.unwrap_err();
        is_of_an_order(&refusal, &request.order_id, "RefundOrder");
        assert!(refusal.message().contains(&request.order_id), "{refusal}");
        assert_eq!(amounts(&shop.get(&id).await), (100, 100, 0));

        // Nor can they make one for an order, which may not exist, or keep one from arriving.
        let made_up = authorization("tok_approved");
        let refusal = staff.authorize_payment(made_up.clone()).await.unwrap_err();
        is_of_an_order(&refusal, &made_up.order_id, "PlaceOrder");
        let create = pb::CreatePaymentRequest {
            payment_id: made_up.payment_id.clone(),
            order_id: made_up.order_id.clone(),
            amount: made_up.amount.clone(),
            ..Default::default()
        };
        is_of_an_order(&staff.create_payment(create).await.unwrap_err(), &made_up.order_id, "PlaceOrder");
        let unknown = pb::VoidPaymentRequest { payment_id: made_up.payment_id.clone() };
        assert_eq!(reason_of(&staff.void_payment(unknown).await.unwrap_err()), "ERROR_REASON_PAYMENT_NOT_FOUND");
        shop.authorize(&made_up).await.unwrap();
        shop.agree().await;
    }

    async fn a_service_changes_its_own_payments_only(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let request = authorization("tok_approved");
        shop.authorize(&request).await.unwrap();
        let id = request.payment_id.clone();
        let rentals = Caller::Service("rentals".into());
        let mut rentals = PaymentServiceClient::new(shop.service.channel_as(&rentals));

        let refusal = rentals.capture_payment(capture(&id, "theirs", None, true)).await.unwrap_err();
        is_of_an_order(&refusal, &request.order_id, "GetOrder");
        let void = pb::VoidPaymentRequest { payment_id: id.clone() };
        let refusal = rentals.void_payment(void).await.unwrap_err();
        is_of_an_order(&refusal, &request.order_id, "CancelOrder");
        shop.capture(capture(&id, "a", None, true)).await.unwrap();
        let refusal = rentals.refund_payment(refund(&id, &new_refund_id(), 1)).await.unwrap_err();
        is_of_an_order(&refusal, &request.order_id, "RefundOrder");
        assert_eq!(amounts(&shop.get(&id).await), (100, 100, 0));

        // What it makes is its own, and not the orders service's.
        let own = authorization("tok_approved");
        rentals.authorize_payment(own.clone()).await.unwrap();
        let refusal = shop.capture(capture(&own.payment_id, "a", None, true)).await.unwrap_err();
        is_of_an_order(&refusal, &own.order_id, "GetOrder");
        rentals.capture_payment(capture(&own.payment_id, "a", None, true)).await.unwrap();
        shop.agree().await;
    }

    async fn a_payment_without_an_order_is_the_staffs_own(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let mut staff = staff(&shop);
        let direct = pb::AuthorizePaymentRequest { order_id: String::new(), ..authorization("tok_approved") };
        for _ in 0..2 {
            let payment = staff.authorize_payment(direct.clone()).await.unwrap().into_inner().payment.unwrap();
            assert_eq!((payment.state(), payment.order_id.as_str()), (State::RequiresCapture, ""));
        }
        let id = direct.payment_id;
        staff.capture_payment(capture(&id, "a", None, true)).await.unwrap();
        let euros = Some(souk_client::types::v1::Money { currency_code: "EUR".into(), minor_units: 1 });
        let wrong = pb::RefundPaymentRequest { amount: euros, ..refund(&id, &new_refund_id(), 1) };
        assert_eq!(reason_of(&staff.refund_payment(wrong).await.unwrap_err()), "ERROR_REASON_INVALID_AMOUNT");
        staff.refund_payment(refund(&id, &new_refund_id(), 30)).await.unwrap();
        assert_eq!(amounts(&shop.get(&id).await), (100, 100, 30));
        shop.agree().await;
    }

    async fn nothing_is_paid_in_what_is_no_currency(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        for code in ["XXX", "XTS", "ZZZ"] {
            let amount = Some(souk_client::types::v1::Money { currency_code: code.into(), minor_units: 1 });
            let refusal = shop.authorize(&pb::AuthorizePaymentRequest { amount, ..authorization("tok_approved") }).await;
            let refusal = refusal.unwrap_err();
            let field = souk_testkit::field_violations(&refusal).into_iter().map(|violation| violation.field);
            assert_eq!((refusal.code(), field.collect::<Vec<_>>()), (Code::InvalidArgument, vec!["amount.currency_code".to_owned()]));
        }
        let refusal = shop.authorize(&authorization("visa")).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::InvalidArgument, "ERROR_REASON_UNKNOWN_PAYMENT_METHOD".into()));
        let field = souk_testkit::field_violations(&refusal).into_iter().map(|violation| violation.field);
        assert_eq!(field.collect::<Vec<_>>(), ["payment_method"]);
    }

    async fn nothing_happens_to_a_payment_before_its_sale(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let request = pb::AuthorizePaymentRequest { effective_time: at(1_700_000_000), ..authorization("tok_approved") };
        shop.authorize(&request).await.unwrap();
        let id = &request.payment_id;
        let early = pb::CapturePaymentRequest { effective_time: at(1_699_999_999), ..capture(id, "a", None, true) };
        let early_refund = pb::RefundPaymentRequest { effective_time: at(1_699_999_999), ..refund(id, &new_refund_id(), 1) };
        let is_too_early = |refusal: Status| {
            let field = souk_testkit::field_violations(&refusal).into_iter().map(|violation| violation.field);
            assert_eq!((refusal.code(), field.collect::<Vec<_>>()), (Code::InvalidArgument, vec!["effective_time".to_owned()]));
        };
        is_too_early(shop.capture(early).await.unwrap_err());
        let timely = pb::CapturePaymentRequest { effective_time: at(1_700_000_000), ..capture(id, "a", None, true) };
        shop.capture(timely).await.unwrap();
        is_too_early(shop.refund(early_refund).await.unwrap_err());
        shop.agree().await;
    }

    async fn what_the_ledger_lost_is_written_again(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let mut staff = staff(&shop);
        let id = shop.captured("tok_approved").await;
        shop.refund(refund(&id, &new_refund_id(), 40)).await.unwrap();
        let repair = pb::RepairPaymentRequest { payment_id: id.clone() };
        let nothing = staff.repair_payment(repair.clone()).await.unwrap().into_inner();
        assert_eq!(nothing.transfers_written_count, 0);

        shop.ledger.forget_all_of(&id);
        assert_ne!(shop.audit().await.findings, vec![]);
        let repaired = staff.repair_payment(repair.clone()).await.unwrap().into_inner();
        assert_eq!((repaired.transfers_written_count, amounts(&repaired.payment.unwrap())), (3, (100, 100, 40)));
        shop.agree().await;
        assert_eq!(staff.repair_payment(repair).await.unwrap().into_inner().transfers_written_count, 0);
        let unknown = staff.repair_payment(pb::RepairPaymentRequest { payment_id: new_id() }).await.unwrap_err();
        assert_eq!(reason_of(&unknown), "ERROR_REASON_PAYMENT_NOT_FOUND");
    }
}
