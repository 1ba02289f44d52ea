//! Completed orders a second: placed over loopback by many customers, paid, and on the disk.

mod goods;
mod measures;
mod records;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use souk_chassis::{Caller, Channel, Running, Shop};
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_testkit::{Engine, TestDb};
use souk_tests::bench::{Comparison, Goals, Load, at_rate, back_to_back, print_environment};

use super::shop;
use measures::Measures;
use records::{Baseline, Records};

/// Customers, each with a token of its own; they share the connections.
const CUSTOMERS: usize = 500;
const CONNECTIONS: usize = 8;
/// The rate at which an order must not wait longer than the limit is half of this.
const WANTED: f64 = 1_000.0;
const SERVICES: [&str; 5] = ["catalog", "inventory", "ledger", "payments", "orders"];

#[derive(clap::Args)]
pub struct Options {
    /// Orders already stored when the rate is measured; one measurement for each, in rising order.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    stored: Vec<u64>,
    /// Rounds that count, at least 5.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds that each target is under load, each round.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Customers that order at the same time.
    #[arg(long, default_value_t = 128)]
    callers: usize,
    /// Arrivals a second when the waiting is measured; without it half of the rate that was
    /// measured.
    #[arg(long)]
    arrivals: Option<f64>,
    /// Leaves SQLite out; PostgreSQL is measured where there is one.
    #[arg(long)]
    without_sqlite: bool,
    /// The folder of the databases; without it a temporary one.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Measures and returns whether the goals were met.
pub async fn run(options: &Options, folder: &Path) -> bool {
    let folder = options.folder.as_deref().unwrap_or(folder);
    print_environment("checkout", folder);
    let mut goals = Goals::default();
    if !options.without_sqlite {
        sqlite(options, folder, &mut goals).await;
    }
    match souk_testkit::postgres_url() {
        Some(_url) => postgres(options, folder).await,
        None => println!("\nPostgreSQL: left out, for there is none (--postgres brings one)"),
    }
    goals.finish()
}

async fn sqlite(options: &Options, folder: &Path, goals: &mut Goals) {
    println!(
        "SQLite, one file a service: WAL, synchronous=FULL, so each commit is synced; the baseline likewise"
    );
    let folder = folder.join("sqlite");
    let shop = Market::start(shop::options(&folder.join("shop"))).await;
    let records = Records::in_folder(&folder.join("shop"));
    let market = Market::open(shop, records, options.callers).await;
    let baseline = Baseline::in_file(&folder.join("baseline.db"), market.rows_an_order);
    let figures = measure(market, &baseline, options).await;

    let (stored, measured) = figures.rates[0];
    goals.at_least("completed orders/s", WANTED, measured);
    let p99 = format!("p99 in ms at {:.0} a second", figures.arrivals);
    goals.at_most(&p99, 100.0, figures.p99);
    for (more, rate) in &figures.rates[1..] {
        let name = format!("rate with {more} orders / with {stored}");
        goals.at_least(&name, 0.85, rate / measured);
    }
}

async fn postgres(options: &Options, folder: &Path) {
    let database = || TestDb::new(Engine::Postgres);
    let orders = database().await;
    let others = [database().await, database().await, database().await, database().await];
    let [catalog, inventory, ledger, payments] = &others;
    let simulator = database().await;
    let mut shop = shop::options(&folder.join("postgres")).set("orders.data.url", orders.url());
    for (setting, database) in [
        ("catalog.data.url", catalog),
        ("inventory.data.url", inventory),
        ("ledger.data.url", ledger),
        ("payments.data.url", payments),
        ("payments.simulator.data.url", &simulator),
    ] {
        shop = shop.set(setting, database.url());
    }
    let other = database().await;
    println!("\nPostgreSQL, one database a service: {}", shop::durability(other.url()).await);
    let shop = Market::start(shop).await;
    let all = [catalog, inventory, ledger, payments, &simulator].map(TestDb::url);
    let records = Records::at(orders.url(), &all).await;
    let market = Market::open(shop, records, options.callers).await;
    let baseline = Baseline::at(other.url(), market.rows_an_order).await;
    measure(market, &baseline, options).await;
}

/// What was measured on one engine.
struct Figures {
    /// Orders a second, by the number of orders already stored.
    rates: Vec<(u64, f64)>,
    /// Arrivals a second while the waiting was measured, and the longest but one of a hundred waits
    /// in milliseconds.
    arrivals: f64,
    p99: f64,
}

async fn measure(market: Market, baseline: &Baseline, options: &Options) -> Figures {
    let duration = Duration::from_secs_f64(options.seconds);
    let mut rates = Vec::new();
    for &stored in &options.stored {
        market.fill(stored, options.callers).await;
        let results = Comparison::new(format!("{stored} orders stored"), "completed orders/s")
            .target(baseline.title(), || baseline.write(duration))
            .target("souk, one customer after the other", || market.rate(1, duration))
            .target("souk", || market.rate(options.callers, duration))
            .run(options.rounds)
            .await;
        let before =
            (market.records.orders().await, Measures::take(market.shop.metrics_addr()).await);
        let rate = market.rate(options.callers, duration).await;
        println!("  one round more at {rate:.0} a second, looked into:");
        let orders = market.records.orders().await - before.0;
        before.1.print_since(market.shop.metrics_addr(), orders).await;
        rates.push((stored, results.median("souk")));
    }

    let arrivals = options.arrivals.unwrap_or(rates[0].1 / 2.0);
    println!(
        "\n{arrivals:.0} arrivals a second, from the moment each was due until the order is PLACED"
    );
    let mut p99 = Vec::new();
    for round in 0..=options.rounds {
        let load = market.arrive(arrivals, duration).await;
        assert_eq!(load.failed, 0, "every order is placed");
        market.settle().await;
        let paid = market.records.latest_paid(load.latencies.count()).await;
        println!(
            "  {}; until PAID by the order's own times: {}",
            load.latencies.summary(),
            paid.summary()
        );
        let is_warm = round > 0;
        if is_warm {
            p99.push(load.latencies.percentile(99.0).as_secs_f64() * 1e3);
        }
    }
    p99.sort_by(f64::total_cmp);
    market.finish().await;
    Figures { rates, arrivals, p99: p99[p99.len() / 2] }
}

/// A shop full of goods, and its customers.
struct Market {
    shop: Running,
    staff: Channel,
    customers: Customers,
    records: Records,
    rows_an_order: u64,
}

impl Market {
    async fn start(options: souk_chassis::Options) -> Running {
        let services = [
            catalog::definition(),
            inventory::definition(),
            ledger::definition(),
            payments::definition(),
            orders::definition(),
        ];
        let shop = services.into_iter().fold(Shop::new(options), Shop::with);
        shop.start().await.expect("the shop starts")
    }

    /// Brings goods and customers into a shop, and counts what some orders write.
    async fn open(shop: Running, records: Records, callers: usize) -> Market {
        let staff = shop::connect(&shop, &Caller::Staff("bench".to_owned()));
        goods::deliver(&staff).await;
        let customers = Customers::of(&shop);
        let before = records.rows().await;
        let mut market = Market { shop, staff, customers, records, rows_an_order: 0 };
        market.fill(200, callers).await;
        let written = market.records.rows().await - before;
        market.rows_an_order = written.div_ceil(market.records.orders().await);
        println!(
            "an order of three lines: {} rows in {} databases",
            market.rows_an_order,
            SERVICES.len()
        );
        market
    }

    /// Places orders until this many are stored.
    async fn fill(&self, wanted: u64, callers: usize) {
        let missing = wanted.saturating_sub(self.records.orders().await);
        let started = Instant::now();
        let left = Arc::new(AtomicU64::new(missing));
        let mut tasks = tokio::task::JoinSet::new();
        for _caller in 0..callers {
            let customers = self.customers.clone();
            let left = left.clone();
            tasks.spawn(async move {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    assert!(customers.order().await, "an order is placed");
                }
            });
        }
        tasks.join_all().await;
        self.settle().await;
        let rate = missing as f64 / started.elapsed().as_secs_f64();
        println!("{missing} orders stored first, {rate:.0} a second on average");
    }

    /// Returns the orders a second that were placed and paid, with the time that the last ones took
    /// to be paid.
    async fn rate(&self, callers: usize, duration: Duration) -> f64 {
        let started = Instant::now();
        let customers = self.customers.clone();
        let load = back_to_back(callers, duration, move |_number| {
            let customers = customers.clone();
            async move { customers.order().await }
        })
        .await;
        assert_eq!(load.failed, 0, "every order is placed");
        self.settle().await;
        load.latencies.count() as f64 / started.elapsed().as_secs_f64()
    }

    async fn arrive(&self, per_second: f64, duration: Duration) -> Load {
        let customers = self.customers.clone();
        at_rate(per_second, duration, move |_number| {
            let customers = customers.clone();
            async move { customers.order().await }
        })
        .await
    }

    /// Waits until nothing is in progress any more.
    async fn settle(&self) {
        while self.records.under_way().await > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn finish(self) {
        self.settle().await;
        let orders = self.records.orders().await;
        let paid = self.records.paid().await;
        assert_eq!(
            (orders, orders),
            (self.customers.placed(), paid),
            "each order is there once, and paid"
        );
        println!("\n{orders} orders answered as placed, all of them stored and PAID");
        shop::audit(&self.staff, &SERVICES).await;
        self.shop.drain().await.expect("the shop drains");
    }
}

/// Those who order.
#[derive(Clone)]
struct Customers {
    channels: Arc<Vec<Channel>>,
    number: Arc<AtomicU64>,
    placed: Arc<AtomicU64>,
}

impl Customers {
    fn of(shop: &Running) -> Customers {
        let customer = |number: usize| Caller::user(format!("customer-{number}"));
        let connections: Vec<_> =
            (0..CONNECTIONS).map(|number| shop::connect(shop, &customer(number))).collect();
        let channels = (0..CUSTOMERS)
            .map(|number| connections[number % CONNECTIONS].acting_as(&customer(number)))
            .collect();
        Customers { channels: Arc::new(channels), number: Arc::default(), placed: Arc::default() }
    }

    /// Places an order of three lines and returns whether it was placed.
    async fn order(&self) -> bool {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let request = pb::PlaceOrderRequest {
            request_id: format!("order-{number}"),
            currency_code: goods::CURRENCY.to_owned(),
            lines: goods::three_lines(),
            payment_method: "tok_approved".to_owned(),
            ..Default::default()
        };
        let channel = self.channels[number as usize % CUSTOMERS].clone();
        match OrderServiceClient::new(channel).place_order(request).await {
            Ok(answer) => {
                let state =
                    answer.into_inner().order.map(|order| order.state()).unwrap_or_default();
                let is_placed = state == pb::OrderState::Placed;
                self.placed.fetch_add(is_placed.into(), Ordering::Relaxed);
                is_placed
            }
            Err(status) => {
                println!("{status}");
                false
            }
        }
    }

    fn placed(&self) -> u64 {
        self.placed.load(Ordering::Relaxed)
    }
}
