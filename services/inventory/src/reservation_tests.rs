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

/// Returns a reservation of a cup and three mugs.
fn in_state(state: State) -> Reservation {
    let units = units(&[("cup", 1), ("mug", 3)]);
    holding(&Allocation { units, untracked: Quantities::new() }, state)
}

fn holding(allocation: &Allocation, state: State) -> Reservation {
    let id = ReservationId::derive(b"order", "reserve");
    let held = Reservation { state, ..Reservation::hold(id, TTL, START).with(allocation) };
    ended(held)
}

/// Returns the same, its lines as they are in its state when it was never moved in parts.
fn ended(mut reservation: Reservation) -> Reservation {
    for line in &mut reservation.lines {
        match reservation.state {
            State::Held | State::Committed => {}
            State::Consumed => line.consumed = line.quantity,
            State::Released | State::Expired => line.released = line.quantity,
        }
    }
    reservation
}

/// Returns the sku and the numbers of each line: promised, left, released, come back.
fn numbers(reservation: &Reservation) -> Vec<(&str, [i64; 4])> {
    let line = |line: &'_ Line| [line.quantity, line.consumed, line.released, line.returned];
    reservation.lines.iter().map(|each| (each.key.sku.as_str(), line(each))).collect()
}

fn at(sku: &str, location: &str, quantity: i64) -> Quantities {
    let key = StockKey { sku: sku.to_owned(), location: location.to_owned() };
    Quantities::from([(key, quantity)])
}

/// Walks a step from every state and compares: `Some(state)` changes to it, `None` repeats; what is
/// not listed is refused.
fn check(step: fn(Reservation) -> Result<Step, Error>, expected: &[(State, Option<State>)]) {
    for state in State::iter() {
        let before = in_state(state);
        let outcome = expected.iter().find(|(from, _)| *from == state).map(|(_, to)| *to);
        match (step(before.clone()), outcome) {
            (Ok(Step::Changed(after)), Some(Some(to))) => {
                assert_eq!(after, ended(Reservation { state: to, update_time: LATER, ..before }));
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
    assert_eq!(held.held(), units(&[("cup", 1), ("mug", 3)]));
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
    let expired = Reservation { update_time: end, ..in_state(State::Expired) };
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
fn reserving_again_compares_sums_and_the_locations_that_are_named() {
    let mut allocated = at("mug", "main", 2);
    allocated.extend(at("mug", "north", 1));
    let allocation = Allocation { units: allocated, untracked: at("film", "", 1) };
    let held = holding(&allocation, State::Held);
    let any = |mugs| {
        let mut wanted = at("mug", "", mugs);
        wanted.extend(at("film", "north", 1));
        wanted
    };
    held.clone().reserve_again(&any(3)).unwrap();
    let mut named = any(2);
    named.extend(at("mug", "north", 1));
    held.clone().reserve_again(&named).unwrap();
    let mut elsewhere = any(1);
    elsewhere.extend(at("mug", "north", 2));
    held.reserve_again(&elsewhere).unwrap_err();
}

#[test]
fn units_leave_in_parts_and_the_last_part_ends_it() {
    let committed = in_state(State::Committed);
    let part = committed.consume_part(&units(&[("mug", 2)]), LATER).unwrap();
    assert_eq!((part.units, part.lines), (units(&[("mug", 2)]), vec![1]));
    let some = part.reservation;
    assert_eq!((some.state, some.update_time), (State::Committed, START));
    assert_eq!(numbers(&some), [("cup", [1, 0, 0, 0]), ("mug", [3, 2, 0, 0])]);
    assert_eq!(some.held(), units(&[("cup", 1), ("mug", 1)]));

    let last = some.clone().consume_part(&units(&[("cup", 1), ("mug", 1)]), LATER).unwrap();
    assert_eq!((last.reservation.state, last.reservation.update_time), (State::Consumed, LATER));
    assert_eq!(last.reservation.held(), Quantities::new());

    let Step::Changed(rest) = some.consume(LATER).unwrap() else { panic!("a change") };
    assert_eq!(numbers(&rest), [("cup", [1, 1, 0, 0]), ("mug", [3, 3, 0, 0])]);
}

#[test]
fn the_rest_of_what_left_in_part_is_released_and_it_ends_consumed() {
    let committed = in_state(State::Committed);
    let some = committed.consume_part(&units(&[("mug", 2)]), LATER).unwrap().reservation;
    let part = some.clone().release_part(&units(&[("cup", 1)]), LATER).unwrap();
    assert_eq!(part.reservation.state, State::Committed);
    let rest = part.reservation.release_part(&units(&[("mug", 1)]), LATER).unwrap().reservation;
    assert_eq!(rest.state, State::Consumed);
    assert_eq!(numbers(&rest), [("cup", [1, 0, 1, 0]), ("mug", [3, 2, 1, 0])]);

    let Step::Changed(all) = some.release(LATER).unwrap() else { panic!("a change") };
    assert_eq!((all.state, numbers(&all)), (State::Consumed, numbers(&rest)));
    assert_eq!(all.clone().release(LATER).unwrap(), Step::Repeated(all), "again");
}

#[test]
fn all_of_it_released_in_parts_is_released() {
    for state in [State::Held, State::Committed] {
        let part = in_state(state).release_part(&units(&[("mug", 3)]), LATER).unwrap();
        assert_eq!(part.reservation.state, state);
        let all = part.reservation.release_part(&units(&[("cup", 1)]), LATER).unwrap();
        assert_eq!(all.reservation.state, State::Released);
    }
}

#[test]
fn a_part_is_never_more_than_what_is_held() {
    let some = in_state(State::Committed).consume_part(&units(&[("mug", 2)]), LATER).unwrap();
    for more in [units(&[("mug", 2)]), units(&[("jar", 1)]), at("mug", "north", 1)] {
        let refused = some.reservation.clone().consume_part(&more, LATER).unwrap_err();
        let Error::ExceedsReserved { held, requested, .. } = refused else { panic!("{refused}") };
        assert!(held < requested);
        some.reservation.clone().release_part(&more, LATER).unwrap_err();
    }
}

#[test]
fn only_what_is_committed_leaves_in_parts_and_only_what_is_held_is_released_in_parts() {
    for state in State::iter() {
        let mug = units(&[("mug", 1)]);
        assert_eq!(in_state(state).consume_part(&mug, LATER).is_ok(), state == State::Committed);
        let holds = matches!(state, State::Held | State::Committed);
        assert_eq!(in_state(state).release_part(&mug, LATER).is_ok(), holds);
    }
}

#[test]
fn units_of_no_location_are_those_of_any_in_order_after_the_named() {
    let mut allocated = at("mug", "main", 2);
    allocated.extend(at("mug", "north", 2));
    let allocation = Allocation { units: allocated, untracked: at("film", "", 5) };
    let mut wanted = at("mug", "", 2);
    wanted.extend(at("mug", "main", 1));
    wanted.extend(at("film", "", 4));
    let part = holding(&allocation, State::Committed).consume_part(&wanted, LATER).unwrap();
    let mut moved = at("mug", "main", 2);
    moved.extend(at("mug", "north", 1));
    assert_eq!(part.units, moved, "untracked units are of no stock");
    let expected = [("film", [5, 4, 0, 0]), ("mug", [2, 2, 0, 0]), ("mug", [2, 1, 0, 0])];
    assert_eq!(numbers(&part.reservation), expected);
}

#[test]
fn consumed_units_come_back_bit_by_bit_and_never_more_than_left() {
    let consumed = in_state(State::Consumed);
    let some = consumed.take_back(&units(&[("mug", 2)])).unwrap().reservation;
    let all = some.take_back(&units(&[("cup", 1), ("mug", 1)])).unwrap().reservation;
    assert!(all.lines.iter().all(|line| line.returned == line.quantity));
    let refused = all.take_back(&units(&[("mug", 1)])).unwrap_err();
    assert!(matches!(refused, Error::ReturnExceedsConsumed { requested: 1, returnable: 0, .. }));
}

#[test]
fn what_left_in_part_comes_back_before_the_rest_leaves() {
    let committed = in_state(State::Committed);
    let some = committed.consume_part(&units(&[("mug", 2)]), LATER).unwrap().reservation;
    let refused = some.clone().take_back(&units(&[("mug", 3)])).unwrap_err();
    assert!(matches!(refused, Error::ReturnExceedsConsumed { returnable: 2, .. }));
    let back = some.take_back(&units(&[("mug", 2)])).unwrap().reservation;
    assert_eq!(back.state, State::Committed);
    assert_eq!(back.held(), units(&[("cup", 1), ("mug", 1)]), "what came back is free");
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
