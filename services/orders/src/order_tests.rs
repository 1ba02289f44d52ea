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
        customer: "alice".into(),
        reference: String::new(),
        currency: gbp(0).currency,
        state: State::Pending,
        lines: vec![],
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

fn wish(what: RefundWhat) -> RefundWish {
    RefundWish { what, restock: true, effective_time: None }
}

fn refund(order: &mut Order, what: RefundWhat) -> Result<Money, Error> {
    let id = RefundId::new(Timestamp::from_micros(1));
    let refund = order.plan_refund(id, &wish(what), Timestamp::from_micros(1))?;
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
fn a_total_beyond_64_bits_is_a_reason_to_reject() {
    assert_eq!(pending().price(vec![line(1, 2, i64::MAX)]), Err(Reason::TotalOverflow));
    assert_eq!(pending().price(vec![line(1, 1, i64::MAX), line(2, 1, 1)]), Err(Reason::TotalOverflow));
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
        for state in State::ALL {
            let mut order = Order { state, ..pending() };
            assert_eq!(step(&mut order).is_ok(), allowed.contains(&state), "{name} from {state}");
        }
    }
}

#[test]
fn goods_come_back_from_fulfilled_orders_only() {
    let paid = Order { state: State::Paid, ..fulfilled() };
    let plan = |wish: &RefundWish| paid.plan_refund(RefundId::new(paid.create_time), wish, paid.create_time);
    assert!(plan(&wish(RefundWhat::Rest)).is_err());
    assert!(plan(&RefundWish { restock: false, ..wish(RefundWhat::Rest) }).is_ok());
}

#[test]
fn refunding_line_by_line_ends_refunded() {
    let mut order = fulfilled();
    let units = |number, quantity| RefundWhat::Lines(vec![RefundLine { number, quantity }]);
    assert_eq!(refund(&mut order, units(1, 2)).unwrap(), gbp(500));
    assert_eq!(order.state, State::Fulfilled);
    assert_eq!(refund(&mut order, units(2, 1)).unwrap(), gbp(1000));
    assert_eq!(refund(&mut order, units(1, 1)).unwrap(), gbp(250));
    assert_eq!((order.state, order.refunded), (State::Refunded, gbp(1750)));
}

#[test]
fn a_line_named_twice_counts_once_with_the_sum() {
    let twice = vec![RefundLine { number: 1, quantity: 2 }, RefundLine { number: 1, quantity: 2 }];
    let refused = refund(&mut fulfilled(), RefundWhat::Lines(twice));
    assert!(matches!(refused, Err(Error::RefundExceedsOrder { refundable: 3, .. })));
}

#[test]
fn refusals_name_what_is_wrong() {
    let unknown = RefundWhat::Lines(vec![RefundLine { number: 9, quantity: 1 }]);
    assert!(matches!(refund(&mut fulfilled(), unknown), Err(Error::LineNotFound { line: 9, .. })));
    let too_much = RefundWhat::Amount(gbp(1751));
    assert!(matches!(refund(&mut fulfilled(), too_much), Err(Error::RefundExceedsOrder { refundable: 1750, .. })));
    let nothing = RefundWhat::Amount(gbp(0));
    assert!(refund(&mut fulfilled(), nothing).is_err());
    let yen = RefundWhat::Amount(Money::new("JPY".parse().unwrap(), 1));
    assert!(refund(&mut fulfilled(), yen).is_err());
}

#[test]
fn a_refund_on_its_way_is_not_promised_again() {
    let mut order = fulfilled();
    let id = RefundId::new(order.create_time);
    let pending = order.plan_refund(id, &wish(RefundWhat::Rest), order.create_time).unwrap();
    order.refunds.push(pending);
    assert_eq!(order.refundable(), 0);
    assert!(refund(&mut order, RefundWhat::Amount(gbp(1))).is_err());

    order.settle_refund(id, false).unwrap();
    assert_eq!((order.refundable(), order.state), (1750, State::Fulfilled));
    assert!(order.settle_refund(id, true).is_err(), "a refund ends once");
}

proptest! {
    #[test]
    fn refunds_in_any_order_never_exceed_the_total(asks in prop::collection::vec((1i64..4, 1i64..4, 0i64..900, 0u8..3), 0..20)) {
        let mut order = fulfilled();
        let total = order.total.unwrap().minor;
        for (number, quantity, amount, kind) in asks {
            let what = match kind {
                0 => RefundWhat::Lines(vec![RefundLine { number, quantity }]),
                1 => RefundWhat::Amount(gbp(amount)),
                _ => RefundWhat::Rest,
            };
            let _ = refund(&mut order, what);
            let succeeded: i64 = order.refunds.iter().map(|refund| refund.amount.minor).sum();
            prop_assert_eq!(succeeded, order.refunded.minor);
            prop_assert!(order.refunded.minor <= total && order.refundable() >= 0);
            prop_assert!(order.lines.iter().all(|line| (0..=line.quantity).contains(&line.refunded)));
            prop_assert_eq!(order.refunded.minor == total, order.state == State::Refunded);
        }
    }
}
