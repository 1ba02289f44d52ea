//! What holds for orders and refunds.

use proptest::prelude::*;

use super::*;

fn gbp(minor: i64) -> Money {
    Money::new("GBP".parse().unwrap(), minor)
}

fn pending() -> Order {
    let now = Timestamp::from_micros(1);
    Order {
        id: OrderId::new(now),
        number: 1001,
        customer: "alice".into(),
        reference: String::new(),
        channel: "default".into(),
        locale: String::new(),
        currency: gbp(0).currency,
        axes: Axes::NEW,
        capture: CaptureMethod::Automatic,
        lines: vec![],
        line_count: 0,
        total: None,
        parts: Parts::default(),
        refunded: gbp(0),
        refunds: vec![],
        closure: None,
        decline: None,
        tries: 1,
        version: 1,
        is_quarantined: false,
        action: None,
        expire_time: now,
        details: Details::default(),
        create_time: now,
        update_time: now,
        effective_time: now,
    }
}

fn line(number: i64, quantity: i64, unit: i64) -> Line {
    Line {
        number,
        sku: format!("sku-{number}"),
        price: PriceId::derive(b"price", &number.to_string()),
        product: None,
        variant: None,
        title: "A thing".into(),
        quantity,
        unit_price: gbp(unit),
        refunded: 0,
        returned: 0,
    }
}

fn paid() -> Order {
    let mut order = pending();
    order.price(vec![line(1, 3, 250), line(2, 1, 1000)]).unwrap();
    order.place().unwrap();
    order.pay().unwrap();
    order
}

fn fulfilled() -> Order {
    let mut order = paid();
    order.fulfill().unwrap();
    order
}

fn asking(scope: RefundScope) -> RefundRequest {
    RefundRequest {
        scope,
        reason: 0,
        note: String::new(),
        actor: Actor::default(),
        effective_time: None,
    }
}

fn wanted(number: i64, quantity: i64) -> RequestedRefundLine {
    RequestedRefundLine { number, quantity, amount: None, restock: true }
}

fn units(number: i64, quantity: i64) -> RefundScope {
    RefundScope::Lines(vec![wanted(number, quantity)])
}

fn for_amount(number: i64, quantity: i64, minor: i64, restock: bool) -> RefundScope {
    let amount = Some(gbp(minor));
    RefundScope::Lines(vec![RequestedRefundLine { amount, restock, ..wanted(number, quantity) }])
}

const REST_OF_GOODS: RefundScope = RefundScope::Rest { restock: true };
const REST_OF_MONEY: RefundScope = RefundScope::Rest { restock: false };

fn refund(order: &mut Order, scope: RefundScope) -> Result<Money, Error> {
    let id = RefundId::new(Timestamp::from_micros(1));
    give_back(order, id, &asking(scope))
}

fn give_back(order: &mut Order, id: RefundId, request: &RefundRequest) -> Result<Money, Error> {
    let refund = order.plan_refund(id, request, Timestamp::from_micros(1))?;
    let amount = refund.amount;
    order.refunds.push(refund);
    order.settle_refund(id, true)?;
    Ok(amount)
}

#[test]
fn the_total_is_the_sum_of_the_lines() {
    let order = fulfilled();
    assert_eq!((order.total, order.parts.subtotal), (Some(gbp(1750)), 1750));
}

#[test]
fn a_total_beyond_what_can_be_paid_is_a_reason_to_reject() {
    let price = 1_000_000_000_000;
    assert_eq!(pending().price(vec![line(1, 1000, price)]), Ok(()));
    assert_eq!(pending().price(vec![line(1, 1001, price)]), Err(Reason::TotalOverflow));
    assert_eq!(pending().price(vec![line(1, 2, i64::MAX)]), Err(Reason::TotalOverflow));
    assert_eq!(
        pending().price(vec![line(1, 1, i64::MAX), line(2, 1, 1)]),
        Err(Reason::TotalOverflow)
    );
}

#[test]
fn every_step_is_allowed_from_its_own_states_only() {
    type Walk = fn(&mut Order) -> Result<(), Error>;
    let action = || Action { url: "https://bank.test".into(), expire_time: None };
    let mut acting = pending();
    acting.require_action(action()).unwrap();
    let mut declined = acting.clone();
    declined.decline("no".into()).unwrap();
    assert_eq!((declined.axes, &declined.action), (Axes::NEW, &None));
    let mut placed = pending();
    placed.price(vec![line(1, 1, 1)]).unwrap();
    placed.place().unwrap();
    let mut canceled = paid();
    canceled.cancel(Reason::OrderCanceled).unwrap();
    let mut rejected = pending();
    rejected.reject(Reason::OutOfStock).unwrap();
    let orders = [
        ("pending", pending()),
        ("acting", acting),
        ("declined", declined),
        ("placed", placed),
        ("paid", paid()),
        ("fulfilled", fulfilled()),
        ("canceled", canceled),
        ("rejected", rejected),
    ];
    let steps: [(&str, Walk, &[&str]); 8] = [
        ("place", |order| order.place(), &["pending", "acting", "declined"]),
        ("pay", |order| order.pay(), &["placed"]),
        ("reject", |order| order.reject(Reason::GaveUp), &["pending", "acting", "declined"]),
        ("cancel", |order| order.cancel(Reason::OrderCanceled), &["placed", "paid"]),
        ("fulfill", |order| order.fulfill(), &["paid"]),
        (
            "require action",
            |order| order.require_action(Action { url: String::new(), expire_time: None }),
            &["pending", "acting", "declined"],
        ),
        ("decline", |order| order.decline("no".into()), &["pending", "acting", "declined"]),
        ("retry payment", |order| order.retry_payment(), &["declined"]),
    ];
    for (name, step, allowed) in steps {
        for (state, order) in &orders {
            let mut order = order.clone();
            assert_eq!(step(&mut order).is_ok(), allowed.contains(state), "{name} from {state}");
        }
    }
}

#[test]
fn a_cancellation_gives_back_what_was_taken() {
    let mut order = paid();
    order.cancel(Reason::OrderCanceled).unwrap();
    let axes = Axes { state: State::Canceled, payment: PaymentStatus::Refunded, ..Axes::NEW };
    assert_eq!((order.axes, order.refunded), (axes, gbp(1750)));

    let mut order = pending();
    order.price(vec![line(1, 1, 1)]).unwrap();
    order.place().unwrap();
    order.cancel(Reason::PaymentDeclined).unwrap();
    assert_eq!((order.axes.payment, order.refunded), (PaymentStatus::Voided, gbp(0)));
    assert_eq!(order.closure, Some(Reason::PaymentDeclined));
}

#[test]
fn goods_come_back_from_fulfilled_orders_only() {
    let order = paid();
    let plan = |request: &RefundRequest| {
        order.plan_refund(RefundId::new(order.create_time), request, order.create_time)
    };
    assert!(plan(&asking(REST_OF_GOODS)).is_err());
    assert!(plan(&asking(units(1, 1))).is_err());
    assert!(plan(&asking(REST_OF_MONEY)).is_ok());
}

#[test]
fn an_order_that_is_paid_back_before_its_goods_left_is_canceled() {
    let mut order = paid();
    assert_eq!(refund(&mut order, RefundScope::Amount(gbp(50))).unwrap(), gbp(50));
    assert_eq!(order.axes.state, State::Placed);
    assert_eq!(order.axes.payment, PaymentStatus::PartiallyRefunded);
    assert_eq!(refund(&mut order, REST_OF_MONEY).unwrap(), gbp(1700));
    let axes = Axes { state: State::Canceled, payment: PaymentStatus::Refunded, ..Axes::NEW };
    assert_eq!((order.axes, order.closure), (axes, Some(Reason::Refunded)));
}

#[test]
fn refunding_line_by_line_ends_refunded_and_returned() {
    let mut order = fulfilled();
    assert_eq!(refund(&mut order, units(1, 2)).unwrap(), gbp(500));
    let part = Axes {
        state: State::Completed,
        payment: PaymentStatus::PartiallyRefunded,
        fulfillment: FulfillmentStatus::PartiallyReturned,
    };
    assert_eq!(order.axes, part);
    assert_eq!(refund(&mut order, units(2, 1)).unwrap(), gbp(1000));
    assert_eq!(refund(&mut order, units(1, 1)).unwrap(), gbp(250));
    let whole = Axes {
        state: State::Completed,
        payment: PaymentStatus::Refunded,
        fulfillment: FulfillmentStatus::Returned,
    };
    assert_eq!((order.axes, order.refunded), (whole, gbp(1750)));
}

#[test]
fn each_line_has_its_own_amount_and_goes_its_own_way() {
    let mut order = fulfilled();
    let lines = vec![
        RequestedRefundLine { amount: Some(gbp(100)), restock: false, ..wanted(1, 1) },
        wanted(2, 1),
    ];
    assert_eq!(refund(&mut order, RefundScope::Lines(lines)).unwrap(), gbp(1100));
    let of = |number: usize| (order.lines[number].refunded, order.lines[number].returned);
    assert_eq!([of(0), of(1)], [(1, 0), (1, 1)]);
    let amounts: Vec<i64> = order.refunds[0].lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, [100, 1000]);
}

#[test]
fn refusals_name_what_is_wrong() {
    assert!(matches!(
        refund(&mut fulfilled(), units(9, 1)),
        Err(Error::LineNotFound { line: 9, .. })
    ));
    let too_much = RefundScope::Amount(gbp(1751));
    assert!(matches!(
        refund(&mut fulfilled(), too_much),
        Err(Error::RefundExceedsOrder { refundable: 1750, .. })
    ));
    assert!(matches!(
        refund(&mut fulfilled(), units(1, 4)),
        Err(Error::ReturnExceedsOrder { line: 1, returnable: 3, .. })
    ));
    let nothing = RefundScope::Amount(gbp(0));
    assert!(refund(&mut fulfilled(), nothing).is_err());
    let yen = RefundScope::Amount(Money::new("JPY".parse().unwrap(), 1));
    assert!(refund(&mut fulfilled(), yen).is_err());
}

#[test]
fn a_refund_on_its_way_is_not_promised_again() {
    let mut order = fulfilled();
    let id = RefundId::new(order.create_time);
    let pending = order.plan_refund(id, &asking(REST_OF_GOODS), order.create_time).unwrap();
    order.refunds.push(pending);
    assert_eq!(order.refundable(), 0);
    assert!(refund(&mut order, RefundScope::Amount(gbp(1))).is_err());

    order.settle_refund(id, false).unwrap();
    assert_eq!((order.refundable(), order.axes), (1750, fulfilled().axes));
    assert!(order.settle_refund(id, true).is_err(), "a refund ends once");
}

#[test]
fn goods_that_come_after_the_money_come_back_for_nothing() {
    let mut order = fulfilled();
    let bare = asking(RefundScope::Amount(gbp(1750)));
    give_back(&mut order, RefundId::new(Timestamp::from_micros(2)), &bare).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::Refunded);
    assert_eq!(refund(&mut order, units(1, 3)).unwrap(), gbp(0));
    assert_eq!((order.lines[0].returned, order.lines[0].refunded), (3, 0));
    assert!(matches!(
        refund(&mut order, units(1, 1)),
        Err(Error::ReturnExceedsOrder { returnable: 0, .. })
    ));
    assert_eq!(refund(&mut order, REST_OF_GOODS).unwrap(), gbp(0), "the other line is still out");
    assert_eq!(order.lines[1].returned, 1);
    assert_eq!(order.axes.fulfillment, FulfillmentStatus::Returned);
    assert_eq!((order.axes.payment, order.refunded), (PaymentStatus::Refunded, gbp(1750)));

    // Of an order that was paid back before its goods left nothing can come back.
    let id = RefundId::new(Timestamp::from_micros(3));
    let mut never_left = paid();
    give_back(&mut never_left, id, &asking(REST_OF_MONEY)).unwrap();
    assert!(refund(&mut never_left, units(1, 1)).is_err());
}

#[test]
fn goods_come_back_for_what_is_left_or_for_what_the_caller_says() {
    let ten = |unit| {
        let mut order = pending();
        order.price(vec![line(1, 1, unit), line(2, 1, 0)]).unwrap();
        order.place().unwrap();
        order.pay().unwrap();
        order.fulfill().unwrap();
        order
    };
    let id = |at| RefundId::new(Timestamp::from_micros(at));
    let amount = |minor| asking(RefundScope::Amount(gbp(minor)));
    let mut order = ten(1000);
    give_back(&mut order, id(2), &amount(100)).unwrap();
    assert_eq!(refund(&mut order, units(2, 1)).unwrap(), gbp(0), "the gift");
    assert_eq!(refund(&mut order, units(1, 1)).unwrap(), gbp(900), "what is left of its price");
    assert_eq!(order.axes.payment, PaymentStatus::Refunded);

    let mut order = ten(1000);
    assert_eq!(refund(&mut order, for_amount(1, 1, 0, true)).unwrap(), gbp(0));
    assert_eq!((order.axes.payment, order.refundable()), (PaymentStatus::Paid, 1000));
    assert_eq!(order.axes.fulfillment, FulfillmentStatus::PartiallyReturned);
    give_back(&mut order, id(3), &amount(1000)).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::Refunded);

    let mut free = ten(0);
    assert_eq!(refund(&mut free, units(1, 1)).unwrap(), gbp(0));
    assert_eq!(free.axes.payment, PaymentStatus::Paid, "no money was paid, so none went back");
    assert!(give_back(&mut free, id(4), &asking(REST_OF_MONEY)).is_err());
}

#[test]
fn nothing_is_paid_back_before_it_was_sold() {
    let order = Order { effective_time: Timestamp::from_micros(5), ..fulfilled() };
    let early =
        RefundRequest { effective_time: Some(Timestamp::from_micros(4)), ..asking(REST_OF_GOODS) };
    let id = RefundId::new(order.create_time);
    let refused = order.plan_refund(id, &early, Timestamp::from_micros(9));
    assert!(matches!(refused, Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale))));
}

#[test]
fn an_order_has_a_limit_of_refunds() {
    let mut order = fulfilled();
    let id = RefundId::new(order.create_time);
    let one = order.plan_refund(id, &asking(units(1, 1)), order.create_time).unwrap();
    order.refunds = vec![Refund { state: RefundState::Failed, ..one }; MAX_REFUNDS];
    assert!(matches!(refund(&mut order, units(1, 1)), Err(Error::TooManyRefunds(_))));
}

proptest! {
    #[test]
    fn refunds_in_any_order_never_exceed_the_total(asks in prop::collection::vec((1i64..4, 1i64..4, 0i64..900, 0u8..5), 0..20)) {
        let mut order = fulfilled();
        let total = order.total.unwrap().minor;
        for (number, quantity, amount, kind) in asks {
            let scope = match kind {
                0 => units(number, quantity),
                1 => RefundScope::Amount(gbp(amount)),
                2 => for_amount(number, quantity, amount, true),
                3 => for_amount(number, quantity, amount + 1, false),
                _ => RefundScope::Rest { restock: amount % 2 == 0 },
            };
            let _ = refund(&mut order, scope);
            let succeeded: i64 = order.refunds.iter().map(|refund| refund.amount.minor).sum();
            prop_assert_eq!(succeeded, order.refunded.minor);
            prop_assert!(order.refunded.minor <= total && order.refundable() >= 0);
            prop_assert!(order.lines.iter().all(|line| (0..=line.quantity).contains(&line.refunded)));
            prop_assert!(order.lines.iter().all(|line| (0..=line.quantity).contains(&line.returned)));
            for refund in &order.refunds {
                let lines: i64 = refund.lines.iter().map(|line| line.amount).sum();
                prop_assert!(lines <= refund.amount.minor);
            }
            let is_refunded = order.axes.payment == PaymentStatus::Refunded;
            prop_assert_eq!(order.refunded.minor == total, is_refunded);
            prop_assert_eq!(order.axes.state, State::Completed);
            let is_returned = order.lines.iter().all(|line| line.returned == line.quantity);
            prop_assert_eq!(is_returned, order.axes.fulfillment == FulfillmentStatus::Returned);
        }
    }
}
