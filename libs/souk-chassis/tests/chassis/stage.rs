//! One echo service, reached in one of the three forms; every scenario runs in all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use prost::Message as _;
use prost_types::FileDescriptorSet;
use souk_chassis::{Caller, Channel, Options, Running, Shop};

use crate::echo::{self, Probe};
use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1::echo_service_client::EchoServiceClient;

pub type Client = EchoServiceClient<Channel>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The upstream's incoming stack is called directly.
    InProcess,
    /// Over a socket, the second hop too.
    Loopback,
    /// The same, through the address of another process, which passes the calls on.
    PassedOn,
}

pub struct Stage {
    /// The process whose method is called.
    pub echo: Running,
    /// Over sockets: the process that calls, what stands between, and the one that the second hop
    /// goes to.
    others: Vec<Running>,
    channel: Channel,
    pub probe: Arc<Probe>,
    /// The probe of the service that the second hop reaches.
    pub peer_probe: Arc<Probe>,
}

/// Returns options for a process of its own, apart from the environment of the test run.
pub fn options(probe: &str) -> Options {
    free(Options::new("souk").environment(&[])).set("echo.probe", probe)
}

/// Adds free ports, a folder, and silence.
pub fn free(options: Options) -> Options {
    options
        .set("data_dir", std::env::temp_dir().join("souk-chassis-tests").display())
        .set("server.listen", "127.0.0.1:0")
        .set("server.metrics_listen", "127.0.0.1:0")
        .set("log.level", "off")
}

pub fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Starts a process without a service of its own, which knows the contract of the echo and its
/// address.
async fn caller_of(echo: SocketAddr) -> Running {
    let options = free(Options::new("souk").environment(&[]));
    let options = options.set("upstreams.echo", format!("http://{echo}"));
    Shop::new(options).with(crate::calls::caller_only()).start().await.unwrap()
}

/// Returns the files that describe the echo.
pub fn files() -> Vec<Vec<u8>> {
    let set = FileDescriptorSet::decode(CONTRACT.descriptors).unwrap();
    set.file.iter().map(prost::Message::encode_to_vec).collect()
}

impl Stage {
    pub async fn start(form: Form) -> Stage {
        Self::start_with(form, |options| options).await
    }

    pub async fn start_with(form: Form, change: impl Fn(Options) -> Options) -> Stage {
        let name = unique("echo");
        match form {
            Form::InProcess => {
                let options = change(options(&name));
                let echo = Shop::new(options).with(echo::definition()).start().await.unwrap();
                let channel = echo.channel("echo");
                let probe = echo::probe(&name);
                Stage { echo, others: Vec::new(), channel, peer_probe: probe.clone(), probe }
            }
            Form::Loopback | Form::PassedOn => {
                let peer_name = unique("peer");
                let peer = change(options(&peer_name));
                let peer = Shop::new(peer).with(echo::definition()).start().await.unwrap();
                let middle = change(options(&name))
                    .set("echo.peer", "other")
                    .set("upstreams.other", peer.addr());
                let echo = Shop::new(middle).with(echo::definition()).start().await.unwrap();
                let mut others = vec![peer];
                let mut address = echo.addr();
                if form == Form::PassedOn {
                    let between = caller_of(address).await;
                    let services = ["souk.echo.v1.EchoService".to_owned()];
                    between.passthrough().announce("echo", &services);
                    between.passthrough().describe("echo", &files()).unwrap();
                    address = between.addr();
                    others.insert(0, between);
                }
                let front = caller_of(address).await;
                let channel = front.channel("echo");
                let (probe, peer_probe) = (echo::probe(&name), echo::probe(&peer_name));
                others.insert(0, front);
                Stage { echo, others, channel, probe, peer_probe }
            }
        }
    }

    /// Returns an anonymous client.
    pub fn client(&self) -> Client {
        self.client_as(&Caller::Anonymous)
    }

    pub fn client_as(&self, caller: &Caller) -> Client {
        Client::new(self.channel.acting_as(caller))
    }

    /// Returns the way to the echo service as this caller.
    pub fn channel_as(&self, caller: &Caller) -> Channel {
        self.channel.acting_as(caller)
    }

    pub fn client_with_token(&self, token: &str) -> Client {
        Client::new(self.channel.with_token(token))
    }

    pub fn attempts(&self) -> u32 {
        *self.probe.attempts.lock().unwrap()
    }

    pub async fn stop(self) {
        for running in self.others {
            running.drain().await.unwrap();
        }
        self.echo.drain().await.unwrap();
    }
}

/// Waits for something with a limit, so that a broken test fails instead of hanging.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen"))
}

/// Defines a scenario and runs it in every form.
macro_rules! in_every_form {
    ($(async fn $name:ident($stage:ident: Stage) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn scenario($stage: Stage) $body

            #[tokio::test]
            async fn in_process() {
                scenario(Stage::start(crate::stage::Form::InProcess).await).await;
            }

            #[tokio::test]
            async fn over_loopback() {
                scenario(Stage::start(crate::stage::Form::Loopback).await).await;
            }

            #[tokio::test]
            async fn passed_on() {
                scenario(Stage::start(crate::stage::Form::PassedOn).await).await;
            }
        }
    )+};
}
pub(crate) use in_every_form;
