//! The data folder: what is lost in it is noticed while the shop runs and when it starts, and
//! whatever is full is named.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use souk_testkit::{ChildShop, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

use crate::support::{Customer, LIMIT, Ran, audit, folder, printed, run, shop_in};

/// Fetches `/readyz` and returns all of the response.
async fn readyz(shop: &ChildShop) -> String {
    let url = shop.metrics_url();
    let address = url.trim_start_matches("http://").trim_end_matches("/metrics");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn is_not_ready(shop: &ChildShop, why: &str) {
    eventually(LIMIT, || async {
        let answer = readyz(shop).await;
        if answer.starts_with("HTTP/1.1 503") && answer.contains(why) {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
}

async fn is_ready(shop: &ChildShop) {
    eventually(LIMIT, || async {
        let answer = readyz(shop).await;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer) }
    })
    .await;
}

/// Starts `souk up`, which is to end by itself.
async fn refused_start(data: &Path, more: &[&str]) -> Ran {
    let listen = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"];
    let services =
        if more.contains(&"--services-dir") { &[][..] } else { &["--services-dir", ""][..] };
    let arguments =
        [&["up", "--data", data.to_str().unwrap()][..], &listen[..], services, more].concat();
    run(&arguments).await
}

#[tokio::test]
async fn a_database_that_is_deleted_under_load_takes_no_more_orders_and_refuses_the_next_start() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).start().await;
    let mut customer = Customer::of(&shop);
    customer.buy("before").await.unwrap();
    let orders = shop.data().join("orders.db");
    fs::remove_file(&orders).unwrap();
    for number in 0..20 {
        let refused = customer.buy(&format!("after-{number}")).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
        assert!(!refused.message().contains('/'), "{refused:?}");
    }
    is_not_ready(&shop, "orders.db is gone").await;
    assert!(printed(&shop).contains("orders.db is gone"), "{}", printed(&shop));
    shop.kill().await;

    let refused = refused_start(&shop.data(), &[]).await.exited_with(1);
    let line = format!("{} is gone or empty", orders.display());
    assert!(
        refused.err.contains(&line) && refused.err.contains("--accept-data orders.db"),
        "{}",
        refused.err
    );
    assert_eq!(refused.err.trim_end().lines().count(), 1, "{}", refused.err);
}

#[tokio::test]
async fn one_restored_database_refuses_the_start_until_it_is_accepted() {
    let folder = folder();
    let mut shop = shop_in(folder.path()).start().await;
    Customer::of(&shop).buy("first").await.unwrap();
    let backup = folder.path().join("backup");
    let data = shop.data();
    run(&["backup", backup.to_str().unwrap(), "--data", data.to_str().unwrap()])
        .await
        .exited_with(0);
    Customer::of(&shop).buy("second").await.unwrap();
    shop.restart().await;
    assert!(shop.stop(LIMIT).await.success());

    fs::copy(backup.join("orders.db"), data.join("orders.db")).unwrap();
    let refused = refused_start(&data, &[]).await.exited_with(1);
    assert!(refused.err.contains("orders.db went back in time"), "{}", refused.err);
    let wrong = refused_start(&data, &["--accept-data", "tea"]).await.exited_with(64);
    assert!(wrong.err.contains("orders.db, ") && wrong.err.contains("tea"), "{}", wrong.err);

    let mut accepting = shop_in(folder.path()).argument("--accept-data=orders").start().await;
    assert!(accepting.stop(LIMIT).await.success());
    shop.restart().await;
    assert!(shop.stop(LIMIT).await.success());

    // All of it is a whole backup.
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&backup, &data).unwrap();
    shop.restart().await;
    audit(&shop).await.exited_with(0);
}

/// A service in another language, as its files show it.
fn foreign_database(data: &Path, shop: &str, epoch: i64) -> PathBuf {
    let folder = data.join("fake");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("fake.sqlite3");
    let _ = fs::remove_file(&file);
    let made = Connection::open(&file).unwrap();
    made.execute_batch(&format!(
        "CREATE TABLE souk_shop (one INTEGER PRIMARY KEY, shop TEXT NOT NULL, epoch INTEGER NOT NULL);
         INSERT INTO souk_shop VALUES (1, '{shop}', {epoch});"
    ))
    .unwrap();
    file
}

fn column(file: &Path, name: &str) -> String {
    let sql = format!("SELECT CAST({name} AS TEXT) FROM souk_shop");
    Connection::open(file).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn databases_of_services_in_other_languages_are_listed_and_checked_too() {
    let folder = folder();
    let services = folder.path().join("services/fake");
    fs::create_dir_all(&services).unwrap();
    fs::write(
        services.join("souk.service.toml"),
        "name = \"fake\"\nlanguage = \"python\"\nservices = [\"souk.fake.v1.FakeService\"]\nsummary = \"pretended\"\n\
         upstreams = []\nlisten = \"127.0.0.1:0\"\nmetrics_listen = \"127.0.0.1:0\"\n[prepare]\nneeds = \"sh\"\n\
         inputs = [\"fake.sh\"]\nsteps = [[\"true\"]]\n[run]\ncommand = [\"sh\", \"fake.sh\"]\n",
    )
    .unwrap();
    fs::write(services.join("fake.sh"), "exec sleep 600").unwrap();
    let services = services.parent().unwrap().display().to_string();
    let mut shop =
        ChildShop::up_with(folder.path(), &services).program(crate::support::souk()).start().await;
    let data = shop.data();
    let file = foreign_database(&data, "", 7);
    let list = data.join("shop.json");
    eventually(LIMIT, || async {
        let list = fs::read_to_string(&list).unwrap();
        if list.contains("\"fake/fake.sqlite3\": 7") && !column(&file, "shop").is_empty() {
            Ok(())
        } else {
            Err(list)
        }
    })
    .await;
    assert!(fs::read_to_string(&list).unwrap().contains(&column(&file, "shop")));
    assert!(shop.stop(LIMIT).await.success());

    let shop_id = column(&file, "shop");
    for (id, epoch, problem) in
        [(shop_id.as_str(), 6, "went back in time"), ("shop_other", 8, "belongs to another shop")]
    {
        foreign_database(&data, id, epoch);
        let refused = refused_start(&data, &["--services-dir", &services]).await.exited_with(1);
        assert!(
            refused.err.contains("fake/fake.sqlite3") && refused.err.contains(problem),
            "{}",
            refused.err
        );
    }
    fs::remove_dir_all(data.join("fake")).unwrap();
    let refused = refused_start(&data, &["--services-dir", &services]).await.exited_with(1);
    assert!(refused.err.contains("fake/fake.sqlite3 is gone"), "{}", refused.err);
    let accepting = ChildShop::up_with(folder.path(), &services).program(crate::support::souk());
    accepting.argument("--accept-data=fake").start().await;
}

#[tokio::test]
async fn a_backup_has_all_databases_for_this_user_alone_and_one_that_fails_leaves_nothing() {
    let (folder, copies) = (folder(), folder());
    let shop = shop_in(folder.path()).start().await;
    let data = shop.data();
    let shop_id = column(&data.join("orders.db"), "shop");
    foreign_database(&data, &shop_id, 3);
    let backup = |to: &str| {
        let to = copies.path().join(to).display().to_string();
        let data = data.display().to_string();
        async move { run(&["backup", &to, "--data", &data]).await }
    };
    let ran = backup("whole").await.exited_with(0);
    assert!(ran.out.starts_with("copied 8 databases to "), "{}", ran.out);
    let whole = copies.path().join("whole");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (name, wanted) in [
        ("", 0o700),
        ("orders.db", 0o600),
        ("shop.json", 0o600),
        ("fake", 0o700),
        ("fake/fake.sqlite3", 0o600),
    ] {
        assert_eq!(mode(&whole.join(name)), wanted, "{name}");
    }
    assert_eq!(column(&whole.join("fake/fake.sqlite3"), "epoch"), "3");
    assert!(
        fs::read_to_string(whole.join("shop.json")).unwrap().contains("\"fake/fake.sqlite3\": 3")
    );

    // One that its program has only just made has no shop's id yet: it is copied, and new to the
    // shop of the copy.
    foreign_database(&data, "", 3);
    backup("young").await.exited_with(0);
    let young = copies.path().join("young");
    assert_eq!(column(&young.join("fake/fake.sqlite3"), "shop"), "");
    assert!(!fs::read_to_string(young.join("shop.json")).unwrap().contains("fake.sqlite3"));
    foreign_database(&data, &shop_id, 3);

    // What begins like a database and is none.
    fs::write(
        data.join("fake/broken.db"),
        [b"SQLite format 3\0".as_slice(), &[255; 9000]].concat(),
    )
    .unwrap();
    let ran = backup("broken").await.exited_with(1);
    assert!(ran.err.contains("broken.db"), "{}", ran.err);
    fs::remove_file(data.join("fake/broken.db")).unwrap();
    // What the list has and the folder has not.
    fs::rename(data.join("ledger.db"), data.join("aside")).unwrap();
    let ran = backup("lacking").await.exited_with(1);
    assert!(ran.err.contains("ledger.db: is missing"), "{}", ran.err);
    let mut left: Vec<_> =
        fs::read_dir(copies.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["whole", "young"]);
}

/// A file system of some megabytes, where this process may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> Option<SmallDisk> {
        fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"])
            .arg(&at)
            .output();
        mounted.is_ok_and(|ran| ran.status.success()).then_some(SmallDisk(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_said_by_name_and_the_shop_recovers_by_itself() {
    let folder = folder();
    let Some(disk) = SmallDisk::mount(folder.path().join("data")) else {
        eprintln!("skipped: this process may not mount a file system");
        return;
    };
    let shop = shop_in(folder.path()).start().await;
    let mut customer = Customer::of(&shop);
    customer.buy("before").await.unwrap();
    is_ready(&shop).await;

    let filler = disk.0.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &[1; 4096]).is_ok() {}
    drop(file);
    let refused = customer.buy("full").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    is_not_ready(&shop, "orders.db cannot grow").await;
    assert!(
        printed(&shop).contains("orders.db cannot grow, its disk or its limit is full"),
        "{}",
        printed(&shop)
    );

    fs::remove_file(&filler).unwrap();
    is_ready(&shop).await;
    customer.buy("after").await.unwrap();
}
