//! `souk audit`: silent about what is right, exact about what is not.

use std::path::Path;

use rusqlite::Connection;
use souk_testkit::{ChildShop, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Customer, LIMIT, SKU, address, audit, folder, run, shop_in};

/// A breach: a database, what is done to it, and what the auditor says, with `ORDER` for the
/// order's id.
const BREACHES: [(&str, &str, &str); 4] = [
    (
        "inventory.db",
        "UPDATE stock SET on_hand = on_hand + 1 WHERE sku = 'TEA-MINT-100'",
        "BROKEN movements add up to the stock  TEA-MINT-100",
    ),
    (
        "payments-simulator.db",
        "UPDATE charges SET captured_minor = captured_minor + 1",
        "BROKEN the provider's book has the amounts of the payment  payment_",
    ),
    (
        "inventory.db",
        "UPDATE reservation SET state = 4",
        "BROKEN shop.order_has_its_stock  ORDER: a Placed order",
    ),
    (
        "orders.db",
        "UPDATE order_lines SET quantity = 2",
        "BROKEN shop.order_has_its_units  ORDER: ",
    ),
];

fn tamper(file: &Path, statement: &str) {
    let connection = Connection::open(file).unwrap();
    let changed = connection.execute(statement, []).unwrap();
    assert_eq!(changed, 1, "{statement}");
}

#[tokio::test]
async fn a_clean_shop_passes_and_each_breach_is_named() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).start().await;
    let mut customer = Customer::of(&shop);
    let order_id = customer.buy("audited").await.unwrap().order_id;
    customer.paid(&order_id).await;

    let clean = audit(&shop).await.exited_with(0);
    assert!(clean.out.contains("every invariant holds"), "{}", clean.out);
    assert!(clean.out.contains("1  orders compared with stock and payments"), "{}", clean.out);

    let intact = folder.path().join("intact");
    assert!(shop.stop(LIMIT).await.success());
    copy_all(&shop.data(), &intact);
    for (database, statement, wanted) in BREACHES {
        copy_all(&intact, &shop.data());
        tamper(&shop.data().join(database), statement);
        shop.restart().await;
        let broken =
            run(&["audit", "--to", &address(&shop), "--patience", "1"]).await.exited_with(1);
        let wanted = wanted.replace("ORDER", &order_id);
        assert!(
            broken.out.contains(&wanted),
            "{statement}: {wanted:?} is missing in\n{}",
            broken.out
        );
        assert!(
            broken.err.contains("do not hold") || broken.err.contains("does not hold"),
            "{}",
            broken.err
        );
        assert!(shop.stop(LIMIT).await.success());
    }
    copy_all(&intact, &shop.data());
    shop.restart().await;
    let again = audit(&shop).await.exited_with(0);
    assert!(
        again.out.contains(&clean.out.lines().last().unwrap().to_owned())
            && !again.out.contains(SKU),
        "{}",
        again.out
    );
}

#[tokio::test]
async fn the_auditor_in_the_shop_tells_its_results_as_metrics() {
    let folder = folder();
    let shop = shop_in(folder.path()).environment("AUDITOR__INTERVAL_SECONDS", "1").start().await;
    Customer::of(&shop).buy("audited").await.unwrap();
    let metrics = eventually(LIMIT, || async {
        let page = metrics(&shop).await;
        if page.contains("souk_audits_total{outcome=\"clean\"}") { Ok(page) } else { Err(page) }
    })
    .await;
    assert!(metrics.lines().any(|line| line == "souk_audit_findings 0"), "{metrics}");
}

async fn metrics(shop: &ChildShop) -> String {
    let address = shop.metrics_url().replace("http://", "").replace("/metrics", "");
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    connection.read_to_string(&mut page).await.unwrap();
    page
}

/// Makes `to` hold the databases of `from` and nothing else.
fn copy_all(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}
