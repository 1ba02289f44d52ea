//! Every user error is one clear line, with exit code 64 when it is an argument or a setting, and
//! before anything is bound or written.

use souk_testkit::ChildShop;

use crate::support::{address, folder, run, run_in, shop_in, souk};

/// Runs the program and returns the first line that it printed on stderr.
async fn refused(arguments: &[&str], environment: &[(&str, &str)], code: i32) -> String {
    let folder = folder();
    let ran = run_in(folder.path(), arguments, environment).await.exited_with(code);
    let written: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(code != 64 || written.is_empty(), "{arguments:?} wrote {written:?}");
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran.err.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_wrong_argument_is_one_line_and_64() {
    for (arguments, wanted) in [
        (&["up", "--without=tea"][..], "--without = \"tea\""),
        (
            &["up", "--without=tea"],
            "is not a service of this shop; choose from catalog, inventory, ledger, payments, orders",
        ),
        (&["up", "--listen", "somewhere"], "'somewhere'"),
        (&["serve", "tea"], "choose from catalog"),
        (&["serve", "orders", "--upstream", "catalog"], "must be NAME=ADDRESS"),
        (
            &["serve", "orders", "--upstream", "tea=http://127.0.0.1:1"],
            "is not a service of this shop",
        ),
        (&["serve"], "required arguments"),
        (&["token", "--as", "nobody"], "'nobody'"),
        (&["token", "--as", "user:a\nb"], "control character"),
        (&["token", "--as", "staff:ann "], "with a space"),
        (&["audit", "--upstream", "Tea=127.0.0.1:1"], "\"Tea\" is not the name of a service"),
        (&["open"], "'open'"),
    ] {
        let line = refused(arguments, &[], 64).await;
        let whole = run(arguments).await.err;
        assert!(whole.contains(wanted), "{arguments:?} said {line}\n{whole}");
    }
}

#[tokio::test]
async fn a_wrong_setting_is_one_line_and_64() {
    for (name, value, wanted) in [
        ("SOUK__SERVER__LISTEN", "somewhere", "server.listen"),
        ("SOUK__SERVER__LISTENS", "127.0.0.1:0", "server.listens"),
        ("SOUK__LOG__FORMAT", "pretty", "log.format"),
        ("ORDERS__SAGA__LEASE", "3", "orders.saga.lease"),
        ("ORDERS__SAGA__LEASE_SECONDS", "soon", "orders.saga.lease_seconds"),
        ("ORDERS__DATA__URL", "mysql://here", "orders"),
        ("AUDITOR__INTERVAL_SECONDS", "-1", "auditor.interval_seconds"),
    ] {
        let arguments = ["up", "--metrics-listen", "127.0.0.1:0"];
        let environment = [("SOUK__SERVER__DRAIN_SECONDS", "1"), (name, value)];
        let line = refused(&arguments, &environment, 64).await;
        assert!(line.starts_with("souk: ") && line.contains(wanted), "{name}={value} said {line}");
    }
}

#[tokio::test]
async fn a_wrong_file_is_one_line_and_64() {
    let folder = folder();
    let file = folder.path().join("shop.toml");
    std::fs::write(&file, "[orders.saga]\nlease_second = 3\n").unwrap();
    let line = refused(&["up", "--config", file.to_str().unwrap()], &[], 64).await;
    assert!(line.contains("lease_second"), "{line}");
    let line = refused(&["up", "--config", "/nowhere/shop.toml"], &[], 64).await;
    assert!(line.contains("/nowhere/shop.toml"), "{line}");
}

#[tokio::test]
async fn settings_come_from_the_environment_unless_an_argument_says_otherwise() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    // ChildShop says where to listen, which wins over the address that is taken.
    let shop = ChildShop::up(folder.path())
        .program(souk())
        .environment("SOUK__SERVER__LISTEN", &taken)
        .start()
        .await;
    assert_ne!(address(&shop), taken);
}

#[tokio::test]
async fn what_is_in_the_way_is_one_line_and_1() {
    let place = folder();
    let shop = shop_in(place.path()).start().await;
    let address = address(&shop);
    let data = shop.data();
    let elsewhere = folder();
    let line = refused(
        &[
            "up",
            "--listen",
            "127.0.0.1:0",
            "--metrics-listen",
            "127.0.0.1:0",
            "--data",
            data.to_str().unwrap(),
        ],
        &[],
        1,
    )
    .await;
    assert!(line.contains("in use by another process"), "{line}");

    let line = refused(
        &["up", "--no-seed", "--listen", &address, "--metrics-listen", "127.0.0.1:0"],
        &[],
        1,
    )
    .await;
    assert!(line.contains(&address), "{line}");

    let file = elsewhere.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let line =
        refused(&["up", "--listen", "127.0.0.1:0", "--data", file.to_str().unwrap()], &[], 1).await;
    assert!(line.contains(file.to_str().unwrap()), "{line}");

    let line = refused(&["audit", "--to", "127.0.0.1:1"], &[], 1).await;
    assert!(line.contains("the audit of 127.0.0.1:1: Unavailable"), "{line}");
}
