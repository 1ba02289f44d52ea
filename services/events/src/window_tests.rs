//! The window compared with a model that is too simple to be wrong: random steps, and after each
//! what must hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use souk_client::events::v1 as pb;

use super::*;

const KIND: &str = "souk.testing.v1.Happened";
const RETRIES: Retries = Retries {
    max_attempts: 3,
    min_delay: Duration::from_secs(10),
    max_delay: Duration::from_secs(15),
};
const ACK_DEADLINE: Duration = Duration::from_secs(30);

fn entry(offset: i64, key: &str, kind: &str) -> Entry {
    let event = pb::Event { ordering_key: key.into(), r#type: kind.into(), ..pb::Event::default() };
    Entry {
        offset,
        publish_time: Timestamp::from_micros(offset),
        event: Arc::new(event),
        bytes: 100,
    }
}

fn window() -> Window {
    Window::new(EventTypes::default(), RETRIES, Progress::default(), HashMap::new())
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0).plus(Duration::from_secs(seconds))
}

fn take(window: &mut Window, now: u64) -> Option<(i64, u32)> {
    let taken = window.take(1, at(now).plus(ACK_DEADLINE), |_| true)?;
    Some((taken.id.offset, taken.attempt))
}

fn log(offset: i64) -> Id {
    Id { offset, is_requeued: false }
}

fn write(window: &mut Window) -> Change {
    let change = window.unwritten().unwrap_or_default();
    window.written(change.clone());
    change
}

#[test]
fn an_event_that_failed_waits_until_that_is_written_and_then_until_it_is_due() {
    let mut window = window();
    window.push(vec![entry(0, "a", KIND), entry(1, "a", KIND)]);
    assert_eq!(take(&mut window, 0), Some((0, 1)));
    window.fail(log(0), 1, at(0), 0.0, Failure::default()).unwrap();
    window.tick(at(100), || 0.0);
    assert_eq!(take(&mut window, 100), None, "the failure is not written yet");
    assert!(window.is_urgent());
    let change = write(&mut window);
    assert_eq!(change.failed, [(log(0), 1, at(10))]);
    window.tick(at(9), || 0.0);
    assert_eq!(take(&mut window, 9), None);
    window.tick(at(10), || 0.0);
    assert_eq!(take(&mut window, 10), Some((0, 2)));
    window.ack(log(0), 2).unwrap();
    assert_eq!(take(&mut window, 10), Some((1, 1)));
    assert_eq!(write(&mut window).recovered, [log(0)]);
}

#[test]
fn after_the_last_attempt_an_event_dies_and_the_next_of_its_key_goes_on() {
    let mut window = window();
    window.push(vec![entry(0, "a", KIND), entry(1, "a", KIND)]);
    for (attempt, now) in [(1, 0), (2, 50), (3, 100)] {
        window.tick(at(now), || 0.0);
        assert_eq!(take(&mut window, now), Some((0, attempt)));
        assert_eq!(window.tick(at(now + 30), || 0.0).len(), 1, "its deadline is over");
        if attempt < 3 {
            write(&mut window);
        }
    }
    assert_eq!(take(&mut window, 200), None, "it is not written yet");
    let change = window.unwritten().unwrap();
    assert_eq!((change.dead.len(), change.dead[0].attempts), (1, 3));
    assert_eq!(
        change.progress.next(),
        1,
        "it is finished in the write that makes it a dead letter"
    );
    window.not_written(change);
    assert_eq!(write(&mut window).dead.len(), 1, "what could not be written is written again");
    assert_eq!(take(&mut window, 200), Some((1, 1)));
}

#[test]
fn a_final_refusal_needs_no_further_attempt() {
    let mut window = window();
    window.push(vec![entry(0, "", KIND)]);
    take(&mut window, 0);
    window.fail(log(0), 1, at(0), 0.0, Failure { reason: "never".into(), is_final: true });
    let change = write(&mut window);
    assert_eq!((change.dead[0].attempts, change.dead[0].reason.as_str()), (1, "never"));
    assert_eq!(window.held(), (0, 0));
}

#[test]
fn what_is_given_back_counts_for_nothing() {
    let mut window = window();
    window.push((0..3).map(|offset| entry(offset, "", KIND)).collect());
    for _ in 0..3 {
        take(&mut window, 0);
    }
    for (id, attempt) in window.open_at(1) {
        window.give_back(id, attempt).unwrap();
    }
    let again: Vec<_> = (0..3).map(|_| take(&mut window, 0).unwrap()).collect();
    assert_eq!(again, [(0, 1), (1, 1), (2, 1)]);
}

#[test]
fn a_requeued_dead_letter_goes_before_what_waits_and_not_beside_what_is_open() {
    let mut window =
        Window::new(EventTypes::default(), RETRIES, Progress::starting_at(5), HashMap::new());
    window.push(vec![entry(5, "a", KIND), entry(6, "a", KIND)]);
    window.requeue(entry(2, "a", KIND), 0, at(0));
    window.requeue(entry(2, "a", KIND), 0, at(0));
    assert_eq!(take(&mut window, 0), Some((5, 1)));
    assert_eq!(take(&mut window, 0), None);
    window.ack(log(5), 1);
    assert_eq!(take(&mut window, 0), Some((2, 1)));
    window.ack(Id { offset: 2, is_requeued: true }, 1).unwrap();
    assert_eq!(take(&mut window, 0), Some((6, 1)));
    let change = write(&mut window);
    assert_eq!(change.recovered, [Id { offset: 2, is_requeued: true }]);
    assert_eq!(change.progress.next(), 6);
}

#[test]
fn what_the_log_does_not_have_any_more_is_passed_over_with_its_failures() {
    let failures = HashMap::from([(3, (1, at(5)))]);
    let mut window = Window::new(EventTypes::default(), RETRIES, Progress::default(), failures);
    window.push(vec![entry(10, "a", KIND)]);
    let change = write(&mut window);
    assert_eq!((change.progress.next(), change.recovered), (10, vec![log(3)]));
}

/// One random step.
#[derive(Clone, Debug)]
enum Move {
    /// So many events, each with one of a few keys (0: none), wanted or not.
    Push(Vec<(u8, bool)>),
    Take(u64),
    /// These pick one of the open deliveries.
    Ack(usize),
    Fail(usize, bool),
    Leave(u64),
    Drain(u64),
    Pass(u64),
    Write(bool),
    /// The process is killed and starts again from what was written.
    Restart,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => prop::collection::vec((0_u8..4, prop::bool::weighted(0.8)), 1..6).prop_map(Move::Push),
        6 => (0_u64..3).prop_map(Move::Take),
        4 => (0_usize..20).prop_map(Move::Ack),
        2 => (0_usize..20, prop::bool::weighted(0.2)).prop_map(|(at, is_final)| Move::Fail(at, is_final)),
        1 => (0_u64..3).prop_map(Move::Leave),
        1 => (0_u64..3).prop_map(Move::Drain),
        2 => (1_u64..40).prop_map(Move::Pass),
        3 => prop::bool::weighted(0.8).prop_map(Move::Write),
        1 => Just(Move::Restart),
    ];
    prop::collection::vec(one, 1..200)
}

/// What the database would hold, and what all consumers have seen.
#[derive(Default)]
struct World {
    log: Vec<(u8, bool)>,
    written: Progress,
    failures: HashMap<i64, (u32, Timestamp)>,
    dead: BTreeSet<i64>,
    /// The open deliveries: offset, attempt, stream.
    open: Vec<(i64, u32, u64)>,
    acked: BTreeSet<i64>,
    now: u64,
}

impl World {
    fn entry(&self, offset: i64) -> Entry {
        let (key, is_wanted) = self.log[offset as usize];
        let key = if key == 0 { String::new() } else { format!("key-{key}") };
        entry(offset, &key, if is_wanted { KIND } else { "souk.other.v1.Thing" })
    }

    fn start(&self) -> Window {
        let types = EventTypes::new(vec![KIND.into()]);
        let mut window = Window::new(types, RETRIES, self.written.clone(), self.failures.clone());
        let from = self.written.next();
        window.push((from..self.log.len() as i64).map(|offset| self.entry(offset)).collect());
        window
    }

    fn write(&mut self, window: &mut Window, succeeds: bool) {
        let Some(change) = window.unwritten() else { return };
        if !succeeds {
            return window.not_written(change);
        }
        self.written = change.progress.clone();
        for (id, attempts, due) in &change.failed {
            self.failures.insert(id.offset, (*attempts, *due));
        }
        for id in &change.recovered {
            self.failures.remove(&id.offset);
        }
        for dead in &change.dead {
            self.failures.remove(&dead.id.offset);
            assert!(self.dead.insert(dead.id.offset), "{} died twice", dead.id.offset);
        }
        window.written(change);
    }

    /// Takes one event and holds it against what may be taken.
    fn take(&mut self, window: &mut Window, stream: u64) {
        let Some(taken) = window.take(stream, at(self.now).plus(ACK_DEADLINE), |_| true) else {
            return;
        };
        let offset = taken.id.offset;
        let (key, is_wanted) = self.log[offset as usize];
        assert!(is_wanted, "{offset} was not wanted");
        assert!(
            !self.written.contains(offset) && !self.dead.contains(&offset),
            "{offset} is finished"
        );
        let known = self.failures.get(&offset).map_or(0, |(attempts, _)| *attempts);
        assert_eq!(taken.attempt, known + 1, "every earlier failure of {offset} is written");
        assert!(
            self.failures.get(&offset).is_none_or(|(_, due)| *due <= at(self.now)),
            "{offset} is not due"
        );
        if key != 0 {
            let same_key = |other: i64| self.log[other as usize] == (key, true);
            assert!(
                !self.open.iter().any(|(other, ..)| same_key(*other)),
                "another event of its key is open"
            );
            let earlier =
                (0..offset).find(|other| same_key(*other) && !window.progress().contains(*other));
            assert_eq!(earlier, None, "an earlier event of its key is not finished");
        }
        self.open.push((offset, taken.attempt, stream));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_event_is_handled_or_dies_and_keys_stay_in_order(moves in moves()) {
        let mut world = World::default();
        let mut window = world.start();
        for step in moves {
            match step {
                Move::Push(events) => {
                    let from = world.log.len() as i64;
                    world.log.extend(events);
                    window.push((from..world.log.len() as i64).map(|offset| world.entry(offset)).collect());
                }
                Move::Take(stream) => world.take(&mut window, stream),
                Move::Ack(pick) if !world.open.is_empty() => {
                    let (offset, attempt, stream) = world.open.swap_remove(pick % world.open.len());
                    let closed = window.ack(log(offset), attempt);
                    prop_assert_eq!(closed, Some(ClosedDelivery { stream, bytes: 100 }));
                    prop_assert_eq!(window.ack(log(offset), attempt), None, "an ack counts once");
                    world.acked.insert(offset);
                }
                Move::Fail(pick, is_final) if !world.open.is_empty() => {
                    let (offset, attempt, _) = world.open.swap_remove(pick % world.open.len());
                    let failure = Failure { is_final, ..Failure::default() };
                    prop_assert!(window.fail(log(offset), attempt + 1, at(world.now), 0.5, failure.clone()).is_none());
                    prop_assert!(window.fail(log(offset), attempt, at(world.now), 0.5, failure).is_some());
                }
                Move::Ack(_) | Move::Fail(..) => {}
                Move::Leave(stream) | Move::Drain(stream) => {
                    let open = window.open_at(stream);
                    prop_assert_eq!(open.len(), world.open.iter().filter(|(.., at)| *at == stream).count());
                    world.open.retain(|(.., at)| *at != stream);
                    for (id, attempt) in open {
                        match step {
                            Move::Leave(_) => drop(window.fail(id, attempt, at(world.now), 0.5, Failure::default())),
                            _ => drop(window.give_back(id, attempt)),
                        }
                    }
                }
                Move::Pass(seconds) => {
                    world.now += seconds;
                    let closed = window.tick(at(world.now), || 0.5);
                    let before = world.open.len();
                    let open: BTreeMap<i64, u32> =
                        (0..3).flat_map(|stream| window.open_at(stream)).map(|(id, n)| (id.offset, n)).collect();
                    world.open.retain(|(offset, attempt, _)| open.get(offset) == Some(attempt));
                    prop_assert_eq!(before - world.open.len(), closed.len());
                }
                Move::Write(succeeds) => world.write(&mut window, succeeds),
                Move::Restart => {
                    world.open.clear();
                    window = world.start();
                }
            }
            prop_assert_eq!(window.open(), world.open.len());
        }

        // Whatever happened: with a consumer that handles everything, all of it comes to an end.
        for _ in 0..200 {
            world.write(&mut window, true);
            world.now += 31;
            window.tick(at(world.now), || 0.5);
            world.open.clear();
            while window.is_ready() {
                world.take(&mut window, 0);
                let (offset, attempt, _) = world.open.pop().unwrap();
                window.ack(log(offset), attempt).unwrap();
                world.acked.insert(offset);
            }
        }
        world.write(&mut window, true);
        prop_assert_eq!(window.held(), (0, 0));
        prop_assert_eq!(world.written.next(), world.log.len() as i64);
        prop_assert!(world.failures.is_empty());
        for (offset, (_, is_wanted)) in (0_i64..).zip(&world.log) {
            let is_handled = world.acked.contains(&offset) || world.dead.contains(&offset);
            prop_assert_eq!(is_handled, *is_wanted, "event {}", offset);
        }
    }
}
