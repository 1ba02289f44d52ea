//! Every step from every state: what it leads to, what it repeats, what it refuses.

use sea_orm::Iterable;

use super::*;

const START: Timestamp = Timestamp::from_micros(1_000_000);
const LATER: Timestamp = Timestamp::from_micros(2_000_000);
const TTL: Duration = Duration::from_secs(60);

fn units(units: &[(&str, i64)]) -> Quantities {
    let key = |sku: &str| StockKey { sku: sku.to_owned(), location: "main".to_owned() };
    units.iter().map(|&(sku, quantity)| (key(sku), quantity)).collect()
}

fn in_state(state: State) -> Reservation {
    let id = ReservationId::derive(b"order", "reserve");
    Reservation { state, ..Reservation::hold(id, &units(&[("cup", 1), ("mug", 3)]), TTL, START) }
}

/// Walks a step from every state and compares: `Some(state)` changes to it, `None` repeats; what is
/// not listed is refused.
fn check(step: fn(Reservation) -> Result<Step, Error>, expected: &[(State, Option<State>)]) {
    for state in State::iter() {
        let before = in_state(state);
        let outcome = expected.iter().find(|(from, _)| *from == state).map(|(_, to)| *to);
        match (step(before.clone()), outcome) {
            (Ok(Step::Changed(after)), Some(Some(to))) => {
                assert_eq!(after, Reservation { state: to, update_time: LATER, ..before });
            }
            (Ok(Step::Repeated(after)), Some(None)) => assert_eq!(after, before),
            (Err(Error::ReservationState { id, state: told, .. }), None) => {
                assert_eq!((id, told), (before.id, state))
            }
            (outcome, expected) => panic!("from {state}: {outcome:?} and not {expected:?}"),
        }
    }
}

#[test]
fn a_hold_lasts_for_its_time_to_live() {
    let held = in_state(State::Held);
    assert_eq!(held.expire_time, START.plus(TTL));
    assert_eq!(held.units(), units(&[("cup", 1), ("mug", 3)]));
}

#[test]
fn only_a_hold_can_be_committed_and_committing_again_changes_nothing() {
    check(
        |reservation| reservation.commit(LATER),
        &[(State::Held, Some(State::Committed)), (State::Committed, None), (State::Consumed, None)],
    );
}

#[test]
fn everything_but_what_was_consumed_can_be_released() {
    check(
        |reservation| reservation.release(LATER),
        &[
            (State::Held, Some(State::Released)),
            (State::Committed, Some(State::Released)),
            (State::Released, None),
            (State::Expired, None),
        ],
    );
}

#[test]
fn only_what_was_committed_can_be_consumed() {
    check(
        |reservation| reservation.consume(LATER),
        &[(State::Committed, Some(State::Consumed)), (State::Consumed, None)],
    );
}

#[test]
fn only_a_hold_expires_and_not_before_its_time() {
    let end = START.plus(TTL);
    let just_before = Timestamp::from_micros(end.as_micros() - 1);
    assert_eq!(in_state(State::Held).expire(just_before), Step::Repeated(in_state(State::Held)));
    let expired = Reservation { state: State::Expired, update_time: end, ..in_state(State::Held) };
    assert_eq!(in_state(State::Held).expire(end), Step::Changed(expired));
    for state in State::iter().filter(|state| *state != State::Held) {
        assert_eq!(in_state(state).expire(end), Step::Repeated(in_state(state)));
    }
}

#[test]
fn reserving_again_answers_what_stands_whatever_became_of_it() {
    for state in State::iter() {
        let again = in_state(state).reserve_again(&units(&[("cup", 1), ("mug", 3)])).unwrap();
        assert_eq!(again, in_state(state));
    }
}

#[test]
fn reserving_again_with_other_lines_is_refused() {
    for other in
        [units(&[("cup", 1), ("mug", 2)]), units(&[("cup", 1)]), units(&[("cup", 1), ("jar", 3)])]
    {
        let refused = in_state(State::Held).reserve_again(&other).unwrap_err();
        assert!(matches!(refused, Error::ReservationDiffers(_)), "{other:?}");
    }
}

#[test]
fn a_tombstone_refuses_the_reserve_that_comes_late_and_takes_further_releases() {
    let tombstone = Reservation::tombstone(in_state(State::Held).id, START);
    assert_eq!(tombstone.clone().release(LATER).unwrap(), Step::Repeated(tombstone.clone()));
    let refused = tombstone.reserve_again(&units(&[("cup", 1)])).unwrap_err();
    assert!(matches!(refused, Error::ReservationState { state: State::Released, .. }));
}

#[test]
fn consumed_units_come_back_bit_by_bit_and_never_more_than_left() {
    let consumed = in_state(State::Consumed);
    let some = consumed.take_back(&units(&[("mug", 2)])).unwrap();
    let all = some.take_back(&units(&[("cup", 1), ("mug", 1)])).unwrap();
    assert!(all.lines.iter().all(|line| line.returned == line.quantity));
    let refused = all.take_back(&units(&[("mug", 1)])).unwrap_err();
    assert!(matches!(refused, Error::ReturnExceedsConsumed { requested: 1, returnable: 0, .. }));
}

#[test]
fn units_of_another_sku_do_not_come_back() {
    let refused = in_state(State::Consumed).take_back(&units(&[("jar", 1)])).unwrap_err();
    assert!(matches!(refused, Error::ReturnExceedsConsumed { returnable: 0, .. }));
}

#[test]
fn nothing_comes_back_of_what_was_not_consumed() {
    for state in State::iter().filter(|state| *state != State::Consumed) {
        let refused = in_state(state).take_back(&units(&[("mug", 1)])).unwrap_err();
        assert!(matches!(refused, Error::ReservationState { state: told, .. } if told == state));
    }
}
