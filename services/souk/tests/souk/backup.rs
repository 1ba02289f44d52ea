//! `souk backup`: a copy of a busy shop is a shop in which everything comes to its end.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use souk_client::orders::v1::PaymentStatus;
use souk_testkit::{ChildShop, eventually};

use crate::support::{Customer, LIMIT, audit, folder, run, shop_in, souk};

const BUYERS: usize = 8;
const BACKUPS: usize = 3;

#[tokio::test]
async fn a_copy_of_a_shop_under_load_is_whole() {
    let (folder, copies) = (folder(), folder());
    let shop = shop_in(folder.path()).start().await;
    let is_over = Arc::new(AtomicBool::new(false));
    let buyers: Vec<_> =
        (0..BUYERS).map(|buyer| buy_until(is_over.clone(), Customer::of(&shop), buyer)).collect();
    let buyers: Vec<_> = buyers.into_iter().map(tokio::spawn).collect();

    let data = shop.data();
    let mut places = vec![];
    for number in 0..BACKUPS {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let place = copies.path().join(format!("copy-{number}"));
        // A ChildShop in `place` has its databases in `place/data`.
        let to = place.join("data");
        let ran = run(&["backup", to.to_str().unwrap(), "--data", data.to_str().unwrap()])
            .await
            .exited_with(0);
        assert!(ran.out.starts_with("copied 7 databases to "), "{}", ran.out);
        let again = run(&["backup", to.to_str().unwrap(), "--data", data.to_str().unwrap()])
            .await
            .exited_with(1);
        assert!(again.err.contains("already exists"), "{}", again.err);
        places.push(place);
    }
    is_over.store(true, Ordering::Relaxed);
    let mut bought = vec![];
    for buyer in buyers {
        bought.push(buyer.await.unwrap());
    }
    audit(&shop).await.exited_with(0);

    for place in places {
        let copy = shop_in(&place).start().await;
        let customer = Customer::of(&copy);
        for ids in &bought {
            let mut known = vec![];
            for id in ids {
                known.push(eventually(LIMIT, || comes_to_its_end(customer.clone(), id)).await);
            }
            // A moment: what was bought before it is there, and nothing after it.
            assert!(known.is_sorted_by(|before, after| before >= after), "{known:?}");
        }
        audit(&copy).await.exited_with(0);
    }
}

/// Buys one after another and returns the ids.
async fn buy_until(is_over: Arc<AtomicBool>, mut customer: Customer, buyer: usize) -> Vec<String> {
    let mut bought = vec![];
    while !is_over.load(Ordering::Relaxed) {
        let order = customer.buy(&format!("{buyer}-{}", bought.len())).await;
        match order {
            Ok(order) => bought.push(order.order_id),
            Err(status) => {
                assert!(status.message().contains("stock"), "{status:?}");
                break;
            }
        }
    }
    bought
}

/// Returns whether an order is known, once it is paid.
async fn comes_to_its_end(mut customer: Customer, order_id: &str) -> Result<bool, String> {
    match customer.order(order_id).await {
        Ok(order) if order.payment_status() == PaymentStatus::Paid => Ok(true),
        Ok(order) => Err(format!("{order:?}")),
        Err(status) if status.code() == tonic::Code::NotFound => Ok(false),
        Err(status) => Err(format!("{status:?}")),
    }
}

/// A service in another language that stores things in many ways.
const MANIFEST: &str = r#"
name = "fake"
language = "cobol"
services = ["souk.fake.v1.FakeService"]
summary = "what is only pretended"
databases = ["deep/own.db", "not-yet.db"]
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"
[backup]
files = ["pictures", "gone"]
command = ["./dump.sh", "elsewhere"]
[run]
command = ["sleep", "600"]
"#;

#[tokio::test]
async fn a_service_in_another_language_says_what_is_copied_of_its_data() {
    let (folder, copies) = (folder(), folder());
    let service = folder.path().join("services/fake");
    fs::create_dir_all(&service).unwrap();
    fs::write(service.join("souk.service.toml"), MANIFEST).unwrap();
    let dump = |script: &str| {
        fs::write(service.join("dump.sh"), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(service.join("dump.sh"), Permissions::from_mode(0o700)).unwrap();
    };
    dump("echo from $1 with $(ls $FAKE__DATA_DIR/pictures) > $FAKE__BACKUP_DIR/dump.txt");
    let services = folder.path().join("services").display().to_string();
    let shop = ChildShop::up_with(folder.path(), &services).program(souk()).start().await;
    let data = shop.data();
    fs::create_dir_all(data.join("fake/deep")).unwrap();
    fs::create_dir_all(data.join("fake/pictures/of")).unwrap();
    fs::write(data.join("fake/pictures/of/tea.txt"), "green").unwrap();
    for (name, number) in [("deep/own.db", 7), ("cache.db", 8)] {
        let database = rusqlite::Connection::open(data.join("fake").join(name)).unwrap();
        let made =
            format!("CREATE TABLE numbers (number INTEGER); INSERT INTO numbers VALUES ({number})");
        database.execute_batch(&made).unwrap();
    }

    let backup = |to: &str| {
        let (to, data) = (copies.path().join(to).display().to_string(), data.display().to_string());
        async move { run(&["backup", &to, "--data", &data]).await }
    };
    let ran = backup("whole").await.exited_with(0);
    assert!(ran.out.starts_with("copied 8 databases to "), "{}", ran.out);
    assert!(
        ran.out.ends_with("copied fake: pictures\ncopied fake: ./dump.sh elsewhere\n"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("not in this copy, because it is not there: "), "{}", ran.err);
    let copy = copies.path().join("whole/fake");
    let read = |name: &str| fs::read_to_string(copy.join(name)).unwrap();
    assert_eq!(
        (read("pictures/of/tea.txt"), read("dump.txt")),
        ("green".into(), "from elsewhere with of\n".into())
    );
    let number = rusqlite::Connection::open(copy.join("deep/own.db")).unwrap();
    let number = number.query_row("SELECT number FROM numbers", [], |row| row.get::<_, i64>(0));
    assert_eq!(number, Ok(7));
    // Its manifest does not name that one.
    assert!(!copy.join("cache.db").exists() && !copy.join("gone").exists());

    dump("exit 3");
    let ran = backup("broken").await.exited_with(1);
    assert!(ran.err.contains("fake: `./dump.sh elsewhere` failed (exit status: 3)"), "{}", ran.err);
    assert_eq!(fs::read_dir(copies.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_without_a_shop_is_said_to_be_empty() {
    let from = folder();
    let to = folder();
    let from = from.path().to_str().unwrap();
    let to = to.path().to_str().unwrap();
    let ran = run(&["backup", to, "--data", from]).await.exited_with(1);
    assert!(ran.err.contains("holds no database"), "{}", ran.err);
    let ran = run(&["backup", to, "--data", "/nowhere"]).await.exited_with(1);
    assert!(ran.err.contains("/nowhere"), "{}", ran.err);
}
