//! `souk replay` from the outside: the program sells a file to a running shop, and what it reads
//! back is what the judge says.
//!
//! The file is a small one with every oddity of the real one. Where SOUK_RETAIL_FILE names the real
//! one its beginning is replayed too, and every night all of it; SOUK_RETAIL_EXPECT names the
//! judge, a Python program that shares no code with Souk.

mod oddities;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde_json::Value;
use souk_chassis::Caller;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_testkit::{CallerChannel, ChildShop, eventually};
use tokio::process::{Child, Command};

/// How long a part of a replay may take on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(300);

struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Folder {
        Folder { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn report(&self) -> PathBuf {
        self.path().join("report.json")
    }

    /// Returns the report without what only Souk writes.
    fn judged_report(&self) -> Value {
        let mut report: Value =
            serde_json::from_slice(&std::fs::read(self.report()).unwrap()).unwrap();
        let services = report.as_object_mut().unwrap().remove("services").unwrap();
        for service in ["orders", "payments", "ledger", "inventory"] {
            assert_eq!(services[service]["orders"], report["orders"], "{service}");
        }
        report
    }
}

/// Returns a shop on ports that the system picks, so that several run side by side.
fn shop_in(folder: &Folder) -> ChildShop {
    ChildShop::up(folder.path()).argument("--metrics-listen=127.0.0.1:0")
}

fn program() -> PathBuf {
    match std::env::var_os("SOUK_BIN") {
        Some(path) => path.into(),
        None => std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("souk"),
    }
}

fn replay(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.arg("replay").args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn sell(file: &Path, shop: &ChildShop, folder: &Folder, rate: &str) -> Command {
    let file = file.to_str().unwrap();
    let report = folder.report();
    let url = shop.url();
    replay(&[file, "--to", &url, "--rate", rate, "--report", report.to_str().unwrap()])
}

async fn succeed(mut command: Command) -> String {
    let output = command.output().await.unwrap();
    let told = text(&output.stdout);
    let wrong = text(&output.stderr);
    assert!(output.status.success(), "{}\n{told}\n{wrong}", output.status);
    told
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn quiet(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn staff(shop: &ChildShop) -> CallerChannel {
    shop.channel_as(&Caller::Staff("test".to_owned()))
}

/// Counts what is there, so that a test can say that nothing was added.
async fn orders_and_movements(shop: &ChildShop) -> (usize, usize) {
    let mut client = InventoryServiceClient::new(staff(shop));
    let mut request = inventory::ListMovementsRequest { page_size: 1_000, ..Default::default() };
    let mut movements = 0;
    loop {
        let page = client.list_movements(request.clone()).await.unwrap().into_inner();
        movements += page.movements.len();
        if page.next_page_token.is_empty() {
            return (count_orders(shop).await, movements);
        }
        request.page_token = page.next_page_token;
    }
}

async fn count_orders(shop: &ChildShop) -> usize {
    let mut client = OrderServiceClient::new(staff(shop));
    let mut request = orders::ListOrdersRequest { page_size: 100, ..Default::default() };
    let mut count = 0;
    loop {
        let page = client.list_orders(request.clone()).await.unwrap().into_inner();
        count += page.orders.len();
        if page.next_page_token.is_empty() {
            return count;
        }
        request.page_token = page.next_page_token;
    }
}

async fn wait_for_orders(shop: &ChildShop, count: usize) {
    eventually(LIMIT, || async { count_orders(shop).await >= count }).await;
}

fn python() -> OsString {
    std::env::var_os("SOUK_PYTHON").unwrap_or_else(|| "python3".into())
}

/// Returns what the judge says about a file, when there is a judge.
async fn judge(file: &Path) -> Option<Value> {
    let expect = std::env::var_os("SOUK_RETAIL_EXPECT")?;
    let output = Command::new(python()).arg(expect).arg(file).output().await.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn judged_oddities() -> Value {
    serde_json::from_str(include_str!("oddities.json")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_odd_file_comes_to_what_the_judge_says_and_a_second_replay_changes_nothing() {
    let folder = Folder::new();
    let file = folder.file("odd.csv", &oddities::text());
    if let Some(judged) = judge(&file).await {
        assert_eq!(judged, judged_oddities(), "the committed file is what the judge says");
    }
    let shop = shop_in(&folder).start().await;

    let told = succeed(sell(&file, &shop, &folder, "max")).await;
    assert!(told.contains("all agree"), "{told}");
    assert_eq!(folder.judged_report(), judged_oddities());

    // Another customer buys returned goods; the replay distinguishes its own orders from that one.
    let mut alice = OrderServiceClient::new(shop.channel_as(&Caller::user("alice")));
    let line = orders::PlaceOrderLine {
        item: Some(orders::place_order_line::Item::Sku("85123A".to_owned())),
        quantity: 1,
    };
    let order = orders::PlaceOrderRequest {
        request_id: "alice-1".to_owned(),
        currency_code: "GBP".to_owned(),
        payment_method: "tok_approved".to_owned(),
        lines: vec![line],
        ..Default::default()
    };
    alice.place_order(order).await.unwrap();
    let before = orders_and_movements(&shop).await;

    succeed(sell(&file, &shop, &folder, "max")).await;
    assert_eq!(folder.judged_report(), judged_oddities());
    assert_eq!(orders_and_movements(&shop).await, before);

    let from = ["--from-invoice", "560100"];
    succeed({
        let mut command = sell(&file, &shop, &folder, "max");
        command.args(from);
        command
    })
    .await;
    assert_eq!(folder.judged_report(), judged_oddities());
    assert_eq!(orders_and_movements(&shop).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_and_a_replay_that_are_killed_come_to_the_same_report() {
    let folder = Folder::new();
    let file = folder.file("odd.csv", &oddities::text());
    let mut shop = shop_in(&folder).start().await;

    // The shop dies during the replay, which waits for it and continues.
    let mut first = quiet(sell(&file, &shop, &folder, "40"));
    wait_for_orders(&shop, 50).await;
    shop.restart().await;
    wait_for_orders(&shop, 120).await;

    // Then the replay dies, and another begins from the start.
    first.kill().await.unwrap();
    succeed(sell(&file, &shop, &folder, "max")).await;
    assert_eq!(folder.judged_report(), judged_oddities());
}

/// How many lines of the real file are replayed by day: the first month and more, in some 2,000
/// orders.
const LINES_BY_DAY: &str = "50000";

/// Writes the beginning of a file that is packed with xz, and its header.
const BEGINNING: &str = "import itertools, lzma, sys
with lzma.open(sys.argv[1], 'rb') as whole, open(sys.argv[2], 'wb') as beginning:
    beginning.writelines(itertools.islice(whole, int(sys.argv[3])))";

/// Returns the real file: all of it every night, and its beginning by day.
async fn real_file(folder: &Folder) -> Option<PathBuf> {
    let file = PathBuf::from(std::env::var_os("SOUK_RETAIL_FILE")?);
    if souk_testkit::nightly() {
        return Some(file);
    }
    let beginning = folder.path().join("beginning.csv");
    let mut command = Command::new(python());
    command.args(["-c", BEGINNING]).arg(file).arg(&beginning).arg(LINES_BY_DAY);
    succeed(command).await;
    Some(beginning)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_file_comes_to_what_the_judge_says_although_the_shop_is_killed() {
    let folder = Folder::new();
    let Some(file) = real_file(&folder).await else { return };
    let judged = judge(&file).await.expect("SOUK_RETAIL_EXPECT names the judge of the real file");
    let mut shop = shop_in(&folder).start().await;

    let mut first = quiet(sell(&file, &shop, &folder, "max"));
    wait_for_orders(&shop, 600).await;
    shop.restart().await;
    let ended = first.wait().await.unwrap();
    assert!(ended.success(), "the replay that outlived the shop ended with {ended}");
    assert_eq!(folder.judged_report(), judged);
    let before = orders_and_movements(&shop).await;

    succeed(sell(&file, &shop, &folder, "max")).await;
    assert_eq!(folder.judged_report(), judged);
    assert_eq!(orders_and_movements(&shop).await, before);
}

/// How often the shop dies under a replay of the real file, every night.
const KILLS: u32 = 200;

/// The longest time between a start and the next death.
const LONGEST_LIFE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn every_night_a_replay_outlives_two_hundred_deaths_of_the_shop() {
    if !souk_testkit::nightly() {
        return;
    }
    let folder = Folder::new();
    let (file, judged) = match std::env::var_os("SOUK_RETAIL_FILE").map(PathBuf::from) {
        Some(file) => {
            let judged =
                judge(&file).await.expect("SOUK_RETAIL_EXPECT names the judge of the real file");
            (file, judged)
        }
        None => (folder.file("odd.csv", &oddities::text()), judged_oddities()),
    };
    let mut shop = shop_in(&folder).start().await;
    let mut replaying = quiet(sell(&file, &shop, &folder, "max"));
    let seed = rand::rng().next_u64();
    println!("the seed is {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for kill in 1..=KILLS {
        tokio::time::sleep(random.random_range(Duration::ZERO..LONGEST_LIFE)).await;
        if let Some(ended) = replaying.try_wait().unwrap() {
            // A replay that is through begins again: it must change nothing.
            assert!(
                ended.success(),
                "before death {kill}, seed {seed}, the replay ended with {ended}"
            );
            replaying = quiet(sell(&file, &shop, &folder, "max"));
        }
        shop.restart().await;
    }
    let ended = replaying.wait().await.unwrap();
    assert!(ended.success(), "after {KILLS} deaths, seed {seed}, the replay ended with {ended}");
    assert_eq!(folder.judged_report(), judged, "after {KILLS} deaths, seed {seed}");
}

/// Returns a file of invoices with one mug each, numbered from 1; the quantity of the fifth is
/// `fifth`.
fn mugs(invoices: u32, fifth: u32) -> String {
    let row = |invoice: u32| {
        let quantity = if invoice == 5 { fifth } else { 1 };
        format!("{invoice},85123A,MUG,{quantity},2010-12-01 08:26:00,2.55,17850.0\n")
    };
    HEADER.to_owned() + &(1..=invoices).map(row).collect::<String>()
}

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n";

async fn mugs_on_hand(shop: &ChildShop) -> i64 {
    let request =
        inventory::BatchGetStockRequest { skus: vec!["85123A".to_owned()], ..Default::default() };
    let answer = InventoryServiceClient::new(staff(shop))
        .batch_get_stock(request)
        .await
        .unwrap()
        .into_inner();
    answer.stock.iter().map(|stock| i64::from(stock.on_hand)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_file_after_a_shorter_one_receives_the_goods_of_each_invoice_once() {
    let folder = Folder::new();
    let shop = shop_in(&folder).start().await;
    let header = folder.file("header.csv", HEADER);
    let told = succeed(sell(&header, &shop, &folder, "max")).await;
    assert!(told.contains("all agree"), "nothing was sold yet, and nothing is to be sold: {told}");

    for invoices in [10, 15] {
        let file = folder.file("mugs.csv", &mugs(invoices, 1));
        succeed(sell(&file, &shop, &folder, "max")).await;
        assert_eq!(mugs_on_hand(&shop).await, 0, "after the first {invoices}");
    }
    let changed = folder.file("changed.csv", &mugs(10, 2));
    let refused = fail(sell(&changed, &shop, &folder, "max")).await;
    let wrong = text(&refused.stderr);
    assert!(wrong.lines().last().unwrap().contains("another file with this invoice"), "{wrong}");
    assert_eq!(mugs_on_hand(&shop).await, 0, "a refused file leaves no goods");
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_a_list_quietly() {
    let folder = Folder::new();
    let row = "1,POST,POSTAGE,1,2010-12-01 08:26:00,1.00,\n";
    let file = folder.file("post.csv", &(HEADER.to_owned() + &row.repeat(5_000)));
    let mut command = replay(&[file.to_str().unwrap(), "--explain", "not a product"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().await.unwrap();
    assert!(ended.status.success(), "{}: {}", ended.status, text(&ended.stderr));
    assert_eq!(text(&ended.stderr), "");
}

#[tokio::test]
async fn the_lines_of_a_reason_are_listed_without_a_shop() {
    let folder = Folder::new();
    let file = folder.file("odd.csv", &oddities::text());
    let file = file.to_str().unwrap();
    let told = succeed(replay(&[file, "--explain", "stock adjustment"])).await;
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.contains("536419, 22139, RETROSPOT TEA SET, -3"), "{told}");

    let wrong = fail(replay(&[file, "--explain", "bad luck"])).await;
    assert_eq!(wrong.status.code(), Some(64));
    assert!(text(&wrong.stderr).contains("stock adjustment"), "{}", text(&wrong.stderr));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_one_clear_line() {
    let folder = Folder::new();
    let good = folder.file("odd.csv", &oddities::text());
    let header = folder.file("header.csv", "InvoiceNo,StockCode\n1,2\n");
    let row = folder.file("row.csv", &oddities::text().replacen(",-4,", ",minus four,", 1));
    let back = folder.file(
        "back.csv",
        &mugs(1, 1).replacen("1,85123A,MUG,1", "C1,85123A,MUG,-9223372036854775808", 1),
    );
    let gzip = folder.path().join("rows.csv.gz");
    std::fs::write(&gzip, b"\x1f\x8b\x08\0").unwrap();
    for (file, said) in [
        (folder.path().join("nowhere.csv"), "cannot read"),
        (header, "no column Description"),
        (row, "line 2: Quantity \"minus four\""),
        (back, "line 2, invoice C1: it returns more than 1000000 units"),
        (gzip, "this is gzip"),
        (good, "no shop responds at 127.0.0.1:1"),
    ] {
        let output = fail(replay(&[file.to_str().unwrap(), "--to", "127.0.0.1:1"])).await;
        let wrong = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        assert!(wrong.lines().last().unwrap().contains(said), "{wrong}");
    }
}

async fn fail(mut command: Command) -> Output {
    let output = command.output().await.unwrap();
    assert!(!output.status.success(), "{}", text(&output.stdout));
    output
}
