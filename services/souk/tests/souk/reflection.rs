//! grpcurl, which knows only what reflection returns: lists, describes and calls every method of
//! every service.

use std::path::PathBuf;
use std::process::Stdio;

use souk_chassis::{Caller, identity};
use souk_client::CONTRACT;
use souk_contract::MethodPolicy;
use souk_testkit::ChildShop;
use tokio::process::Command;

use crate::support::{LIMIT, Ran, address, folder, shop_in};

/// Returns the program that SOUK_GRPCURL names, and says when a test is skipped because there is
/// none.
pub fn grpcurl() -> Option<PathBuf> {
    let found = std::env::var_os("SOUK_GRPCURL").filter(|path| !path.is_empty()).map(PathBuf::from);
    if found.is_none() {
        assert!(
            std::env::var("CI").is_err(),
            "SOUK_GRPCURL is not set: in CI grpcurl is tested too"
        );
        eprintln!(
            "SKIPPED: SOUK_GRPCURL is not set (`cargo xtask test` fetches grpcurl and sets it)"
        );
    }
    found
}

struct Grpcurl<'a> {
    program: PathBuf,
    shop: &'a ChildShop,
    token: String,
}

impl Grpcurl<'_> {
    async fn run(&self, arguments: &[&str]) -> Ran {
        let (address, token) =
            (address(self.shop), format!("authorization: Bearer {}", self.token));
        let (data, words): (Vec<&str>, Vec<&str>) = match arguments {
            ["-d", data, words @ ..] => (vec!["-d", *data], words.to_vec()),
            words => (vec![], words.to_vec()),
        };
        let mut command = Command::new(&self.program);
        command
            .args(["-plaintext", "-max-time", "20", "-H", &token])
            .args(data)
            .arg(address)
            .args(words);
        command.stdin(Stdio::null()).kill_on_drop(true);
        Ran::of(
            &tokio::time::timeout(LIMIT, command.output()).await.expect("grpcurl ends").unwrap(),
        )
    }
}

/// Starts a shop with the catalogue and returns grpcurl for it, as staff.
async fn staff(shop: &ChildShop) -> Option<Grpcurl<'_>> {
    Some(Grpcurl {
        program: grpcurl()?,
        shop,
        token: identity::development_token(&Caller::Staff("test".to_owned())),
    })
}

#[tokio::test]
async fn every_method_is_listed_described_and_called() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let Some(grpcurl) = staff(&shop).await else { return };

    let listed = grpcurl.run(&["list"]).await.exited_with(0).out;
    for standard in ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"] {
        assert!(listed.lines().any(|line| line == standard), "{standard} is missing in\n{listed}");
    }
    // The services of other languages are processes of their own, and answer reflection themselves.
    let elsewhere = ["souk.notifications", "souk.recommendations", "souk.wishlists"];
    let is_elsewhere = |domain: &str| elsewhere.contains(&domain);
    // Faults are off.
    let is_off = |service: &str| service == "souk.ops.v1.FaultService";
    let here = |method: &&MethodPolicy| !is_elsewhere(method.domain) && !is_off(method.service);
    for method in CONTRACT.methods.iter().filter(here) {
        assert!(
            listed.lines().any(|line| line == method.service),
            "{} is missing in\n{listed}",
            method.service
        );
        let name = format!("{}.{}", method.service, method.method);
        let described = grpcurl.run(&["describe", &name]).await.exited_with(0).out;
        assert!(described.contains(&format!("rpc {} (", method.method)), "{described}");

        // An empty message is valid for some and refused by others; either way the response can be
        // read.
        let data = if method.client_streaming { "" } else { "{}" };
        let called = grpcurl.run(&["-d", data, method.path.trim_start_matches('/')]).await;
        let is_refused = called.err.contains("ERROR_REASON_") && called.err.contains("Code: ");
        assert!(called.code == Some(0) || is_refused, "{name}: {}\n{}", called.out, called.err);
        for strange in ["is not recognized", "Unimplemented", "Internal", "Unauthenticated"] {
            assert!(!called.err.contains(strange), "{name} answered {strange}: {}", called.err);
        }
    }
    let health = grpcurl.run(&["-d", "{}", "grpc.health.v1.Health/Check"]).await.exited_with(0).out;
    assert!(health.contains("SERVING"), "{health}");
}

#[tokio::test]
async fn one_call_of_every_service_answers_what_is_there() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let Some(grpcurl) = staff(&shop).await else { return };
    for (method, data, wanted) in [
        (
            "souk.catalog.v1.CatalogService/ResolvePrices",
            r#"{"currency_code": "GBP", "items": [{"sku": "TEA-MINT-100"}]}"#,
            "\"minorUnits\"",
        ),
        (
            "souk.inventory.v1.InventoryService/BatchGetStock",
            r#"{"skus": ["TEA-MINT-100"]}"#,
            "\"onHand\"",
        ),
        ("souk.ledger.v1.LedgerService/GetTrialBalance", "{}", "{"),
        ("souk.payments.v1.PaymentService/ListPayments", "{}", "{"),
        ("souk.payments.simulator.v1alpha.SimulatorService/ListCharges", "{}", "{"),
        ("souk.ops.v1.InvariantService/CheckInvariants", r#"{"service": "orders"}"#, "\"counts\""),
    ] {
        let answered = grpcurl.run(&["-d", data, method]).await.exited_with(0).out;
        assert!(answered.contains(wanted), "{method}: {answered}");
    }
}

#[tokio::test]
async fn an_error_can_be_read_with_reason_and_field() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let Some(grpcurl) = staff(&shop).await else { return };
    let place = "souk.orders.v1.OrderService/PlaceOrder";
    let refused =
        grpcurl.run(&["-d", r#"{"request_id": "a", "currency_code": "pounds"}"#, place]).await.err;
    for wanted in [
        "Code: InvalidArgument",
        "\"reason\":\"ERROR_REASON_INVALID_FIELD\"",
        "\"fieldViolations\"",
        "\"field\":\"currency_code\"",
    ] {
        assert!(refused.contains(wanted), "{wanted} is missing in\n{refused}");
    }
    let order = r#"{"request_id": "b", "currency_code": "GBP", "payment_method": "tok_approved",
        "lines": [{"sku": "TEA-MINT-100", "quantity": 900000}]}"#;
    let refused = grpcurl.run(&["-d", order, place]).await.err;
    for wanted in [
        "\"domain\":\"souk.orders\"",
        "\"reason\":\"ERROR_REASON_OUT_OF_STOCK\"",
        "\"order_id\":\"order_",
    ] {
        assert!(refused.contains(wanted), "{wanted} is missing in\n{refused}");
    }
}
