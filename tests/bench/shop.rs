//! A shop to measure, and the check that it is still right afterwards.

use std::{fs::File, path::Path};

use sea_orm::sqlx::{self, Connection as _, PgConnection};
use souk_chassis::{Caller, Channel, Options};
use souk_testkit::check_invariants;

/// Sends the request log, which a shop writes to stderr, into a file: it is on, as in production,
/// but not read.
pub fn log_into(path: &Path) {
    let log = File::create(path).expect("a folder of our own can be written to");
    rustix::stdio::dup2_stderr(log).expect("stderr can point to a file");
    std::panic::set_hook(Box::new(|panic| println!("{panic}")));
}

/// Returns the options of a shop in a folder, on ports that the system picks, with everything else
/// as it comes.
pub fn options(folder: &Path) -> Options {
    Options::new("souk")
        .environment(&[])
        .set("data_dir", folder.display())
        .set("server.listen", "127.0.0.1:0")
        .set("server.metrics_listen", "127.0.0.1:0")
}

/// Returns a connection of its own to a shop.
pub fn connect(shop: &souk_chassis::Running, caller: &Caller) -> Channel {
    Channel::to(&format!("http://{}", shop.addr()), caller, &souk_client::CONTRACT)
        .expect("an address is a URL")
}

/// Returns what a PostgreSQL server does before it says that something is committed.
pub async fn durability(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    let mut said = Vec::new();
    for setting in
        ["server_version", "fsync", "synchronous_commit", "wal_sync_method", "shared_buffers"]
    {
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SHOW {setting}")));
        let value: String = query.fetch_one(&mut connection).await.expect("the setting exists");
        said.push(format!("{setting}={value}"));
    }
    said.join(", ")
}

/// Asks services for their own audits and prints what they looked at.
///
/// # Panics
/// When an invariant does not hold: figures of a shop that is wrong mean nothing.
pub async fn audit(channel: &Channel, services: &[&str]) {
    for service in services {
        let answer = check_invariants(channel.clone(), service).await;
        let answer = answer.unwrap_or_else(|status| panic!("the audit of {service}: {status}"));
        let findings = answer.findings;
        let counts = answer.counts;
        assert!(findings.is_empty(), "{service}: {findings:?}");
        let counts: Vec<String> =
            counts.iter().map(|count| format!("{} {}", count.count, count.what)).collect();
        println!("audit of {service}: every invariant holds ({})", counts.join(", "));
    }
}
