//! ListPayments, ListCaptures, ListRefunds, GetPayment and ListCharges.

use souk_chassis::Caller;
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{Engine, metadata_of, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{
    DeclineCode, State, TestPayments, authorization, capture, customer, minor, new_id,
    new_refund_id, refund,
};

on_each_engine! {
    async fn lists_come_in_pages_without_gaps_in_either_order(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            let id = shop.authorized("tok_approved").await;
            shop.capture(capture(&id, "a", None, true)).await.unwrap();
            shop.refund(refund(&id, &new_refund_id(), 1)).await.unwrap();
            ids.push(id);
        }
        let mut newest_first = ids.clone();
        newest_first.reverse();
        for (order_by, expected) in [("", &newest_first), ("create_time desc", &newest_first), ("create_time", &ids)] {
            let mut found = (Vec::new(), Vec::new(), Vec::new());
            let mut tokens = (String::new(), String::new(), String::new());
            loop {
                let order_by = order_by.to_owned();
                let request = pb::ListPaymentsRequest { page_size: 2, page_token: tokens.0, order_by: order_by.clone(), ..Default::default() };
                let payments = shop.payments.list_payments(request).await.unwrap().into_inner();
                let request = pb::ListCapturesRequest { page_size: 2, page_token: tokens.1, order_by: order_by.clone(), ..Default::default() };
                let captures = shop.payments.list_captures(request).await.unwrap().into_inner();
                let request = pb::ListRefundsRequest { page_size: 2, page_token: tokens.2, order_by, ..Default::default() };
                let refunds = shop.payments.list_refunds(request).await.unwrap().into_inner();
                found.0.extend(payments.payments.into_iter().map(|payment| payment.payment_id));
                found.1.extend(captures.captures.into_iter().map(|capture| capture.payment_id));
                found.2.extend(refunds.refunds.into_iter().map(|refund| refund.payment_id));
                tokens = (payments.next_page_token, captures.next_page_token, refunds.next_page_token);
                if tokens.0.is_empty() {
                    break;
                }
            }
            assert_eq!((&found.0, &found.1, &found.2), (expected, expected, expected), "{order_by}");
        }
        let request = pb::ListPaymentsRequest { order_by: "amount".into(), ..Default::default() };
        assert_eq!(reason_of(&shop.payments.list_payments(request).await.unwrap_err()), "ERROR_REASON_INVALID_FIELD");

        let mut charges = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = simulator::ListChargesRequest { page_size: 2, page_token };
            let page = shop.simulator.list_charges(request).await.unwrap().into_inner();
            charges.extend(page.charges.into_iter().map(|charge| charge.payment_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        ids.sort();
        assert_eq!(charges, ids);
    }

    async fn payments_are_found_by_what_people_look_for(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let first = authorization("tok_approved");
        let first_payment = shop.authorize(&first).await.unwrap();
        shop.capture(capture(&first.payment_id, "a", None, true)).await.unwrap();
        let second = pb::AuthorizePaymentRequest {
            order_id: String::new(),
            reference: "invoice 7".into(),
            customer_id: customer("bob"),
            ..authorization("tok_requires_action")
        };
        let second_payment = shop.authorize(&second).await.unwrap();
        let third = pb::AuthorizePaymentRequest { customer_id: customer("bob"), ..authorization("tok_approved") };
        let third_payment = shop.authorize(&third).await.unwrap();
        let (first, second, third) = (first.payment_id, second.payment_id, third.payment_id);

        let all = pb::ListPaymentsRequest::default;
        let cases = [
            (pb::ListPaymentsRequest { order_id: first_payment.order_id.clone(), ..all() }, vec![&first]),
            (pb::ListPaymentsRequest { customer_id: customer("bob"), ..all() }, vec![&third, &second]),
            (pb::ListPaymentsRequest { customer_id: customer("eve"), ..all() }, vec![]),
            (pb::ListPaymentsRequest { reference: "invoice 7".into(), ..all() }, vec![&second]),
            (pb::ListPaymentsRequest { provider_reference: third_payment.provider_reference.clone(), ..all() }, vec![&third]),
            (pb::ListPaymentsRequest { states: vec![State::Succeeded as i32, State::RequiresAction as i32], ..all() }, vec![&second, &first]),
            (pb::ListPaymentsRequest { states: vec![State::RequiresCapture as i32], ..all() }, vec![&third]),
            (pb::ListPaymentsRequest { create_time_after: second_payment.create_time, ..all() }, vec![&third, &second]),
            (pb::ListPaymentsRequest { create_time_before: second_payment.create_time, ..all() }, vec![&first]),
            (
                pb::ListPaymentsRequest { customer_id: customer("bob"), create_time_before: third_payment.create_time, ..all() },
                vec![&second],
            ),
        ];
        for (request, expected) in cases {
            let found = shop.payments.clone().list_payments(request.clone()).await.unwrap().into_inner();
            let found: Vec<&String> = found.payments.iter().map(|payment| &payment.payment_id).collect();
            assert_eq!(found, expected, "{request:?}");
        }
        let request = pb::ListPaymentsRequest { states: vec![0], ..all() };
        assert_eq!(reason_of(&shop.payments.clone().list_payments(request).await.unwrap_err()), "ERROR_REASON_INVALID_FIELD");
    }

    async fn captures_and_refunds_are_found_by_payment_state_and_time(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let declined = shop.authorized("tok_capture_declined").await;
        shop.capture(capture(&declined, "a", None, true)).await.unwrap_err();
        let id = shop.authorized("tok_refund_declined").await;
        let answer = shop.payments.clone().capture_payment(capture(&id, "a", Some(30), false)).await.unwrap().into_inner();
        let first = answer.capture.unwrap();
        assert_eq!((first.state(), minor(&first.amount), first.final_capture), (pb::PaymentCaptureState::Succeeded, 30, false));
        shop.capture(capture(&id, "b", None, true)).await.unwrap();
        shop.refund(refund(&id, &new_refund_id(), 5)).await.unwrap_err();

        let mut client = shop.payments.clone();
        let all = pb::ListCapturesRequest::default;
        let failed = pb::PaymentCaptureState::Failed as i32;
        let cases = [
            (pb::ListCapturesRequest { payment_id: id.clone(), ..all() }, vec![70, 30]),
            (pb::ListCapturesRequest { states: vec![failed], ..all() }, vec![100]),
            (pb::ListCapturesRequest { payment_id: id.clone(), states: vec![failed], ..all() }, vec![]),
            (pb::ListCapturesRequest { create_time_after: first.create_time, ..all() }, vec![70, 30]),
            (pb::ListCapturesRequest { create_time_before: first.create_time, ..all() }, vec![100]),
        ];
        for (request, expected) in cases {
            let found = client.list_captures(request.clone()).await.unwrap().into_inner().captures;
            let amounts: Vec<i64> = found.iter().map(|capture| minor(&capture.amount)).collect();
            assert_eq!(amounts, expected, "{request:?}");
        }
        let failed = pb::PaymentRefundState::Failed as i32;
        for (states, expected) in [(vec![failed], 1), (vec![], 1), (vec![pb::PaymentRefundState::Succeeded as i32], 0)] {
            let request = pb::ListRefundsRequest { states, ..Default::default() };
            assert_eq!(client.list_refunds(request).await.unwrap().into_inner().refunds.len(), expected);
        }
    }

    async fn a_page_token_is_good_for_its_list_and_caller_only(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        shop.authorized("tok_approved").await;
        shop.authorized("tok_approved").await;
        let request = pb::ListPaymentsRequest { page_size: 1, ..Default::default() };
        let page_token = shop.payments.list_payments(request).await.unwrap().into_inner().next_page_token;
        let refunds = pb::ListRefundsRequest { page_token: page_token.clone(), ..Default::default() };
        let refusal = shop.payments.list_refunds(refunds).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_PAGE_TOKEN");
        assert_eq!(refusal.message(), "the page token is not valid for this caller and this list");
        assert_eq!(souk_testkit::field_violations(&refusal)[0].field, "page_token");
        let mut staff = PaymentServiceClient::new(shop.service.channel_as(&Caller::Staff("ann".into())));
        let refusal = staff.list_payments(pb::ListPaymentsRequest { page_size: 1, page_token, ..Default::default() }).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_PAGE_TOKEN");
    }

    async fn a_thief_does_not_learn_that_a_card_is_known_to_be_stolen(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        for (token, internal) in [("tok_stolen_card", DeclineCode::StolenOrLost), ("tok_fraud", DeclineCode::Fraud)] {
            let request = authorization(token);
            shop.authorize(&request).await.unwrap_err();
            let full = shop.get(&request.payment_id).await.decline.unwrap();
            assert_eq!(full.code(), internal);
            assert_ne!(full.detail, "");
            let mut alice = PaymentServiceClient::new(shop.service.channel_as(&Caller::user("alice")));
            let shown = pb::PaymentDecline { code: DeclineCode::Generic.into(), detail: String::new(), ..full };
            let ask = pb::RefreshPaymentRequest { payment_id: request.payment_id.clone() };
            let asked = alice.refresh_payment(ask).await.unwrap().into_inner().payment.unwrap();
            assert_eq!(asked.decline, Some(shown.clone()));
            let get = pb::GetPaymentRequest { payment_id: request.payment_id };
            let read = alice.get_payment(get).await.unwrap().into_inner().payment.unwrap();
            assert_eq!(read.decline, Some(shown));
        }
    }

    async fn a_user_reads_its_own_payments_and_nothing_internal(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        let of_bob = pb::AuthorizePaymentRequest { customer_id: customer("bob"), ..authorization("tok_approved") };
        shop.authorize(&of_bob).await.unwrap();
        let of_nobody = pb::AuthorizePaymentRequest { customer_id: String::new(), ..authorization("tok_approved") };
        shop.authorize(&of_nobody).await.unwrap();
        let as_caller = |caller: Caller| PaymentServiceClient::new(shop.service.channel_as(&caller));
        let mut alice = as_caller(Caller::user("alice"));
        let get = |payment_id: &str| pb::GetPaymentRequest { payment_id: payment_id.into() };

        let full = as_caller(Caller::Service("catalog".into())).get_payment(get(&id)).await.unwrap().into_inner().payment.unwrap();
        assert!(full.fees.is_some() && !full.provider_reference.is_empty());
        let shown = pb::Payment { fees: None, provider_reference: String::new(), ..full };
        let own = alice.get_payment(get(&id)).await.unwrap().into_inner().payment;
        assert_eq!(own.as_ref(), Some(&shown));
        let hidden = [
            (Caller::user("alice"), of_bob.payment_id),
            (Caller::user("alice"), of_nobody.payment_id),
            (Caller::guest("alice"), id.clone()),
            (Caller::Staff("ann".into()), new_id()),
        ];
        for (caller, payment_id) in hidden {
            let refusal = as_caller(caller).get_payment(get(&payment_id)).await.unwrap_err();
            assert_eq!((refusal.code(), reason_of(&refusal)), (Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND".into()));
        }
        assert_eq!(as_caller(Caller::Anonymous).get_payment(get(&id)).await.unwrap_err().code(), Code::Unauthenticated);

        for customer_id in ["", "me", &customer("alice")] {
            let request = pb::ListPaymentsRequest { customer_id: customer_id.into(), ..Default::default() };
            let found = alice.list_payments(request).await.unwrap().into_inner().payments;
            assert_eq!(found, vec![shown.clone()], "{customer_id}");
        }
        let request = pb::ListPaymentsRequest { customer_id: customer("bob"), ..Default::default() };
        let refusal = alice.list_payments(request).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER".into()));
        let request = pb::ListPaymentsRequest { provider_reference: "charge".into(), ..Default::default() };
        let refusal = alice.list_payments(request).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::PermissionDenied, "ERROR_REASON_FIELD_NOT_ALLOWED".into()));
        assert_eq!(metadata_of(&refusal)["field"], "provider_reference");
        let everything = shop.payments.clone().list_payments(pb::ListPaymentsRequest::default()).await.unwrap().into_inner();
        assert_eq!(everything.payments.len(), 3);
    }
}
