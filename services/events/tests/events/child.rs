//! The events service as a process of its own, which a test can kill at any moment: this very program, run once more.

use std::path::Path;
use std::process::Stdio;

use souk_chassis::{Caller, Options, Shop};
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_testkit::{connect_as, eventually};
use tokio::process::{Child as Process, Command};

use crate::support::{Client, LIMIT};

/// Where a child finds its folder and its database.
const FOLDER: &str = "SOUK_EVENTS_CHILD_FOLDER";
const DATABASE: &str = "SOUK_EVENTS_CHILD_DATABASE";

/// A running process. Dropping it kills it.
pub struct Child {
    process: Process,
    url: String,
}

impl Child {
    /// Starts a process with this database; `folder` is its own.
    pub async fn start(folder: &Path, database: &str) -> Child {
        let ready = folder.join("ready");
        let _ = std::fs::remove_file(&ready);
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::serves_where_another_test_asks_for_it", "--nocapture"])
            .env(FOLDER, folder)
            .env(DATABASE, database)
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

    /// Kills it, as the machine would: nothing is finished, nothing is told to anybody.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

#[test]
fn serves_where_another_test_asks_for_it() {
    let (Some(folder), Ok(database)) = (std::env::var_os(FOLDER), std::env::var(DATABASE)) else { return };
    souk_testkit::run(async move {
        let folder = Path::new(&folder);
        let options = Options::new("events")
            .environment(&[])
            .set("server.listen", "127.0.0.1:0")
            .set("server.metrics_listen", "127.0.0.1:0")
            .set("log.level", "warn")
            .set("data_dir", folder.display().to_string())
            .set("delivery.lease_milliseconds", "2000")
            .set("data.url", database);
        let running = Shop::new(options).with(events::definition()).start().await.unwrap();
        std::fs::write(folder.join("starting"), format!("http://{}", running.addr())).unwrap();
        std::fs::rename(folder.join("starting"), folder.join("ready")).unwrap();
        std::future::pending::<()>().await;
    });
}
