//! Services in other languages consume the shop's events: an order placed with the TypeScript
//! client is confirmed in the mailbox and by a signed webhook, and changes what the Python service
//! answers, on each kind of log; and whichever of them is killed meanwhile, each event takes effect
//! once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rand::seq::SliceRandom as _;
use serde_json::Value;
use souk_testkit::{ChildShop, Kafka, RabbitMq, eventually};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const LIMIT: Duration = Duration::from_secs(240);

/// The whole shop, with the services of other languages, on a bus of some kind.
struct Town {
    shop: ChildShop,
    /// The bus, when it is a process of its own.
    bus: Option<ChildShop>,
    folder: tempfile::TempDir,
}

type Settings = Vec<(&'static str, String)>;

impl Town {
    async fn start(settings: Settings, is_split: bool) -> Town {
        let folder = tempfile::Builder::new().prefix("souk-town-").tempdir().unwrap();
        let with = |shop: ChildShop| {
            settings.iter().fold(shop, |shop, (key, value)| shop.environment(*key, value.clone()))
        };
        let mut shop = ChildShop::up_with_all(folder.path())
            .await
            .environment("NOTIFICATIONS__WEBHOOKS__ALLOW_HTTP", "true")
            .environment("NOTIFICATIONS__WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8")
            .environment("NOTIFICATIONS__RETRY__FIRST_SECONDS", "1")
            .environment("SOUK__LOG__LEVEL", "warn");
        let mut bus = None;
        if is_split {
            let alone =
                with(ChildShop::serve(&["events"], &folder.path().join("bus"))).start().await;
            let at = alone.url();
            shop = [
                "SOUK__UPSTREAMS__EVENTS",
                "NOTIFICATIONS__UPSTREAMS__EVENTS",
                "RECOMMENDATIONS__UPSTREAMS__EVENTS",
            ]
            .into_iter()
            .fold(shop.argument("--without=events"), |shop, key| shop.environment(key, at.clone()));
            bus = Some(alone);
        } else {
            shop = with(shop);
        }
        Town { shop: shop.start().await, bus, folder }
    }

    /// Returns where a service of another language listens, as the shop says when it opens.
    async fn address_of(&self, service: &str) -> String {
        eventually(LIMIT, || async {
            let log = fs::read_to_string(self.shop.log()).ok()?;
            let line = log
                .lines()
                .find(|line| line.contains(&format!("  {service} (")))?
                .trim()
                .to_owned();
            line.split_whitespace().next().map(str::to_owned)
        })
        .await
    }

    /// Waits until both services of other languages serve; their first start makes their
    /// environments, and with that of notifications the client that the customer uses.
    async fn is_complete(&self) {
        for service in ["notifications", "recommendations"] {
            let ready = self.folder.path().join("data").join(service).join("ready");
            eventually(LIMIT, || async { ready.exists() }).await;
        }
    }

    /// Starts a customer who places this many orders, and returns what is printed.
    async fn customer(&self, orders: usize) -> (Child, Lines<BufReader<ChildStdout>>) {
        self.is_complete().await;
        let mut customer = Command::new("node")
            .arg(root().join("tests/journeys/bus.mjs"))
            .env("SHOP", self.shop.url())
            .env("NOTIFICATIONS", self.address_of("notifications").await)
            .env("RECOMMENDATIONS", self.address_of("recommendations").await)
            .env("MAILBOX", self.folder.path().join("data/notifications/mailbox"))
            .env("ORDERS", orders.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js 20 is installed");
        let lines = BufReader::new(customer.stdout.take().unwrap()).lines();
        (customer, lines)
    }

    /// Returns the process of a service in another language, if it runs: the one with this shop's
    /// folder.
    fn process_of(&self, service: &str) -> Option<i32> {
        let data = self.folder.path().join("data").join(service);
        let told = format!("{}__DATA_DIR={}", service.to_uppercase(), data.display());
        let mut found: Vec<i32> = fs::read_dir("/proc")
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
            .filter(|pid: &i32| {
                fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                    environment.split(|byte| *byte == 0).any(|one| one == told.as_bytes())
                })
            })
            .collect();
        // Its own children, such as a training, have the same arguments and are younger.
        found.sort_unstable();
        found.first().copied()
    }

    fn log(&self) -> String {
        let of = |shop: &ChildShop| fs::read_to_string(shop.log()).unwrap_or_default();
        format!("{}\n{}", of(&self.shop), self.bus.as_ref().map(of).unwrap_or_default())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Reads to the end, and returns the last line.
async fn last_of(mut lines: Lines<BufReader<ChildStdout>>) -> String {
    let mut last = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        last = line;
    }
    last
}

/// Returns the last line of a customer, who must come to a good end.
async fn end_of(town: &Town, mut customer: Child, last: JoinHandle<String>) -> Value {
    let ended = tokio::time::timeout(LIMIT, async {
        let last = last.await.unwrap();
        (customer.wait().await.unwrap(), last)
    });
    match ended.await {
        Ok((status, last)) if status.success() => serde_json::from_str(&last).unwrap(),
        other => panic!("the customer ended with {other:?}; the shop said:\n{}", town.log()),
    }
}

fn on_rabbitmq(broker: &RabbitMq) -> Settings {
    vec![
        ("EVENTS__ENGINE__NAME", "rabbitmq".to_owned()),
        ("EVENTS__ENGINE__RABBITMQ__URL", broker.url()),
    ]
}

fn on_kafka(broker: &Kafka) -> Settings {
    vec![
        ("EVENTS__ENGINE__NAME", "kafka".to_owned()),
        ("EVENTS__ENGINE__KAFKA__BROKERS", broker.bootstrap()),
    ]
}

/// Places one order and returns the events that were consumed.
async fn one_order_is_heard(settings: Settings) {
    let town = Town::start(settings, false).await;
    let (customer, lines) = town.customer(1).await;
    let heard = end_of(&town, customer, tokio::spawn(last_of(lines))).await;
    for (what, count) in [
        ("placed", 1),
        ("webhookOrders", 1),
        ("messages", 1),
        ("mailed", 1),
        ("known", 1),
        ("repeats", 0),
        ("forged", 0),
    ] {
        assert_eq!(heard[what], count, "{what} in {heard}");
    }
    assert_ne!(heard["before"], heard["after"], "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_heard_in_every_language_through_the_embedded_bus() {
    one_order_is_heard(vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_heard_in_every_language_through_rabbitmq() {
    if RabbitMq::is_available() {
        one_order_is_heard(on_rabbitmq(&RabbitMq::start().await)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_heard_in_every_language_through_kafka() {
    if Kafka::is_available() {
        one_order_is_heard(on_kafka(&Kafka::start().await)).await;
    }
}

/// How many orders are placed while things die.
const ORDERS: usize = 1_000;

/// Waits until some more orders are placed than now, or all, and returns how many are.
async fn placed(town: &Town, ordered: &mut watch::Receiver<usize>) -> usize {
    let wanted = ORDERS.min(*ordered.borrow() + 25);
    let reached = tokio::time::timeout(LIMIT, ordered.wait_for(|count| *count >= wanted)).await;
    match reached {
        Ok(Ok(count)) => *count,
        Ok(Err(_)) => panic!("the customer is gone; the shop said:\n{}", town.log()),
        Err(_) => panic!("orders stand still at {wanted}; the shop said:\n{}", town.log()),
    }
}

/// Kills the bus, its broker and both services of other languages in any order, while orders are
/// placed; without a bus, and without its broker, as well.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_during_a_thousand_orders_each_event_has_its_effect_once() {
    if !RabbitMq::is_available() {
        return;
    }
    let mut broker = RabbitMq::start().await;
    let mut town = Town::start(on_rabbitmq(&broker), true).await;
    let (customer, mut lines) = town.customer(ORDERS).await;
    // Both services of other languages are there before anything dies.
    let first = tokio::time::timeout(LIMIT, lines.next_line()).await;
    let first = first.unwrap_or_else(|_| panic!("nobody listens; the shop said:\n{}", town.log()));
    assert_eq!(first.unwrap().as_deref(), Some("heard"), "{}", town.log());

    let (told, mut ordered) = watch::channel(0);
    let last = tokio::spawn(async move {
        let mut last = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            match line.strip_prefix("ordered ") {
                Some(count) => drop(told.send_replace(count.parse().unwrap())),
                None => last = line,
            }
        }
        last
    });
    let mut kills_of_notifications = 0;
    let mut killed = vec![];
    // In rounds of another order each, so that all of them are killed.
    let mut round = vec![];
    loop {
        let count = placed(&town, &mut ordered).await;
        if count > ORDERS * 9 / 10 {
            break;
        }
        if round.is_empty() {
            round.extend(0..4);
            round.shuffle(&mut rand::rng());
        }
        let which = round.pop().unwrap();
        match which {
            0 => {
                town.bus.as_mut().unwrap().kill().await;
                placed(&town, &mut ordered).await;
                town.bus.as_mut().unwrap().restart().await;
            }
            1 => {
                broker.kill().await;
                placed(&town, &mut ordered).await;
                broker.restart().await;
            }
            other => {
                let service = ["notifications", "recommendations"][other - 2];
                if let Some(pid) = town.process_of(service).and_then(rustix::process::Pid::from_raw)
                {
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                    kills_of_notifications += usize::from(service == "notifications");
                }
            }
        }
        killed.push(["bus", "broker", "notifications", "recommendations"][which]);
    }
    let heard = end_of(&town, customer, last).await;
    println!("{killed:?} killed; {heard}");
    assert!(killed.len() >= 4, "the customer was quicker than death: {killed:?}");
    for what in
        ["placed", "webhookOrders", "webhooks", "messages", "messageOrders", "mailed", "known"]
    {
        assert_eq!(heard[what], ORDERS, "{what} in {heard} after {killed:?}");
    }
    assert!(
        heard["repeats"].as_u64().unwrap() <= kills_of_notifications as u64,
        "{heard} after {killed:?}"
    );
    assert_eq!(
        (heard["forged"].as_u64(), heard["findings"].as_u64()),
        (Some(0), Some(0)),
        "{heard}"
    );
}
