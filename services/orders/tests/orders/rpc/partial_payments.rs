//! Orders that several payments pay: PlaceOrder, RetryPayment, CaptureOrder, CancelOrder and
//! RefundOrder.

use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_client::types::v1::Money;
use souk_data::Engine;
use souk_testkit::{field_violations, metadata_of, on_each_engine, reason_of};
use tonic::{Code, Status};

use crate::upstreams::*;

const TOTAL: i64 = 3 * UNIT;
const GIFT: i64 = UNIT + 1;

fn money(minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: "GBP".into(), minor_units })
}

fn partial(payment_method: &str, minor_units: i64) -> pb::PartialPayment {
    pb::PartialPayment { payment_method: payment_method.into(), amount: money(minor_units) }
}

/// An order of which a gift card and a voucher pay a part.
fn split(request_id: &str, method: pb::CaptureMethod) -> pb::PlaceOrderRequest {
    pb::PlaceOrderRequest {
        partial_payments: vec![partial("gift", GIFT), partial("voucher", 10)],
        capture_method: method.into(),
        ..request(request_id)
    }
}

async fn place(orders: &TestOrders, request: pb::PlaceOrderRequest) -> Result<pb::Order, Status> {
    Ok(orders.alice().place_order(request).await?.into_inner().order.unwrap())
}

/// What the order says of its payments: amount, captured and refunded.
fn said(order: &pb::Order) -> Vec<(i64, i64, i64)> {
    let minor = |money: &Option<Money>| money.as_ref().unwrap().minor_units;
    let payments = order.payments.iter();
    payments.map(|one| (minor(&one.amount), minor(&one.captured), minor(&one.refunded))).collect()
}

/// What payments has: authorized, captured and refunded.
fn kept(orders: &TestOrders, order: &pb::Order) -> Vec<(i64, i64, i64)> {
    let world = orders.world.lock();
    let of = |one: &pb::OrderPayment| world.payments.get(&one.payment_id).copied();
    order.payments.iter().map(|one| of(one).unwrap_or_default()).collect()
}

fn statuses(order: &pb::Order) -> Vec<pb::PaymentStatus> {
    order.payments.iter().map(|one| one.status()).collect()
}

async fn kinds(orders: &TestOrders, order: &pb::Order) -> Vec<pb::OrderChangeKind> {
    let request =
        pb::ListOrderHistoryRequest { order_id: order.order_id.clone(), ..Default::default() };
    let changes = orders.staff().list_order_history(request).await.unwrap().into_inner().changes;
    changes.iter().map(|change| change.kind()).collect()
}

/// Declines what pays this much; what other payments ask for is authorized.
fn decline(orders: &TestOrders, minor: i64, status: fn(&str) -> Status) {
    let world = orders.world.clone();
    orders.upstreams.on(AUTHORIZE, move |request: payments::AuthorizePaymentRequest| {
        let mut world = world.lock();
        let id = request.payment_id.clone();
        let amount = request.amount.as_ref().unwrap().minor_units;
        let asked = payments::Payment {
            order_id: request.order_id,
            customer_id: request.customer_id,
            amount: request.amount,
            ..Default::default()
        };
        world.asked.insert(id.clone(), asked);
        if amount == minor {
            return Err(status(&id));
        }
        world.payments.entry(id.clone()).or_insert((amount, 0, 0));
        Ok(payments::AuthorizePaymentResponse { payment: Some(world.payment(&id)) })
    });
}

on_each_engine! {
    async fn several_payments_pay_an_order_at_once(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let placed = place(&orders, split("at once", pb::CaptureMethod::Automatic)).await.unwrap();
        let again = place(&orders, split("at once", pb::CaptureMethod::Automatic)).await.unwrap();
        assert_eq!(again.order_id, placed.order_id);
        let other = pb::PlaceOrderRequest {
            partial_payments: vec![partial("gift", GIFT)],
            ..split("at once", pb::CaptureMethod::Automatic)
        };
        let reused = place(&orders, other).await.unwrap_err();
        assert_eq!(reason_of(&reused), "ERROR_REASON_REQUEST_ID_REUSED");

        let paid = orders.reaches(&placed.order_id, At::Paid).await;
        let rest = TOTAL - GIFT - 10;
        let all = vec![(GIFT, GIFT, 0), (10, 10, 0), (rest, rest, 0)];
        assert_eq!((said(&paid), kept(&orders, &paid)), (all.clone(), all));
        assert_eq!(statuses(&paid), [pb::PaymentStatus::Paid; 3]);
        use pb::OrderChangeKind::{Created, Paid, PartiallyPaid, PaymentAuthorized, Placed, Priced};
        let expected = [
            Created, Priced, PaymentAuthorized, PaymentAuthorized, Placed, PartiallyPaid, PartiallyPaid, Paid,
        ];
        assert_eq!(kinds(&orders, &paid).await, expected);
        orders.audit().await;

        // Money goes back from the last payment first.
        let refund = |request_id: &str, amount: i64| pb::RefundOrderRequest {
            order_id: paid.order_id.clone(),
            request_id: request_id.into(),
            amount: money(amount),
            ..Default::default()
        };
        let part = orders.staff().refund_order(refund("one", rest + 15)).await.unwrap().into_inner().order.unwrap();
        assert_eq!(said(&part), [(GIFT, GIFT, 5), (10, 10, 10), (rest, rest, rest)]);
        assert_eq!(kept(&orders, &part), said(&part));
        orders.staff().refund_order(refund("one", rest + 15)).await.unwrap();
        assert_eq!(orders.upstreams.calls(REFUND), 3);
        let left = orders.fulfill(&paid.order_id, "leave", &[]).await.unwrap().order.unwrap();
        assert_eq!(at(&left), At::Fulfilled);
        orders.audit().await;
    }

    async fn a_payment_of_several_that_was_declined_is_tried_again(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        decline(&orders, 10, soft_decline);
        let declined = place(&orders, split("again", pb::CaptureMethod::Manual)).await.unwrap_err();
        assert_eq!(reason_of(&declined), "ERROR_REASON_PAYMENT_METHOD_DECLINED");
        let order_id = metadata_of(&declined)["order_id"].clone();
        let waiting = orders.reaches(&order_id, At::Pending).await;
        assert_eq!(metadata_of(&declined)["payment_id"], waiting.payments[1].payment_id);
        use pb::PaymentStatus::{Authorized, Unpaid};
        assert_eq!(statuses(&waiting), [Authorized, Unpaid, Unpaid]);
        assert_eq!(waiting.payment_status(), Unpaid);
        let declines: Vec<_> = waiting.payments.iter().map(|one| one.decline).collect();
        assert!(declines[0] == 0 && declines[1] != 0 && declines[2] == 0, "{declines:?}");
        orders.audit().await;

        let placed = orders.retry(&order_id, "another").await.unwrap();
        assert_eq!((at(&placed), statuses(&placed)), (At::Placed, vec![Authorized; 3]));
        assert_eq!((orders.upstreams.calls(AUTHORIZE), orders.upstreams.calls(CONFIRM)), (3, 1));
        orders.audit().await;
    }

    async fn an_order_whose_last_payment_is_declined_holds_nothing_of_the_others(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        decline(&orders, TOTAL - GIFT - 10, |id| refusal("ERROR_REASON_PAYMENT_DECLINED", &[("payment_id", id)]));
        let declined = place(&orders, split("declined", pb::CaptureMethod::Manual)).await.unwrap_err();
        assert_eq!(reason_of(&declined), "ERROR_REASON_PAYMENT_DECLINED");
        let rejected = orders.reaches(&metadata_of(&declined)["order_id"], At::Rejected).await;
        assert_eq!(metadata_of(&declined)["payment_id"], rejected.payments[2].payment_id);
        assert_eq!(kept(&orders, &rejected), [(0, 0, 0); 3]);
        use pb::PaymentStatus::{Unpaid, Voided};
        assert_eq!(statuses(&rejected), [Voided, Voided, Unpaid]);
        assert_eq!(orders.world.lock().reservations[&rejected.reservation_id], "released");
        orders.audit().await;
    }

    async fn an_unknown_method_of_several_is_named(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        decline(&orders, 10, |id| refusal("ERROR_REASON_UNKNOWN_PAYMENT_METHOD", &[("payment_id", id)]));
        let refused = place(&orders, split("unknown", pb::CaptureMethod::Manual)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_UNKNOWN_PAYMENT_METHOD");
        assert_eq!(field_violations(&refused)[0].field, "partial_payments[1].payment_method");
        orders.audit().await;
    }

    async fn partial_payments_leave_something_to_pay(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let request = pb::PlaceOrderRequest {
            partial_payments: vec![partial("gift", TOTAL)],
            ..split("too much", pb::CaptureMethod::Manual)
        };
        let refused = place(&orders, request.clone()).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_PARTIAL_PAYMENTS_EXCEED_TOTAL");
        assert_eq!(metadata_of(&refused)["total_minor_units"], TOTAL.to_string());
        let rejected = orders.reaches(&metadata_of(&refused)["order_id"], At::Rejected).await;
        assert_eq!(rejected.closure_reason(), pb::OrderClosureReason::PartialPaymentsExceedTotal);
        assert_eq!((orders.upstreams.calls(AUTHORIZE), rejected.payments.len()), (0, 0));

        let other = Money { currency_code: "EUR".into(), minor_units: 5 };
        for (wrong, field) in [
            (Some(other), "partial_payments[0].amount.currency_code"),
            (money(0), "partial_payments[0].amount.minor_units"),
            (money(-1), "partial_payments[0].amount.minor_units"),
            (None, "partial_payments[0].amount"),
        ] {
            let mut request = pb::PlaceOrderRequest { request_id: "wrong".into(), ..request.clone() };
            request.partial_payments[0].amount = wrong;
            let refused = place(&orders, request).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert_eq!(field_violations(&refused)[0].field, field);
        }
        let five = pb::PlaceOrderRequest { partial_payments: vec![partial("gift", 1); 5], ..request };
        let refused = place(&orders, five).await.unwrap_err();
        assert_eq!(field_violations(&refused)[0].field, "partial_payments");
        orders.audit().await;
    }

    async fn an_amount_is_captured_from_one_payment_after_the_other(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, split("parts", pb::CaptureMethod::Manual)).await.unwrap();
        let of = |minor: i64, request_id: &str| pb::CaptureOrderRequest {
            order_id: order.order_id.clone(),
            amount: money(minor),
            request_id: request_id.into(),
        };
        let capture = |request| { let mut staff = orders.staff(); async move { staff.capture_order(request).await } };
        let part = capture(of(GIFT + 4, "one")).await.unwrap().into_inner().order.unwrap();
        assert_eq!(part.payment_status(), pb::PaymentStatus::PartiallyPaid);
        let rest = TOTAL - GIFT - 10;
        assert_eq!(said(&part), [(GIFT, GIFT, 0), (10, 4, 0), (rest, 0, 0)]);
        assert_eq!(kept(&orders, &part), [(GIFT, GIFT, 0), (10, 4, 0), (rest, 0, 0)]);
        capture(of(GIFT + 4, "one")).await.unwrap();
        assert_eq!(orders.upstreams.calls(CAPTURE), 2);
        orders.audit().await;

        // Of what is not captured, one unit is canceled; the rest of it is never charged.
        orders.cancel_units(&order.order_id, "less", &[(1, 1)]).await.unwrap();
        let request = pb::CaptureOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
        let paid = capture(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(at(&paid), At::Paid);
        let taken = 2 * UNIT - GIFT - 10;
        assert_eq!(said(&paid), [(GIFT, GIFT, 0), (10, 10, 0), (rest, taken, 0)]);
        assert_eq!(kept(&orders, &paid), [(GIFT, GIFT, 0), (10, 10, 0), (taken, taken, 0)]);
        orders.audit().await;
    }

    async fn what_the_last_capture_does_not_need_is_voided(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = place(&orders, split("void", pb::CaptureMethod::OnFulfillment)).await.unwrap();
        orders.cancel_units(&order.order_id, "most", &[(1, 2)]).await.unwrap();
        let left = orders.fulfill(&order.order_id, "leave", &[]).await.unwrap().order.unwrap();
        assert_eq!(at(&left), At::Fulfilled);
        assert_eq!(kept(&orders, &left), [(UNIT, UNIT, 0), (0, 0, 0), (0, 0, 0)]);
        use pb::PaymentStatus::{Paid, Voided};
        assert_eq!(statuses(&left), [Paid, Voided, Voided]);
        orders.audit().await;
    }

    async fn a_later_capture_that_is_refused_pays_back_the_earlier_one(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let world = orders.world.clone();
        orders.upstreams.on(CAPTURE, move |request: payments::CapturePaymentRequest| {
            let is_gift = world.lock().payments[&request.payment_id].0 == GIFT;
            if is_gift {
                return Ok(capture(&world, &request));
            }
            Err(refusal("ERROR_REASON_PAYMENT_DECLINED", &[("payment_id", &request.payment_id)]))
        });
        let placed = place(&orders, split("refused", pb::CaptureMethod::Automatic)).await.unwrap();
        let canceled = orders.reaches(&placed.order_id, At::Canceled).await;
        assert_eq!(canceled.closure_reason(), pb::OrderClosureReason::PaymentDeclined);
        assert_eq!(canceled.payment_status(), Refunded);
        assert_eq!(kept(&orders, &canceled), [(GIFT, GIFT, GIFT), (0, 0, 0), (0, 0, 0)]);
        use pb::PaymentStatus::{Refunded, Voided};
        assert_eq!(statuses(&canceled), [Refunded, Voided, Voided]);
        assert_eq!(orders.world.lock().reservations[&canceled.reservation_id], "released");
        orders.audit().await;
    }

    async fn a_refund_that_went_back_in_part_waits_for_staff(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let placed = place(&orders, split("half", pb::CaptureMethod::Automatic)).await.unwrap();
        let paid = orders.reaches(&placed.order_id, At::Paid).await;
        let gift = paid.payments[0].payment_id.clone();
        let world = orders.world.clone();
        orders.upstreams.on(REFUND, move |request: payments::RefundPaymentRequest| {
            if request.payment_id == gift {
                return Err(refusal("ERROR_REASON_PAYMENT_DECLINED", &[("payment_id", &gift)]));
            }
            let mut world = world.lock();
            let amount = request.amount.as_ref().unwrap().minor_units;
            if world.refunds.insert(request.refund_id.clone(), amount).is_none() {
                world.payments.get_mut(&request.payment_id).unwrap().2 += amount;
            }
            let refund = payments::PaymentRefund {
                refund_id: request.refund_id,
                payment_id: request.payment_id,
                amount: request.amount,
                state: payments::PaymentRefundState::Succeeded.into(),
                ..Default::default()
            };
            Ok(payments::RefundPaymentResponse { refund: Some(refund), ..Default::default() })
        });
        let request = pb::RefundOrderRequest {
            order_id: paid.order_id.clone(),
            request_id: "all".into(),
            ..Default::default()
        };
        let mut staff = orders.staff();
        let asked = tokio::spawn(async move { staff.refund_order(request).await });
        let sagas = souk_testkit::eventually(std::time::Duration::from_secs(20), || async {
            let sagas = orders.quarantined().await;
            (!sagas.is_empty()).then_some(sagas)
        }).await;
        assert_eq!(sagas[0].step, "refund.pay_back");
        asked.abort();
        let request = pb::GetOrderRequest { order_id: paid.order_id };
        let order = orders.staff().get_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!(order.refunds[0].state(), pb::RefundState::Pending, "neither paid back nor refused");
        assert!(order.quarantined);
    }
}
