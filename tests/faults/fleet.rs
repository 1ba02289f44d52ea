//! A shop in child processes that a test can kill: all services in one, or each in its own, once or
//! as replicas.

use std::os::unix::process::ExitStatusExt as _;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt as _;
use souk_chassis::Caller;
use souk_client::ops::v1 as ops;
use souk_client::ops::v1::fault::Effect;
use souk_client::ops::v1::fault_service_client::FaultServiceClient;
use souk_testkit::{ChildShop, Engine, TestDb};
use souk_types::{Clock, EventId};
use tempfile::TempDir;

use crate::shopping::{Addresses, SERVICES};

const SIGKILL: i32 = 9;

/// How long a point may take to be reached; it is longer than any story.
pub const REACHED: Duration = Duration::from_secs(20);

/// Puts SQLite on a file system that loses, when a process dies, what it had not synced; without
/// effect on a program that was built without it, see [`Fleet::loses_what_was_not_synced`].
pub const UNSYNCED: (&str, &str) = ("SOUK_UNSYNCED_VFS", "1");

/// The name under which that file system is known to SQLite.
const UNSYNCED_NAME: &[u8] = b"souk-unsynced\0";

/// The settings that hold the address of a database, by service.
const DATABASES: [(&str, &[&str]); 5] = [
    ("catalog", &["CATALOG__DATA__URL"]),
    ("inventory", &["INVENTORY__DATA__URL"]),
    ("ledger", &["LEDGER__DATA__URL"]),
    ("payments", &["PAYMENTS__DATA__URL", "PAYMENTS__SIMULATOR__DATA__URL"]),
    ("orders", &["ORDERS__DATA__URL"]),
];

/// Sweeps are frequent, so that a test does not wait for them.
const SETTINGS: [(&str, &str); 4] = [
    ("SOUK__LOG__LEVEL", "warn"),
    ("SOUK__FAULTS__ENABLED", "true"),
    ("ORDERS__SAGA__SWEEP_MILLISECONDS", "50"),
    ("PAYMENTS__RECOVERY__SWEEP_MILLISECONDS", "50"),
];

/// The processes of a shop.
pub struct Fleet {
    pub addresses: Addresses,
    members: Vec<Member>,
    _databases: Vec<TestDb>,
    _folder: TempDir,
}

struct Member {
    services: Vec<&'static str>,
    process: ChildShop,
}

impl Fleet {
    /// Starts the whole shop as one process, with these additional settings.
    pub async fn one_program(settings: &[(&str, &str)]) -> Fleet {
        let folder = folder();
        let process =
            with(ChildShop::up(folder.path()).argument("--no-seed"), settings).start().await;
        let addresses = Addresses::of_one(&process.url());
        let members = vec![Member { services: SERVICES.to_vec(), process }];
        Fleet { addresses, members, _databases: vec![], _folder: folder }
    }

    /// Starts each service as a process of its own.
    pub async fn split(settings: &[(&str, &str)]) -> Fleet {
        let folder = folder();
        let mut addresses = Addresses::default();
        let mut members = vec![];
        for service in SERVICES {
            let process =
                alone(service, &folder.path().join(service), &addresses, settings).start().await;
            addresses.add(service, process.url());
            members.push(Member { services: vec![service], process });
        }
        Fleet { addresses, members, _databases: vec![], _folder: folder }
    }

    /// Starts two replicas of each service, which share a database on PostgreSQL; both migrate it
    /// at once.
    pub async fn replicas(settings: &[(&str, &str)]) -> Fleet {
        let folder = folder();
        let mut addresses = Addresses::default();
        let mut members = vec![];
        let mut databases = vec![];
        for (service, keys) in DATABASES {
            let mut urls = vec![];
            for key in keys {
                let database = TestDb::new(Engine::Postgres).await;
                urls.push((*key, database.url().to_owned()));
                databases.push(database);
            }
            let urls = urls.iter().map(|(key, url)| (*key, url.as_str()));
            let settings: Vec<_> = urls.chain(settings.iter().copied()).collect();
            let replica = |name: &str| {
                alone(
                    service,
                    &folder.path().join(format!("{service}-{name}")),
                    &addresses,
                    &settings,
                )
                .start()
            };
            let (one, other) = tokio::join!(replica("one"), replica("other"));
            for process in [one, other] {
                addresses.add(service, process.url());
                members.push(Member { services: vec![service], process });
            }
        }
        Fleet { addresses, members, _databases: databases, _folder: folder }
    }

    /// Returns how many processes there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Makes the process of `service` kill itself at `target`, a fault point or a method, at the
    /// next pass.
    pub async fn doom(&self, service: &str, target: &str, effect: Effect) {
        self.doom_later(service, target, effect, 0).await;
    }

    /// The same, after so many passes that go well.
    pub async fn doom_later(&self, service: &str, target: &str, effect: Effect, passes: u32) {
        let member = &self.members[self.member_of(service)];
        let fault = ops::Fault {
            target: target.to_owned(),
            skip_count: i32::try_from(passes).expect("a few passes"),
            fail_count: 1,
            effect: Some(effect),
            ..Default::default()
        };
        let request_id = EventId::new(Clock::system().now()).to_string();
        let mut faults =
            FaultServiceClient::new(member.process.channel_as(&Caller::Staff("ada".to_owned())));
        faults
            .inject_fault(ops::InjectFaultRequest { request_id, fault: Some(fault) })
            .await
            .expect("faults are enabled");
    }

    /// Waits until the process of `service` has been killed, and starts it again on the same data.
    ///
    /// # Panics
    /// When it is not killed within `limit`: nothing passed `target`.
    pub async fn revive(&mut self, service: &str, target: &str, limit: Duration) {
        let at = self.member_of(service);
        let process = &mut self.members[at].process;
        let exit = AssertUnwindSafe(process.exited(limit)).catch_unwind().await;
        let exit = exit.unwrap_or_else(|_| {
            panic!("no story passes {target}: the process of {service} still lives")
        });
        assert_eq!(
            exit.signal(),
            Some(SIGKILL),
            "{target}: the process of {service} was to be killed, and {exit}"
        );
        process.restart().await;
    }

    /// Kills the process with this number and starts it again on the same data.
    pub async fn kill(&mut self, number: usize) {
        self.members[number].process.restart().await;
    }

    /// Returns whether the program under test was built with the file system that [`UNSYNCED`] asks
    /// for.
    pub fn loses_what_was_not_synced(&self) -> bool {
        let id = self.members[0].process.id().expect("it runs");
        let program =
            std::fs::read(format!("/proc/{id}/exe")).expect("a process knows its program");
        program.windows(UNSYNCED_NAME.len()).any(|bytes| bytes == UNSYNCED_NAME)
    }

    fn member_of(&self, service: &str) -> usize {
        let has = |member: &Member| member.services.contains(&service);
        self.members.iter().position(has).expect("a service of the shop")
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("souk-faults-").tempdir().expect("a temporary folder")
}

fn alone(
    service: &str,
    folder: &Path,
    upstreams: &Addresses,
    settings: &[(&str, &str)],
) -> ChildShop {
    let mut process = with(ChildShop::serve(&[service], folder), settings);
    for upstream in SERVICES.into_iter().take_while(|one| *one != service) {
        process =
            process.argument(format!("--upstream={upstream}={}", upstreams.setting(upstream)));
    }
    process
}

fn with(process: ChildShop, settings: &[(&str, &str)]) -> ChildShop {
    SETTINGS
        .iter()
        .chain(settings)
        .fold(process, |process, (key, value)| process.environment(*key, *value))
}
