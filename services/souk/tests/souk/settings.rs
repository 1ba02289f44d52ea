//! `souk settings`: the list of everything that can be set is itself a file that sets it.

use souk_testkit::ChildShop;

use crate::support::{Customer, folder, run, shop_in, souk};

#[tokio::test]
async fn what_it_prints_is_a_file_that_a_shop_starts_with() {
    let folder = folder();
    let printed = run(&["settings"]).await.exited_with(0).out;
    for section in [
        "[server]",
        "[orders.saga]",
        "[inventory.retention]",
        "[payments.simulator.data]",
        "[auditor]",
    ] {
        assert!(printed.lines().any(|line| line == section), "{section} is missing in\n{printed}");
    }
    let unexplained =
        printed.lines().filter(|line| !line.starts_with(['#', '[']) && !line.contains(" = "));
    assert_eq!(unexplained.filter(|line| !line.is_empty()).collect::<Vec<_>>(), [""; 0]);

    let file = folder.path().join("shop.toml");
    std::fs::write(&file, printed).unwrap();
    let shop = shop_in(folder.path()).argument("--config").argument(&file).start().await;
    Customer::of(&shop).buy("by-the-file").await.unwrap();
}

/// What an operator sets about a database, at every service.
#[tokio::test]
async fn every_database_can_be_set() {
    let folder = folder();
    let mut shop = ChildShop::up(folder.path()).program(souk());
    for service in ["CATALOG", "INVENTORY", "LEDGER", "PAYMENTS", "ORDERS"] {
        for (key, value) in [
            ("MAX_CONNECTIONS", "3"),
            ("DURABLE", "false"),
            ("MAX_BYTES", "100000000"),
            ("RETRY_MILLISECONDS", "1000"),
        ] {
            shop = shop.environment(format!("{service}__DATA__{key}"), value);
        }
        if service != "LEDGER" {
            shop = shop.environment(format!("{service}__DATA__OUTBOX_DAYS"), "1");
        }
    }
    let shop = shop.start().await;
    Customer::of(&shop).buy("set").await.unwrap();
}
