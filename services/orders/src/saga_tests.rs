//! Properties of sagas: every walk ends, and leaves a consistent state.

use proptest::bool::weighted;
use proptest::prelude::*;

use super::*;

static NO_PLAN: CancelPlan = CancelPlan {
    lines: vec![],
    amount: 0,
    closes: true,
    has_left: false,
    pays_back: 0,
    capture: None,
    voids: false,
};

const ALL: DueCapture = DueCapture { minor: 750, is_final: true };

const TIME_TO_PAY: Duration = Duration::from_secs(900);

fn calm() -> Circumstances<'static> {
    Circumstances {
        attempts: 1,
        give_up: false,
        time_to_pay: Some(TIME_TO_PAY),
        cancel_requested: false,
        placed: false,
        captures_at_once: true,
        restock: false,
        gives_up_stock: false,
        taking_back: None,
        refund: None,
        fulfillment: None,
        capture: ALL,
        captures_more: false,
        authorizes_more: false,
        has_authorized: false,
        plan: &NO_PLAN,
        action: None,
        is_declined: false,
        effective_time: Timestamp::from_micros(1),
    }
}

fn decided(kind: Kind, step: Step, outcome: Outcome, now: Circumstances<'_>) -> Decision {
    decide(kind, step, &Answer::of(outcome), now)
}

fn retry(pause: Duration) -> Decision {
    Decision::to(Next::Retry(pause))
}

fn rejected(reason: Reason) -> Decision {
    Decision::end(Change::Rejected(reason))
}

#[test]
fn a_sale_goes_from_price_to_paid() {
    let mut steps = vec![];
    let mut changes = vec![];
    let mut step = Kind::Place.first();
    let mut now = calm();
    loop {
        steps.push(step);
        let decision = decided(Kind::Place, step, Outcome::Done, now);
        now.placed |= decision.change == Some(Change::Placed);
        changes.extend(decision.change);
        match decision.next {
            Next::Step(following) => step = following,
            Next::End => break,
            other => panic!("{step:?} led to {other:?}"),
        }
    }
    assert_eq!(steps, [Step::Price, Step::Reserve, Step::Authorize, Step::Commit, Step::Capture]);
    assert_eq!(changes, [Change::Priced(vec![]), Change::Placed, Change::Captured(ALL)]);
}

#[test]
fn a_payment_that_is_captured_later_leaves_the_order_placed() {
    let later = Circumstances { captures_at_once: false, ..calm() };
    let done = |kind, step, now| decided(kind, step, Outcome::Done, now);
    assert_eq!(done(Kind::Place, Step::Commit, later), Decision::end(Change::Placed));
    let canceled = Circumstances { cancel_requested: true, ..later };
    assert_eq!(
        done(Kind::Place, Step::Commit, canceled),
        Decision::to(Next::Cancel(Step::Void)).with(Change::Placed)
    );
    let placed = Circumstances { placed: true, ..later };
    assert_eq!(
        done(Kind::Fulfill, Step::Capture, placed),
        Decision::go(Step::Consume).with(Change::Captured(ALL))
    );
    assert_eq!(done(Kind::Capture, Step::Capture, placed), Decision::end(Change::Captured(ALL)));
    assert_eq!(done(Kind::Cancel, Step::Void, placed), Decision::go(Step::Release));
}

/// A fulfillment that is in progress, the first of several.
fn leaving() -> (FulfillmentId, Circumstances<'static>) {
    let id = FulfillmentId::new(Timestamp::from_micros(1));
    let fulfillment = Some(PendingFulfillment { id, is_last: false });
    (id, Circumstances { placed: true, fulfillment, ..calm() })
}

#[test]
fn a_declined_capture_changes_nothing() {
    let (id, now) = leaving();
    for declined in [Outcome::Refused(Reason::PaymentDeclined), Outcome::Declined] {
        let decision = decided(Kind::Fulfill, Step::Capture, declined.clone(), now);
        let change = Some(Change::FulfillmentRefused(id));
        let refusal = Some(Reason::PaymentDeclined);
        assert_eq!(decision, Decision { change, refusal, ..Decision::to(Next::End) });
        let decision = decided(Kind::Capture, Step::Capture, declined, now);
        assert_eq!(decision.refusal, Some(Reason::PaymentDeclined));
        assert_eq!(decision.next, Next::End);
    }
}

#[test]
fn a_lost_authorization_cancels_what_is_open() {
    let (id, now) = leaving();
    let plan = CancelPlan { voids: true, has_left: true, ..NO_PLAN.clone() };
    let now = Circumstances { plan: &plan, ..now };
    let refused = Outcome::Refused(Reason::PaymentCanceled);
    let decision = decided(Kind::Fulfill, Step::Capture, refused, now);
    assert_eq!(decision.next, Next::Cancel(Step::Void));
    assert_eq!(decision.taking_back, Some(Reason::PaymentCanceled));
    assert_eq!(decision.change, Some(Change::FulfillmentRefused(id)));
    let back = Circumstances { taking_back: Some(Reason::PaymentCanceled), ..now };
    assert_eq!(
        decided(Kind::Cancel, Step::Release, Outcome::Done, back),
        Decision::end(Change::LinesCanceled(plan.clone()))
    );
}

#[test]
fn goods_that_are_not_on_hand_stay() {
    let (id, now) = leaving();
    for reason in [Reason::StockNotOnHand, Reason::OutOfStep] {
        let decision = decided(Kind::Fulfill, Step::Consume, Outcome::Refused(reason), now);
        let change = Some(Change::FulfillmentRefused(id));
        let refusal = Some(reason);
        assert_eq!(decision, Decision { change, refusal, ..Decision::to(Next::End) });
    }
    let left = decided(Kind::Fulfill, Step::Consume, Outcome::Done, now);
    let effective_time = now.effective_time;
    let gone = Change::Fulfilled { id, is_last: false, effective_time };
    assert_eq!(left, Decision::end(gone));
}

#[test]
fn a_cancellation_of_units_goes_through_what_is_due() {
    let walk = |plan: &CancelPlan| {
        let now = Circumstances { placed: true, plan, ..calm() };
        let mut steps = vec![first_of_cancellation(plan)];
        loop {
            let step = steps[steps.len() - 1];
            let decision = decided(Kind::CancelLines, step, Outcome::Done, now);
            match decision.next {
                Next::Step(following) => steps.push(following),
                Next::End => return (steps, decision.change.unwrap()),
                other => panic!("{step:?} led to {other:?}"),
            }
        }
    };
    let part = CancelPlan { closes: false, ..NO_PLAN.clone() };
    let paid = CancelPlan { pays_back: 5, ..part.clone() };
    assert_eq!(walk(&part).0, [Step::Release]);
    assert_eq!(walk(&paid), (vec![Step::PayBack, Step::Release], Change::LinesCanceled(paid)));
    let voided = CancelPlan { voids: true, pays_back: 5, ..part.clone() };
    assert_eq!(walk(&voided).0, [Step::PayBack, Step::Void, Step::Release]);
    let capture = Some(ALL);
    let last = CancelPlan { capture, has_left: true, closes: true, ..part };
    assert_eq!(walk(&last).0, [Step::Capture, Step::Release]);
    let whole = CancelPlan { closes: true, ..NO_PLAN.clone() };
    assert!(matches!(walk(&whole).1, Change::Canceled { .. }));
    let now = Circumstances { placed: true, ..calm() };
    let refused = Outcome::Refused(Reason::PaymentDeclined);
    let decision = decided(Kind::CancelLines, Step::PayBack, refused, now);
    assert_eq!(decision.change, Some(Change::CancelRefused));
    assert_eq!(decision.refusal, Some(Reason::PaymentDeclined));
}

#[test]
fn what_was_refused_is_not_taken_back_and_what_came_before_it_is() {
    let refused = |step, reason| decided(Kind::Place, step, Outcome::Refused(reason), calm());
    assert_eq!(refused(Step::Reserve, Reason::OutOfStock), rejected(Reason::OutOfStock));
    assert_eq!(
        refused(Step::Authorize, Reason::PaymentDeclined),
        Decision::take_back(Step::Release, Reason::PaymentDeclined)
    );
    assert_eq!(
        refused(Step::Commit, Reason::ReservationExpired),
        Decision::take_back(Step::Void, Reason::ReservationExpired)
    );
}

#[test]
fn what_is_unknown_is_repeated_and_at_last_taken_back_as_if_done() {
    assert_eq!(decided(Kind::Place, Step::Authorize, Outcome::Unknown, calm()), retry(pause(1)));
    let late = Circumstances { give_up: true, ..calm() };
    assert_eq!(
        decided(Kind::Place, Step::Authorize, Outcome::Unknown, late),
        Decision::take_back(Step::Void, Reason::GaveUp)
    );
    assert_eq!(
        decided(Kind::Place, Step::Reserve, Outcome::Unknown, late),
        Decision::take_back(Step::Release, Reason::GaveUp)
    );
}

#[test]
fn a_customer_who_takes_too_long_loses_the_order_and_has_longer_than_a_service_has() {
    let slow_services = Circumstances { give_up: true, ..calm() };
    assert_eq!(
        decided(Kind::Place, Step::Authorize, Outcome::Waiting, slow_services),
        retry(WAITING_INTERVAL)
    );
    let late = Circumstances { time_to_pay: None, ..calm() };
    assert_eq!(
        decided(Kind::Place, Step::Authorize, Outcome::Waiting, late),
        Decision::take_back(Step::Void, Reason::PaymentActionExpired)
    );
}

#[test]
fn a_decline_that_another_method_may_mend_keeps_the_order_until_time_is_up() {
    let code = "DECLINE_CODE_INSUFFICIENT_FUNDS".to_owned();
    let answer = Answer { decline: code.clone(), ..Answer::of(Outcome::Declined) };
    let decided = |now| decide(Kind::Place, Step::Authorize, &answer, now);
    let wait = retry(TIME_TO_PAY);
    assert_eq!(decided(calm()), wait.clone().with(Change::PaymentMethodDeclined(code)));
    assert!(!wait.next.keeps_lease(), "nobody needs to drive it meanwhile");

    let noted = Circumstances { is_declined: true, ..calm() };
    assert_eq!(decided(noted), wait, "it is noted once");
    let late = Circumstances { time_to_pay: None, ..noted };
    assert_eq!(decided(late), Decision::take_back(Step::Void, Reason::PaymentDeclined));
    let canceled = Circumstances { cancel_requested: true, ..noted };
    assert_eq!(decided(canceled), Decision::take_back(Step::Void, Reason::OrderCanceled));
}

#[test]
fn paying_back_all_of_what_has_not_left_releases_its_stock() {
    let id = RefundId::new(Timestamp::from_micros(1));
    let refund = Some(PendingRefund { id, is_of_money: true });
    let all = Circumstances { placed: true, gives_up_stock: true, refund, ..calm() };
    assert_eq!(
        decided(Kind::Refund, Step::PayBack, Outcome::Done, all),
        Decision::go(Step::Release)
    );
    assert_eq!(
        decided(Kind::Refund, Step::Release, Outcome::Done, all),
        Decision::end(Change::RefundSucceeded(id))
    );
    let part = Circumstances { gives_up_stock: false, ..all };
    assert_eq!(
        decided(Kind::Refund, Step::PayBack, Outcome::Done, part),
        Decision::end(Change::RefundSucceeded(id))
    );
}

#[test]
fn goods_that_come_back_for_nothing_are_no_refund_of_money() {
    let id = RefundId::new(Timestamp::from_micros(1));
    let now = |is_of_money| Circumstances {
        placed: true,
        restock: true,
        refund: Some(PendingRefund { id, is_of_money }),
        ..calm()
    };
    let ended =
        |is_of_money| decided(Kind::Refund, Step::TakeBack, Outcome::Done, now(is_of_money));
    assert_eq!(ended(true), Decision::end(Change::RefundSucceeded(id)));
    assert_eq!(ended(false), Decision::end(Change::GoodsReturned(id)));
    let refused = Outcome::Refused(Reason::PaymentDeclined);
    assert_eq!(
        decided(Kind::Refund, Step::PayBack, refused, now(true)),
        Decision::end(Change::RefundFailed(id))
    );
}

#[test]
fn a_customer_learns_once_where_to_go() {
    let action = Action { url: "https://bank.example".to_owned(), expire_time: None };
    let answer = Answer { action: Some(action.clone()), ..Answer::of(Outcome::Waiting) };
    let first = decide(Kind::Place, Step::Authorize, &answer, calm());
    assert_eq!(first, retry(WAITING_INTERVAL).with(Change::ActionNeeded(action.clone())));
    let shown = Circumstances { action: Some(&action), ..calm() };
    assert_eq!(decide(Kind::Place, Step::Authorize, &answer, shown), retry(WAITING_INTERVAL));
}

#[test]
fn what_a_refusal_says_is_kept_with_the_order_that_it_ends() {
    let facts = vec![("sku".to_owned(), "mug".to_owned())];
    let answer = Answer { facts: facts.clone(), ..Answer::refused(Reason::OutOfStock) };
    let ended = decide(Kind::Place, Step::Reserve, &answer, calm());
    assert_eq!(ended, Decision { facts, ..rejected(Reason::OutOfStock) });
}

#[test]
fn a_cancellation_says_when_it_happened() {
    let now = Circumstances { placed: true, effective_time: Timestamp::from_micros(7), ..calm() };
    let reason = Reason::OrderCanceled;
    let effective_time = Some(Timestamp::from_micros(7));
    assert_eq!(
        decided(Kind::Cancel, Step::Release, Outcome::Done, now),
        Decision::end(Change::Canceled { reason, effective_time })
    );
}

#[test]
fn goods_whose_money_is_gone_do_not_leave() {
    let (_, leaving) = leaving();
    let refused = Outcome::Refused(Reason::OutOfStock);
    assert_eq!(decided(Kind::Fulfill, Step::Consume, refused, leaving), Decision::quarantine());
}

#[test]
fn the_pivot_is_never_given_up() {
    let late = Circumstances { give_up: true, cancel_requested: true, ..calm() };
    assert_eq!(decided(Kind::Place, Step::Commit, Outcome::Unknown, late), retry(pause(1)));
    assert_eq!(
        decided(Kind::Place, Step::Commit, Outcome::Done, late),
        Decision::go(Step::Capture).with(Change::Placed)
    );
}

#[test]
fn a_compensation_that_keeps_failing_is_quarantined() {
    let tired = Circumstances { attempts: ATTEMPTS_BEFORE_QUARANTINE, give_up: true, ..calm() };
    for step in
        [Step::Void, Step::Release, Step::Capture, Step::Consume, Step::PayBack, Step::TakeBack]
    {
        assert_eq!(
            decided(Kind::Place, step, Outcome::Unknown, tired),
            Decision::quarantine(),
            "{step:?}"
        );
        assert_eq!(
            decided(Kind::Place, step, Outcome::Broken, calm()),
            Decision::quarantine(),
            "{step:?}"
        );
    }
}

#[test]
fn a_capture_refused_for_good_cancels_the_order() {
    let placed = Circumstances { placed: true, ..calm() };
    let refused =
        decided(Kind::Place, Step::Capture, Outcome::Refused(Reason::PaymentDeclined), placed);
    assert_eq!(refused, Decision::take_back(Step::Void, Reason::PaymentDeclined));
    let back = Circumstances { taking_back: Some(Reason::PaymentDeclined), ..placed };
    assert_eq!(
        decided(Kind::Place, Step::Release, Outcome::Done, back),
        Decision::end(Change::Canceled { reason: Reason::PaymentDeclined, effective_time: None })
    );
}

#[test]
fn pauses_double_up_to_a_limit() {
    assert_eq!([pause(1), pause(2), pause(3)].map(|pause| pause.as_millis()), [100, 200, 400]);
    assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
}

#[test]
fn several_payments_are_authorized_and_captured_one_after_the_other() {
    let first = Circumstances { authorizes_more: true, ..calm() };
    assert_eq!(
        decided(Kind::Place, Step::Authorize, Outcome::Done, first),
        Decision::go(Step::Authorize).with(Change::PaymentAuthorized)
    );
    let capture = DueCapture { minor: 200, is_final: false };
    let part = Circumstances { placed: true, capture, captures_more: true, ..calm() };
    let captured = Decision::go(Step::Capture).with(Change::Captured(capture));
    for kind in [Kind::Place, Kind::Fulfill, Kind::Capture, Kind::Cancel, Kind::CancelLines] {
        assert_eq!(decided(kind, Step::Capture, Outcome::Done, part), captured, "{kind:?}");
    }
    // A cancellation waits until all of it is captured, and pays back all of it.
    let canceled = Circumstances { cancel_requested: true, ..part };
    assert_eq!(decided(Kind::Place, Step::Capture, Outcome::Done, canceled), captured);
}

#[test]
fn a_refusal_of_a_later_payment_takes_back_the_earlier_ones() {
    let reason = Reason::PaymentDeclined;
    let later = Circumstances { has_authorized: true, ..calm() };
    assert_eq!(
        decided(Kind::Place, Step::Authorize, Outcome::Refused(reason), later),
        Decision::take_back(Step::Void, reason)
    );
    let plan = CancelPlan { pays_back: 200, voids: true, ..NO_PLAN.clone() };
    let captured = Circumstances { placed: true, plan: &plan, ..calm() };
    let decision = decided(Kind::Place, Step::Capture, Outcome::Refused(reason), captured);
    assert_eq!(decision.next, Next::Cancel(Step::PayBack));
    assert_eq!(decision.taking_back, Some(reason));
}

/// What each call leaves behind if it takes effect, and what the order has recorded of it.
#[derive(Debug)]
struct World {
    reserved: bool,
    committed: bool,
    /// Of each payment, in the order in which they are authorized and captured.
    payments: Vec<Held>,
    /// How many payments the order knows to be authorized, and to be captured.
    known_authorized: usize,
    known_captured: usize,
}

/// What one payment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Nothing,
    Authorization,
    Money,
}

impl World {
    fn of(payments: usize) -> World {
        World {
            reserved: false,
            committed: false,
            payments: vec![Held::Nothing; payments],
            known_authorized: 0,
            known_captured: 0,
        }
    }

    /// Returns the payment that a step is about: the next one, or else the last.
    fn in_turn(&self, known: usize) -> usize {
        known.min(self.payments.len() - 1)
    }

    fn has_taken_effect(&self, step: Step) -> bool {
        match step {
            Step::Reserve => self.reserved,
            Step::Commit => self.committed,
            Step::Authorize => self.payments[self.in_turn(self.known_authorized)] != Held::Nothing,
            Step::Capture => self.payments[self.in_turn(self.known_captured)] == Held::Money,
            _ => false,
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Reserve => self.reserved = true,
            Step::Commit => self.committed = true,
            Step::Authorize => {
                let number = self.in_turn(self.known_authorized);
                self.payments[number] = Held::Authorization;
            }
            Step::Capture => {
                let number = self.in_turn(self.known_captured);
                assert_eq!(
                    self.payments[number],
                    Held::Authorization,
                    "captured what is not there"
                );
                self.payments[number] = Held::Money;
            }
            // Those that are known, and the one in turn, whose call may have arrived.
            Step::Void => {
                let asked = self.payments.iter_mut().take(self.known_authorized + 1);
                let authorized = asked.filter(|held| **held == Held::Authorization);
                authorized.for_each(|held| *held = Held::Nothing);
            }
            Step::PayBack => {
                let captured = self.payments.iter_mut().take(self.known_captured);
                captured.for_each(|held| *held = Held::Nothing);
            }
            Step::Release => (self.reserved, self.committed) = (false, false),
            Step::Price | Step::Consume | Step::TakeBack => {}
        }
    }

    fn note(&mut self, change: Option<&Change>) {
        match change {
            Some(Change::PaymentAuthorized) => self.known_authorized += 1,
            Some(Change::Placed) => self.known_authorized = self.payments.len(),
            Some(Change::Captured(_)) => self.known_captured += 1,
            _ => {}
        }
    }

    /// Returns what a cancellation has to do.
    fn plan(&self) -> CancelPlan {
        let has_more = self.known_captured < self.payments.len();
        CancelPlan { pays_back: self.known_captured as i64, voids: has_more, ..NO_PLAN.clone() }
    }

    fn all(&self, held: Held) -> bool {
        self.payments.iter().all(|one| *one == held)
    }

    /// Returns what the driver knows of the payments.
    fn circumstances<'a>(&self, before: Circumstances<'a>) -> Circumstances<'a> {
        let number = self.payments.len();
        let captures_more = self.known_captured + 1 < number;
        Circumstances {
            authorizes_more: self.known_authorized + 1 < number,
            has_authorized: self.known_authorized > 0,
            captures_more,
            capture: DueCapture { minor: 1, is_final: !captures_more },
            ..before
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Each draw: 1 refused, 2 unknown and nothing happened, 3 unknown but it took effect, 4
    /// declined softly, after which another payment method comes at once, any other done; and
    /// whether time is up or a cancellation is requested.
    #[test]
    fn every_placing_ends_with_all_or_nothing(
        draws in prop::collection::vec((0u8..12, weighted(0.05), weighted(0.05)), 1..60),
        at_once in any::<bool>(),
        payments in 1usize..4,
    ) {
        let mut world = World::of(payments);
        let mut kind = Kind::Place;
        let mut step = kind.first();
        let mut now = Circumstances { captures_at_once: at_once, ..calm() };
        let mut give_up = false;
        let mut cancel = false;
        // An authorization was asked for and not refused.
        let mut may_be_authorized = false;
        let mut draws = draws.into_iter();
        let ending = loop {
            let (draw, late, cancels) = draws.next().unwrap_or((0, true, false));
            give_up |= late;
            cancel |= cancels && kind == Kind::Place;
            let time_to_pay = (!give_up).then_some(TIME_TO_PAY);
            let plan = world.plan();
            let known = Circumstances { give_up, time_to_pay, cancel_requested: cancel, ..now };
            let known = Circumstances { plan: &plan, ..world.circumstances(known) };
            let already = world.has_taken_effect(step);
            let is_taking_back = matches!(step, Step::Void | Step::Release | Step::PayBack);
            let is_done = draw == 0 || draw > 4;
            if (is_done || draw == 3) && !already || draw == 1 && is_taking_back {
                world.apply(step);
            }
            // A repeat of what took effect answers that it did; a taking back is never refused.
            let outcome = match draw {
                _ if is_done => Outcome::Done,
                1 if already || is_taking_back => Outcome::Done,
                1 => Outcome::Refused(Reason::OutOfStock),
                4 if step == Step::Authorize && !already => Outcome::Declined,
                _ => Outcome::Unknown,
            };
            may_be_authorized |= !matches!(outcome, Outcome::Refused(_)) && step == Step::Authorize;
            let decision = decided(kind, step, outcome, known);
            now.placed |= decision.change == Some(Change::Placed);
            now.taking_back = now.taking_back.or(decision.taking_back);
            world.note(decision.change.as_ref());
            match decision.next {
                Next::Step(following) => {
                    let is_idle = following == Step::Void && world.known_authorized == 0;
                    prop_assert!(!is_idle || may_be_authorized, "it voids what was never asked for");
                    now.attempts = 1;
                    step = following;
                }
                Next::Cancel(following) => {
                    now.attempts = 1;
                    (kind, step, cancel) = (Kind::Cancel, following, false);
                }
                Next::Retry(_) => now.attempts += 1,
                Next::Quarantine => return Ok(()),
                Next::End => break decision.change,
            }
        };
        match ending {
            Some(Change::Placed) => {
                prop_assert!(!at_once && world.committed && world.all(Held::Authorization));
            }
            Some(Change::Captured(capture)) => {
                prop_assert!(capture.is_final && world.committed && world.all(Held::Money));
            }
            Some(Change::Rejected(_) | Change::Canceled { .. }) => {
                prop_assert!(!world.reserved && world.all(Held::Nothing), "{:?}", world);
            }
            other => prop_assert!(false, "placing ended with {:?}", other),
        }
    }
}
