//! A random walk through everything that can happen, beside a model that is too simple to be wrong.
//! After every step the responses, the stock, the states and the audit must agree with it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use souk_client::inventory::v1::{self as pb, ReservationState as State};
use souk_testkit::{Engine, eventually, nightly, on_each_engine, reason_of};
use souk_types::ReservationId;
use tokio::runtime::Handle;

use crate::support::{Inventory, TTL_SECONDS};

/// One step. Skus and reservations are few, so that steps meet.
#[derive(Clone, Debug)]
enum Action {
    Receive(usize, i64),
    Adjust(usize, i64),
    Reserve(usize, Vec<(usize, i64)>),
    Commit(usize),
    Release(usize),
    Consume(usize),
    Return(usize, Vec<(usize, i64)>),
    /// Seconds pass.
    Wait(u64),
}

const SKUS: usize = 3;
const RESERVATIONS: usize = 4;

fn action() -> impl Strategy<Value = Action> {
    let lines = || vec((0..SKUS, 1..4_i64), 1..4);
    prop_oneof![
        2 => (0..SKUS, 1..6_i64).prop_map(|(sku, quantity)| Action::Receive(sku, quantity)),
        1 => (0..SKUS, prop_oneof![-4..0_i64, 1..3_i64]).prop_map(|(sku, change)| Action::Adjust(sku, change)),
        5 => (0..RESERVATIONS, lines()).prop_map(|(slot, lines)| Action::Reserve(slot, lines)),
        3 => (0..RESERVATIONS).prop_map(Action::Commit),
        2 => (0..RESERVATIONS).prop_map(Action::Release),
        3 => (0..RESERVATIONS).prop_map(Action::Consume),
        2 => (0..RESERVATIONS, lines()).prop_map(|(slot, lines)| Action::Return(slot, lines)),
        1 => (1..TTL_SECONDS as u64 * 2).prop_map(Action::Wait),
    ]
}

type Sums = BTreeMap<usize, i64>;

fn sums(lines: &[(usize, i64)]) -> Sums {
    let mut sums = Sums::new();
    for (sku, quantity) in lines {
        *sums.entry(*sku).or_default() += quantity;
    }
    sums
}

/// What one reservation should be.
#[derive(Clone, Debug)]
struct Promise {
    state: State,
    lines: Sums,
    returned: Sums,
    age: u64,
}

/// What the service should be: what was received and left by sku, and the promises. Reserved units
/// are counted again each time.
#[derive(Clone, Debug, Default)]
struct Model {
    on_hand: BTreeMap<usize, i64>,
    promises: BTreeMap<usize, Promise>,
}

type Expected = Result<(), &'static str>;
const OUT_OF_STOCK: Expected = Err("ERROR_REASON_OUT_OF_STOCK");
const WRONG_STATE: Expected = Err("ERROR_REASON_RESERVATION_STATE");
const NOT_FOUND: Expected = Err("ERROR_REASON_RESERVATION_NOT_FOUND");

impl Model {
    fn on_hand(&self, sku: usize) -> i64 {
        self.on_hand.get(&sku).copied().unwrap_or(0)
    }

    fn reserved(&self, sku: usize) -> i64 {
        let promised = self
            .promises
            .values()
            .filter(|promise| matches!(promise.state, State::Held | State::Committed));
        promised.filter_map(|promise| promise.lines.get(&sku)).sum()
    }

    fn apply(&mut self, action: &Action) -> Expected {
        match action {
            Action::Receive(sku, quantity) => *self.on_hand.entry(*sku).or_default() += quantity,
            Action::Adjust(sku, change) => {
                if !self.on_hand.contains_key(sku) {
                    return Err("ERROR_REASON_STOCK_NOT_FOUND");
                }
                if self.on_hand(*sku) + change < self.reserved(*sku) {
                    return Err("ERROR_REASON_STOCK_WOULD_FALL_SHORT");
                }
                *self.on_hand.entry(*sku).or_default() += change;
            }
            Action::Reserve(slot, lines) => return self.reserve(*slot, sums(lines)),
            Action::Commit(slot) => match self.promises.get_mut(slot) {
                None => return NOT_FOUND,
                Some(promise) => match promise.state {
                    State::Held => promise.state = State::Committed,
                    State::Committed | State::Consumed => {}
                    _ => return WRONG_STATE,
                },
            },
            Action::Release(slot) => {
                let unknown = Promise {
                    state: State::Released,
                    lines: Sums::new(),
                    returned: Sums::new(),
                    age: 0,
                };
                let promise = self.promises.entry(*slot).or_insert(unknown);
                match promise.state {
                    State::Held | State::Committed => promise.state = State::Released,
                    State::Released | State::Expired => {}
                    _ => return WRONG_STATE,
                }
            }
            Action::Consume(slot) => match self.promises.get_mut(slot) {
                None => return NOT_FOUND,
                Some(promise) => match promise.state {
                    State::Committed => {
                        promise.state = State::Consumed;
                        for (sku, quantity) in promise.lines.clone() {
                            *self.on_hand.entry(sku).or_default() -= quantity;
                        }
                    }
                    State::Consumed => {}
                    _ => return WRONG_STATE,
                },
            },
            Action::Return(slot, lines) => return self.give_back(*slot, sums(lines)),
            Action::Wait(seconds) => {
                for promise in self.promises.values_mut() {
                    promise.age += seconds;
                    if promise.state == State::Held && promise.age >= TTL_SECONDS as u64 {
                        promise.state = State::Expired;
                    }
                }
            }
        }
        Ok(())
    }

    fn reserve(&mut self, slot: usize, lines: Sums) -> Expected {
        if let Some(earlier) = self.promises.get(&slot) {
            return match () {
                () if earlier.lines.is_empty() => WRONG_STATE,
                () if earlier.lines != lines => Err("ERROR_REASON_RESERVATION_DIFFERS"),
                () => Ok(()),
            };
        }
        if lines.iter().any(|(sku, quantity)| self.on_hand(*sku) - self.reserved(*sku) < *quantity)
        {
            return OUT_OF_STOCK;
        }
        self.promises
            .insert(slot, Promise { state: State::Held, lines, returned: Sums::new(), age: 0 });
        Ok(())
    }

    fn give_back(&mut self, slot: usize, lines: Sums) -> Expected {
        let Some(promise) = self.promises.get_mut(&slot) else { return NOT_FOUND };
        if promise.state != State::Consumed {
            return WRONG_STATE;
        }
        let of = |sums: &Sums, sku| sums.get(&sku).copied().unwrap_or(0);
        for (&sku, &quantity) in &lines {
            if quantity > of(&promise.lines, sku) - of(&promise.returned, sku) {
                return Err("ERROR_REASON_RETURN_EXCEEDS_CONSUMED");
            }
        }
        for (sku, quantity) in lines {
            *promise.returned.entry(sku).or_default() += quantity;
            *self.on_hand.entry(sku).or_default() += quantity;
        }
        Ok(())
    }
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
        let expected = self.model.apply(action);
        assert_eq!(answer.as_ref().copied().map_err(String::as_str), expected, "{action:?}");
        self.compare().await;
    }

    async fn call(&self, action: &Action, step: usize) -> Result<(), String> {
        let inventory = self.inventory;
        let request_id = format!("walk-{}-{step}", self.number);
        let named = |lines: &[(usize, i64)]| -> Vec<(String, i64)> {
            lines.iter().map(|(sku, quantity)| (self.sku(*sku), *quantity)).collect()
        };
        let answer = match action {
            Action::Receive(sku, quantity) => {
                inventory.receive(&self.sku(*sku), *quantity).await;
                return Ok(());
            }
            Action::Adjust(sku, on_hand_change) => {
                let request = pb::AdjustStockRequest {
                    request_id,
                    sku: self.sku(*sku),
                    location_id: String::new(),
                    on_hand_change: *on_hand_change,
                    note: "counted".into(),
                };
                return inventory
                    .staff()
                    .adjust_stock(request)
                    .await
                    .map(|_| ())
                    .map_err(|status| reason_of(&status));
            }
            Action::Wait(seconds) => {
                inventory.clock.advance(Duration::from_secs(*seconds));
                return Ok(());
            }
            Action::Reserve(slot, lines) => {
                inventory.reserve(self.ids[*slot], &borrowed(&named(lines))).await
            }
            Action::Commit(slot) => inventory.commit(self.ids[*slot]).await,
            Action::Release(slot) => inventory.release(self.ids[*slot]).await,
            Action::Consume(slot) => inventory.consume(self.ids[*slot]).await,
            Action::Return(slot, lines) => {
                inventory.give_back(self.ids[*slot], &request_id, &borrowed(&named(lines))).await
            }
        };
        answer.map(|_| ()).map_err(|status| reason_of(&status))
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
            let lines: Vec<_> = told
                .lines
                .into_iter()
                .map(|line| (line.sku, line.quantity, line.returned))
                .collect();
            let returned = |sku| promise.returned.get(sku).copied().unwrap_or(0);
            let expected = promise
                .lines
                .iter()
                .map(|(sku, quantity)| (self.sku(*sku), *quantity, returned(sku)));
            assert_eq!(lines, expected.collect::<Vec<_>>());
        }
        for sku in 0..SKUS {
            let expected = (self.model.on_hand(sku), self.model.reserved(sku));
            assert_eq!(self.inventory.stock(&self.sku(sku)).await, expected, "stock {sku}");
        }
        assert_eq!(self.inventory.findings().await, Vec::<String>::new());
    }
}

fn borrowed(lines: &[(String, i64)]) -> Vec<(&str, i64)> {
    lines.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect()
}

on_each_engine! {
    async fn every_walk_agrees_with_the_model(engine: Engine) {
        let inventory = Inventory::start(engine).await;
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
