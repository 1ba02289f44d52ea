//! Kills at random moments, while orders stream in: a few of replicas on every run, two hundred
//! every night.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use souk_testkit::nightly;
use tokio::task::JoinSet;

use crate::books::Books;
use crate::fleet::{Fleet, UNSYNCED};
use crate::shopping::{Addresses, Desk};
use crate::story::{Plot, Story};
use crate::witness::Witness;

const KILLS: u64 = 200;

/// Replicas die this often on every run; each time the other one takes over.
const KILLS_OF_REPLICAS: u64 = 6;
const CUSTOMERS: u64 = 8;

/// The longest time between a process' start and its next death.
const LONGEST_LIFE: Duration = Duration::from_millis(300);

const SKU: &str = "MUG";
const STOCK: i64 = 1_000_000;

const PLOTS: [Plot; 6] =
    [Plot::Buy, Plot::Declined, Plot::CaptureDeclined, Plot::Cancel, Plot::Fulfill, Plot::Refund];

/// One customer's orders, one after the other until `is_over`.
async fn shops(
    addresses: Addresses,
    number: u64,
    seed: u64,
    is_over: Arc<AtomicBool>,
) -> Vec<Story> {
    let mut random = StdRng::seed_from_u64(seed ^ number);
    let mut stories = vec![];
    while !is_over.load(Ordering::Relaxed) {
        let plot = PLOTS[random.random_range(0..PLOTS.len())];
        let mut story = Story::new(plot, format!("customer-{number}-{}", stories.len()), SKU);
        story.tell_to_the_end(&addresses).await;
        stories.push(story);
    }
    stories
}

async fn survives_random_deaths(mut fleet: Fleet, kills: u64) {
    let seed = rand::rng().next_u64();
    println!("the seed is {seed}");
    let addresses = fleet.addresses.clone();
    Desk::of_staff(&addresses).stock_up(SKU, STOCK).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut customers = JoinSet::new();
    for number in 0..CUSTOMERS {
        customers.spawn(shops(addresses.clone(), number, seed, is_over.clone()));
    }
    let killed = AtomicU64::new(0);
    let killing = async {
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..kills {
            tokio::time::sleep(random.random_range(Duration::ZERO..LONGEST_LIFE)).await;
            fleet.kill(random.random_range(0..fleet.len())).await;
            killed.fetch_add(1, Ordering::Relaxed);
        }
    };
    let mut witness = Witness::hired(&addresses).await;
    witness.writes_during(&addresses, killing).await;
    is_over.store(true, Ordering::Relaxed);
    let stories: Vec<Story> = customers.join_all().await.into_iter().flatten().collect();

    let after = format!("after {} deaths, seed {seed}", killed.into_inner());
    println!("{} orders {after}", stories.len());
    witness.is_remembered(&addresses, &after).await;
    let books = Books::settled(&addresses, &after).await;
    books.agree(&after);
    books.shelf(&addresses, SKU, STOCK, &after).await;
    for story in &stories {
        story.is_remembered(&books, &after);
    }
    assert_eq!(books.orders.len(), stories.len(), "{after}: one order for each story");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_two_hundred_times_at_random_a_split_shop_loses_nothing() {
    if nightly() {
        survives_random_deaths(Fleet::split(&[UNSYNCED]).await, KILLS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_two_hundred_times_at_random_one_program_loses_nothing() {
    if nightly() {
        survives_random_deaths(Fleet::one_program(&[UNSYNCED]).await, KILLS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_on_postgres_that_are_killed_at_random_lose_nothing() {
    if souk_testkit::postgres_url().is_some() {
        let kills = if nightly() { KILLS } else { KILLS_OF_REPLICAS };
        survives_random_deaths(Fleet::replicas(&SHORT_LEASES).await, kills).await;
    }
}

/// What a replica was at when it died waits for its lease to be over, and the test with it.
const SHORT_LEASES: [(&str, &str); 2] =
    [("ORDERS__SAGA__LEASE_SECONDS", "3"), ("PAYMENTS__RECOVERY__LEASE_SECONDS", "20")];
