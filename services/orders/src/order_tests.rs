//! What holds for orders and refunds.

use proptest::prelude::*;
use sea_orm::Iterable;

use super::*;

fn gbp(minor: i64) -> Money {
    Money::new("GBP".parse().unwrap(), minor)
}

fn pending() -> Order {
    let now = Timestamp::from_micros(1);
    Order {
        id: OrderId::new(now),
        customer: "alice".into(),
        reference: String::new(),
        currency: gbp(0).currency,
        state: State::Pending,
        lines: vec![],
        line_count: 0,
        total: None,
        refunded: gbp(0),
        refunds: vec![],
        reason: None,
        version: 1,
        is_quarantined: false,
        action_url: None,
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
        title: "A thing".into(),
        quantity,
        unit_price: gbp(unit),
        refunded: 0,
        returned: 0,
    }
}

fn fulfilled() -> Order {
    let mut order = pending();
    order.price(vec![line(1, 3, 250), line(2, 1, 1000)]).unwrap();
    order.place().unwrap();
    order.pay().unwrap();
    order.fulfill().unwrap();
    order
}

fn asking(scope: RefundScope) -> RefundRequest {
    RefundRequest { scope, restock: true, effective_time: None }
}

fn units(number: i64, quantity: i64) -> RefundScope {
    RefundScope::Lines(vec![RefundLine { number, quantity }], None)
}

fn refund(order: &mut Order, scope: RefundScope) -> Result<Money, Error> {
    let id = RefundId::new(Timestamp::from_micros(1));
    give_back(order, id, &asking(scope))
}

fn give_back(order: &mut Order, id: RefundId, request: &RefundRequest) -> Result<Money, Error> {
    let refund = order.plan_refund(id, request, true, Timestamp::from_micros(1))?;
    let amount = refund.amount;
    order.refunds.push(refund);
    order.settle_refund(id, true)?;
    Ok(amount)
}

#[test]
fn the_total_is_the_sum_of_the_lines() {
    assert_eq!(fulfilled().total, Some(gbp(1750)));
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
    let steps: [(&str, Walk, &[State]); 5] = [
        ("place", |order| order.place(), &[State::Pending]),
        ("pay", |order| order.pay(), &[State::Placed]),
        ("reject", |order| order.reject(Reason::OutOfStock), &[State::Pending]),
        ("cancel", |order| order.cancel(Reason::OrderCanceled), &[State::Placed, State::Paid]),
        ("fulfill", |order| order.fulfill(), &[State::Paid]),
    ];
    for (name, step, allowed) in steps {
        for state in State::iter() {
            let mut order = Order { state, ..pending() };
            assert_eq!(step(&mut order).is_ok(), allowed.contains(&state), "{name} from {state}");
        }
    }
}

#[test]
fn goods_come_back_from_fulfilled_orders_only() {
    let paid = Order { state: State::Paid, ..fulfilled() };
    let plan = |request: &RefundRequest| {
        paid.plan_refund(RefundId::new(paid.create_time), request, false, paid.create_time)
    };
    assert!(plan(&asking(RefundScope::Rest)).is_err());
    assert!(plan(&RefundRequest { restock: false, ..asking(RefundScope::Rest) }).is_ok());
}

#[test]
fn refunding_line_by_line_ends_refunded() {
    let mut order = fulfilled();
    assert_eq!(refund(&mut order, units(1, 2)).unwrap(), gbp(500));
    assert_eq!(order.state, State::Fulfilled);
    assert_eq!(refund(&mut order, units(2, 1)).unwrap(), gbp(1000));
    assert_eq!(refund(&mut order, units(1, 1)).unwrap(), gbp(250));
    assert_eq!((order.state, order.refunded), (State::Refunded, gbp(1750)));
}

#[test]
fn a_line_named_twice_counts_once_with_the_sum() {
    let twice = vec![RefundLine { number: 1, quantity: 2 }, RefundLine { number: 1, quantity: 2 }];
    let refused = refund(&mut fulfilled(), RefundScope::Lines(twice, None));
    assert!(matches!(refused, Err(Error::ReturnExceedsOrder { line: 1, returnable: 3, .. })));
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
    let nothing = RefundScope::Amount(gbp(0));
    assert!(refund(&mut fulfilled(), nothing).is_err());
    let yen = RefundScope::Amount(Money::new("JPY".parse().unwrap(), 1));
    assert!(refund(&mut fulfilled(), yen).is_err());
}

#[test]
fn a_refund_on_its_way_is_not_promised_again() {
    let mut order = fulfilled();
    let id = RefundId::new(order.create_time);
    let pending =
        order.plan_refund(id, &asking(RefundScope::Rest), true, order.create_time).unwrap();
    order.refunds.push(pending);
    assert_eq!(order.refundable(), 0);
    assert!(refund(&mut order, RefundScope::Amount(gbp(1))).is_err());

    order.settle_refund(id, false).unwrap();
    assert_eq!((order.refundable(), order.state), (1750, State::Fulfilled));
    assert!(order.settle_refund(id, true).is_err(), "a refund ends once");
}

#[test]
fn goods_that_come_after_the_money_come_back_for_nothing() {
    let mut order = fulfilled();
    let bare = RefundRequest {
        scope: RefundScope::Amount(gbp(1750)),
        restock: false,
        effective_time: None,
    };
    give_back(&mut order, RefundId::new(Timestamp::from_micros(2)), &bare).unwrap();
    assert_eq!(order.state, State::Refunded);
    assert_eq!(refund(&mut order, units(1, 3)).unwrap(), gbp(0));
    assert_eq!((order.lines[0].returned, order.lines[0].refunded), (3, 0));
    assert!(matches!(
        refund(&mut order, units(1, 1)),
        Err(Error::ReturnExceedsOrder { returnable: 0, .. })
    ));
    assert_eq!(
        refund(&mut order, RefundScope::Rest).unwrap(),
        gbp(0),
        "the other line is still out"
    );
    assert_eq!(order.lines[1].returned, 1);
    assert_eq!((order.state, order.refunded), (State::Refunded, gbp(1750)));

    // Of an order that was paid back before its goods left nothing can come back.
    let id = RefundId::new(Timestamp::from_micros(3));
    let never_left = Order { refunds: vec![], ..order };
    assert!(
        never_left.plan_refund(id, &asking(units(1, 1)), false, never_left.create_time).is_err()
    );
}

#[test]
fn goods_come_back_for_what_is_left_or_for_what_the_caller_says() {
    let amount = |minor| RefundRequest {
        scope: RefundScope::Amount(gbp(minor)),
        restock: false,
        effective_time: None,
    };
    let ten = |unit| {
        let mut order = pending();
        order.price(vec![line(1, 1, unit), line(2, 1, 0)]).unwrap();
        Order { state: State::Fulfilled, ..order }
    };
    let id = |at| RefundId::new(Timestamp::from_micros(at));
    let mut order = ten(1000);
    give_back(&mut order, id(2), &amount(100)).unwrap();
    assert_eq!(refund(&mut order, units(2, 1)).unwrap(), gbp(0), "the gift");
    assert_eq!(refund(&mut order, units(1, 1)).unwrap(), gbp(900), "what is left of its price");
    assert_eq!(order.state, State::Refunded);

    let mut order = ten(1000);
    let for_nothing = RefundScope::Lines(vec![RefundLine { number: 1, quantity: 1 }], Some(gbp(0)));
    assert_eq!(refund(&mut order, for_nothing).unwrap(), gbp(0));
    assert_eq!((order.state, order.refundable()), (State::Fulfilled, 1000));
    give_back(&mut order, id(3), &amount(1000)).unwrap();
    assert_eq!(order.state, State::Refunded);

    let mut free = ten(0);
    assert_eq!(refund(&mut free, units(1, 1)).unwrap(), gbp(0));
    assert_eq!(free.state, State::Fulfilled, "no money was paid, so none went back");
    assert!(
        give_back(&mut free, id(4), &RefundRequest { restock: false, ..asking(RefundScope::Rest) })
            .is_err()
    );
}

#[test]
fn nothing_is_paid_back_before_it_was_sold() {
    let order = Order { effective_time: Timestamp::from_micros(5), ..fulfilled() };
    let early = RefundRequest {
        effective_time: Some(Timestamp::from_micros(4)),
        ..asking(RefundScope::Rest)
    };
    let refused = order.plan_refund(
        RefundId::new(order.create_time),
        &early,
        true,
        Timestamp::from_micros(9),
    );
    assert!(matches!(refused, Err(Error::EffectiveTime(EffectiveTimeFault::BeforeTheSale))));
}

#[test]
fn an_order_has_a_limit_of_refunds() {
    let mut order = fulfilled();
    let one = order
        .plan_refund(
            RefundId::new(order.create_time),
            &asking(units(1, 1)),
            true,
            order.create_time,
        )
        .unwrap();
    order.refunds = vec![Refund { state: RefundState::Failed, ..one }; MAX_REFUNDS];
    assert!(matches!(refund(&mut order, units(1, 1)), Err(Error::TooManyRefunds(_))));
}

proptest! {
    #[test]
    fn refunds_in_any_order_never_exceed_the_total(asks in prop::collection::vec((1i64..4, 1i64..4, 0i64..900, 0u8..3), 0..20)) {
        let mut order = fulfilled();
        let total = order.total.unwrap().minor;
        for (number, quantity, amount, kind) in asks {
            let scope = match kind {
                0 => units(number, quantity),
                1 => RefundScope::Amount(gbp(amount)),
                _ => RefundScope::Rest,
            };
            let _ = refund(&mut order, scope);
            let succeeded: i64 = order.refunds.iter().map(|refund| refund.amount.minor).sum();
            prop_assert_eq!(succeeded, order.refunded.minor);
            prop_assert!(order.refunded.minor <= total && order.refundable() >= 0);
            prop_assert!(order.lines.iter().all(|line| (0..=line.quantity).contains(&line.refunded)));
            prop_assert!(order.lines.iter().all(|line| (0..=line.quantity).contains(&line.returned)));
            prop_assert_eq!(order.refunded.minor == total, order.state == State::Refunded);
        }
    }
}
