//! The rules of orders that several payments pay.

use proptest::prelude::*;
use souk_types::{Money, OrderId, PriceId, Timestamp};

use super::*;
use crate::actor::Actor;
use crate::new_order::NewOrder;
use crate::order::{
    Action, Details, Line, RefundRequest, RefundScope, RefundState, RequestedRefundLine,
};
use crate::part::{CancelPlan, Units};
use crate::request_key::RequestKey;
use crate::share::NewShare;
use crate::state::{CaptureMethod, FulfillmentStatus};

const NOW: Timestamp = Timestamp::from_micros(1);

/// An order of ten units at 100 each, of which these amounts are paid by others.
fn pending(partial: &[i64]) -> Order {
    let rest = (!partial.is_empty()).then_some(None);
    let amounts = partial.iter().copied().map(Some).chain(rest);
    let shares = amounts.map(|minor| NewShare { payment_method: "tok".to_owned(), minor });
    let new = NewOrder {
        id: OrderId::new(NOW),
        number: 1001,
        actor: Actor::default(),
        customer: String::new(),
        reference: String::new(),
        channel: "default".to_owned(),
        locale: String::new(),
        details: Details::default(),
        currency: "GBP".parse().unwrap(),
        requested_lines: vec![],
        payment_method: "tok".to_owned(),
        shares: shares.collect(),
        capture: CaptureMethod::Manual,
        return_url: String::new(),
        expire_time: NOW,
        expected_minor: None,
        only_public_prices: false,
        request: RequestKey { key: String::new(), hash: vec![] },
        effective_time: None,
    };
    new.begin(NOW)
}

fn line() -> Line {
    Line {
        number: 1,
        sku: "mug".to_owned(),
        price: PriceId::derive(b"test", "mug"),
        product: None,
        variant: None,
        title: "A mug".to_owned(),
        quantity: 10,
        unit_price: Money::new("GBP".parse().unwrap(), 100),
        refunded: 0,
        returned: 0,
        fulfilled: 0,
        canceled: 0,
        canceled_minor: 0,
    }
}

fn placed(partial: &[i64]) -> Order {
    let mut order = pending(partial);
    order.price(vec![line()]).unwrap();
    while order.authorizes_more() {
        order.authorized().unwrap();
    }
    order.place().unwrap();
    order
}

/// Cancels units as a saga does. Returns what that does.
fn cancel_units(order: &mut Order, quantity: i64) -> CancelPlan {
    let wanted = [Units { number: 1, quantity }];
    let id = souk_types::CancellationId::new(NOW);
    let part = order.plan_lines_cancellation(id, &wanted, &Default::default()).unwrap();
    order.cancellation = Some(part);
    let plan = order.cancel_plan(false);
    order.cancel_units(&plan).unwrap();
    plan
}

/// Captures as a saga does, one payment at a time. Returns the captures.
fn capture(order: &mut Order, minor: i64) -> Vec<(i64, i64)> {
    let mut taken = vec![];
    let mut left = DueCapture { minor, is_final: minor == order.uncaptured() };
    loop {
        let number = order.share_to_capture().number;
        let (part, is_more) = order.next_due_capture(left);
        order.captured(part).unwrap();
        taken.push((number, part.minor));
        left.minor -= part.minor;
        if !is_more {
            return taken;
        }
    }
}

fn refund(order: &mut Order, minor: i64, payment: Option<PaymentId>) -> Result<RefundId, Error> {
    let scope = RefundScope::Amount(Money::new(order.currency, minor));
    refund_of(order, scope, payment)
}

fn refund_of(
    order: &mut Order,
    scope: RefundScope,
    payment: Option<PaymentId>,
) -> Result<RefundId, Error> {
    let id = RefundId::derive(b"test", &order.refunds.len().to_string());
    let request = RefundRequest {
        scope,
        reason: 0,
        note: String::new(),
        actor: Actor::default(),
        payment,
        effective_time: None,
    };
    let refund = order.plan_refund(id, &request, NOW)?;
    order.refunds.push(refund);
    order.settle_refund(id, true)?;
    Ok(id)
}

/// Has one payment, by its number from 0, not pay back a part of a refund after all.
fn lose_refund(order: &mut Order, id: RefundId, index: usize, minor: i64) -> Result<(), Error> {
    let payment = order.payments[index].id;
    let refund = order.refund(id).unwrap();
    let reversed = order.reversed_refund(refund, payment, minor).unwrap();
    order.reverse_refund(&reversed)
}

/// Has the provider take back what was captured of one payment, by its number from 0.
fn take_back(order: &mut Order, index: usize, minor: i64) -> Result<(), Error> {
    let payment = order.payments[index].id;
    let id = CaptureId::new(NOW);
    order.reverse_capture(&ReversedCapture { payment, id, minor })
}

/// What each refund is: its state, its amount and the amounts of its lines.
fn refunds(order: &Order) -> Vec<(RefundState, i64, Vec<i64>)> {
    let of = |refund: &Refund| {
        let lines = refund.lines.iter().map(|line| line.amount).collect();
        (refund.state, refund.amount.minor, lines)
    };
    order.refunds.iter().map(of).collect()
}

fn moved(order: &Order) -> Vec<(i64, i64, i64)> {
    order.shares().iter().map(|one| (one.amount, one.captured, one.paid_back)).collect()
}

fn statuses(order: &Order) -> Vec<PaymentStatus> {
    order.shares().iter().map(|share| order.status_of(share)).collect()
}

#[test]
fn the_last_payment_pays_the_rest_under_the_id_of_an_only_payment() {
    let order = placed(&[200, 300]);
    assert_eq!(moved(&order), [(200, 0, 0), (300, 0, 0), (500, 0, 0)]);
    let ids: Vec<_> = order.shares().iter().map(|share| share.id).collect();
    assert_eq!(ids[2], order.payment_id());
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    assert_eq!(order.share_of(ids[1]).unwrap().number, 2);

    let one = placed(&[]);
    assert!(!one.is_split());
    assert_eq!((one.shares()[0].id, one.shares()[0].amount), (one.payment_id(), 1000));
}

#[test]
fn partial_payments_that_leave_nothing_are_refused() {
    for partial in [&[1000][..], &[400, 600], &[i64::MAX, i64::MAX]] {
        let refused = pending(partial).price(vec![line()]);
        assert_eq!(refused, Err(Reason::PartialPaymentsExceedTotal), "{partial:?}");
    }
    assert_eq!(pending(&[999]).price(vec![line()]), Ok(()));
}

#[test]
fn payments_are_authorized_one_after_the_other() {
    let mut order = pending(&[200, 300]);
    order.price(vec![line()]).unwrap();
    assert_eq!(statuses(&order), [PaymentStatus::Unpaid; 3]);
    assert!(!order.has_authorized());
    order.authorized().unwrap();
    assert!(order.has_authorized() && order.authorizes_more());
    order
        .require_action(Action { url: "https://bank.test".to_owned(), expire_time: None })
        .unwrap();
    let waits = [PaymentStatus::Authorized, PaymentStatus::ActionRequired, PaymentStatus::Unpaid];
    assert_eq!(statuses(&order), waits);

    order.decline("DECLINE_CODE_GENERIC".to_owned()).unwrap();
    order.retry_payment().unwrap();
    let tries: Vec<_> = order.shares().iter().map(|share| share.tries).collect();
    assert_eq!((tries, order.share_in_turn().number), (vec![1, 2, 1], 2));
    order.authorized().unwrap();
    assert!(order.action.is_none() && order.decline.is_none());
    assert!(order.authorized().is_err(), "nothing follows the last one");
    order.place().unwrap();
    assert_eq!(statuses(&order), [PaymentStatus::Authorized; 3]);
}

#[test]
fn what_was_asked_for_is_voided_and_what_was_captured_is_not() {
    let numbers =
        |order: &Order| order.shares_to_void().iter().map(|one| one.number).collect::<Vec<_>>();
    let mut order = pending(&[200, 300]);
    order.price(vec![line()]).unwrap();
    assert_eq!(numbers(&order), [1], "the call for the first may be on its way");
    order.authorized().unwrap();
    assert_eq!(numbers(&order), [1, 2]);
    let mut order = placed(&[200, 300]);
    capture(&mut order, 200);
    assert_eq!(numbers(&order), [2, 3]);
    assert_eq!(placed(&[]).shares_to_void().len(), 1);
}

#[test]
fn captures_go_through_the_payments_in_order_and_refunds_the_other_way() {
    let mut order = placed(&[200, 300]);
    assert_eq!(capture(&mut order, 250), [(1, 200), (2, 50)]);
    assert_eq!(order.axes.payment, PaymentStatus::PartiallyPaid);
    let part = [PaymentStatus::Paid, PaymentStatus::PartiallyPaid, PaymentStatus::Authorized];
    assert_eq!(statuses(&order), part);
    assert_eq!(capture(&mut order, 750), [(2, 250), (3, 500)]);
    assert_eq!(order.axes.payment, PaymentStatus::Paid);

    refund(&mut order, 600, None).unwrap();
    assert_eq!(moved(&order), [(200, 200, 0), (300, 300, 100), (500, 500, 500)]);
    let back = [PaymentStatus::Paid, PaymentStatus::PartiallyRefunded, PaymentStatus::Refunded];
    assert_eq!(statuses(&order), back);
    // One that was made elsewhere has a payment of its own.
    let first = order.shares()[0].id;
    assert!(!order.can_pay_back(201, Some(first)));
    let id = refund(&mut order, 50, Some(first)).unwrap();
    assert_eq!(moved(&order)[0], (200, 200, 50));
    assert_eq!(order.refund_at_payment(id, first).unwrap().id, id);
    assert!(order.refund_at_payment(id, order.payment_id()).is_none());
    refund(&mut order, 350, None).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::Refunded);
    assert_eq!(statuses(&order), [PaymentStatus::Refunded; 3]);
}

#[test]
fn the_last_capture_leaves_nothing_of_the_other_payments() {
    let mut order = placed(&[200, 300]);
    cancel_units(&mut order, 6);
    let due = order.capture_of_the_rest();
    assert_eq!(capture(&mut order, due.minor), [(1, 200), (2, 200)]);
    assert_eq!(order.axes.payment, PaymentStatus::Paid);
    let end = [PaymentStatus::Paid, PaymentStatus::Paid, PaymentStatus::Voided];
    assert_eq!(statuses(&order), end);
    assert_eq!(order.shares_to_void().iter().map(|one| one.number).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn each_payment_says_by_itself_whether_its_capture_was_taken_back() {
    use PaymentStatus::{Authorized, Paid, Reversed, Voided};
    let mut paid = placed(&[200, 300]);
    capture(&mut paid, 1000);
    take_back(&mut paid, 1, 300).unwrap();
    assert_eq!((paid.axes.payment, statuses(&paid)), (Reversed, vec![Paid, Reversed, Paid]));
    assert!(take_back(&mut paid, 1, 1).is_err(), "nothing is left of it");

    // What is authorized beside it stays so until nothing of it is owed any more.
    let mut part = placed(&[200, 300]);
    capture(&mut part, 200);
    take_back(&mut part, 0, 200).unwrap();
    assert_eq!(statuses(&part), [Reversed, Authorized, Authorized]);
    assert!(!cancel_units(&mut part, 7).voids);
    assert_eq!(statuses(&part), [Reversed, Authorized, Authorized]);
    assert!(cancel_units(&mut part, 1).voids);
    assert_eq!(statuses(&part), [Reversed, Voided, Voided]);
    cancel_units(&mut part, 2);
    assert_eq!(statuses(&part), [Voided; 3], "nothing is owed");

    // What was never charged of a payment is not missing.
    let mut less = placed(&[200, 300]);
    cancel_units(&mut less, 6);
    let due = less.capture_of_the_rest();
    capture(&mut less, due.minor);
    take_back(&mut less, 0, 200).unwrap();
    assert_eq!(statuses(&less), [Reversed, Paid, Voided]);
}

#[test]
fn a_part_of_a_refund_that_fails_later_is_a_refund_of_its_own() {
    use RefundState::{Failed, Succeeded};
    let mut order = placed(&[200, 300]);
    capture(&mut order, 1000);
    let id = refund(&mut order, 1000, None).unwrap();
    assert_eq!((order.axes.state, order.axes.payment), (State::Canceled, PaymentStatus::Refunded));
    let whole = order.clone();
    assert!(lose_refund(&mut order, id, 1, 301).is_err(), "it paid back less");
    assert!(lose_refund(&mut order, id, 1, 0).is_err(), "it is nothing");
    assert_eq!(order, whole);

    let rest = order.payments[2].id;
    assert!(!order.has_lost_refund(id, rest));
    lose_refund(&mut order, id, 2, 500).unwrap();
    assert_eq!(refunds(&order), [(Succeeded, 500, vec![]), (Failed, 500, vec![])]);
    assert_eq!(moved(&order), [(200, 200, 200), (300, 300, 300), (500, 500, 0)]);
    let status = PaymentStatus::PartiallyRefunded;
    assert_eq!((order.axes.state, order.axes.payment), (State::Canceled, status));
    assert!(order.has_lost_refund(id, rest), "it counts once");
    assert_eq!(order.refund_at_payment(id, rest).unwrap().id, id);
    assert_eq!((order.refunds[1].payment, order.refunds[1].id != id), (Some(rest), true));

    // The same amount can go back once more, from the same payment.
    let again = refund(&mut order, 500, None).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::Refunded);
    lose_refund(&mut order, again, 2, 500).unwrap();

    // At last nothing of it is with the customer.
    lose_refund(&mut order, id, 1, 300).unwrap();
    lose_refund(&mut order, id, 0, 200).unwrap();
    let states: Vec<_> = refunds(&order).iter().map(|(state, minor, _)| (*state, *minor)).collect();
    assert_eq!(states, [(Failed, 200), (Failed, 500), (Failed, 500), (Failed, 300)]);
    assert_eq!((order.refunded.minor, order.axes.payment), (0, PaymentStatus::Paid));
    let first = order.payments[0].id;
    assert!(order.has_lost_refund(order.refund_part_id(id, &order.shares()[0]), first));
}

#[test]
fn units_count_as_paid_back_until_nothing_is_left_of_their_amount() {
    let units =
        |quantity, restock| RequestedRefundLine { number: 1, quantity, amount: None, restock };
    let mut order = placed(&[700]);
    capture(&mut order, 1000);
    order.lines[0].fulfilled = 10;
    order.axes.fulfillment = FulfillmentStatus::Fulfilled;
    let id = refund_of(&mut order, RefundScope::Lines(vec![units(4, true)]), None).unwrap();
    let counts = |order: &Order| (order.lines[0].refunded, order.lines[0].returned);
    assert_eq!((moved(&order), counts(&order)), (vec![(700, 700, 100), (300, 300, 300)], (4, 4)));

    lose_refund(&mut order, id, 1, 300).unwrap();
    use RefundState::{Failed, Succeeded};
    assert_eq!(refunds(&order), [(Succeeded, 100, vec![100]), (Failed, 300, vec![300])]);
    assert_eq!((counts(&order), order.refunded.minor), ((4, 4), 100));
    lose_refund(&mut order, id, 0, 100).unwrap();
    assert_eq!(
        (counts(&order), order.refunded.minor),
        ((0, 4), 0),
        "the goods are back all the same"
    );

    // What is beside the lines is lost first.
    let mut order = placed(&[700]);
    capture(&mut order, 1000);
    let id = refund_of(&mut order, RefundScope::Lines(vec![units(4, false)]), None).unwrap();
    let refund = order.refunds.last_mut().unwrap();
    refund.lines[0].amount = 60;
    lose_refund(&mut order, id, 1, 300).unwrap();
    assert_eq!(refunds(&order), [(Succeeded, 100, vec![60]), (Failed, 300, vec![])]);
    assert_eq!(counts(&order), (4, 0));
}

#[test]
fn each_payment_has_captures_and_refunds_of_its_own() {
    let order = placed(&[200, 300]);
    let capture = CaptureId::derive(b"test", "capture");
    let refund = RefundId::derive(b"test", "refund");
    let shares = order.shares();
    let captures: Vec<_> = shares.iter().map(|one| order.capture_part_id(capture, one)).collect();
    let refunds: Vec<_> = shares.iter().map(|one| order.refund_part_id(refund, one)).collect();
    assert_eq!((captures[2], refunds[2]), (capture, refund), "the rest keeps the id");
    assert!(captures[0] != captures[1] && captures[0] != capture && captures[1] != capture);
    assert!(refunds[0] != refunds[1] && refunds[0] != refund && refunds[1] != refund);
}

/// Has one payment not pay back its part of a refund, whichever there is.
fn lose_any_part(order: &mut Order, number: usize) {
    let Some(refund) = order.refunds.get(number % order.refunds.len().max(1)) else { return };
    let id = refund.id;
    let index = number % order.payments.len();
    // A payment may have paid back other refunds, too.
    let minor = order.payments[index].paid_back.min(refund.amount.minor);
    let before = order.clone();
    if lose_refund(order, id, index, minor).is_err() {
        *order = before;
    }
}

proptest! {
    /// Whatever is captured, canceled and paid back, the payments add up to the order, and none
    /// moves more than it has.
    #[test]
    fn the_payments_always_add_up(
        partial in prop::collection::vec(1i64..240, 1..5),
        moves in prop::collection::vec((0u8..5, 1i64..400), 0..20),
    ) {
        let mut order = placed(&partial);
        for (what, minor) in moves {
            match what {
                0 if order.is_capturable() => {
                    let minor = minor.min(order.uncaptured());
                    let taken = capture(&mut order, minor);
                    prop_assert_eq!(taken.iter().map(|(_, minor)| minor).sum::<i64>(), minor);
                }
                1 => {
                    let minor = minor.min(order.refundable());
                    prop_assert!(order.can_pay_back(minor, None));
                    let refunded = refund(&mut order, minor, None);
                    prop_assert!(refunded.is_ok() || minor == 0 || order.captured == 0);
                }
                2 if order.is_open() => {
                    let wanted = [Units { number: 1, quantity: 1 }];
                    let id = souk_types::CancellationId::new(NOW);
                    let part = order.plan_lines_cancellation(id, &wanted, &Default::default());
                    order.cancellation = part.ok();
                    let plan = order.cancel_plan(false);
                    if plan.capture.is_none() && order.axes.state == State::Placed {
                        prop_assert!(order.can_pay_back(plan.pays_back, None));
                        order.cancel_units(&plan).unwrap();
                    }
                    order.cancellation = None;
                }
                // The provider takes back what it has, of one payment.
                3 => {
                    let index = minor as usize % order.payments.len();
                    let there = order.payments[index].refundable();
                    let taken = take_back(&mut order, index, minor.min(there));
                    prop_assert_eq!(taken.is_ok(), there > 0);
                }
                4 => lose_any_part(&mut order, minor as usize),
                _ => {}
            }
            let total = order.total.unwrap().minor;
            let sum = |of: fn(&Share) -> i64| order.shares().iter().map(of).sum::<i64>();
            prop_assert_eq!(sum(|share| share.amount), total);
            prop_assert_eq!(sum(|share| share.captured), order.captured);
            prop_assert_eq!(sum(|share| share.paid_back), order.refunded.minor + order.given_back);
            let of_refunds = |state| order.refunds.iter().filter(move |one| one.state == state);
            let succeeded = of_refunds(RefundState::Succeeded).map(|one| one.amount.minor);
            prop_assert_eq!(succeeded.sum::<i64>(), order.refunded.minor);
            let are_reversed = statuses(&order).contains(&PaymentStatus::Reversed);
            prop_assert_eq!(are_reversed, order.reversed > 0);
            for share in order.shares() {
                let is_within = share.paid_back >= 0 && share.refundable() >= 0 && share.left() >= 0;
                prop_assert!(is_within, "{:?}", share);
            }
        }
    }
}
