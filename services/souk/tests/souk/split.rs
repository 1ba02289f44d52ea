//! `souk serve`: a shop that has outgrown its process continues in two, on the same databases.

use std::fs;
use std::path::Path;

use souk_client::orders::v1::PaymentStatus;
use souk_testkit::ChildShop;

use crate::support::{Customer, LIMIT, address, folder, printed, run, shop_in, souk};

const GOODS: [&str; 2] = ["catalog", "inventory"];

#[tokio::test]
async fn a_shop_goes_on_in_two_processes() {
    let folder = folder();
    let (one, goods, money) =
        (folder.path().join("one"), folder.path().join("goods"), folder.path().join("money"));
    let mut shop = shop_in(&one).start().await;
    let before = Customer::of(&shop).buy("before").await.unwrap();
    Customer::of(&shop).paid(&before.order_id).await;
    assert!(shop.stop(LIMIT).await.success());
    share_out(&shop.data(), &goods.join("data"), &money.join("data"));

    let goods = ChildShop::serve(&GOODS, &goods).program(souk()).start().await;
    let mut money = ChildShop::serve(&["ledger", "payments", "orders"], &money).program(souk());
    for name in GOODS {
        money = money.argument(format!("--upstream={name}={}", goods.url()));
    }
    let mut money = money.start().await;
    assert!(
        printed(&goods).contains(&format!("catalog inventory on gRPC {}", address(&goods))),
        "{}",
        printed(&goods)
    );

    let mut customer = Customer::of(&money);
    assert_eq!(
        customer.order(&before.order_id).await.unwrap().payment_status(),
        PaymentStatus::Paid
    );
    let after = customer.buy("after").await.unwrap();
    customer.paid(&after.order_id).await;
    assert_eq!(customer.buy("after").await.unwrap().order_id, after.order_id);

    let goods_at = address(&goods);
    let money_at = address(&money);
    let audit = ["audit", "--to", &money_at, "--upstream", &format!("catalog={goods_at}")];
    let half = run(&audit).await.exited_with(1);
    assert!(half.err.contains("the audit of inventory: "), "{}", half.err);
    let inventory = format!("inventory={goods_at}");
    let whole = run(&[&audit[..], &["--upstream", &inventory]].concat()).await.exited_with(0);
    assert!(whole.out.contains("2  orders compared"), "{}", whole.out);
    assert!(money.stop(LIMIT).await.success());
}

/// Moves the databases of goods to one folder and all others to another; each has the list of all.
fn share_out(from: &Path, goods: &Path, others: &Path) {
    fs::create_dir_all(goods).unwrap();
    fs::create_dir_all(others).unwrap();
    fs::copy(from.join("shop.json"), goods.join("shop.json")).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let to = if GOODS.iter().any(|service| name.starts_with(service)) { goods } else { others };
        fs::rename(entry.path(), to.join(name)).unwrap();
    }
}
