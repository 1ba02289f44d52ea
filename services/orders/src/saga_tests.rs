//! What holds for sagas: every walk ends, and what it leaves behind is consistent.

use proptest::prelude::*;

use super::*;

fn calm() -> Circumstances {
    Circumstances {
        attempts: 1,
        give_up: false,
        confirm_over: false,
        cancel_requested: false,
        placed: false,
        restock: false,
        gives_up_stock: false,
        taking_back: None,
    }
}

#[test]
fn a_sale_goes_from_price_to_paid() {
    let mut steps = vec![];
    let (mut step, mut now) = (Kind::Place.first(), calm());
    let ending = loop {
        steps.push(step);
        match next(Kind::Place, step, Outcome::Done, now) {
            Next::Go(following) => {
                now.placed |= step == Step::Commit;
                step = following;
            }
            Next::End(ending) => break ending,
            other => panic!("{step:?} led to {other:?}"),
        }
    };
    assert_eq!(steps, [Step::Price, Step::Reserve, Step::Authorize, Step::Commit, Step::Capture]);
    assert_eq!(ending, Ending::Paid);
}

#[test]
fn what_was_refused_is_not_taken_back_and_what_came_before_it_is() {
    let refused = |step, reason| next(Kind::Place, step, Outcome::Refused(reason), calm());
    assert_eq!(refused(Step::Reserve, Reason::OutOfStock), Next::End(Ending::Rejected(Reason::OutOfStock)));
    assert_eq!(
        refused(Step::Authorize, Reason::PaymentDeclined),
        Next::TakeBack(Step::Release, Reason::PaymentDeclined)
    );
    assert_eq!(
        refused(Step::Commit, Reason::ReservationExpired),
        Next::TakeBack(Step::Void, Reason::ReservationExpired)
    );
}

#[test]
fn what_is_unknown_is_repeated_and_at_last_taken_back_as_if_done() {
    assert_eq!(next(Kind::Place, Step::Authorize, Outcome::Unknown, calm()), Next::Again(pause(1)));
    let late = Circumstances { give_up: true, ..calm() };
    assert_eq!(next(Kind::Place, Step::Authorize, Outcome::Unknown, late), Next::TakeBack(Step::Void, Reason::GaveUp));
    assert_eq!(next(Kind::Place, Step::Reserve, Outcome::Unknown, late), Next::TakeBack(Step::Release, Reason::GaveUp));
}

#[test]
fn a_customer_who_takes_too_long_is_told_so_and_has_longer_than_a_service_has() {
    let slow_services = Circumstances { give_up: true, ..calm() };
    assert_eq!(next(Kind::Place, Step::Authorize, Outcome::Waiting, slow_services), Next::Again(WAITING_INTERVAL));
    let late = Circumstances { confirm_over: true, ..calm() };
    assert_eq!(
        next(Kind::Place, Step::Authorize, Outcome::Waiting, late),
        Next::TakeBack(Step::Void, Reason::PaymentNotConfirmed)
    );
}

#[test]
fn paying_back_all_of_what_has_not_left_releases_its_stock() {
    let all = Circumstances { placed: true, gives_up_stock: true, ..calm() };
    assert_eq!(next(Kind::Refund, Step::PayBack, Outcome::Done, all), Next::Go(Step::Release));
    assert_eq!(next(Kind::Refund, Step::Release, Outcome::Done, all), Next::End(Ending::RefundSucceeded));
    let part = Circumstances { gives_up_stock: false, ..all };
    assert_eq!(next(Kind::Refund, Step::PayBack, Outcome::Done, part), Next::End(Ending::RefundSucceeded));
}

#[test]
fn goods_whose_money_is_gone_do_not_leave() {
    let placed = Circumstances { placed: true, ..calm() };
    let refused = |reason| next(Kind::Fulfill, Step::Consume, Outcome::Refused(reason), placed);
    assert_eq!(refused(Reason::OutOfStep), Next::End(Ending::NotFulfilled));
    assert_eq!(refused(Reason::OutOfStock), Next::Quarantine);
}

#[test]
fn the_pivot_is_never_given_up() {
    let late = Circumstances { give_up: true, cancel_requested: true, ..calm() };
    assert!(matches!(next(Kind::Place, Step::Commit, Outcome::Unknown, late), Next::Again(_)));
    assert_eq!(next(Kind::Place, Step::Commit, Outcome::Done, late), Next::Go(Step::Capture));
}

#[test]
fn a_compensation_that_keeps_failing_is_quarantined() {
    let tired = Circumstances { attempts: ATTEMPTS_BEFORE_QUARANTINE, give_up: true, ..calm() };
    for step in [Step::Void, Step::Release, Step::Capture, Step::Consume, Step::PayBack, Step::TakeBack] {
        assert_eq!(next(Kind::Place, step, Outcome::Unknown, tired), Next::Quarantine, "{step:?}");
        assert_eq!(next(Kind::Place, step, Outcome::Broken, calm()), Next::Quarantine, "{step:?}");
    }
}

#[test]
fn a_capture_refused_for_good_cancels_the_order() {
    let placed = Circumstances { placed: true, ..calm() };
    let refused = next(Kind::Place, Step::Capture, Outcome::Refused(Reason::PaymentDeclined), placed);
    assert_eq!(refused, Next::TakeBack(Step::Void, Reason::PaymentDeclined));
    let back = Circumstances { taking_back: Some(Reason::PaymentDeclined), ..placed };
    assert_eq!(
        next(Kind::Place, Step::Release, Outcome::Done, back),
        Next::End(Ending::Canceled(Reason::PaymentDeclined))
    );
}

#[test]
fn pauses_double_up_to_a_limit() {
    assert_eq!([pause(1), pause(2), pause(3)].map(|pause| pause.as_millis()), [100, 200, 400]);
    assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
}

/// A naive world: what each call leaves behind if it takes effect.
#[derive(Default, Debug)]
struct World {
    reserved: bool,
    committed: bool,
    authorized: bool,
    captured: bool,
}

impl World {
    fn apply(&mut self, step: Step) {
        match step {
            Step::Reserve => self.reserved = true,
            Step::Authorize => self.authorized = true,
            Step::Commit => self.committed = true,
            Step::Capture => self.captured = true,
            Step::Void => self.authorized = false,
            Step::Release => (self.reserved, self.committed) = (false, false),
            _ => {}
        }
    }
}

proptest! {
    /// Each draw: 0 done, 1 refused, 2 unknown and nothing happened, 3 unknown but it took effect; and whether time is up or a cancel is wished.
    #[test]
    fn every_placing_ends_with_all_or_nothing(draws in prop::collection::vec((0u8..4, any::<bool>(), any::<bool>()), 1..60)) {
        let (mut world, mut step, mut now) = (World::default(), Kind::Place.first(), calm());
        let (mut give_up, mut cancel) = (false, false);
        let mut draws = draws.into_iter();
        let ending = loop {
            let (draw, late, wish) = draws.next().unwrap_or((0, true, false));
            give_up |= late;
            cancel |= wish;
            now = Circumstances { give_up, cancel_requested: cancel, ..now };
            let taken = matches!(draw, 0 | 3);
            let already = match step {
                Step::Reserve => world.reserved,
                Step::Authorize => world.authorized,
                Step::Commit => world.committed,
                Step::Capture => world.captured,
                _ => false,
            };
            if taken { world.apply(step); }
            // A repeat of what took effect answers that it did; a taking back is never refused.
            let outcome = match draw {
                0 => Outcome::Done,
                1 if already => Outcome::Done,
                1 if matches!(step, Step::Void | Step::Release) => { world.apply(step); Outcome::Done }
                1 => Outcome::Refused(Reason::OutOfStock),
                _ => Outcome::Unknown,
            };
            match next(Kind::Place, step, outcome, now) {
                Next::Go(following) => {
                    now.placed |= step == Step::Commit;
                    now.attempts = 1;
                    step = following;
                }
                Next::TakeBack(first, reason) => {
                    now.taking_back.get_or_insert(reason);
                    now.attempts = 1;
                    step = first;
                }
                Next::Again(_) => now.attempts += 1,
                Next::Quarantine => return Ok(()),
                Next::End(ending) => break ending,
                Next::PaidThenCancel => break Ending::Paid,
            }
        };
        match ending {
            Ending::Paid => prop_assert!(world.reserved && world.committed && world.authorized && world.captured),
            Ending::Rejected(_) | Ending::Canceled(_) => prop_assert!(!world.reserved && !world.authorized && !world.captured, "{:?}", world),
            other => prop_assert!(false, "placing ended as {:?}", other),
        }
    }
}
