//! `souk audit`: silent about what is right, exact about what is not.

use std::path::Path;

use rusqlite::Connection;

use crate::support::{Customer, LIMIT, SKU, address, audit, folder, run, shop_in};

/// A breach: a database, what is done to it, and what the auditor says, with `ORDER` for the order's id.
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
    ("inventory.db", "UPDATE reservation SET state = 4", "BROKEN shop.order_has_its_stock  ORDER: a Paid order"),
    ("orders.db", "UPDATE order_lines SET quantity = 2", "BROKEN shop.order_has_its_units  ORDER: "),
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
        let broken = run(&["audit", "--to", &address(&shop), "--patience", "1"]).await.exited_with(1);
        let wanted = wanted.replace("ORDER", &order_id);
        assert!(broken.out.contains(&wanted), "{statement}: {wanted:?} is missing in\n{}", broken.out);
        assert!(broken.err.contains("do not hold") || broken.err.contains("does not hold"), "{}", broken.err);
        assert!(shop.stop(LIMIT).await.success());
    }
    copy_all(&intact, &shop.data());
    shop.restart().await;
    let again = audit(&shop).await.exited_with(0);
    assert!(
        again.out.contains(&clean.out.lines().last().unwrap().to_owned()) && !again.out.contains(SKU),
        "{}",
        again.out
    );
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
