//! A random walk through everything that can happen, beside a model that is too simple to be wrong.
//! After every step the responses, the stock, the states and the audit must agree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use souk_client::inventory::v1::{self as pb, InventoryPolicy, ReservationState as State};
use souk_testkit::{Engine, eventually, nightly, on_each_engine, reason_of};
use souk_types::ReservationId;
use tokio::runtime::Handle;

use crate::support::{Inventory, TTL_SECONDS};

/// One step. Skus, locations and reservations are few, so that steps meet.
#[derive(Clone, Debug)]
enum Action {
    Receive(usize, usize, i32),
    Adjust(usize, usize, i32),
    /// How a sku may be sold, and how many units may be backordered at the first location.
    Policy(usize, InventoryPolicy, i32),
    Reserve(usize, Vec<(usize, i32)>),
    Commit(usize),
    Release(usize),
    ReleaseSome(usize, Vec<(usize, i32)>),
    Consume(usize),
    ConsumeSome(usize, Vec<(usize, i32)>),
    Return(usize, Vec<(usize, i32)>),
    /// Seconds pass.
    Wait(u64),
}

const SKUS: usize = 3;
const RESERVATIONS: usize = 4;
const LOCATIONS: [&str; 2] = ["main", "north"];

fn action() -> impl Strategy<Value = Action> {
    let lines = || vec((0..SKUS, 1..4_i32), 1..4);
    let slot = || 0..RESERVATIONS;
    let place = || 0..LOCATIONS.len();
    let policy = prop_oneof![
        2 => Just(InventoryPolicy::Tracked),
        3 => Just(InventoryPolicy::Backorder),
        1 => Just(InventoryPolicy::Untracked),
    ];
    prop_oneof![
        4 => (0..SKUS, place(), 1..6_i32).prop_map(|(sku, place, units)| Action::Receive(sku, place, units)),
        2 => (0..SKUS, place(), prop_oneof![-4..0_i32, 1..3_i32])
            .prop_map(|(sku, place, change)| Action::Adjust(sku, place, change)),
        2 => (0..SKUS, policy, 0..4_i32).prop_map(|(sku, policy, limit)| Action::Policy(sku, policy, limit)),
        8 => (slot(), lines()).prop_map(|(slot, lines)| Action::Reserve(slot, lines)),
        5 => slot().prop_map(Action::Commit),
        2 => slot().prop_map(Action::Release),
        3 => (slot(), lines()).prop_map(|(slot, lines)| Action::ReleaseSome(slot, lines)),
        3 => slot().prop_map(Action::Consume),
        5 => (slot(), lines()).prop_map(|(slot, lines)| Action::ConsumeSome(slot, lines)),
        4 => (slot(), lines()).prop_map(|(slot, lines)| Action::Return(slot, lines)),
        1 => (1..TTL_SECONDS as u64 * 2).prop_map(Action::Wait),
    ]
}

type Sums = BTreeMap<usize, i32>;

fn sums(lines: &[(usize, i32)]) -> Sums {
    let mut sums = Sums::new();
    for (sku, quantity) in lines {
        *sums.entry(*sku).or_default() += quantity;
    }
    sums
}

/// A sku and the name of a location; an untracked line has none.
type Key = (usize, String);

/// What became of the units of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    quantity: i32,
    consumed: i32,
    released: i32,
    returned: i32,
    untracked: bool,
}

impl Line {
    fn held(&self) -> i32 {
        self.quantity - self.consumed - self.released
    }
}

/// What one reservation should be.
#[derive(Clone, Debug)]
struct Promise {
    state: State,
    lines: BTreeMap<Key, Line>,
    age: u64,
}

impl Promise {
    fn is_live(&self) -> bool {
        matches!(self.state, State::Held | State::Committed)
    }

    fn sums(&self, of: fn(&Line) -> i32) -> Sums {
        let mut sums = Sums::new();
        for ((sku, _), line) in &self.lines {
            *sums.entry(*sku).or_default() += of(line);
        }
        sums
    }

    /// Takes units of each sku from its lines in order.
    fn spread(&self, wanted: &Sums, of: fn(&Line) -> i32) -> Option<BTreeMap<Key, i32>> {
        let mut moved = BTreeMap::new();
        for (sku, quantity) in wanted {
            let mut missing = *quantity;
            for (key, line) in self.lines.iter().filter(|((of_sku, _), _)| of_sku == sku) {
                let units = of(line).min(missing);
                missing -= units;
                moved.insert(key.clone(), units);
            }
            if missing > 0 {
                return None;
            }
        }
        Some(moved)
    }

    /// Ends it when it holds nothing any more.
    fn settle(&mut self) {
        if self.lines.values().any(|line| line.held() > 0) {
            return;
        }
        let some_left = self.lines.values().any(|line| line.consumed > 0);
        self.state = if some_left { State::Consumed } else { State::Released };
    }
}

/// What the service should be: what was received and left, the policies, and the promises. Reserved
/// units are counted again each time.
#[derive(Clone, Debug, Default)]
struct Model {
    on_hand: BTreeMap<Key, i32>,
    limits: Sums,
    untracked: BTreeSet<usize>,
    promises: BTreeMap<usize, Promise>,
}

type Expected = Result<(), &'static str>;
const WRONG_STATE: Expected = Err("ERROR_REASON_RESERVATION_STATE");
const NOT_FOUND: Expected = Err("ERROR_REASON_RESERVATION_NOT_FOUND");
const NOT_ON_HAND: Expected = Err("ERROR_REASON_STOCK_NOT_ON_HAND");
const TOO_MANY: Expected = Err("ERROR_REASON_EXCEEDS_RESERVED");

impl Model {
    fn on_hand(&self, key: &Key) -> i32 {
        self.on_hand.get(key).copied().unwrap_or(0)
    }

    fn reserved(&self, key: &Key) -> i32 {
        let live = self.promises.values().filter(|promise| promise.is_live());
        live.filter_map(|promise| promise.lines.get(key)).map(Line::held).sum()
    }

    fn limit(&self, (sku, location): &Key) -> i32 {
        let limit = self.limits.get(sku).copied().unwrap_or(0);
        if location == LOCATIONS[0] { limit } else { 0 }
    }

    fn reservable(&self, key: &Key) -> i32 {
        (self.on_hand(key) + self.limit(key) - self.reserved(key)).max(0)
    }

    /// Applies an action; `answered` is the reservation that the service answered with.
    fn apply(&mut self, action: &Action, answered: Option<&BTreeMap<Key, Line>>) -> Expected {
        match action {
            Action::Receive(sku, place, quantity) => {
                *self.on_hand.entry(key(*sku, *place)).or_default() += quantity;
            }
            Action::Adjust(sku, place, change) => {
                let key = key(*sku, *place);
                if !self.on_hand.contains_key(&key) {
                    return Err("ERROR_REASON_STOCK_NOT_FOUND");
                }
                let after = self.on_hand(&key) + change;
                if after < 0 || self.reserved(&key) > after + self.limit(&key) {
                    return Err("ERROR_REASON_STOCK_WOULD_FALL_SHORT");
                }
                *self.on_hand.entry(key).or_default() = after;
            }
            Action::Policy(sku, policy, limit) => return self.set_policy(*sku, *policy, *limit),
            Action::Reserve(slot, lines) => return self.reserve(*slot, &sums(lines), answered),
            Action::Commit(slot) => match self.promises.get_mut(slot) {
                None => return NOT_FOUND,
                Some(promise) => match promise.state {
                    State::Held => promise.state = State::Committed,
                    State::Committed | State::Consumed => {}
                    _ => return WRONG_STATE,
                },
            },
            Action::Release(slot) => return self.release(*slot),
            Action::ReleaseSome(slot, lines) => return self.release_some(*slot, &sums(lines)),
            Action::Consume(slot) => match self.promises.get(slot) {
                None => return NOT_FOUND,
                Some(promise) if promise.state == State::Consumed => {}
                Some(promise) if promise.state == State::Committed => {
                    let all = promise.sums(Line::held);
                    return self.consume_some(*slot, &all);
                }
                Some(_) => return WRONG_STATE,
            },
            Action::ConsumeSome(slot, lines) => return self.consume_some(*slot, &sums(lines)),
            Action::Return(slot, lines) => return self.give_back(*slot, &sums(lines)),
            Action::Wait(seconds) => {
                for promise in self.promises.values_mut() {
                    promise.age += seconds;
                    if promise.state == State::Held && promise.age >= TTL_SECONDS as u64 {
                        promise.state = State::Expired;
                        for line in promise.lines.values_mut() {
                            line.released += line.held();
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn set_policy(&mut self, sku: usize, policy: InventoryPolicy, limit: i32) -> Expected {
        let limit = if policy == InventoryPolicy::Backorder { limit } else { 0 };
        let key = key(sku, 0);
        if self.reserved(&key) - self.on_hand(&key) > limit {
            return Err("ERROR_REASON_UNITS_BACKORDERED");
        }
        self.limits.insert(sku, limit);
        self.untracked.remove(&sku);
        match policy {
            InventoryPolicy::Backorder => drop(self.on_hand.entry(key).or_default()),
            InventoryPolicy::Untracked => drop(self.untracked.insert(sku)),
            _ => {}
        }
        Ok(())
    }

    fn reserve(
        &mut self,
        slot: usize,
        wanted: &Sums,
        answered: Option<&BTreeMap<Key, Line>>,
    ) -> Expected {
        if let Some(earlier) = self.promises.get(&slot) {
            return match () {
                () if earlier.lines.is_empty() => WRONG_STATE,
                () if earlier.sums(|line| line.quantity) != *wanted => {
                    Err("ERROR_REASON_RESERVATION_DIFFERS")
                }
                () => Ok(()),
            };
        }
        for (sku, quantity) in wanted.iter().filter(|(sku, _)| !self.untracked.contains(sku)) {
            let there = (0..LOCATIONS.len()).map(|place| self.reservable(&key(*sku, place)));
            if there.sum::<i32>() < *quantity {
                return Err("ERROR_REASON_OUT_OF_STOCK");
            }
        }
        // Where the units come from is the service's choice; they must be there.
        let lines = answered.expect("the lines of what was reserved").clone();
        for (key, line) in &lines {
            assert_eq!(line.untracked, self.untracked.contains(&key.0));
            assert!(line.untracked || line.quantity <= self.reservable(key), "{key:?} {line:?}");
        }
        let promise = Promise { state: State::Held, lines, age: 0 };
        assert_eq!(promise.sums(|line| line.quantity), *wanted);
        self.promises.insert(slot, promise);
        Ok(())
    }

    fn release(&mut self, slot: usize) -> Expected {
        let unknown = Promise { state: State::Released, lines: BTreeMap::new(), age: 0 };
        let promise = self.promises.entry(slot).or_insert(unknown);
        let some_were = promise.lines.values().any(|line| line.released > 0);
        match promise.state {
            State::Held | State::Committed => {
                for line in promise.lines.values_mut() {
                    line.released += line.held();
                }
                promise.settle();
            }
            State::Consumed if !some_were => return WRONG_STATE,
            _ => {}
        }
        Ok(())
    }

    fn release_some(&mut self, slot: usize, wanted: &Sums) -> Expected {
        let Some(promise) = self.promises.get_mut(&slot) else { return NOT_FOUND };
        if !promise.is_live() {
            return WRONG_STATE;
        }
        let Some(moved) = promise.spread(wanted, Line::held) else { return TOO_MANY };
        for (key, units) in moved {
            promise.lines.get_mut(&key).unwrap().released += units;
        }
        promise.settle();
        Ok(())
    }

    fn consume_some(&mut self, slot: usize, wanted: &Sums) -> Expected {
        let Some(promise) = self.promises.get(&slot) else { return NOT_FOUND };
        if promise.state != State::Committed {
            return WRONG_STATE;
        }
        let Some(moved) = promise.spread(wanted, Line::held) else { return TOO_MANY };
        let mut promise = promise.clone();
        for (key, units) in &moved {
            let line = promise.lines.get_mut(key).unwrap();
            if !line.untracked && self.on_hand(key) < *units {
                return NOT_ON_HAND;
            }
            line.consumed += units;
        }
        for (key, units) in moved.into_iter().filter(|(key, _)| !promise.lines[key].untracked) {
            *self.on_hand.entry(key).or_default() -= units;
        }
        promise.settle();
        self.promises.insert(slot, promise);
        Ok(())
    }

    fn give_back(&mut self, slot: usize, wanted: &Sums) -> Expected {
        let Some(promise) = self.promises.get_mut(&slot) else { return NOT_FOUND };
        if promise.lines.values().all(|line| line.consumed == 0) {
            return WRONG_STATE;
        }
        let Some(moved) = promise.spread(wanted, |line| line.consumed - line.returned) else {
            return Err("ERROR_REASON_RETURN_EXCEEDS_CONSUMED");
        };
        for (key, units) in moved {
            let line = promise.lines.get_mut(&key).unwrap();
            line.returned += units;
            if !line.untracked {
                *self.on_hand.entry(key).or_default() += units;
            }
        }
        Ok(())
    }
}

fn key(sku: usize, place: usize) -> Key {
    (sku, LOCATIONS[place].to_owned())
}

/// One walk, with skus and reservations of its own in the service that all walks share.
struct Walk<'a> {
    inventory: &'a Inventory,
    number: u32,
    model: Model,
    ids: Vec<ReservationId>,
}

impl<'a> Walk<'a> {
    fn new(inventory: &'a Inventory, number: u32) -> Self {
        let ids = (0..RESERVATIONS).map(|_| inventory.new_id()).collect();
        Walk { inventory, number, model: Model::default(), ids }
    }

    fn sku(&self, sku: usize) -> String {
        format!("walk-{}-{sku}", self.number)
    }

    async fn take(&mut self, action: &Action, step: usize) {
        let answer = self.call(action, step).await;
        let lines = answer.as_ref().ok().and_then(Option::as_ref).map(|one| self.lines(one));
        let expected = self.model.apply(action, lines.as_ref());
        assert_eq!(answer.as_ref().map(|_| ()).map_err(String::as_str), expected, "{action:?}");
        self.compare().await;
    }

    /// Returns the lines of a reservation as the model has them.
    fn lines(&self, reservation: &pb::Reservation) -> BTreeMap<Key, Line> {
        let lines = reservation.lines.iter().map(|line| {
            let sku = (0..SKUS).find(|sku| self.sku(*sku) == line.sku).unwrap();
            let told = Line {
                quantity: line.quantity,
                consumed: line.consumed,
                released: line.released,
                returned: line.returned,
                untracked: line.untracked,
            };
            ((sku, line.location_id.clone()), told)
        });
        lines.collect()
    }

    async fn call(&self, action: &Action, step: usize) -> Result<Option<pb::Reservation>, String> {
        let inventory = self.inventory;
        let request_id = format!("walk-{}-{step}", self.number);
        let named = |lines: &[(usize, i32)]| -> Vec<(String, i32)> {
            lines.iter().map(|(sku, quantity)| (self.sku(*sku), *quantity)).collect()
        };
        let answer = match action {
            Action::Receive(sku, place, quantity) => {
                inventory.receive_at(&self.sku(*sku), LOCATIONS[*place], *quantity).await;
                return Ok(None);
            }
            Action::Adjust(sku, place, on_hand_change) => {
                let request = pb::AdjustStockRequest {
                    request_id,
                    sku: self.sku(*sku),
                    location_id: LOCATIONS[*place].to_owned(),
                    on_hand_change: *on_hand_change,
                    note: "counted".into(),
                };
                let answer = inventory.staff().adjust_stock(request).await;
                return answer.map(|_| None).map_err(|status| reason_of(&status));
            }
            Action::Policy(sku, policy, backorder_limit) => {
                let policy = pb::StockPolicy {
                    sku: self.sku(*sku),
                    policy: (*policy).into(),
                    backorder_limit: *backorder_limit,
                    ..Default::default()
                };
                let answer = inventory.set_policy(policy).await;
                return answer.map(|_| None).map_err(|status| reason_of(&status));
            }
            Action::Wait(seconds) => {
                inventory.clock.advance(Duration::from_secs(*seconds));
                return Ok(None);
            }
            Action::Reserve(slot, lines) => {
                inventory.reserve(self.ids[*slot], &borrowed(&named(lines))).await
            }
            Action::Commit(slot) => inventory.commit(self.ids[*slot]).await,
            Action::Release(slot) => inventory.release(self.ids[*slot]).await,
            Action::ReleaseSome(slot, lines) => {
                let lines = named(lines);
                let lines = borrowed(&lines);
                let first = inventory.release_some(self.ids[*slot], &request_id, &lines).await;
                if let Ok(first) = &first {
                    let again = inventory.release_some(self.ids[*slot], &request_id, &lines).await;
                    assert_eq!(again.unwrap(), *first, "a repeat");
                }
                first
            }
            Action::Consume(slot) => inventory.consume(self.ids[*slot]).await,
            Action::ConsumeSome(slot, lines) => {
                let lines = named(lines);
                let lines = borrowed(&lines);
                let first = inventory.consume_some(self.ids[*slot], &request_id, &lines).await;
                if let Ok(first) = &first {
                    let again = inventory.consume_some(self.ids[*slot], &request_id, &lines).await;
                    assert_eq!(again.unwrap(), *first, "a repeat");
                }
                first
            }
            Action::Return(slot, lines) => {
                inventory.give_back(self.ids[*slot], &request_id, &borrowed(&named(lines))).await
            }
        };
        answer.map(Some).map_err(|status| reason_of(&status))
    }

    async fn compare(&self) {
        for (slot, promise) in &self.model.promises {
            let id = self.ids[*slot];
            // Holds expire by themselves, a little after their time.
            eventually(Duration::from_secs(10), || async {
                let state = self.inventory.state(id).await;
                if state == promise.state {
                    Ok(())
                } else {
                    Err(format!("{state:?}, not {:?}", promise.state))
                }
            })
            .await;
            let told = self.inventory.get(id).await.unwrap();
            assert_eq!(self.lines(&told), promise.lines);
        }
        for sku in 0..SKUS {
            for (place, location) in LOCATIONS.into_iter().enumerate() {
                let key = key(sku, place);
                let expected = (self.model.on_hand(&key), self.model.reserved(&key));
                let told = self.inventory.stock_at(&self.sku(sku), location).await;
                assert_eq!(told, expected, "stock {sku} at {location}");
            }
        }
        assert_eq!(self.inventory.findings().await, Vec::<String>::new());
    }
}

fn borrowed(lines: &[(String, i32)]) -> Vec<(&str, i32)> {
    lines.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect()
}

on_each_engine! {
    async fn every_walk_agrees_with_the_model(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.open_location("north", 0).await;
        let numbers = AtomicU32::new(0);
        let cases = if nightly() { 1000 } else { 48 };
        let walked = tokio::task::block_in_place(|| {
            let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
            runner.run(&vec(action(), 1..40), |actions| {
                let mut walk = Walk::new(&inventory, numbers.fetch_add(1, Ordering::Relaxed));
                Handle::current().block_on(async {
                    for (step, action) in actions.iter().enumerate() {
                        walk.take(action, step).await;
                    }
                });
                Ok(())
            })
        });
        if let Err(TestError::Fail(reason, actions)) = walked {
            panic!("{reason}\nthe shortest walk that shows it: {actions:#?}");
        }
        inventory.end().await;
    }
}
