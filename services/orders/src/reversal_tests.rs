//! What holds when a provider takes back what it did.

use proptest::prelude::*;
use souk_types::Timestamp;

use super::*;
use crate::actor::Actor;
use crate::order::RefundScope;
use crate::order::tests::{
    REST_OF_MONEY, cancel_units, fulfilled, gbp, leave, paid, placed, refund, units,
};
use crate::part::DueCapture;
use crate::reason::Reason;
use crate::state::{CaptureMethod, PaymentStatus};

/// What the orders of these tests cost: three units of 250, and one of 1000.
const TOTAL: i64 = 1750;

fn take_back(order: &mut Order, minor: i64) -> Result<(), Error> {
    let payment = order.payment_id();
    let id = CaptureId::new(Timestamp::from_micros(1));
    order.reverse_capture(&ReversedCapture { payment, id, minor })
}

fn last_refund(order: &Order) -> RefundId {
    order.refunds.last().unwrap().id
}

/// Has the only payment of an order not pay back a refund after all.
fn lose_refund(order: &mut Order, id: RefundId) -> Result<(), Error> {
    let refund = order.refund(id).unwrap();
    let minor = refund.amount.minor;
    let reversed = order.reversed_refund(refund, order.payment_id(), minor).unwrap();
    order.reverse_refund(&reversed)
}

/// The refund of a cancellation, as payments reports it when it failed.
fn of_cancellation(order: &Order, minor: i64) -> Refund {
    Refund {
        id: order.cancel_refund_id(),
        state: RefundState::Succeeded,
        amount: gbp(minor),
        lines: vec![],
        reason: 0,
        note: String::new(),
        actor: Actor::default(),
        ..refund_of_an_amount(order)
    }
}

fn refund_of_an_amount(order: &Order) -> Refund {
    let mut another = paid();
    refund(&mut another, RefundScope::Amount(gbp(1))).unwrap();
    Refund { create_time: order.create_time, ..another.refunds.remove(0) }
}

#[test]
fn a_capture_that_is_taken_back_leaves_what_is_left() {
    let mut order = paid();
    take_back(&mut order, 1000).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::Reversed);
    assert_eq!((order.captured_net(), order.refundable()), (750, 750));

    // Nothing leaves, and nothing more is captured.
    let refused = leave(&mut order.clone(), &[(1, 1)]).unwrap_err();
    assert!(matches!(refused, Error::State { .. }), "{refused:?}");
    assert!(!order.is_capturable());
    let rest = order.capture_of_the_rest();
    assert!(order.captured(rest).is_err());

    // What is left can go back, and no more.
    let more = refund(&mut order, RefundScope::Amount(gbp(751))).unwrap_err();
    assert!(matches!(more, Error::RefundExceedsOrder { refundable: 750, .. }), "{more:?}");
    refund(&mut order, REST_OF_MONEY).unwrap();
    assert_eq!((order.refunded.minor, order.axes.payment), (750, PaymentStatus::Reversed));
    assert!(take_back(&mut order, 1).is_err(), "the customer has all of it");
}

#[test]
fn canceling_all_pays_back_only_what_is_still_there() {
    let mut part = paid();
    take_back(&mut part, 1000).unwrap();
    let plan = part.cancel_plan(false);
    assert_eq!((plan.pays_back, plan.capture, plan.voids), (750, None, false));
    part.cancel(Reason::OrderCanceled).unwrap();
    assert_eq!((part.axes.state, part.axes.payment), (State::Canceled, PaymentStatus::Refunded));
    assert_eq!((part.reversed, part.owed(), part.captured_net()), (0, 0, 0));

    let mut all = paid();
    take_back(&mut all, TOTAL).unwrap();
    assert_eq!(all.cancel_plan(false).pays_back, 0);
    all.cancel(Reason::OrderCanceled).unwrap();
    assert_eq!((all.axes.state, all.axes.payment), (State::Canceled, PaymentStatus::Voided));
}

#[test]
fn canceling_what_was_not_paid_for_makes_a_reversal_good() {
    let mut order = paid();
    take_back(&mut order, 1000).unwrap();
    cancel_units(&mut order, &[(1, 1)]).unwrap();
    assert_eq!((order.axes.payment, order.reversed), (PaymentStatus::Reversed, 750));
    cancel_units(&mut order, &[(2, 1)]).unwrap();
    // Owed are two units of 250; 750 were left.
    assert_eq!(
        (order.axes.payment, order.reversed, order.captured_net()),
        (PaymentStatus::Paid, 0, 500)
    );
    leave(&mut order, &[]).unwrap();
    assert_eq!(order.axes.state, State::Completed);
}

#[test]
fn what_is_still_authorized_beside_a_reversal_is_given_up_with_the_last_open_unit() {
    let mut order = Order { capture: CaptureMethod::OnFulfillment, ..placed() };
    leave(&mut order, &[(1, 3)]).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::PartiallyPaid);
    take_back(&mut order, 750).unwrap();
    assert_eq!((order.axes.payment, order.uncaptured()), (PaymentStatus::Reversed, TOTAL));

    let plan = cancel_units(&mut order, &[(2, 1)]).unwrap();
    assert_eq!((plan.voids, plan.capture, plan.pays_back), (true, None, 0));
    assert_eq!((order.axes.state, order.axes.payment), (State::Completed, PaymentStatus::Reversed));
    assert_eq!((order.owed(), order.captured_net(), order.reversed), (750, 0, 750));
}

#[test]
fn an_authorization_beside_a_reversal_is_voided_as_soon_as_nothing_of_it_is_owed() {
    let mut order = Order { capture: CaptureMethod::Manual, ..placed() };
    order.captured(DueCapture { minor: 1000, is_final: false }).unwrap();
    take_back(&mut order, 1000).unwrap();
    assert!(!cancel_units(&mut order, &[(1, 1)]).unwrap().voids, "500 more than that is owed");
    let plan = cancel_units(&mut order, &[(1, 2)]).unwrap();
    assert!(plan.voids && !plan.closes, "{plan:?}");
    assert_eq!((order.uncaptured(), order.reversed), (1000, 1000));
    assert!(!cancel_units(&mut order, &[(2, 1)]).unwrap().voids, "only once");
}

#[test]
fn a_completed_order_stays_completed() {
    let mut order = fulfilled();
    take_back(&mut order, TOTAL).unwrap();
    assert_eq!((order.axes.state, order.axes.payment), (State::Completed, PaymentStatus::Reversed));
    assert!(refund(&mut order, REST_OF_MONEY).is_err(), "nothing is left to pay back");
    // Goods may still come back, for nothing.
    refund(&mut order, RefundScope::Rest { restock: true }).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::Reversed);
}

#[test]
fn a_refund_that_fails_later_can_be_made_again() {
    let mut order = fulfilled();
    refund(&mut order, units(1, 2)).unwrap();
    let first = last_refund(&order);
    assert_eq!(
        (order.refunded.minor, order.lines[0].refunded, order.lines[0].returned),
        (500, 2, 2)
    );
    lose_refund(&mut order, first).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::Paid);
    assert_eq!(order.refund(first).unwrap().state, RefundState::Failed);
    // The goods are back all the same.
    assert_eq!((order.refunded.minor, order.lines[0].refunded, order.lines[0].returned), (0, 0, 2));
    assert!(lose_refund(&mut order, first).is_err(), "only once");

    assert_eq!(refund(&mut order, REST_OF_MONEY).unwrap(), gbp(TOTAL));
    assert_eq!(order.axes.payment, PaymentStatus::Refunded);
}

#[test]
fn an_order_that_a_refund_closed_stays_closed_and_owes_the_customer() {
    let mut order = paid();
    refund(&mut order, REST_OF_MONEY).unwrap();
    assert_eq!((order.axes.state, order.axes.payment), (State::Canceled, PaymentStatus::Refunded));
    let failed = last_refund(&order);
    lose_refund(&mut order, failed).unwrap();
    assert_eq!((order.axes.state, order.axes.payment), (State::Canceled, PaymentStatus::Paid));
    refund(&mut order, RefundScope::Amount(gbp(750))).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::PartiallyRefunded);

    // What the provider takes back of a canceled order, its customer has.
    take_back(&mut order, 1000).unwrap();
    assert_eq!((order.axes.state, order.axes.payment), (State::Canceled, PaymentStatus::Refunded));
    assert_eq!((order.owed(), order.reversed), (750, 0));
}

#[test]
fn what_a_cancellation_did_not_pay_back_after_all_is_owed_to_the_customer() {
    let mut order = paid();
    cancel_units(&mut order, &[(2, 1)]).unwrap();
    assert_eq!(
        (order.given_back, order.owed(), order.axes.payment),
        (1000, 750, PaymentStatus::Paid)
    );
    let more = of_cancellation(&order, 1001);
    assert!(order.own_cancel_refund(more).is_err());
    let failed = of_cancellation(&order, 1000);
    let id = failed.id;
    order.own_cancel_refund(failed).unwrap();
    lose_refund(&mut order, id).unwrap();
    assert_eq!((order.given_back, order.canceled, order.refunded.minor), (0, 0, 0));
    assert_eq!(
        (order.captured_net(), order.refundable(), order.axes.payment),
        (TOTAL, TOTAL, PaymentStatus::Paid)
    );
    assert_eq!(order.lines[1].canceled, 1, "the units stay canceled");
    refund(&mut order, RefundScope::Amount(gbp(1000))).unwrap();
    assert_eq!(order.axes.payment, PaymentStatus::PartiallyRefunded);

    let mut whole = paid();
    whole.cancel(Reason::OrderCanceled).unwrap();
    let failed = of_cancellation(&whole, TOTAL);
    whole.own_cancel_refund(failed).unwrap();
    let failed = last_refund(&whole);
    lose_refund(&mut whole, failed).unwrap();
    assert_eq!((whole.axes.state, whole.axes.payment), (State::Canceled, PaymentStatus::Paid));
    refund(&mut whole, REST_OF_MONEY).unwrap();
    assert_eq!((whole.axes.state, whole.axes.payment), (State::Canceled, PaymentStatus::Refunded));
}

#[test]
fn an_amount_is_taken_off_the_last_lines_and_goods_that_came_back_stay() {
    let line = |number, amount, restock| RefundLine {
        number,
        quantity: 2,
        amount,
        restock,
        is_refunded: true,
    };
    let mut refund = of_cancellation(&paid(), 100);
    refund.lines =
        vec![line(1, 40, false), line(2, 20, false), line(3, 10, false), line(4, 20, true)];
    // 10 are of no line.
    let taken = refund.take_off_lines(55);
    let of = |lines: &[RefundLine]| -> Vec<_> {
        lines
            .iter()
            .map(|line| (line.number, line.amount, line.restock, line.is_refunded))
            .collect()
    };
    let lost = [(2, 15, false, false), (3, 10, false, true), (4, 20, false, true)];
    assert_eq!(of(&taken), lost);
    let left = [(1, 40, false, true), (2, 5, false, true), (4, 0, true, false)];
    assert_eq!(of(&refund.lines), left);
}

proptest! {
    /// Each step: what is done, a line, units and an amount. Whatever is allowed keeps the sums,
    /// and the provider takes back only what it has, as payments has it do.
    #[test]
    fn any_walk_with_reversals_keeps_the_sums(
        method in 0u8..3,
        steps in prop::collection::vec((0u8..9, 1i64..3, 1i64..4, 1i64..900), 0..24),
    ) {
        let capture = match method {
            0 => CaptureMethod::Automatic,
            1 => CaptureMethod::OnFulfillment,
            _ => CaptureMethod::Manual,
        };
        let mut order = Order { capture, ..placed() };
        if capture == CaptureMethod::Automatic {
            let rest = order.capture_of_the_rest();
            order.captured(rest).unwrap();
        }
        for (step, number, quantity, amount) in steps {
            let before = order.clone();
            let done = match step {
                0 => leave(&mut order, &[(number, quantity)]).map(|_| ()),
                1 => cancel_units(&mut order, &[(number, quantity)]).map(|_| ()),
                2 => refund(&mut order, RefundScope::Amount(gbp(amount))).map(|_| ()),
                3 => refund(&mut order, units(number, quantity)).map(|_| ()),
                4 => {
                    let rest = order.uncaptured();
                    let minor = amount.min(rest);
                    order.captured(DueCapture { minor, is_final: minor == rest })
                }
                5 => take_back(&mut order, amount),
                6 => {
                    let some = order.refunds.get(amount as usize % order.refunds.len().max(1));
                    some.map(|refund| refund.id).map_or(Ok(()), |id| lose_refund(&mut order, id))
                }
                7 => {
                    let mut failed = of_cancellation(&order, amount);
                    failed.id = RefundId::new(Timestamp::from_micros(1));
                    let id = failed.id;
                    order.own_cancel_refund(failed).and_then(|()| lose_refund(&mut order, id))
                }
                _ => match order.axes.state {
                    State::Placed if !order.axes.fulfillment.has_left() => {
                        order.cancel(Reason::OrderCanceled)
                    }
                    _ => Ok(()),
                },
            };
            if done.is_err() {
                order = before;
            }
            let owed = order.owed();
            let net = order.captured_net();
            let back = order.refunded.minor;
            prop_assert!((0..=TOTAL).contains(&order.canceled), "{:?}", order);
            prop_assert!(order.given_back >= 0 && (0..=owed).contains(&net), "{:?}", order);
            prop_assert!((0..=net).contains(&back), "{:?}", order);
            prop_assert!((0..=owed - net).contains(&order.reversed), "{:?}", order);
            let succeeded = order.refunds.iter().filter(|one| one.state == RefundState::Succeeded);
            prop_assert_eq!(back, succeeded.map(|one| one.amount.minor).sum::<i64>());
            for line in &order.lines {
                prop_assert!(line.open() >= 0 && (0..=line.quantity).contains(&line.refunded));
            }
            // The status says what the amounts are, as the audit wants it.
            let is_right = match order.axes.payment {
                PaymentStatus::Authorized => net == 0 && back == 0,
                PaymentStatus::PartiallyPaid => order.captured > 0 && net < owed,
                PaymentStatus::Paid => net == owed && back == 0,
                PaymentStatus::PartiallyRefunded => net == owed && back > 0 && back < owed,
                PaymentStatus::Refunded => net == owed && back == owed,
                PaymentStatus::Voided => net == 0 && back == 0 && owed == 0,
                _ => order.reversed > 0,
            };
            prop_assert!(is_right, "{:?}", order);
            prop_assert_eq!(order.axes.payment == PaymentStatus::Reversed, order.reversed > 0);
            if order.axes.state == State::Canceled {
                prop_assert_eq!(order.reversed, 0);
            }
            if order.axes.state != State::Placed {
                prop_assert!(!order.axes.payment.is_authorized(), "{:?}", order);
            }
        }
    }
}
