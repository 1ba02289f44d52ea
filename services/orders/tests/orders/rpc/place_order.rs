//! PlaceOrder.

use std::collections::HashMap;
use std::time::Duration;

use souk_chassis::Caller;
use souk_client::catalog::v1::{ResolvePricesRequest, ResolvePricesResponse};
use souk_client::orders::v1 as pb;
use souk_client::types::v1::Money;
use souk_contract::customer_of;
use souk_data::Engine;
use souk_testkit::{
    domain_of, eventually, field_violations, metadata_of, on_each_engine, reason_of,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::upstreams::*;

on_each_engine! {
    async fn a_placed_order_has_its_price_its_stock_and_its_payment(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.place("first").await.unwrap();

        assert_eq!(order.total.as_ref().unwrap().minor_units, 3 * UNIT);
        let alice = customer_of("user:alice").to_string();
        assert_eq!((&order.customer_id, order.lines.len()), (&alice, 1));
        orders.reaches(&order.order_id, At::Paid).await;
        {
            let world = orders.world.lock();
            assert_eq!(world.reservations[&order.reservation_id], "committed");
            assert_eq!(world.payments[payment_id(&order)], (3 * UNIT, 3 * UNIT, 0));
        }
        orders.audit().await;
    }

    async fn placing_twice_with_one_request_id_gives_one_order(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let (first, second) = tokio::join!(orders.place("same"), orders.place("same"));
        assert_eq!(first.unwrap().order_id, second.unwrap().order_id);
        assert_eq!(orders.world.lock().payments.len(), 1);
    }

    async fn a_request_id_with_another_body_is_refused(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.place("same").await.unwrap();
        let other = pb::PlaceOrderRequest { reference: "another".into(), ..request("same") };
        let refused = orders.alice().place_order(other).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED"));
    }

    async fn two_callers_may_use_the_same_request_id(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let hers = orders.place("same").await.unwrap();
        let bob = orders.client_as(&Caller::user("bob")).place_order(request("same")).await.unwrap();
        assert_ne!(hers.order_id, bob.into_inner().order.unwrap().order_id);
    }

    async fn a_customer_keeps_its_request_ids_whoever_places_the_order(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let customer_id = customer_of("user:alice").to_string();
        let for_alice = pb::PlaceOrderRequest { customer_id, ..request("same") };
        let mut pos = orders.client_as(&Caller::Service("pos".into()));
        let placed = pos.place_order(for_alice.clone()).await.unwrap().into_inner().order.unwrap();

        let mut staff = orders.staff();
        for by in [&mut orders.alice(), &mut staff] {
            let repeated = by.place_order(for_alice.clone()).await.unwrap().into_inner();
            assert_eq!(repeated.order.unwrap().order_id, placed.order_id);
        }
        let without_name = orders.place("same").await.unwrap();
        assert_eq!(without_name.order_id, placed.order_id);
        let another = pb::PlaceOrderRequest { reference: "another".into(), ..for_alice };
        let refused = pos.place_order(another).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REQUEST_ID_REUSED");
        let nobodys = pos.place_order(request("same")).await.unwrap().into_inner().order.unwrap();
        assert_ne!(nobodys.order_id, placed.order_id, "a sale without a customer is the caller's");
        assert_eq!(nobodys.customer_id, "");
    }

    async fn what_is_out_of_stock_is_rejected_and_nothing_is_charged(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(RESERVE, refusal("ERROR_REASON_OUT_OF_STOCK", &[("sku", "MUG"), ("available", "1")]));

        let refused = orders.place("short").await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK"));
        let metadata = metadata_of(&refused);
        assert_eq!((metadata["sku"].as_str(), metadata["available"].as_str()), ("MUG", "1"));
        assert_eq!(orders.upstreams.calls(AUTHORIZE), 0);

        let order = orders.reaches(&metadata["order_id"], At::Rejected).await;
        assert_eq!(order.closure_reason(), pb::OrderClosureReason::OutOfStock);
        let again = orders.place("short").await.unwrap_err();
        assert_eq!(metadata_of(&again), metadata, "a repeat answers the same");
    }

    async fn every_line_at_fault_and_every_sku_that_is_short_is_named(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let mut details = ErrorDetails::new();
        let facts = [("sku", "MUG"), ("requested", "3"), ("available", "2")];
        let facts = facts.map(|(key, value)| (key.to_owned(), value.to_owned()));
        details.set_error_info("ERROR_REASON_OUT_OF_STOCK", "souk.inventory", HashMap::from(facts));
        for sku in ["MUG", "JUG"] {
            let subject = format!("{sku}@main");
            details.add_precondition_failure_violation("OUT_OF_STOCK", subject, "requested 3, available 2");
        }
        let short = Status::with_error_details(Code::FailedPrecondition, "short", details);
        orders.upstreams.fail(RESERVE, short);
        let refused = orders.place("short").await.unwrap_err();
        let violations = refused.get_details_precondition_failure().unwrap().violations;
        let found: Vec<_> = violations.iter().map(|one| (one.subject.as_str(), one.description.as_str())).collect();
        assert_eq!(found, [("MUG", "requested 3, available 2"), ("JUG", "requested 3, available 2")]);
        assert!(!metadata_of(&refused).contains_key("shortage"));

        let mut details = ErrorDetails::new();
        details.set_error_info("ERROR_REASON_PRICE_ARCHIVED", "souk.catalog", HashMap::new());
        for index in [0, 2] {
            details.add_bad_request_violation(format!("items[{index}].price_id"), "is archived");
        }
        let archived = Status::with_error_details(Code::FailedPrecondition, "archived", details);
        orders.upstreams.fail(RESOLVE, archived);
        let refused = orders.place("archived").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_PRICE_ARCHIVED");
        let fields: Vec<_> = field_violations(&refused).into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["lines[0].price_id", "lines[2].price_id"]);
    }

    async fn a_declined_payment_gives_the_stock_back(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(AUTHORIZE, refusal("ERROR_REASON_PAYMENT_DECLINED", &[]));
        let refused = orders.place("poor").await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_PAYMENT_DECLINED");
        let world = orders.world.lock();
        assert!(world.reservations.values().all(|state| *state == "released"), "{:?}", world.reservations);
    }

    async fn another_total_than_expected_is_rejected(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let expected_total = Some(Money { currency_code: "GBP".into(), minor_units: 1 });
        let refused = orders.alice().place_order(pb::PlaceOrderRequest { expected_total, ..request("cheap") }).await;
        let refused = refused.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_PRICE_CHANGED");
        assert_eq!(metadata_of(&refused)["total_minor_units"], (3 * UNIT).to_string());
    }

    async fn a_user_orders_for_itself_only_and_sets_no_time(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let customer_id = customer_of("user:bob").to_string();
        let other = pb::PlaceOrderRequest { customer_id, ..request("other") };
        let refused = orders.alice().place_order(other).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER"));

        let effective_time = Some(prost_types::Timestamp { seconds: 1_291_000_000, nanos: 0 });
        let early = pb::PlaceOrderRequest { effective_time, ..request("early") };
        let refused = orders.alice().place_order(early.clone()).await.unwrap_err();
        let expected = (Code::PermissionDenied, "ERROR_REASON_FIELD_NOT_ALLOWED");
        assert_eq!((refused.code(), reason_of(&refused).as_str()), expected);
        assert_eq!(field_violations(&refused)[0].field, "effective_time");
        let ahead = Some(prost_types::Timestamp { seconds: 32_503_680_000, nanos: 0 });
        let late = pb::PlaceOrderRequest { effective_time: ahead, ..request("late") };
        let refused = orders.staff().place_order(late).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "ERROR_REASON_EFFECTIVE_TIME"));
        let placed = orders.staff().place_order(early).await.unwrap().into_inner().order.unwrap();
        assert_eq!(placed.effective_time, effective_time);
        assert_eq!(placed.customer_id, "", "staff may order without a customer");
    }

    async fn a_user_orders_at_public_prices_only(engine: Engine) {
        use pb::place_order_line::Item;
        let orders = TestOrders::start(engine).await;
        let at = |request_id: &str, price: &str| {
            let price = souk_types::PriceId::derive(b"test", price).to_string();
            let mut request = request(request_id);
            request.lines.push(pb::PlaceOrderLine { item: Some(Item::PriceId(price)), quantity: 1 });
            request
        };
        let refused = orders.alice().place_order(at("cheap", "a price for friends")).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::PermissionDenied, "ERROR_REASON_PRICE_NOT_ALLOWED"));
        assert_eq!(field_violations(&refused)[0].field, "lines[1].price_id");
        assert_eq!(orders.upstreams.calls(RESERVE), 0);

        orders.alice().place_order(at("default", "MUG")).await.unwrap();
        orders.alice().place_order(at("sale", "sale")).await.unwrap();
        orders.staff().place_order(at("staff", "a price for friends")).await.unwrap();
        orders.audit().await;
    }

    async fn an_order_for_nothing_may_be_expected(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.answer_changed(RESOLVE, |answer: &mut ResolvePricesResponse| {
            answer.prices[0].unit_price.as_mut().unwrap().minor_units = 0;
        });
        let nothing = Some(Money { currency_code: "GBP".into(), minor_units: 0 });
        let free = pb::PlaceOrderRequest { expected_total: nothing, ..request("free") };
        let order = orders.alice().place_order(free).await.unwrap().into_inner().order.unwrap();
        assert_eq!(order.total.unwrap().minor_units, 0);
        let less = Some(Money { currency_code: "GBP".into(), minor_units: -1 });
        let refused = orders.alice().place_order(pb::PlaceOrderRequest { expected_total: less, ..request("less") }).await;
        assert_eq!(field_violations(&refused.unwrap_err())[0].field, "expected_total.minor_units");
    }

    async fn a_rejection_says_what_is_so(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(AUTHORIZE, refusal("ERROR_REASON_UNKNOWN_PAYMENT_METHOD", &[]));
        let refused = orders.place("visa").await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "ERROR_REASON_UNKNOWN_PAYMENT_METHOD"));
        assert_eq!(field_violations(&refused)[0].field, "payment_method");

        orders.upstreams.fail(RESOLVE, refusal("ERROR_REASON_PRODUCT_NOT_FOR_SALE", &[("sku", "MUG")]));
        let refused = orders.place("archived").await.unwrap_err();
        assert_eq!((reason_of(&refused).as_str(), metadata_of(&refused)["sku"].as_str()), ("ERROR_REASON_NOT_FOR_SALE", "MUG"));
        assert!(refused.message().ends_with("is not for sale"), "{refused}");
    }

    async fn a_total_beyond_what_can_be_paid_is_rejected_with_the_limit(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.answer_changed(RESOLVE, |answer: &mut ResolvePricesResponse| {
            answer.prices[0].unit_price.as_mut().unwrap().minor_units = 1_000_000_000_000;
        });
        let mut many = request("many");
        many.lines[0].quantity = 1001;
        let refused = orders.alice().place_order(many).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_TOTAL_OVERFLOW");
        assert_eq!(metadata_of(&refused)["max_total_minor_units"], "1000000000000000");
        let mut most = request("most");
        most.lines[0].quantity = 1000;
        assert_eq!(orders.alice().place_order(most).await.unwrap().into_inner().order.unwrap().total.unwrap().minor_units, 1_000_000_000_000_000);
    }

    async fn an_order_without_a_permit_in_time_learns_when_to_come_back(engine: Engine) {
        let orders = TestOrders::start_with(engine, &[("saga.max_under_way", "1")]).await;
        orders.upstreams.on_async(RESOLVE, |_: ResolvePricesRequest| async {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            Err::<ResolvePricesResponse, _>(refusal("ERROR_REASON_PRICE_NOT_FOUND", &[("sku", "MUG")]))
        });
        let mut alice = orders.alice();
        let first = tokio::spawn(async move { alice.place_order(request("first")).await });
        eventually(Duration::from_secs(10), || async { orders.upstreams.calls(RESOLVE) == 1 }).await;

        let mut hasty = tonic::Request::new(request("second"));
        hasty.set_timeout(Duration::from_millis(500));
        let refused = orders.alice().place_order(hasty).await.unwrap_err();
        let expected = (Code::ResourceExhausted, "ERROR_REASON_OVERLOADED", "souk.policy");
        assert_eq!((refused.code(), reason_of(&refused).as_str(), domain_of(&refused).as_str()), expected);
        assert!(refused.get_details_retry_info().is_some_and(|retry| retry.retry_delay.is_some()));

        assert_eq!(reason_of(&first.await.unwrap().unwrap_err()), "ERROR_REASON_PRICE_NOT_FOUND");
        let all = orders.alice().list_orders(pb::ListOrdersRequest::default()).await.unwrap().into_inner().orders;
        assert_eq!(all.len(), 1, "nothing is kept of what got no permit");
    }

    async fn bad_fields_are_named(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let mut bad = request("bad");
        bad.lines[0].quantity = 0;
        let refused = orders.alice().place_order(bad).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(field_violations(&refused)[0].field, "lines[0].quantity");

        let euro = Some(Money { currency_code: "EUR".into(), minor_units: 750 });
        let refused = orders.alice().place_order(pb::PlaceOrderRequest { expected_total: euro, ..request("euro") }).await;
        assert_eq!(field_violations(&refused.unwrap_err())[0].field, "expected_total.currency_code");

        for code in ["XXX", "XTS", "ZZZ"] {
            let nowhere = pb::PlaceOrderRequest { currency_code: code.into(), ..request("nowhere") };
            let nothing = Some(Money { currency_code: code.into(), minor_units: 1 });
            let worthless = pb::PlaceOrderRequest { expected_total: nothing, ..request("worthless") };
            for (request, field) in [(nowhere, "currency_code"), (worthless, "expected_total.currency_code")] {
                let refused = orders.alice().place_order(request).await.unwrap_err();
                assert_eq!((refused.code(), reason_of(&refused)), (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD".into()));
                let violation = &field_violations(&refused)[0];
                assert_eq!(violation.field, field);
                assert_eq!(violation.description, format!("must be an ISO 4217 currency such as GBP, not {code}"));
            }
        }
    }
}
