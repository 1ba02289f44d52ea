//! ListPayments, GetPayment and ListCharges.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{TestPayments, new_id};

on_each_engine! {
    async fn lists_come_in_pages_without_gaps(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(shop.authorized("tok_approved").await);
        }
        ids.sort();
        let mut payments = Vec::new();
        let mut charges = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListPaymentsRequest { page_size: 2, page_token };
            let page = shop.payments.list_payments(request).await.unwrap().into_inner();
            payments.extend(page.payments.into_iter().map(|payment| payment.payment_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        loop {
            let request = pb::ListChargesRequest { page_size: 2, page_token };
            let page = shop.simulator.list_charges(request).await.unwrap().into_inner();
            charges.extend(page.charges.into_iter().map(|charge| charge.payment_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((&payments, &charges), (&ids, &ids));
    }

    async fn a_page_token_is_good_for_its_list_and_caller_only(engine: Engine) {
        let mut shop = TestPayments::start(engine).await;
        shop.authorized("tok_approved").await;
        shop.authorized("tok_approved").await;
        let request = pb::ListPaymentsRequest { page_size: 1, page_token: String::new() };
        let page_token = shop.payments.list_payments(request).await.unwrap().into_inner().next_page_token;
        let refunds = pb::ListRefundsRequest { page_token: page_token.clone(), ..Default::default() };
        let refusal = shop.payments.list_refunds(refunds).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_PAGE_TOKEN");
        assert_eq!(refusal.message(), "the page token is not valid for this caller and this list");
        assert_eq!(souk_testkit::field_violations(&refusal)[0].field, "page_token");
        let mut staff = PaymentServiceClient::new(shop.service.channel_as(&Caller::Staff("ann".into())));
        let refusal = staff.list_payments(pb::ListPaymentsRequest { page_size: 1, page_token }).await.unwrap_err();
        assert_eq!(reason_of(&refusal), "ERROR_REASON_INVALID_PAGE_TOKEN");
    }

    async fn only_services_and_staff_read_payments(engine: Engine) {
        let shop = TestPayments::start(engine).await;
        let id = shop.authorized("tok_approved").await;
        let request = pb::GetPaymentRequest { payment_id: id.clone() };
        let as_caller = |caller: Caller| PaymentServiceClient::new(shop.service.channel_as(&caller));
        let denied = as_caller(Caller::User("alice".into())).get_payment(request.clone()).await.unwrap_err();
        assert_eq!(denied.code(), Code::PermissionDenied);
        as_caller(Caller::Service("catalog".into())).get_payment(request.clone()).await.unwrap();
        let unknown = as_caller(Caller::Staff("ann".into())).get_payment(pb::GetPaymentRequest { payment_id: new_id() }).await;
        assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    }
}
