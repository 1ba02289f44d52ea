//! What holds for orders and refunds.

use proptest::prelude::*;
use souk_types::{CancellationId, FulfillmentId};

use super::*;
use crate::order_update::{Field, OrderUpdate};
use crate::part::{
    CancelPlan, Cancellation, DueCapture, FulfillmentState, NewFulfillment, Tracking, Units,
};
use crate::state::{FulfillmentStatus, MAX_FULFILLMENTS};

pub(crate) fn gbp(minor: i64) -> Money {
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
        captured: 0,
        given_back: 0,
        reversed: 0,
        canceled: 0,
        refunds: vec![],
        payments: vec![],
        fulfillments: vec![],
        fulfillment_count: 0,
        cancellation: None,
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
        fulfilled: 0,
        canceled: 0,
        canceled_minor: 0,
    }
}

pub(crate) fn placed() -> Order {
    let mut order = pending();
    order.price(vec![line(1, 3, 250), line(2, 1, 1000)]).unwrap();
    order.place().unwrap();
    order
}

pub(crate) fn paid() -> Order {
    let mut order = placed();
    pay(&mut order).unwrap();
    order
}

fn pay(order: &mut Order) -> Result<(), Error> {
    order.captured(order.capture_of_the_rest())
}

pub(crate) fn fulfilled() -> Order {
    let mut order = paid();
    leave(&mut order, &[]).unwrap();
    order
}

/// Lets units leave; without any all that are open. What must be captured first is.
pub(crate) fn leave(order: &mut Order, units: &[(i64, i64)]) -> Result<FulfillmentId, Error> {
    let now = Timestamp::from_micros(1);
    let new = NewFulfillment {
        id: FulfillmentId::new(now),
        lines: units.iter().map(|(number, quantity)| of(*number, *quantity)).collect(),
        location: String::new(),
        tracking: Tracking::default(),
        actor: Actor::default(),
        effective_time: None,
    };
    let fulfillment = order.plan_fulfillment(&new, now)?;
    let capture = order.capture_before(&fulfillment);
    order.fulfillments.push(fulfillment);
    order.fulfillment_count += 1;
    if let Some(capture) = capture {
        order.captured(capture)?;
    }
    order.fulfill(new.id)?;
    Ok(new.id)
}

fn of(number: i64, quantity: i64) -> Units {
    Units { number, quantity }
}

/// Cancels units, and pays and captures what that asks for.
pub(crate) fn cancel_units(order: &mut Order, units: &[(i64, i64)]) -> Result<CancelPlan, Error> {
    let wanted: Vec<Units> =
        units.iter().map(|(number, quantity)| of(*number, *quantity)).collect();
    let id = CancellationId::new(Timestamp::from_micros(1));
    let part = order.plan_lines_cancellation(id, &wanted, &Cancellation::default())?;
    order.cancellation = Some(part);
    let plan = order.cancel_plan(false);
    if let Some(capture) = plan.capture {
        order.captured(capture)?;
    }
    if plan.closes && !plan.has_left {
        order.cancel(Reason::OrderCanceled)?;
    } else {
        order.cancel_units(&plan)?;
    }
    Ok(plan)
}

fn asking(scope: RefundScope) -> RefundRequest {
    RefundRequest {
        scope,
        reason: 0,
        note: String::new(),
        actor: Actor::default(),
        payment: None,
        effective_time: None,
    }
}

fn wanted(number: i64, quantity: i64) -> RequestedRefundLine {
    RequestedRefundLine { number, quantity, amount: None, restock: true }
}

pub(crate) fn units(number: i64, quantity: i64) -> RefundScope {
    RefundScope::Lines(vec![wanted(number, quantity)])
}

fn for_amount(number: i64, quantity: i64, minor: i64, restock: bool) -> RefundScope {
    let amount = Some(gbp(minor));
    RefundScope::Lines(vec![RequestedRefundLine { amount, restock, ..wanted(number, quantity) }])
}

const REST_OF_GOODS: RefundScope = RefundScope::Rest { restock: true };
pub(crate) const REST_OF_MONEY: RefundScope = RefundScope::Rest { restock: false };

pub(crate) fn refund(order: &mut Order, scope: RefundScope) -> Result<Money, Error> {
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
    let mut partly_left = paid();
    leave(&mut partly_left, &[(1, 1)]).unwrap();
    let mut canceled = paid();
    canceled.cancel(Reason::OrderCanceled).unwrap();
    let mut rejected = pending();
    rejected.reject(Reason::OutOfStock).unwrap();
    let orders = [
        ("pending", pending()),
        ("acting", acting),
        ("declined", declined),
        ("placed", placed()),
        ("paid", paid()),
        ("partly left", partly_left),
        ("fulfilled", fulfilled()),
        ("canceled", canceled),
        ("rejected", rejected),
    ];
    let steps: [(&str, Walk, &[&str]); 8] = [
        ("place", |order| order.place(), &["pending", "acting", "declined"]),
        ("pay", pay, &["placed"]),
        ("reject", |order| order.reject(Reason::GaveUp), &["pending", "acting", "declined"]),
        ("cancel", |order| order.cancel(Reason::OrderCanceled), &["placed", "paid"]),
        ("fulfill", |order| leave(order, &[]).map(|_| ()), &["paid", "partly left"]),
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
    assert_eq!((order.axes, order.refunded), (axes, gbp(0)));
    assert_eq!((order.canceled, order.given_back, order.owed()), (1750, 1750, 0));
    assert!(order.lines.iter().all(|line| line.canceled == line.quantity));

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
        pay(&mut order).unwrap();
        leave(&mut order, &[]).unwrap();
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

#[test]
fn goods_leave_in_parts_and_the_last_complete_the_order() {
    let mut order = paid();
    let first = leave(&mut order, &[(1, 2)]).unwrap();
    let part = Axes { fulfillment: FulfillmentStatus::PartiallyFulfilled, ..paid().axes };
    assert_eq!((order.axes, order.lines[0].open()), (part, 1));
    assert!(matches!(
        leave(&mut order, &[(2, 1), (1, 2)]),
        Err(Error::ExceedsOpenUnits { line: 1, open: 1, index: 1, .. })
    ));
    assert!(matches!(
        leave(&mut order, &[(3, 1)]),
        Err(Error::LineNotFound { line: 3, field: "fulfillment.lines", .. })
    ));
    order.deliver(first, Timestamp::from_micros(2), Timestamp::from_micros(2)).unwrap();
    assert_eq!(order.axes.fulfillment, FulfillmentStatus::PartiallyFulfilled);

    let second = leave(&mut order, &[]).unwrap();
    assert_eq!(order.axes.state, State::Completed);
    assert_eq!(order.axes.fulfillment, FulfillmentStatus::Fulfilled);
    let units = |id| order.fulfillment(id).unwrap().lines.clone();
    assert_eq!((units(first), units(second)), (vec![of(1, 2)], vec![of(1, 1), of(2, 1)]));
    assert!(leave(&mut order, &[]).is_err(), "nothing is open");
    order.deliver(second, Timestamp::from_micros(2), Timestamp::from_micros(2)).unwrap();
    assert_eq!(order.axes.fulfillment, FulfillmentStatus::Delivered);
    let early = order.deliver(second, Timestamp::from_micros(0), Timestamp::from_micros(2));
    assert!(matches!(early, Err(Error::EffectiveTime(EffectiveTimeFault::BeforeItLeft))));
}

#[test]
fn an_order_has_a_limit_of_fulfillments() {
    let mut order = paid();
    let id = leave(&mut order, &[(1, 1)]).unwrap();
    let one = order.fulfillment(id).unwrap().clone();
    order.fulfillments = vec![one; MAX_FULFILLMENTS];
    assert!(matches!(leave(&mut order, &[]), Err(Error::TooManyFulfillments(_))));
}

#[test]
fn what_leaves_is_captured_and_the_last_captures_the_rest() {
    let mut order = Order { capture: CaptureMethod::OnFulfillment, ..placed() };
    leave(&mut order, &[(1, 1)]).unwrap();
    assert_eq!((order.axes.payment, order.captured), (PaymentStatus::PartiallyPaid, 250));
    // What was captured by hand meanwhile is not captured again.
    order.captured(DueCapture { minor: 300, is_final: false }).unwrap();
    leave(&mut order, &[(1, 1)]).unwrap();
    assert_eq!(order.captured, 550);
    leave(&mut order, &[]).unwrap();
    assert_eq!((order.axes.payment, order.captured), (PaymentStatus::Paid, 1750));
    assert!(order.captured(DueCapture { minor: 0, is_final: true }).is_err());

    let mut by_hand = Order { capture: CaptureMethod::Manual, ..placed() };
    assert!(leave(&mut by_hand, &[(1, 1)]).is_err(), "nobody has captured it");
    by_hand.captured(DueCapture { minor: 250, is_final: false }).unwrap();
    leave(&mut by_hand, &[(1, 1)]).unwrap();
    assert!(leave(&mut by_hand, &[(1, 1)]).is_err(), "only one unit is paid");
    assert!(by_hand.captured(DueCapture { minor: 1501, is_final: false }).is_err());
}

#[test]
fn canceling_units_pays_back_or_lets_less_be_captured() {
    let mut order = paid();
    let plan = cancel_units(&mut order, &[(1, 2)]).unwrap();
    assert_eq!((plan.amount, plan.pays_back, plan.voids, plan.closes), (500, 500, false, false));
    assert_eq!((order.axes, order.owed(), order.refundable()), (paid().axes, 1250, 1250));
    leave(&mut order, &[]).unwrap();
    assert_eq!(order.axes.state, State::Completed);
    assert!(cancel_units(&mut order, &[(1, 1)]).is_err(), "nothing is open");

    let mut later = Order { capture: CaptureMethod::OnFulfillment, ..placed() };
    leave(&mut later, &[(1, 1)]).unwrap();
    let plan = cancel_units(&mut later, &[(2, 1)]).unwrap();
    assert_eq!((plan.amount, plan.pays_back, plan.voids, plan.capture), (1000, 0, false, None));
    let plan = cancel_units(&mut later, &[(1, 2)]).unwrap();
    assert_eq!((plan.closes, plan.voids, plan.capture), (true, true, None));
    let axes = Axes {
        state: State::Completed,
        payment: PaymentStatus::Paid,
        fulfillment: FulfillmentStatus::Fulfilled,
    };
    assert_eq!((later.axes, later.captured), (axes, 250));
}

#[test]
fn canceling_all_units_in_parts_cancels_the_order() {
    let mut order = paid();
    cancel_units(&mut order, &[(2, 1)]).unwrap();
    cancel_units(&mut order, &[(1, 3)]).unwrap();
    let axes = Axes { state: State::Canceled, payment: PaymentStatus::Refunded, ..Axes::NEW };
    assert_eq!((order.axes, order.canceled, order.given_back), (axes, 1750, 1750));

    let mut voided = placed();
    cancel_units(&mut voided, &[(1, 3), (2, 1)]).unwrap();
    assert_eq!((voided.axes.state, voided.axes.payment), (State::Canceled, PaymentStatus::Voided));
}

#[test]
fn a_cancellation_gives_back_no_more_than_is_left() {
    let mut order = paid();
    refund(&mut order, RefundScope::Amount(gbp(1600))).unwrap();
    let plan = cancel_units(&mut order, &[(2, 1)]).unwrap();
    assert_eq!((plan.amount, plan.pays_back), (150, 150), "the rest of its price went back before");
    assert_eq!(order.axes.payment, PaymentStatus::Refunded);
}

#[test]
fn paying_back_all_that_is_owed_cancels_what_is_open() {
    let mut order = paid();
    leave(&mut order, &[(1, 1)]).unwrap();
    assert!(refund(&mut order, units(1, 2)).is_err(), "only one unit can return");
    refund(&mut order, REST_OF_MONEY).unwrap();
    let axes = Axes {
        state: State::Completed,
        payment: PaymentStatus::Refunded,
        fulfillment: FulfillmentStatus::Fulfilled,
    };
    assert_eq!((order.axes, order.lines[0].canceled, order.closure), (axes, 2, None));
}

#[test]
fn a_lost_authorization_leaves_what_was_captured() {
    let mut order = Order { capture: CaptureMethod::OnFulfillment, ..placed() };
    leave(&mut order, &[(1, 1)]).unwrap();
    let plan = order.cancel_plan(true);
    assert_eq!((plan.amount, plan.pays_back, plan.capture), (1500, 0, None));
    order.cancel_units(&plan).unwrap();
    assert_eq!((order.axes.state, order.axes.payment), (State::Completed, PaymentStatus::Paid));
}

#[test]
fn a_refused_fulfillment_is_forgotten() {
    let mut order = paid();
    let now = Timestamp::from_micros(1);
    let new = NewFulfillment {
        id: FulfillmentId::new(now),
        lines: vec![],
        location: String::new(),
        tracking: Tracking::default(),
        actor: Actor::default(),
        effective_time: None,
    };
    let fulfillment = order.plan_fulfillment(&new, now).unwrap();
    assert_eq!(fulfillment.state, FulfillmentState::Pending);
    order.fulfillments.push(fulfillment);
    order.fulfillment_count = 1;
    assert!(order.track(new.id, &Tracking::default(), now).is_err(), "it has not left");
    order.refuse_fulfillment(new.id).unwrap();
    assert_eq!(order, Order { id: order.id, ..paid() });
}

fn update_of(fields: &[Field]) -> OrderUpdate {
    let address = Address { region_code: "GB".into(), ..Default::default() };
    OrderUpdate {
        fields: fields.to_vec(),
        reference: "new".into(),
        details: Details {
            contact: Some(Contact { name: "Alice".into(), ..Default::default() }),
            shipping_address: Some(address.clone()),
            billing_address: Some(address),
            customer_note: "new".into(),
            metadata: [("new".to_owned(), "new".to_owned())].into(),
        },
    }
}

#[test]
fn an_update_changes_what_it_names_and_is_news_once() {
    let order = paid();
    for field in Field::ALL {
        let update = update_of(&[field]);
        assert_eq!(order.news_of(&update), update);
        let mut changed = order.clone();
        changed.update(&update).unwrap();
        assert_ne!(changed, order, "{}", field.name());
        assert_eq!(changed.news_of(&update).fields, []);
        let others: Vec<Field> = Field::ALL.into_iter().filter(|one| *one != field).collect();
        assert_eq!(changed.news_of(&update_of(&Field::ALL)).fields, others);
        changed.details = order.details.clone();
        changed.reference.clone_from(&order.reference);
        assert_eq!(changed, order, "nothing but what is named");
    }
    let mut whole = order.clone();
    whole.update(&update_of(&Field::ALL)).unwrap();
    assert_eq!((whole.reference.as_str(), whole.details), ("new", update_of(&[]).details));
}

#[test]
fn where_goods_go_is_fixed_when_they_leave_and_all_else_when_the_order_is_over() {
    let others: Vec<Field> =
        Field::ALL.into_iter().filter(|one| *one != Field::ShippingAddress).collect();
    let may = |order: &Order, fields: &[Field]| order.can_update(fields).is_ok();

    let mut leaving = paid();
    let new = NewFulfillment {
        id: FulfillmentId::new(Timestamp::from_micros(1)),
        lines: vec![of(1, 1)],
        location: String::new(),
        tracking: Tracking::default(),
        actor: Actor::default(),
        effective_time: None,
    };
    let fulfillment = leaving.plan_fulfillment(&new, Timestamp::from_micros(1)).unwrap();
    leaving.fulfillments.push(fulfillment);
    leaving.fulfillment_count += 1;
    let mut refused = leaving.clone();
    refused.refuse_fulfillment(new.id).unwrap();
    let mut left = leaving.clone();
    left.fulfill(new.id).unwrap();

    for order in [pending(), placed(), paid(), refused] {
        assert!(may(&order, &Field::ALL), "{}", order.axes);
    }
    for mut order in [leaving, left, fulfilled()] {
        assert!(may(&order, &others) && !may(&order, &Field::ALL), "{}", order.axes);
        let before = order.clone();
        let refused = order.update(&update_of(&[Field::ShippingAddress])).unwrap_err();
        assert!(matches!(refused, Error::State { .. }), "{refused:?}");
        assert_eq!(order, before);
    }
    let mut rejected = pending();
    rejected.reject(Reason::OutOfStock).unwrap();
    let mut canceled = paid();
    canceled.cancel(Reason::OrderCanceled).unwrap();
    for order in [rejected, canceled] {
        assert!(Field::ALL.iter().all(|field| !may(&order, &[*field])), "{}", order.axes);
    }
}

proptest! {
    /// Each step: what is done, a line, units and an amount. Whatever is allowed keeps the sums.
    #[test]
    fn any_walk_of_parts_keeps_the_sums(
        method in 0u8..3,
        steps in prop::collection::vec((0u8..6, 1i64..3, 1i64..4, 1i64..900), 0..24),
    ) {
        let capture = match method {
            0 => CaptureMethod::Automatic,
            1 => CaptureMethod::OnFulfillment,
            _ => CaptureMethod::Manual,
        };
        let mut order = Order { capture, ..placed() };
        if capture == CaptureMethod::Automatic {
            pay(&mut order).unwrap();
        }
        for (step, number, quantity, amount) in steps {
            let before = order.clone();
            let done = match step {
                0 => leave(&mut order, &[(number, quantity)]).map(|_| ()),
                1 => leave(&mut order, &[]).map(|_| ()),
                2 => cancel_units(&mut order, &[(number, quantity)]).map(|_| ()),
                3 => refund(&mut order, RefundScope::Amount(gbp(amount))).map(|_| ()),
                4 => refund(&mut order, units(number, quantity)).map(|_| ()),
                _ => {
                    let rest = order.uncaptured();
                    let minor = amount.min(rest);
                    order.captured(DueCapture { minor, is_final: minor == rest })
                }
            };
            if done.is_err() {
                order = before;
            }
            let total = order.total.unwrap().minor;
            let owed = order.owed();
            let net = order.captured_net();
            prop_assert!((0..=total).contains(&order.canceled), "{:?}", order);
            prop_assert!(order.given_back >= 0 && (0..=owed).contains(&net), "{:?}", order);
            prop_assert!((0..=net).contains(&order.refunded.minor), "{:?}", order);
            for line in &order.lines {
                prop_assert!(line.open() >= 0 && line.fulfilled >= 0 && line.canceled >= 0);
                prop_assert!((0..=line.fulfilled).contains(&line.returned));
                prop_assert!(line.refunded <= line.quantity);
            }
            let left: i64 = order.lines.iter().map(|line| line.fulfilled).sum();
            let expected = match (order.is_open(), left) {
                (true, _) => State::Placed,
                (false, 0) => State::Canceled,
                (false, _) => State::Completed,
            };
            prop_assert_eq!(order.axes.state, expected, "{:?}", order);
            // What has left is paid, unless it was paid back.
            let of_left: i64 = order.lines.iter().map(|line| line.price_of(line.fulfilled)).sum();
            prop_assert!(net >= of_left.min(owed), "{:?}", order);
            if expected != State::Placed {
                prop_assert_eq!(net, owed, "nothing stays authorized of {:?}", order);
            }
        }
    }

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
