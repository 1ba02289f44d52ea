//! The README's own commands, and those that `souk up` prints, run unchanged: only the address is
//! the test's.

use std::process::Stdio;

use serde_json::Value;
use souk_contract::customer_of;
use souk_testkit::ChildShop;
use tokio::process::Command;

use crate::reflection::grpcurl;
use crate::support::{LIMIT, Ran, address, folder, printed, shop_in, souk};

const README: &str = include_str!("../../../../README.md");

/// The address that the README says.
const ADDRESS: &str = "127.0.0.1:7300";

/// Runs a script in which `cargo souk` and `grpcurl` are the programs under test.
async fn bash(script: &str) -> Option<Ran> {
    let grpcurl = grpcurl()?;
    let programs = r#"set -e
souk() { "$SOUK_UNDER_TEST" "$@"; }
cargo() { "$@"; }
grpcurl() { "$GRPCURL" "$@"; }
"#;
    let mut command = Command::new("bash");
    command.arg("-c").arg(format!("{programs}{script}")).stdin(Stdio::null()).kill_on_drop(true);
    command.env("SOUK_UNDER_TEST", souk()).env("GRPCURL", grpcurl);
    let output =
        tokio::time::timeout(LIMIT, command.output()).await.expect("the script ends").unwrap();
    Some(Ran::of(&output))
}

/// Returns the shell blocks of a section, for a shop at another address.
fn blocks(section: &str, shop: &ChildShop) -> Vec<String> {
    let from = README.find(&format!("## {section}")).expect("the README has the section");
    let text = &README[from..];
    let text = &text[..text[3..].find("\n## ").map_or(text.len(), |end| end + 3)];
    let address = address(shop);
    let blocks =
        text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    blocks
        .map(|block| block.replace(ADDRESS, &address))
        .map(|block| block.replace("cargo souk audit", &format!("cargo souk audit --to {address}")))
        .collect()
}

/// Returns the order that a script's last call answered.
fn order_in(output: &str) -> Value {
    let from = output.rfind("{\n  \"order\"").unwrap_or_else(|| panic!("no order in\n{output}"));
    let mut values = serde_json::Deserializer::from_str(&output[from..]).into_iter::<Value>();
    values.next().unwrap().unwrap()["order"].clone()
}

#[tokio::test]
async fn the_readme_buys_something() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let blocks = blocks("Buy something", &shop);
    let [buy, audit] = blocks.as_slice() else { panic!("{blocks:?}") };

    let Some(ran) = bash(buy).await else { return };
    let out = ran.exited_with(0).out;
    for service in ["catalog", "inventory", "ledger", "orders", "payments"] {
        assert!(out.contains(&format!("souk.{service}.v1.")), "{service} is not listed:\n{out}");
    }
    assert!(out.contains("TEA-MINT-100"), "{out}");
    let order = order_in(&out);
    assert_eq!(order["state"], "ORDER_STATE_PLACED", "{order}");
    assert_eq!(order["customerId"], customer_of("user:alice").to_string());

    let again = bash(buy).await.unwrap().exited_with(0).out;
    assert_eq!(
        order_in(&again)["orderId"],
        order["orderId"],
        "the same call answers the same order"
    );

    let declined =
        buy.replace("tok_approved", "tok_declined").replace("my-first-order", "my-second-order");
    let declined = bash(&declined).await.unwrap();
    assert_ne!(declined.code, Some(0));
    assert!(declined.err.contains("ERROR_REASON_PAYMENT_DECLINED"), "{}", declined.err);

    let audited = bash(audit).await.unwrap().exited_with(0).out;
    assert!(audited.contains("every invariant holds"), "{audited}");
}

#[tokio::test]
async fn what_souk_up_prints_can_be_pasted() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let welcome = printed(&shop);
    let from = welcome.find("Look around").unwrap();
    let script: String = welcome[from..]
        .lines()
        .filter(|line| line.starts_with("  "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(script.matches("grpcurl -plaintext").count(), 3, "{script}");
    let Some(ran) = bash(&script).await else { return };
    assert_eq!(order_in(&ran.exited_with(0).out)["state"], "ORDER_STATE_PLACED");
    let audit =
        welcome.lines().find_map(|line| line.strip_prefix("Then check the books: ")).unwrap();
    bash(audit).await.unwrap().exited_with(0);
}
