//! The service under test: echoes its input, and misbehaves on request.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use souk_chassis::{Call, Context, Definition, Host, Report, Service, StartError};
use souk_contract::{
    FieldError, Handle, Handlers, PublicError, ReasonPolicy, Refusal, Requests, Responses, Retry,
    common,
};
use tokio::sync::Notify;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1 as pb;
use crate::proto::souk::echo::v1::echo_service;
use crate::proto::souk::echo::v1::echo_service_client::EchoServiceClient;

pub const DEFAULTS: &str = r#"
# Names the probe of the test that started this service.
probe = ""
# The upstream that a second hop goes to.
peer = "echo"
# A number, for tests of settings.
size = 3
# Whether the worker fails at first.
worker_fails = false
[data]
# A nested text.
url = "none"
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    probe: String,
    peer: String,
    #[allow(dead_code)]
    size: u8,
    worker_fails: bool,
    #[allow(dead_code)]
    data: Data,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Data {
    url: String,
}

/// What a test sees of the service from the inside.
#[derive(Default)]
pub struct Probe {
    pub attempts: Mutex<u32>,
    pub cancelled: Notify,
    pub entered: Notify,
    pub released: Notify,
    pub is_unready: std::sync::atomic::AtomicBool,
    pub worker_runs: Mutex<u32>,
    pub worker_drained: std::sync::atomic::AtomicBool,
    /// What its invariants are broken by; empty for nothing.
    pub broken: Mutex<String>,
}

static PROBES: LazyLock<Mutex<HashMap<String, Arc<Probe>>>> = LazyLock::new(Mutex::default);

/// Returns the probe of this name.
pub fn probe(name: &str) -> Arc<Probe> {
    PROBES.lock().unwrap().entry(name.to_string()).or_default().clone()
}

pub fn definition() -> Definition {
    Definition::new("echo", DEFAULTS, build).scopes(&["echo.known"])
}

/// Defines the service as it must not be: it says nothing of its invariants.
pub fn without_invariants() -> Definition {
    Definition::new("echo", DEFAULTS, |config: Config, host: Host| async move {
        Ok(Service::new(&CONTRACT).rpc(echo_service::server(rpc(&config, host))))
    })
}

fn rpc(config: &Config, host: Host) -> Echo {
    let peer = EchoServiceClient::new(host.channel(&config.peer));
    Echo { probe: probe(&config.probe), peer, host }
}

/// Finds what the probe says that it shall find.
async fn check(probe: Arc<Probe>) -> Result<Report, FieldError> {
    let broken = probe.broken.lock().unwrap().clone();
    if broken.contains("unreadable") {
        return Err(FieldError::new("records", broken));
    }
    let mut report = Report::default();
    if !broken.is_empty() {
        report.add("an echo is what was said", "echo_1", broken);
    }
    report.count("echoes", 3);
    Ok(report)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    let probe = probe(&config.probe);
    let rpc = rpc(&config, host);
    let working = probe.clone();
    let checked = probe.clone();
    let ready = probe;
    let worker_fails = config.worker_fails;
    Ok(Service::new(&CONTRACT)
        .rpc(echo_service::server(rpc))
        .invariants(move || check(checked.clone()))
        .worker("failing", move |drain: souk_chassis::Drain| {
            let probe = working.clone();
            async move {
                let run = {
                    let mut runs = probe.worker_runs.lock().unwrap();
                    *runs += 1;
                    *runs
                };
                match run {
                    1 if worker_fails => Err("the first run fails".to_string()),
                    2 if worker_fails => panic!("the second run panics"),
                    _ => {
                        drain.started().await;
                        probe.worker_drained.store(true, std::sync::atomic::Ordering::Relaxed);
                        Ok(())
                    }
                }
            }
        })
        .ready(move || {
            let is_ready = !ready.is_unready.load(std::sync::atomic::Ordering::Relaxed);
            async move { if is_ready { Ok(()) } else { Err("told not to be") } }
        }))
}

struct Echo {
    probe: Arc<Probe>,
    peer: EchoServiceClient<souk_chassis::Channel>,
    host: Host,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("sku mug is out of stock")]
    OutOfStock,
    #[error("field text must not be odd")]
    Field,
    #[error("the shelf fell over")]
    Shelf(#[source] std::io::Error),
    #[error(transparent)]
    Status(#[from] Status),
}

static OUT_OF_STOCK: ReasonPolicy = ReasonPolicy {
    name: "ERROR_REASON_OUT_OF_STOCK",
    domain: "souk.echo",
    code: Code::FailedPrecondition,
    http_status: 400,
    retry: Retry::Never,
    metadata: &["sku"],
    optional_metadata: &[],
};

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::OutOfStock => Refusal::new(&OUT_OF_STOCK)
                .with("sku", "mug")
                .precondition_because("sku/mug", "0 left"),
            Error::Field => Refusal::new(&common::INVALID_FIELD),
            Error::Shelf(_) => Refusal::internal(),
            Error::Status(status) => status.refusal(),
        }
    }
}

/// Signals the probe when it is dropped: the method was cancelled.
struct Watched(Arc<Probe>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.cancelled.notify_one();
    }
}

impl Echo {
    async fn say(&self, call: Call<pb::EchoRequest>) -> Result<pb::EchoResponse, Error> {
        let context = Context::current().expect("a method runs in a context");
        let message = call.request;
        self.host.faults().point("echo.say.begin", &message.text).await;
        match message.mode.as_str() {
            "refuse" => return Err(Error::OutOfStock),
            "field" => return Err(Error::Field),
            "internal" => {
                return Err(Error::Shelf(std::io::Error::other("password=secret-of-the-shelf")));
            }
            "panic" => panic!("told to panic"),
            "wait" => {
                let _watched = Watched(self.probe.clone());
                self.probe.entered.notify_one();
                std::future::pending::<()>().await;
            }
            "hold" => {
                self.probe.entered.notify_one();
                self.probe.released.notified().await;
            }
            _ => {}
        }
        Ok(pb::EchoResponse {
            text: message.text,
            caller: call.caller.key(),
            remaining_ms: call.deadline.remaining().as_millis() as i64,
            trace_id: context.trace_id().to_string(),
            criticality: context.criticality().name().to_string(),
        })
    }

    fn attempt(&self) -> u32 {
        let mut attempts = self.probe.attempts.lock().unwrap();
        *attempts += 1;
        *attempts
    }
}

impl Handlers for Echo {
    type Error = Error;
}

impl Handle<echo_service::Echo> for Echo {
    async fn handle(&self, call: Call<pb::EchoRequest>) -> Result<pb::EchoResponse, Error> {
        let attempt = self.attempt();
        let mode = call.request.mode.clone();
        if let Some(failures) = mode.strip_prefix("flaky:")
            && attempt <= failures.parse::<u32>().unwrap()
        {
            return Err(Status::unavailable("try again").into());
        }
        match mode.as_str() {
            "pushback" => {
                let mut status = Status::unavailable("go away");
                status.metadata_mut().insert("grpc-retry-pushback-ms", "-1".parse().unwrap());
                Err(status.into())
            }
            "retry-info" if attempt == 1 => {
                let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(200)));
                Err(Status::with_error_details(Code::Unavailable, "later", details).into())
            }
            "exhausted" => Err(Status::resource_exhausted("no more of it").into()),
            "bare" => Err(Status::not_found("a status without a reason").into()),
            "large" => {
                let text = "x".repeat(call.request.text.parse().unwrap());
                Ok(pb::EchoResponse { text, ..Default::default() })
            }
            "hop" => {
                let next = pb::EchoRequest { mode: String::new(), ..call.request };
                Ok(self.peer.clone().echo(next).await?.into_inner())
            }
            "hop-wait" => {
                let next = pb::EchoRequest { mode: "wait".to_string(), ..call.request };
                Ok(self.peer.clone().echo(next).await?.into_inner())
            }
            "hop-known" => {
                let next = pb::EchoKnownRequest { text: call.request.text, ..Default::default() };
                let answer = self.peer.clone().echo_known(next).await?.into_inner();
                Ok(pb::EchoResponse {
                    text: answer.text,
                    caller: answer.caller,
                    remaining_ms: answer.remaining_ms,
                    criticality: answer.criticality,
                    ..Default::default()
                })
            }
            _ => self.say(call).await,
        }
    }
}

impl Handle<echo_service::EchoKnown> for Echo {
    async fn handle(
        &self,
        call: Call<pb::EchoKnownRequest>,
    ) -> Result<pb::EchoKnownResponse, Error> {
        let criticality = Context::current().unwrap().criticality().name().to_string();
        if call.request.mode == "wait" {
            let _watched = Watched(self.probe.clone());
            std::future::pending::<()>().await;
        }
        let remaining_ms = call.deadline.remaining().as_millis() as i64;
        let is_about_customer = call.request.mode == "customer";
        Ok(pb::EchoKnownResponse {
            text: if is_about_customer { call.request.customer_id } else { call.request.text },
            caller: call.caller.key(),
            remaining_ms,
            criticality,
        })
    }
}

impl Handle<echo_service::EchoStaff> for Echo {
    async fn handle(
        &self,
        call: Call<pb::EchoStaffRequest>,
    ) -> Result<pb::EchoStaffResponse, Error> {
        Ok(pb::EchoStaffResponse { text: call.request.text })
    }
}

impl Handle<echo_service::EchoDown> for Echo {
    async fn handle(
        &self,
        call: Call<pb::EchoDownRequest>,
    ) -> Result<Responses<pb::EchoDownResponse>, Error> {
        let message = call.request;
        let watched = Watched(self.probe.clone());
        let texts =
            stream::iter(message.texts.into_iter().map(|text| Ok(pb::EchoDownResponse { text })));
        let end = stream::once(async move {
            let _watched = watched;
            match message.mode.as_str() {
                "wait" => std::future::pending().await,
                "fail" => Some(Err(Error::OutOfStock)),
                "panic" => panic!("told to panic in the stream"),
                "context" => {
                    let caller =
                        Context::current().expect("a stream runs in a context").caller().key();
                    Some(Ok(pb::EchoDownResponse { text: caller }))
                }
                _ => None,
            }
        });
        Ok(Responses::new(texts.chain(end.filter_map(|item| async move { item }))))
    }
}

impl Handle<echo_service::EchoUp> for Echo {
    async fn handle(
        &self,
        call: Call<Requests<pb::EchoUpRequest>>,
    ) -> Result<pb::EchoUpResponse, Error> {
        let mut messages = call.request;
        let mut text = String::new();
        let _watched = Watched(self.probe.clone());
        self.probe.entered.notify_one();
        while let Some(message) = messages.message().await? {
            text.push_str(&message.text);
        }
        Ok(pb::EchoUpResponse { text })
    }
}

impl Handle<echo_service::EchoBoth> for Echo {
    async fn handle(
        &self,
        call: Call<Requests<pb::EchoBothRequest>>,
    ) -> Result<Responses<pb::EchoBothResponse>, Error> {
        Ok(Responses::new(
            call.request
                .map(|message| Ok::<_, Status>(pb::EchoBothResponse { text: message?.text })),
        ))
    }
}
