//! The service under test: says back what it is told, and misbehaves when asked to.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use souk_chassis::{Caller, Context, Deadline, Definition, Host, Service, StartError, refuse, reply};
use souk_contract::PublicError;
use tokio::sync::Notify;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::ErrorDetails;

use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1 as pb;
use crate::proto::souk::echo::v1::echo_service_client::EchoServiceClient;
use crate::proto::souk::echo::v1::echo_service_server::{EchoService, EchoServiceServer};

pub const DEFAULTS: &str = r#"
# Names the probe of the test that started this service.
probe = ""
# The neighbour that a second hop goes to.
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
}

static PROBES: LazyLock<Mutex<HashMap<String, Arc<Probe>>>> = LazyLock::new(Mutex::default);

/// Returns the probe of this name.
pub fn probe(name: &str) -> Arc<Probe> {
    PROBES.lock().unwrap().entry(name.to_string()).or_default().clone()
}

pub fn definition() -> Definition {
    Definition::new("echo", DEFAULTS, build)
}

async fn build(config: Config, host: Host) -> Result<Service, StartError> {
    let probe = probe(&config.probe);
    let peer = EchoServiceClient::new(host.channel(&config.peer));
    let rpc = Echo { probe: probe.clone(), peer, host };
    let (working, ready) = (probe.clone(), probe);
    let worker_fails = config.worker_fails;
    Ok(Service::new(&CONTRACT)
        .rpc(EchoServiceServer::new(rpc))
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
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::OutOfStock => Code::FailedPrecondition,
            Error::Field => Code::InvalidArgument,
            Error::Shelf(_) => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Error::OutOfStock => "ERROR_REASON_OUT_OF_STOCK",
            Error::Field => souk_contract::REASON_INVALID_FIELD,
            Error::Shelf(_) => "ERROR_REASON_INTERNAL",
        }
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::Field => "souk.policy.v1",
            _ => "souk.echo.v1",
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        vec![("sku".to_string(), "mug".to_string())]
    }

    fn describe(&self, details: &mut ErrorDetails) {
        details.add_precondition_failure_violation("STOCK", "sku/mug", "0 left");
    }
}

/// Tells the probe when it is dropped: the method was cancelled.
struct Watched(Arc<Probe>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.cancelled.notify_one();
    }
}

impl Echo {
    async fn say(&self, request: Request<pb::EchoRequest>) -> Result<pb::EchoResponse, Error> {
        let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
        let header = request.metadata().get("x-test").map(|value| value.to_str().unwrap().to_string());
        let context = Context::current().expect("a method runs in a context");
        let message = request.into_inner();
        self.host.faults().point("echo.say.begin", &message.text).await;
        match message.mode.as_str() {
            "refuse" => return Err(Error::OutOfStock),
            "field" => return Err(Error::Field),
            "internal" => return Err(Error::Shelf(std::io::Error::other("password=secret-of-the-shelf"))),
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
            "hop" | "hop-known" => {}
            _ => {}
        }
        Ok(pb::EchoResponse {
            text: message.text,
            caller: caller.key(),
            remaining_ms: deadline.remaining().as_millis() as i64,
            trace_id: context.trace_id().to_string(),
            criticality: context.criticality().name().to_string(),
            header: header.unwrap_or_default(),
        })
    }
}

#[tonic::async_trait]
impl EchoService for Echo {
    async fn echo(&self, request: Request<pb::EchoRequest>) -> Result<Response<pb::EchoResponse>, Status> {
        let attempt = {
            let mut attempts = self.probe.attempts.lock().unwrap();
            *attempts += 1;
            *attempts
        };
        let mode = request.get_ref().mode.clone();
        if let Some(failures) = mode.strip_prefix("flaky:")
            && attempt <= failures.parse::<u32>().unwrap()
        {
            return Err(Status::unavailable("try again"));
        }
        match mode.as_str() {
            "pushback" => {
                let mut status = Status::unavailable("go away");
                status.metadata_mut().insert("grpc-retry-pushback-ms", "-1".parse().unwrap());
                return Err(status);
            }
            "retry-info" if attempt == 1 => {
                let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(200)));
                return Err(<Status as tonic_types::StatusExt>::with_error_details(
                    Code::Unavailable,
                    "later",
                    details,
                ));
            }
            "exhausted" => return Err(Status::resource_exhausted("no more of it")),
            "bare" => return Err(Status::not_found("a status without a reason")),
            "large" => {
                let text = "x".repeat(request.get_ref().text.parse().unwrap());
                return Ok(Response::new(pb::EchoResponse { text, ..Default::default() }));
            }
            "hop" => {
                let next = pb::EchoRequest { mode: String::new(), ..request.into_inner() };
                return self.peer.clone().echo(next).await;
            }
            "hop-wait" => {
                let next = pb::EchoRequest { mode: "wait".to_string(), ..request.into_inner() };
                return self.peer.clone().echo(next).await;
            }
            "hop-known" => {
                let next = pb::EchoKnownRequest { text: request.into_inner().text, mode: String::new() };
                let answer = self.peer.clone().echo_known(next).await?.into_inner();
                return Ok(Response::new(pb::EchoResponse {
                    text: answer.text,
                    caller: answer.caller,
                    remaining_ms: answer.remaining_ms,
                    criticality: answer.criticality,
                    ..Default::default()
                }));
            }
            _ => {}
        }
        let mut response = reply(self.say(request).await)?;
        response.metadata_mut().insert("x-answer", "yes".parse().unwrap());
        Ok(response)
    }

    async fn echo_known(
        &self,
        request: Request<pb::EchoKnownRequest>,
    ) -> Result<Response<pb::EchoKnownResponse>, Status> {
        let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
        let criticality = Context::current().unwrap().criticality().name().to_string();
        let message = request.into_inner();
        if message.mode == "wait" {
            let _watched = Watched(self.probe.clone());
            std::future::pending::<()>().await;
        }
        let remaining_ms = deadline.remaining().as_millis() as i64;
        let answer = pb::EchoKnownResponse { text: message.text, caller: caller.key(), remaining_ms, criticality };
        Ok(Response::new(answer))
    }

    async fn echo_staff(
        &self,
        request: Request<pb::EchoStaffRequest>,
    ) -> Result<Response<pb::EchoStaffResponse>, Status> {
        Ok(Response::new(pb::EchoStaffResponse { text: request.into_inner().text }))
    }

    type EchoDownStream = Pin<Box<dyn Stream<Item = Result<pb::EchoDownResponse, Status>> + Send>>;

    async fn echo_down(&self, request: Request<pb::EchoDownRequest>) -> Result<Response<Self::EchoDownStream>, Status> {
        let message = request.into_inner();
        let watched = Watched(self.probe.clone());
        let texts = stream::iter(message.texts.into_iter().map(|text| Ok(pb::EchoDownResponse { text })));
        let end = stream::once(async move {
            let _watched = watched;
            match message.mode.as_str() {
                "wait" => std::future::pending().await,
                "fail" => Some(Err(refuse(&Error::OutOfStock))),
                "panic" => panic!("told to panic in the stream"),
                "context" => {
                    let caller = Context::current().expect("a stream runs in a context").caller().key();
                    Some(Ok(pb::EchoDownResponse { text: caller }))
                }
                _ => None,
            }
        });
        Ok(Response::new(Box::pin(texts.chain(end.filter_map(|item| async move { item })))))
    }

    async fn echo_up(
        &self,
        request: Request<Streaming<pb::EchoUpRequest>>,
    ) -> Result<Response<pb::EchoUpResponse>, Status> {
        let mut messages = request.into_inner();
        let mut text = String::new();
        let _watched = Watched(self.probe.clone());
        self.probe.entered.notify_one();
        while let Some(message) = messages.message().await? {
            text.push_str(&message.text);
        }
        Ok(Response::new(pb::EchoUpResponse { text }))
    }

    type EchoBothStream = Pin<Box<dyn Stream<Item = Result<pb::EchoBothResponse, Status>> + Send>>;

    async fn echo_both(
        &self,
        request: Request<Streaming<pb::EchoBothRequest>>,
    ) -> Result<Response<Self::EchoBothStream>, Status> {
        let answers = request.into_inner().map(|message| Ok(pb::EchoBothResponse { text: message?.text }));
        Ok(Response::new(Box::pin(answers)))
    }
}
