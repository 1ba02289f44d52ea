//! Tests of the rules: every refusal by name, then a random walk compared with the simulator's own
//! rules.

use proptest::prelude::*;
use souk_contract::customer_of;
use souk_types::{CaptureId, Currency, Money, OrderId, PaymentId, RefundId, Timestamp};

use crate::attempt::{Answer, Attempt, Decline, DeclineCode, Details, Kind, Method, Reply, Stage};
use crate::error::Error;
use crate::payment::{Confirmation, NewCapture, NewPayment, Payment, Step};
use crate::provider::simulator::charge::{ChargeState, Detail, Fees, Line};
use crate::provider::simulator::{Operation, Outcome};
use crate::refund::NewRefund;
use crate::state::{Cancellation, State};
use crate::transfers::{self, Amounts, Form};

const NOW: Timestamp = Timestamp::from_micros(1_000_000);
/// When actions and authorisations expire.
const LATER: Timestamp = Timestamp::from_micros(9_000_000);

fn pounds() -> Currency {
    "GBP".parse().unwrap()
}

fn gbp(minor: i64) -> Money {
    Money::new(pounds(), minor)
}

fn method(token: &str) -> Method {
    Method(token.to_owned())
}

fn new(amount: i64) -> NewPayment {
    NewPayment {
        owner: "service:orders".into(),
        id: PaymentId::derive(b"test", "payment"),
        order: Some(OrderId::derive(b"test", "order")),
        reference: String::new(),
        customer: Some(customer_of("user:alice")),
        amount: gbp(amount),
        method: Some(method("tok_approved")),
        return_url: None,
        effective_time: None,
    }
}

/// Confirms with a method, or with the one that the payment has.
fn with(token: Option<&str>) -> Confirmation {
    Confirmation { method: token.map(method), return_url: None }
}

fn decline(is_retryable: bool) -> Decline {
    Decline { code: DeclineCode::Generic, detail: "no".into(), is_retryable }
}

fn asked(step: Step) -> (Payment, Attempt) {
    match step {
        Step::Ask(payment, attempt) => (payment, attempt),
        other => panic!("{other:?}"),
    }
}

const APPROVED: Answer = Answer::Approved { fee: 0 };

fn authorized(amount: i64) -> Payment {
    let (payment, attempt) =
        asked(Payment::create(new(amount), NOW).confirm(with(None), NOW).unwrap());
    payment.settle(attempt, APPROVED).unwrap().0
}

fn new_capture(name: &str, amount: Option<i64>, is_final: bool) -> NewCapture {
    NewCapture {
        id: CaptureId::derive(b"test", name),
        amount: amount.map(gbp),
        is_final,
        effective_time: None,
    }
}

fn captured(amount: i64) -> Payment {
    let (payment, attempt) =
        asked(authorized(amount).capture(&new_capture("a", None, true), None, NOW).unwrap());
    payment.settle(attempt, APPROVED).unwrap().0
}

fn refund(amount: i64) -> NewRefund {
    NewRefund { id: RefundId::derive(b"test", "refund"), amount: gbp(amount), effective_time: None }
}

fn declined(is_retryable: bool) -> Payment {
    let (payment, attempt) =
        asked(Payment::create(new(100), NOW).confirm(with(None), NOW).unwrap());
    payment.settle(attempt, Answer::Declined(decline(is_retryable))).unwrap().0
}

fn waiting() -> Payment {
    let (payment, attempt) =
        asked(Payment::create(new(100), NOW).confirm(with(None), NOW).unwrap());
    let action = Answer::ActionRequired { url: "https://a".into(), expire_time: LATER };
    payment.settle(attempt, action).unwrap().0
}

#[test]
fn a_sale_goes_from_method_to_capture() {
    let payment = Payment::create(NewPayment { method: None, ..new(100) }, NOW);
    assert_eq!(payment.state, State::RequiresPaymentMethod);
    let (payment, attempt) = asked(payment.confirm(with(Some("tok_approved")), NOW).unwrap());
    assert_eq!((payment.state, payment.is_in_flight), (State::Processing, true));
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!(
        (payment.state, payment.authorized, payment.is_in_flight),
        (State::RequiresCapture, 100, false)
    );
    let (payment, attempt) =
        asked(payment.capture(&new_capture("a", None, false), None, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, Answer::Approved { fee: 3 }).unwrap();
    assert_eq!((payment.state, payment.captured, payment.fees), (State::Succeeded, 100, 3));
}

#[test]
fn a_repeat_names_the_first_field_that_differs() {
    let payment = Payment::create(NewPayment { effective_time: Some(NOW), ..new(100) }, NOW);
    let same = NewPayment { effective_time: Some(NOW), ..new(100) };
    assert!(payment.is_repeated_by(&same, true).is_ok());
    assert!(payment.is_repeated_by(&new(100), true).is_ok(), "an absent time asks for nothing");
    let others = [
        ("order_id", NewPayment { order: Some(OrderId::derive(b"test", "other")), ..same.clone() }),
        ("reference", NewPayment { reference: "other".into(), ..same.clone() }),
        ("amount", NewPayment { amount: gbp(101), ..same.clone() }),
        ("payment_method", NewPayment { method: Some(method("tok_slow")), ..same.clone() }),
        (
            "effective_time",
            NewPayment { effective_time: Some(Timestamp::from_micros(1)), ..same.clone() },
        ),
    ];
    for (name, other) in others {
        let refusal = payment.is_repeated_by(&other, true).unwrap_err();
        assert!(
            matches!(refusal, Error::Differs { field, .. } if field == name),
            "{name}: {refusal}"
        );
    }
    let other_method = NewPayment { method: None, ..same.clone() };
    assert!(payment.is_repeated_by(&other_method, false).is_ok());
    let claimed = NewPayment { customer: Some(customer_of("user:bob")), ..same };
    assert!(payment.is_repeated_by(&claimed, true).is_ok(), "a guest's order changes hands");
}

#[test]
fn a_time_ahead_of_the_clock_counts_as_now_and_its_repeat_is_recognised() {
    let ahead = NewPayment { effective_time: Some(Timestamp::from_micros(9_000_000)), ..new(100) };
    let payment = Payment::create(ahead.clone(), NOW);
    assert_eq!(payment.effective_time, NOW);
    assert!(payment.is_repeated_by(&ahead, true).is_ok());
}

#[test]
fn a_tombstone_refuses_everything_but_another_void() {
    let tombstone = Payment::tombstone(new(1).id, NOW);
    assert!(matches!(tombstone.is_repeated_by(&new(100), true), Err(Error::State { .. })));
    assert!(matches!(tombstone.clone().confirm(with(None), NOW), Err(Error::State { .. })));
    assert!(matches!(tombstone.clone().complete_action(true, NOW), Err(Error::State { .. })));
    for amount in [None, Some(1)] {
        let refusal =
            tombstone.clone().capture(&new_capture("a", amount, true), None, NOW).unwrap_err();
        assert!(matches!(refusal, Error::State { .. }), "{refusal}");
    }
    assert!(matches!(
        tombstone.clone().refund(&refund(1), NOW),
        Err(Error::RefundExceeds { refundable: 0, .. })
    ));
    assert_eq!(tombstone.void(None, NOW).unwrap(), Step::Nothing);
}

#[test]
fn what_was_declined_for_good_is_not_asked_again_and_another_method_is() {
    let payment = declined(false);
    assert_eq!((payment.state, payment.hold), (State::RequiresPaymentMethod, None));
    assert!(matches!(payment.clone().authorize_again(NOW), Err(Error::Declined { .. })));
    assert!(matches!(payment.clone().confirm(with(None), NOW), Err(Error::Declined { .. })));
    assert!(matches!(
        payment.clone().confirm(with(Some("tok_approved")), NOW),
        Err(Error::Declined { .. })
    ));
    let (again, attempt) = asked(payment.confirm(with(Some("tok_slow")), NOW).unwrap());
    assert_eq!((again.decline, attempt.number), (None, 2));
    asked(declined(true).confirm(with(None), NOW).unwrap());
}

#[test]
fn a_confirmed_payment_keeps_its_method() {
    assert_eq!(authorized(100).confirm(with(None), NOW).unwrap(), Step::Nothing);
    assert_eq!(authorized(100).confirm(with(Some("tok_approved")), NOW).unwrap(), Step::Nothing);
    assert!(matches!(
        authorized(100).confirm(with(Some("tok_slow")), NOW),
        Err(Error::State { .. })
    ));
    let without = Payment::create(NewPayment { method: None, ..new(100) }, NOW);
    assert!(matches!(without.confirm(with(None), NOW), Err(Error::State { .. })));
}

#[test]
fn the_customer_decides_and_may_say_it_twice() {
    let (payment, attempt) = asked(waiting().complete_action(true, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!((payment.state, payment.action_url.as_ref()), (State::RequiresCapture, None));
    assert_eq!(payment.clone().complete_action(true, NOW).unwrap(), Step::Nothing);
    assert!(matches!(payment.complete_action(false, NOW), Err(Error::State { .. })));

    let (payment, attempt) = asked(waiting().complete_action(false, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, Answer::Declined(decline(true))).unwrap();
    assert_eq!(payment.state, State::RequiresPaymentMethod);
    assert_eq!(payment.clone().complete_action(false, NOW).unwrap(), Step::Nothing);
    assert!(matches!(payment.complete_action(true, NOW), Err(Error::Declined { .. })));
    assert!(matches!(
        Payment::create(new(1), NOW).complete_action(true, NOW),
        Err(Error::State { .. })
    ));
}

#[test]
fn a_capture_is_refused_beyond_what_is_authorised() {
    let payment = authorized(100);
    let refusal =
        payment.clone().capture(&new_capture("a", Some(101), false), None, NOW).unwrap_err();
    assert!(matches!(refusal, Error::CaptureExceeds { capturable: 100, .. }), "{refusal}");
    let refusal =
        payment.clone().capture(&new_capture("a", Some(0), false), None, NOW).unwrap_err();
    assert!(matches!(refusal, Error::Amount { field: "amount", .. }), "{refusal}");
    let euros = NewCapture {
        amount: Some(Money::new("EUR".parse().unwrap(), 1)),
        ..new_capture("a", None, false)
    };
    assert!(matches!(payment.capture(&euros, None, NOW), Err(Error::Amount { .. })));
    for payment in [Payment::create(new(100), NOW), waiting(), declined(true), captured(100)] {
        assert!(matches!(
            payment.capture(&new_capture("b", None, true), None, NOW),
            Err(Error::State { .. })
        ));
    }
}

#[test]
fn a_capture_id_is_one_capture_for_ever() {
    let (payment, attempt) =
        asked(authorized(100).capture(&new_capture("a", Some(40), false), None, NOW).unwrap());
    let (payment, attempt) = payment.settle(attempt, APPROVED).unwrap();
    let same = new_capture("a", Some(40), false);
    assert_eq!(payment.clone().capture(&same, Some(&attempt), NOW).unwrap(), Step::Nothing);
    for other in [
        new_capture("a", Some(41), false),
        new_capture("a", None, false),
        new_capture("a", Some(40), true),
    ] {
        let refusal = payment.clone().capture(&other, Some(&attempt), NOW).unwrap_err();
        assert!(matches!(refusal, Error::CaptureDiffers(_)), "{refusal}");
    }
    let declined = Attempt { decline: Some(decline(false)), stage: Stage::Declined, ..attempt };
    assert!(matches!(payment.capture(&same, Some(&declined), NOW), Err(Error::Declined { .. })));
}

#[test]
fn a_part_holds_the_rest_unless_it_is_final() {
    let (payment, attempt) =
        asked(authorized(100).capture(&new_capture("a", Some(40), false), None, NOW).unwrap());
    let (payment, attempt) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!((payment.state, payment.capturable()), (State::RequiresCapture, 60));
    assert_eq!(payment.hold, Some(attempt.transfer("hold")));
    let forms: Vec<bool> =
        transfers::of(&attempt, pounds()).iter().map(|transfer| transfer.is_linked).collect();
    assert_eq!(forms, [true, false], "the part and the rest are one chain");

    let (payment, attempt) =
        asked(payment.capture(&new_capture("b", Some(10), true), None, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!((payment.state, payment.captured, payment.authorized), (State::Succeeded, 50, 50));
}

#[test]
fn voiding_releases_what_is_not_captured() {
    let (payment, attempt) = asked(authorized(100).void(None, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!((payment.state, payment.authorized, payment.hold), (State::Canceled, 0, None));
    assert_eq!(payment.void(None, NOW).unwrap(), Step::Nothing);

    let (payment, attempt) =
        asked(authorized(100).capture(&new_capture("a", Some(40), false), None, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    let (payment, attempt) = asked(payment.void(None, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!((payment.state, payment.captured, payment.authorized), (State::Succeeded, 40, 40));
    assert_eq!(payment.void(None, NOW).unwrap(), Step::Nothing);

    assert!(matches!(captured(100).void(None, NOW), Err(Error::State { .. })));
    for early in [Payment::create(new(100), NOW), declined(false)] {
        assert!(matches!(
            early.void(None, NOW).unwrap(),
            Step::Change(Payment { state: State::Canceled, .. })
        ));
    }
    let (payment, attempt) = asked(waiting().void(None, NOW).unwrap());
    assert!(transfers::of(&attempt, pounds()).is_empty(), "nothing was set aside");
    assert_eq!(payment.settle(attempt, APPROVED).unwrap().0.state, State::Canceled);
}

#[test]
fn voiding_an_authorisation_nobody_knows_about_makes_its_hold_and_takes_it_back() {
    let (payment, attempt) =
        asked(Payment::create(new(100), NOW).confirm(with(None), NOW).unwrap());
    assert!(matches!(payment.clone().void(None, NOW), Err(Error::Busy(_))));
    let (payment, void) = asked(payment.void(Some(&attempt), NOW).unwrap());
    let made = transfers::of(&void, pounds());
    assert_eq!(
        made[0],
        transfers::of(&attempt, pounds())[0],
        "the very hold that a late authorisation would make"
    );
    assert_eq!(made[1].form, Form::Void(attempt.hold.unwrap()));
    assert!(!made[0].is_linked, "the hold may be there already");
    assert_eq!(payment.settle(void, APPROVED).unwrap().0.state, State::Canceled);
}

#[test]
fn a_refund_is_refused_beyond_what_was_captured() {
    let (payment, attempt) = asked(captured(100).refund(&refund(70), NOW).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!((payment.state, payment.refunded), (State::Succeeded, 70));
    let refusal = payment.clone().refund(&refund(31), NOW).unwrap_err();
    assert!(matches!(refusal, Error::RefundExceeds { refundable: 30, .. }), "{refusal}");
    let euros = NewRefund { amount: Money::new("EUR".parse().unwrap(), 1), ..refund(1) };
    assert!(matches!(payment.clone().refund(&euros, NOW), Err(Error::Amount { .. })));
    let (after, attempt) = asked(payment.clone().refund(&refund(30), NOW).unwrap());
    let (after, attempt) = after.settle(attempt, Answer::Declined(decline(false))).unwrap();
    assert_eq!((after.refunded, attempt.stage), (70, Stage::Declined));
}

#[test]
fn a_payment_over_nothing_meets_nobody() {
    let Step::Change(payment) = Payment::create(new(0), NOW).confirm(with(None), NOW).unwrap()
    else {
        panic!()
    };
    assert_eq!(payment.state, State::RequiresCapture);
    let Step::Change(voided) = payment.clone().void(None, NOW).unwrap() else { panic!() };
    assert_eq!(voided.state, State::Canceled);
    let Step::Change(paid) = payment.capture(&new_capture("a", None, true), None, NOW).unwrap()
    else {
        panic!()
    };
    assert_eq!(paid.state, State::Succeeded);
    assert!(matches!(paid.refund(&refund(1), NOW), Err(Error::RefundExceeds { .. })));
}

#[test]
fn an_answer_out_of_turn_changes_nothing() {
    let (payment, attempt) =
        asked(authorized(100).capture(&new_capture("a", None, true), None, NOW).unwrap());
    let nonsense = Answer::ActionRequired { url: String::new(), expire_time: LATER };
    assert!(matches!(payment.settle(attempt, nonsense), Err(Error::ProviderOutOfTurn("capture"))));
}

/// An approval of a provider that lets go of the amount later.
fn until_later() -> Reply {
    let details = Details {
        provider: "test",
        reference: "charge_1".into(),
        method: Default::default(),
        expire_time: Some(LATER),
    };
    Reply { answer: APPROVED, details: Some(details) }
}

#[test]
fn an_action_that_expires_waits_for_another_method_unless_the_customer_was_in_time() {
    assert_eq!(waiting().expire(NOW).unwrap(), Step::Nothing);
    let (payment, attempt) = asked(waiting().expire(LATER).unwrap());
    assert_eq!((payment.state, attempt.kind), (State::Processing, Kind::ExpireAction));
    let too_late = Decline { code: DeclineCode::ActionExpired, ..decline(true) };
    let (ended, _) = payment.clone().settle(attempt.clone(), Answer::Declined(too_late)).unwrap();
    assert_eq!(ended.state, State::RequiresPaymentMethod);
    assert_eq!((ended.action_url.as_ref(), ended.expire_time), (None, None));
    assert!(matches!(ended.clone().authorize_again(LATER), Err(Error::Declined { .. })));
    asked(ended.confirm(with(None), LATER).unwrap());

    let (payment, attempt) = payment.settle(attempt, until_later()).unwrap();
    assert_eq!((payment.state, payment.expire_time), (State::RequiresCapture, Some(LATER)));
    assert_eq!(transfers::made_by(&[attempt], pounds()).len(), 1);
}

#[test]
fn an_authorisation_that_expires_is_released() {
    let (payment, attempt) =
        asked(Payment::create(new(100), NOW).confirm(with(None), NOW).unwrap());
    let (payment, _) = payment.settle(attempt, until_later()).unwrap();
    assert_eq!(payment.provider_reference.as_deref(), Some("charge_1"));
    assert_eq!(payment.clone().expire(NOW).unwrap(), Step::Nothing);
    let (ended, attempt) = asked(payment.clone().expire(LATER).unwrap());
    let (refused, _) =
        ended.clone().settle(attempt.clone(), Answer::Declined(decline(false))).unwrap();
    assert_eq!(refused.state, State::RequiresCapture);
    assert!(refused.expire_time.is_some_and(|time| time > LATER), "it is asked again later");
    let (ended, _) = ended.settle(attempt, APPROVED).unwrap();
    assert_eq!(
        (ended.state, ended.cancellation, ended.authorized, ended.expire_time),
        (State::Canceled, Some(Cancellation::AuthorizationExpired), 0, None)
    );

    // What was captured of it stays.
    let (payment, attempt) =
        asked(payment.capture(&new_capture("a", Some(40), false), None, NOW).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    let (payment, attempt) = asked(payment.expire(LATER).unwrap());
    let (payment, _) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!(
        (payment.state, payment.cancellation, payment.captured, payment.authorized),
        (State::Succeeded, None, 40, 40)
    );
    assert_eq!(payment.expire(LATER).unwrap(), Step::Nothing);
}

#[test]
fn what_the_provider_takes_back_is_no_longer_captured_or_refunded() {
    let (payment, attempt) =
        asked(authorized(100).capture(&new_capture("a", None, true), None, NOW).unwrap());
    let (payment, capture) = payment.settle(attempt, APPROVED).unwrap();
    let (payment, attempt) = asked(payment.refund(&refund(30), NOW).unwrap());
    let (payment, refund) = payment.settle(attempt, APPROVED).unwrap();
    let too_much = payment.clone().reverse(&capture, NOW).unwrap_err();
    assert!(matches!(too_much, Error::ProviderOutOfTurn("reverse")), "{too_much}");

    let (payment, attempt) = asked(payment.reverse(&refund, NOW).unwrap());
    assert_eq!((attempt.kind, attempt.reverses), (Kind::ReverseRefund, Some(3)));
    let (payment, returned) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!((payment.captured, payment.refunded, payment.state), (100, 0, State::Succeeded));
    let (payment, attempt) = asked(payment.reverse(&capture, NOW).unwrap());
    let (payment, taken_back) = payment.settle(attempt, APPROVED).unwrap();
    assert_eq!(
        (payment.captured, payment.authorized, payment.state, payment.cancellation),
        (0, 0, State::Canceled, Some(Cancellation::CaptureReversed))
    );
    let reversed = Attempt { stage: Stage::Reversed, ..capture };
    assert_eq!(payment.clone().reverse(&reversed, NOW).unwrap(), Step::Nothing);
    let attempts = [reversed, Attempt { stage: Stage::Reversed, ..refund }, returned, taken_back];
    assert_eq!(transfers::amounts(&transfers::made_by(&attempts, pounds())), Amounts::default());
}

/// One step of the walk.
#[derive(Clone, Debug)]
enum Move {
    Confirm { other_method: bool },
    CompleteAction { approve: bool },
    Capture { part: Option<i64>, is_final: bool },
    Void,
    Refund(i64),
    Expire,
    Reverse { newest: bool },
}

fn moves() -> impl Strategy<Value = (Move, Outcome, bool)> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(|other_method| Move::Confirm { other_method }),
        1 => any::<bool>().prop_map(|approve| Move::CompleteAction { approve }),
        3 => (prop::option::of(1..120i64), prop::bool::weighted(0.2))
            .prop_map(|(part, is_final)| Move::Capture { part, is_final }),
        1 => Just(Move::Void),
        2 => (1..120i64).prop_map(Move::Refund),
        1 => Just(Move::Expire),
        1 => any::<bool>().prop_map(|newest| Move::Reverse { newest }),
    ];
    let outcome = prop_oneof![
        6 => Just(Outcome::Approve), 1 => Just(Outcome::Decline), 1 => Just(Outcome::DeclineSoft),
        1 => Just(Outcome::RequireAction),
    ];
    (step, outcome, prop::bool::weighted(0.1))
}

/// The payment, its attempts, and the provider's line, walked together.
struct Walk {
    payment: Payment,
    attempts: Vec<Attempt>,
    line: Line,
}

impl Walk {
    fn step(&mut self, index: usize, step: Move, outcome: Outcome, is_lost: bool) {
        let before = self.payment.clone();
        let refund_id = RefundId::derive(b"walk", &index.to_string());
        let next = match step {
            Move::Confirm { other_method } => {
                let other = other_method.then(|| format!("tok_approved:{index}"));
                self.payment.clone().confirm(with(other.as_deref()), NOW)
            }
            Move::CompleteAction { approve } => self.payment.clone().complete_action(approve, NOW),
            Move::Capture { part, is_final } => self.payment.clone().capture(
                &new_capture(&index.to_string(), part, is_final),
                None,
                NOW,
            ),
            Move::Void => self.payment.clone().void(None, NOW),
            Move::Refund(minor) => {
                let new_capture =
                    NewRefund { id: refund_id, amount: gbp(minor), effective_time: None };
                self.payment.clone().refund(&new_capture, NOW)
            }
            Move::Expire => self.payment.clone().expire(LATER),
            Move::Reverse { newest } => {
                let is_one = |attempt: &&Attempt| {
                    let can_be = matches!(attempt.kind, Kind::Capture | Kind::Refund);
                    can_be && attempt.stage == Stage::Succeeded
                };
                let mut succeeded = self.attempts.iter().filter(is_one);
                let one = if newest { succeeded.next_back() } else { succeeded.next() };
                match one.cloned() {
                    Some(attempt) => self.payment.clone().reverse(&attempt, NOW),
                    None => return,
                }
            }
        };
        match next {
            Err(_) | Ok(Step::Nothing) => assert_eq!(self.payment, before),
            Ok(Step::Change(payment)) => self.payment = payment,
            Ok(Step::Ask(payment, attempt)) => self.ask(payment, attempt, outcome, is_lost),
        }
    }

    fn ask(&mut self, payment: Payment, attempt: Attempt, outcome: Outcome, is_lost: bool) {
        // Whether it arrived is unknown, and the payment is voided meanwhile.
        if is_lost && attempt.kind.is_authorization() {
            if outcome == Outcome::Approve {
                let _ = self.provider(&attempt, outcome);
            }
            let (payment, void) = asked(payment.void(Some(&attempt), NOW).unwrap());
            self.attempts.push(Attempt { stage: Stage::Superseded, ..attempt });
            return self.ask(payment, void, Outcome::Approve, false);
        }
        let outcome = match (attempt.kind, outcome) {
            (Kind::Authorize, outcome) => outcome,
            (_, Outcome::RequireAction) => Outcome::Approve,
            (_, outcome) => outcome,
        };
        let answer = match attempt.reverses {
            Some(number) => self.take_back(number),
            None => self.provider(&attempt, outcome),
        };
        let (mut payment, attempt) = payment.settle(attempt, answer).unwrap();
        if payment.state == State::RequiresCapture {
            payment.expire_time = Some(LATER);
        }
        self.payment = payment;
        self.attempts.push(attempt);
    }

    /// The provider takes back what an attempt did, before it is asked about it.
    fn take_back(&mut self, number: i64) -> Answer {
        let attempt = self.attempts.iter_mut().find(|attempt| attempt.number == number).unwrap();
        attempt.stage = Stage::Reversed;
        let operation =
            if attempt.kind == Kind::Capture { Operation::Capture } else { Operation::Refund };
        assert!(self.line.reverse(operation, attempt.amount));
        APPROVED
    }

    fn provider(&mut self, attempt: &Attempt, outcome: Outcome) -> Answer {
        let operation = match attempt.kind {
            Kind::Authorize => Operation::Authorize,
            Kind::ApproveAction | Kind::DeclineAction | Kind::ExpireAction => {
                Operation::CompleteAction
            }
            Kind::Capture => Operation::Capture,
            Kind::Void | Kind::ExpireAuthorization => Operation::Void,
            Kind::Refund => Operation::Refund,
            Kind::ReverseCapture | Kind::ReverseRefund => panic!("nobody asks for {attempt:?}"),
        };
        let detail = Detail {
            approve: attempt.kind == Kind::ApproveAction,
            is_over: attempt.kind == Kind::ExpireAction,
            is_last: attempt.rest == 0,
        };
        match self.line.take(
            operation,
            attempt.amount,
            detail,
            outcome,
            Fees { basis_points: 140, minor_units: 1 },
        ) {
            // The simulator's book fills in the address of its page.
            Answer::ActionRequired { .. } => {
                let url = "https://bank.test/page".to_owned();
                Answer::ActionRequired { url, expire_time: LATER }
            }
            answer => answer,
        }
    }

    fn check(&self) {
        let payment = &self.payment;
        let sorted =
            [0, payment.refunded, payment.captured, payment.authorized, payment.amount.minor];
        assert!(sorted.is_sorted(), "{payment:?}");
        let amounts = Amounts {
            authorized: payment.authorized,
            captured: payment.captured,
            refunded: payment.refunded,
            fees: payment.fees,
        };
        assert_eq!(transfers::amounts(&transfers::made_by(&self.attempts, pounds())), amounts);
        let book = (self.line.held, self.line.captured, self.line.refunded, self.line.fees);
        assert_eq!(
            book,
            (payment.capturable(), payment.captured, payment.refunded, payment.fees),
            "{payment:?}"
        );
        assert_eq!(payment.hold.is_some(), payment.capturable() > 0);
        assert!(!payment.is_in_flight && payment.state != State::Processing);
    }
}

proptest! {
    #[test]
    fn amounts_are_in_order_and_equal_the_transfers_and_the_book_after_every_step(
        amount in 1..120i64,
        walk in prop::collection::vec(moves(), 1..25),
    ) {
        let line = Line { state: ChargeState::Open, held: 0, captured: 0, refunded: 0, fees: 0 };
        let mut world = Walk { payment: Payment::create(new(amount), NOW), attempts: vec![], line };
        for (index, (step, outcome, is_lost)) in walk.into_iter().enumerate() {
            world.step(index, step, outcome, is_lost);
            world.check();
        }
    }
}
