//! Transfers a second through the generated client over loopback, beside the same rows written
//! without a ledger.

mod baseline;
mod source;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use souk_chassis::{Caller, Channel, Running, Shop};
use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_data::Engine;
use souk_testkit::TestDb;
use souk_tests::bench::{Comparison, Goals, back_to_back, print_environment};

use super::shop;
use baseline::{File, Unnest};
use source::Source;

const ACCOUNTS: usize = 10_000;
/// The most that a request takes.
const BATCH: usize = 8_190;
/// Callers that send batches: one is prepared while another is written.
const BATCH_CALLERS: usize = 3;
/// Callers that send single transfers.
const SINGLE_CALLERS: usize = 64;

#[derive(clap::Args)]
pub struct Options {
    /// Transfers already stored on SQLite before anything is measured, in millions.
    #[arg(long, default_value_t = 1.0)]
    stored: f64,
    /// Transfers already stored on PostgreSQL, in millions.
    #[arg(long, default_value_t = 0.2)]
    stored_postgres: f64,
    /// Rounds that count, at least 5.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds that each target is under load, each round.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Leaves SQLite out, for a look at PostgreSQL alone.
    #[arg(long)]
    without_sqlite: bool,
    /// The folder of the files; without it a temporary one.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Measures and returns whether the goals were met.
pub async fn run(options: &Options, folder: &Path) -> bool {
    let folder = options.folder.as_deref().unwrap_or(folder);
    print_environment("ledger", folder);
    let mut goals = Goals::default();
    if !options.without_sqlite {
        sqlite(options, folder, &mut goals).await;
    }
    match souk_testkit::postgres_url() {
        Some(_url) => postgres(options, folder, &mut goals).await,
        None => println!("\nPostgreSQL: left out, for there is none (--postgres brings one)"),
    }
    goals.finish()
}

async fn sqlite(options: &Options, folder: &Path, goals: &mut Goals) {
    println!("\nSQLite: WAL, synchronous=FULL, so each commit is synced; the baselines likewise");
    let ledger = Ledger::start(shop::options(&folder.join("sqlite"))).await;
    ledger.fill(options.stored).await;

    let file = File::create(&folder.join("baseline.db"));
    let duration = Duration::from_secs_f64(options.seconds);
    let stored = options.stored;
    let batches = Comparison::new(
        format!("SQLite, {stored} million stored, batches of {BATCH}"),
        "transfers/s",
    )
    .target("rusqlite, the same table, the same batches", || file.write(BATCH, duration))
    .target("souk", || ledger.batches(duration))
    .run(options.rounds)
    .await;
    let singles =
        Comparison::new(format!("SQLite, one by one, {SINGLE_CALLERS} callers"), "transfers/s")
            .target("rusqlite, one durable transaction a row", || file.write(1, duration))
            .target("souk", || ledger.singles(duration))
            .run(options.rounds)
            .await;
    ledger.finish().await;
    goals.at_least("SQLite, batches, transfers/s", 100_000.0, batches.median("souk"));
    goals.at_least("SQLite, one by one, transfers/s", 5_000.0, singles.median("souk"));
}

async fn postgres(options: &Options, folder: &Path, goals: &mut Goals) {
    let (database, other) =
        (TestDb::new(Engine::Postgres).await, TestDb::new(Engine::Postgres).await);
    let unnest = Unnest::create(other.url()).await;
    println!("\nPostgreSQL: {}", shop::durability(other.url()).await);
    let shop = shop::options(&folder.join("postgres")).set("ledger.data.url", database.url());
    let ledger = Ledger::start(shop).await;
    ledger.fill(options.stored_postgres).await;

    let duration = Duration::from_secs_f64(options.seconds);
    let stored = options.stored_postgres;
    let batches =
        Comparison::new(format!("PostgreSQL, {stored} million stored, batches"), "transfers/s")
            .target("UNNEST of 1,000 rows, 4 connections", || unnest.write(1_000, 4, duration))
            .target("souk, batches of 8,190", || ledger.batches(duration))
            .run(options.rounds)
            .await;
    let singles =
        Comparison::new(format!("PostgreSQL, one by one, {SINGLE_CALLERS} callers"), "transfers/s")
            .target("one INSERT a row, 64 connections", || {
                unnest.write(1, SINGLE_CALLERS, duration)
            })
            .target("souk", || ledger.singles(duration))
            .run(options.rounds)
            .await;
    ledger.finish().await;
    goals.at_least("PostgreSQL, batches / UNNEST", 0.4, batches.ratio("souk, batches of 8,190"));
    goals.at_least("PostgreSQL, one by one, transfers/s", 5_000.0, singles.median("souk"));
}

/// The service under load.
struct Ledger {
    shop: Running,
    channel: Channel,
    source: Source,
}

impl Ledger {
    async fn start(options: souk_chassis::Options) -> Ledger {
        let shop =
            Shop::new(options).with(ledger::definition()).start().await.expect("the ledger starts");
        let channel = shop::connect(&shop, &Caller::Staff("bench".to_owned()));
        let source = Source::new(ACCOUNTS);
        let mut client = LedgerServiceClient::new(channel.clone());
        let request = pb::CreateLedgerRequest { ledger: Some(source.ledger()) };
        client.create_ledger(request).await.expect("the ledger is created");
        for accounts in source.accounts().chunks(BATCH) {
            let request = pb::CreateAccountsRequest { accounts: accounts.to_vec() };
            client.create_accounts(request).await.expect("accounts are created");
        }
        Ledger { shop, channel, source }
    }

    /// Stores transfers, through the service as well, and says how long that took.
    async fn fill(&self, millions: f64) {
        let wanted = (millions * 1e6 / BATCH as f64).ceil() as usize;
        let started = Instant::now();
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..BATCH_CALLERS {
            let channel = self.channel.clone();
            let source = self.source.clone();
            callers.spawn(async move {
                for _batch in (caller..wanted).step_by(BATCH_CALLERS) {
                    assert!(create(channel.clone(), source.batch(BATCH)).await);
                }
            });
        }
        callers.join_all().await;
        let rate = (wanted * BATCH) as f64 / started.elapsed().as_secs_f64();
        println!(
            "{:.2} million transfers stored first, {rate:.0} a second on average",
            (wanted * BATCH) as f64 / 1e6
        );
    }

    async fn batches(&self, duration: Duration) -> f64 {
        self.load(BATCH_CALLERS, BATCH, duration).await
    }

    async fn singles(&self, duration: Duration) -> f64 {
        self.load(SINGLE_CALLERS, 1, duration).await
    }

    async fn load(&self, callers: usize, size: usize, duration: Duration) -> f64 {
        let channel = self.channel.clone();
        let source = self.source.clone();
        let load = back_to_back(callers, duration, move |_number| {
            create(channel.clone(), source.batch(size))
        })
        .await;
        assert_eq!(load.failed, 0, "every transfer is created");
        load.rate * size as f64
    }

    async fn finish(self) {
        shop::audit(&self.channel, &["ledger"]).await;
        self.shop.drain().await.expect("the ledger drains");
    }
}

/// Creates transfers and returns whether every one was.
async fn create(channel: Channel, transfers: Vec<pb::NewTransfer>) -> bool {
    let request = pb::CreateTransfersRequest { transfers };
    let answer = LedgerServiceClient::new(channel).create_transfers(request).await;
    match answer {
        Ok(answer) => {
            let created: i32 = pb::CreateTransferStatus::Created.into();
            answer.into_inner().results.iter().all(|result| result.status == created)
        }
        Err(status) => {
            println!("{status}");
            false
        }
    }
}
