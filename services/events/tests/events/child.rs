//! The events service as a process of its own, which a test can kill at any moment: this very
//! program, run once more.

use std::path::Path;
use std::process::Stdio;

use souk_chassis::{Caller, Options, Shop};
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_testkit::{TestDb, connect_as, eventually};
use tokio::process::{Child as Process, Command};

use crate::support::{Client, LIMIT};

/// Where a child finds its folder; its settings are in a file there, a line each.
const FOLDER: &str = "SOUK_EVENTS_CHILD_FOLDER";

/// A running process. Dropping it kills it.
pub struct Child {
    process: Process,
    url: String,
}

impl Child {
    /// Starts a process with these settings; `folder` is its own and holds its database.
    pub async fn start(folder: &Path, settings: &[(String, String)]) -> Child {
        let ready = folder.join("ready");
        let _ = std::fs::remove_file(&ready);
        let lines: Vec<String> =
            settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
        std::fs::write(folder.join("settings"), lines.join("\n")).unwrap();
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::serves_where_another_test_asks_for_it", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let url = eventually(LIMIT, || async { std::fs::read_to_string(&ready).ok() }).await;
        Child { process, url }
    }

    pub fn client_of(&self, service: &str) -> Client {
        EventServiceClient::new(connect_as(&self.url, &Caller::Service(service.into())))
    }

    /// Kills it, as the machine would: nothing is finished or announced.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

#[test]
fn serves_where_another_test_asks_for_it() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    souk_testkit::run(async move {
        let folder = Path::new(&folder);
        let mut options = Options::new("events")
            .environment(&[])
            .set("server.listen", "127.0.0.1:0")
            .set("server.metrics_listen", "127.0.0.1:0")
            .set("log.level", "warn")
            .set("data_dir", folder.display().to_string());
        for line in std::fs::read_to_string(folder.join("settings")).unwrap().lines() {
            let (key, value) = line.split_once('=').unwrap();
            options = options.set(key, value);
        }
        let running = Shop::new(options).with(events::definition()).start().await.unwrap();
        std::fs::write(folder.join("starting"), format!("http://{}", running.addr())).unwrap();
        std::fs::rename(folder.join("starting"), folder.join("ready")).unwrap();
        std::future::pending::<()>().await;
    });
}

/// Returns the settings of a process on this database: leases that end soon, so that no test waits
/// for those of a process that was killed.
pub fn settings_on(database: &TestDb) -> Vec<(String, String)> {
    let lease = ("delivery.lease_milliseconds".to_owned(), "2000".to_owned());
    vec![("data.url".to_owned(), database.url().to_owned()), lease]
}
