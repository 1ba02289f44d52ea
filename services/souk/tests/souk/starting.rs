//! `souk up`: a shop that fills itself once, is quick to start again, small, and dies well in every
//! way.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use souk_chassis::{Caller, Channel};
use souk_client::ledger::v1::GetTrialBalanceRequest;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::place_order_line::Item;
use souk_client::orders::v1::{OrderState, PlaceOrderLine, PlaceOrderRequest};
use souk_testkit::ChildShop;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tonic::Code;

use crate::support::{
    Customer, LIMIT, SKU, address, audit, folder, printed, products, run, shop_in, souk,
};

/// The most that a second start may take, and the most memory an idle shop may have.
const SECOND_START: Duration = Duration::from_secs(1);
const IDLE_KIB: u64 = 60 * 1024;

#[tokio::test]
async fn the_first_start_fills_the_shop_and_every_other_finds_the_same() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).start().await;
    let first = products(&shop).await;
    assert!(first.len() > 5, "{first:?}");
    Customer::of(&shop).buy("from-the-first-catalogue").await.unwrap();

    // The best of some starts, since the machine is busy with other tests.
    let mut best = Duration::MAX;
    for _ in 0..5 {
        assert!(shop.stop(LIMIT).await.success());
        let start = Instant::now();
        shop.restart().await;
        best = best.min(start.elapsed());
        assert_eq!(products(&shop).await, first);
    }
    assert!(best < SECOND_START, "the best of five starts took {best:?}");
}

#[tokio::test]
async fn an_idle_shop_is_small() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).start().await;
    shop.restart().await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", shop.id().unwrap())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    eprintln!("{kib} KiB resident");
    assert!(kib < IDLE_KIB, "{kib} KiB");
}

#[tokio::test]
async fn it_prints_what_runs_where_and_how_to_call_it() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let address = address(&shop);
    let printed = printed(&shop);
    for wanted in [
        format!("gRPC      {address}  catalog inventory ledger payments orders events"),
        format!("metrics   {}", shop.metrics_url()),
        format!("grpcurl -plaintext {address} list"),
        "souk token --as user:alice".to_owned(),
        format!("souk audit --to {address}"),
    ] {
        assert!(printed.contains(&wanted), "{wanted:?} is missing in:\n{printed}");
    }
}

#[tokio::test]
async fn what_is_left_out_can_be_added_later_and_orders_that_waited_go_on() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).argument("--without=ledger,payments").start().await;
    assert!(printed(&shop).contains("left out  ledger payments"), "{}", printed(&shop));
    let mut ledger = LedgerServiceClient::new(shop.channel_as(&Caller::Staff("test".to_owned())));
    let missing = ledger.get_trial_balance(GetTrialBalanceRequest::default()).await.unwrap_err();
    assert_eq!(missing.code(), Code::Unimplemented, "{missing:?}");

    let waiting = Customer::of(&shop).buy("waits-for-payments").await.unwrap();
    assert_eq!(waiting.state(), OrderState::Pending);
    assert!(shop.stop(LIMIT).await.success());

    let whole: ChildShop = shop_in(folder.path()).start().await;
    Customer::of(&whole).paid(&waiting.order_id).await;
    audit(&whole).await.exited_with(0);
}

#[tokio::test]
async fn no_seed_leaves_the_catalogue_empty() {
    let folder = folder();
    let shop = shop_in(folder.path()).argument("--no-seed").start().await;
    assert_eq!(products(&shop).await, []);
}

#[tokio::test]
async fn sigterm_lets_calls_end_and_exits_with_0() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).start().await;
    let customer = Customer::of(&shop);
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let mut customer = customer.clone();
            tokio::spawn(async move { customer.buy(&format!("order-{number}")).await })
        })
        .collect();
    assert!(shop.stop(LIMIT).await.success(), "{}", printed(&shop));
    shop.restart().await;
    for call in calls {
        match call.await.unwrap() {
            Ok(order) => {
                customer.paid(&order.order_id).await;
            }
            // What came too late was refused, or not sent on a connection that was told to go away.
            Err(status) => {
                let is_refused = matches!(status.code(), Code::Unavailable | Code::Cancelled);
                assert!(is_refused, "{status:?}");
            }
        }
    }
    audit(&shop).await.exited_with(0);
}

#[tokio::test]
async fn kill_minus_9_loses_nothing_that_was_answered() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).start().await;
    let mut answered = vec![];
    for round in 0..3 {
        let mut customer = Customer::of(&shop);
        for number in 0..10 {
            answered.push(customer.buy(&format!("{round}-{number}")).await.unwrap().order_id);
        }
        shop.kill().await;
        shop.restart().await;
    }
    let customer = Customer::of(&shop);
    for order_id in &answered {
        customer.paid(order_id).await;
    }
    assert_eq!(
        Customer::of(&shop).buy("0-0").await.unwrap().order_id,
        answered[0],
        "the same order, not a second one"
    );
    audit(&shop).await.exited_with(0);
}

#[tokio::test]
async fn a_shop_for_a_test_tells_a_program_where_it_is_and_leaves_nothing() {
    let folder = folder();
    let service = folder.path().join("services/fake");
    std::fs::create_dir_all(&service).unwrap();
    let manifest = "name = \"fake\"\nlanguage = \"cobol\"\nservices = [\"souk.fake.v1.FakeService\"]\n\
        summary = \"pretended\"\nlisten = \"127.0.0.1:1\"\nmetrics_listen = \"127.0.0.1:2\"\n\
        [run]\ncommand = [\"sleep\", \"600\"]\n";
    std::fs::write(service.join("souk.service.toml"), manifest).unwrap();
    let mut command = tokio::process::Command::new(souk());
    command.args(["up", "--ephemeral", "--json"]).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut shop = command.spawn().unwrap();
    let mut out = BufReader::new(shop.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(LIMIT, out.next_line()).await.unwrap().unwrap().unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{said}")).to_owned();

    let url = format!("http://{}", text(&said["address"]));
    let channel = Channel::to(&url, &Caller::Anonymous, &souk_client::CONTRACT).unwrap();
    let as_who = |who: &str| channel.with_token(&text(&said["tokens"][who]));
    let request = |request_id: &str| PlaceOrderRequest {
        request_id: request_id.to_owned(),
        currency_code: "GBP".to_owned(),
        payment_method: "tok_approved".to_owned(),
        lines: vec![PlaceOrderLine { item: Some(Item::Sku(SKU.to_owned())), quantity: 1 }],
        ..Default::default()
    };
    for who in ["user:alice", "user:bob", "guest:carol"] {
        let order = OrderServiceClient::new(as_who(who)).place_order(request(who)).await;
        order.unwrap_or_else(|status| panic!("{who}: {status:?}"));
    }
    let read = |who: &str| {
        let mut ledger = LedgerServiceClient::new(as_who(who));
        async move { ledger.get_trial_balance(GetTrialBalanceRequest::default()).await }
    };
    let code = |answer: Result<_, tonic::Status>| answer.err().map(|status| status.code());
    assert_ne!(code(read("staff:finance").await), Some(Code::PermissionDenied));
    assert_eq!(code(read("staff:warehouse").await), Some(Code::PermissionDenied));
    assert!(said["services"].as_array().unwrap().contains(&"orders".into()), "{said}");
    let address = text(&said["beside"]["fake"]["address"]);
    assert!(address.starts_with("127.0.0.1:") && address != "127.0.0.1:1", "{said}");

    let data = PathBuf::from(text(&said["data"]));
    assert!(data.join("orders.db").exists(), "{}", data.display());
    let id = shop.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let ended = tokio::time::timeout(LIMIT, shop.wait()).await.unwrap().unwrap();
    assert!(ended.success() && !data.exists(), "{ended} {}", data.display());
    assert_eq!(out.next_line().await.unwrap(), None);
    assert!(!folder.path().join("souk-data").exists());

    let both = run(&["up", "--ephemeral", "--data", "here"]).await.exited_with(64);
    assert!(both.err.contains("--ephemeral") && both.err.contains("--data"), "{}", both.err);
}
