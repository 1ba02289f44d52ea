//! What a call through the whole stack costs: in this process, over loopback, and bare tonic beside
//! both.
//!
//! The method is one of the contract, answered at once by a server that has nothing else to do.
//! Token, validation, request log (into a file) and metrics are on.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::future::LocalBoxFuture;
use souk_chassis::{Call, Caller, Channel, Definition, Host, Report, Service, Shop, StartError};
use souk_client::payments::simulator::v1alpha as pb;
use souk_client::payments::simulator::v1alpha::simulator_service;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_contract::{FieldError, Handle, Handlers, Server};
use souk_tests::bench::{Comparison, Goals, Latencies, print_environment};
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status, body::Body, client::GrpcService};
use tonic_prost::ProstCodec;

use super::shop;

const CALLS_IN_PROCESS: usize = 20_000;
const CALLS_OVER_LOOPBACK: usize = 2_000;
const CALLERS: usize = 64;

#[derive(clap::Args)]
pub struct Options {
    /// Rounds that count, at least 5.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds that each target is under load, each round.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
}

#[derive(Clone)]
struct AtOnce;

impl Handlers for AtOnce {
    type Error = Status;
}

impl Handle<simulator_service::ListCharges> for AtOnce {
    async fn handle(
        &self,
        call: Call<pb::ListChargesRequest>,
    ) -> Result<pb::ListChargesResponse, Status> {
        Ok(pb::ListChargesResponse {
            next_page_token: call.request.page_token,
            ..Default::default()
        })
    }
}

/// Serves the one method that is called.
fn server() -> Server {
    let at_once = Arc::new(AtOnce);
    Server::new("souk.payments.simulator.v1alpha.SimulatorService")
        .unary::<simulator_service::ListCharges, _, _, _>("ListCharges", &at_once)
}

/// The same method as tonic alone serves it: the baseline.
#[derive(Clone)]
struct Bare;

impl UnaryService<pb::ListChargesRequest> for Bare {
    type Response = pb::ListChargesResponse;
    type Future = std::future::Ready<Result<Response<Self::Response>, Status>>;

    fn call(&mut self, request: Request<pb::ListChargesRequest>) -> Self::Future {
        let next_page_token = request.into_inner().page_token;
        std::future::ready(Ok(Response::new(pb::ListChargesResponse {
            next_page_token,
            ..Default::default()
        })))
    }
}

impl tower::Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async { Ok(Grpc::new(ProstCodec::default()).unary(Bare, request).await) })
    }
}

#[derive(serde::Deserialize)]
struct Nothing {}

fn definition() -> Definition {
    Definition::new("payments", "", |_config: Nothing, _host: Host| async {
        let service = Service::new(&souk_client::CONTRACT).rpc(server());
        Ok::<_, StartError>(service.invariants(|| async { Ok::<_, FieldError>(Report::default()) }))
    })
}

/// Everything that is called, however it is reached.
trait Target: Clone + Send + 'static {
    fn call(&mut self) -> impl Future<Output = ()> + Send;
}

impl<C> Target for SimulatorServiceClient<C>
where
    C: GrpcService<Body> + Clone + Send + 'static,
    C::Future: Send,
    C::Error: Into<tonic::codegen::StdError>,
    C::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <C::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
{
    async fn call(&mut self) {
        let page_token = "a small message of no great length".to_owned();
        let request = pb::ListChargesRequest { page_size: 100, page_token };
        self.list_charges(request).await.expect("the call is answered");
    }
}

/// Returns the median of calls one after the other, in microseconds.
fn sequential(target: &impl Target, calls: usize) -> LocalBoxFuture<'static, f64> {
    let mut target = target.clone();
    Box::pin(async move {
        let mut times = Vec::with_capacity(calls);
        for _call in 0..calls {
            let started = Instant::now();
            target.call().await;
            times.push(started.elapsed());
        }
        Latencies::new(times).percentile(50.0).as_secs_f64() * 1e6
    })
}

/// Returns the calls a second from many callers at once.
fn throughput(target: &impl Target, seconds: f64) -> LocalBoxFuture<'static, f64> {
    let target = target.clone();
    Box::pin(async move {
        let started = Instant::now();
        let until = started + Duration::from_secs_f64(seconds);
        let mut callers = tokio::task::JoinSet::new();
        for _caller in 0..CALLERS {
            let mut target = target.clone();
            callers.spawn(async move {
                let mut calls = 0_u32;
                while Instant::now() < until {
                    target.call().await;
                    calls += 1;
                }
                calls
            });
        }
        let calls: u32 = callers.join_all().await.into_iter().sum();
        f64::from(calls) / started.elapsed().as_secs_f64()
    })
}

/// Serves with tonic alone and returns where.
async fn bare_server() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(tonic::transport::Server::builder().serve_with_incoming(Bare, incoming));
    address
}

async fn connect(address: SocketAddr) -> tonic::transport::Channel {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"))
        .expect("an address is a URL");
    endpoint.tcp_nodelay(true).connect().await.expect("the server listens")
}

/// Measures and returns whether the goals were met.
pub async fn run(options: &Options, folder: &Path) -> bool {
    print_environment("rpc", folder);
    let staff = Caller::Staff("bench".to_owned());
    let start = |level: &str| {
        let options = shop::options(&folder.join(level)).set("log.level", level);
        Shop::new(options).with(definition()).start()
    };
    let whole = start("info").await.expect("the shop starts");
    let silent = start("warn").await.expect("the shop starts");

    let bare = SimulatorServiceClient::new(Bare);
    let quiet = SimulatorServiceClient::new(silent.channel("payments").acting_as(&staff));
    let ours = SimulatorServiceClient::new(whole.channel("payments").acting_as(&staff));

    let bare_tcp = SimulatorServiceClient::new(connect(bare_server().await).await);
    let to = |address| {
        Channel::to(&format!("http://{address}"), &staff, &souk_client::CONTRACT)
            .expect("an address")
    };
    let ours_tcp = SimulatorServiceClient::new(to(whole.addr()));
    let quiet_tcp = SimulatorServiceClient::new(to(silent.addr()));
    // The server's stack alone: tonic's own client, with the token that the policy asks for.
    let token = format!("Bearer {}", souk_chassis::identity::development_token(&staff));
    let token: tonic::metadata::MetadataValue<_> = token.parse().expect("a token is ASCII");
    let with_token = move |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", token.clone());
        Ok(request)
    };
    let server_only =
        SimulatorServiceClient::with_interceptor(connect(whole.addr()).await, with_token);

    let latency = Comparison::new("one call after the other, p50", "µs")
        .target("in process, bare tonic", || sequential(&bare, CALLS_IN_PROCESS))
        .target("in process, whole stack but the log", || sequential(&quiet, CALLS_IN_PROCESS))
        .target("in process, whole stack", || sequential(&ours, CALLS_IN_PROCESS))
        .target("loopback, bare tonic", || sequential(&bare_tcp, CALLS_OVER_LOOPBACK))
        .target("loopback, whole stack", || sequential(&ours_tcp, CALLS_OVER_LOOPBACK))
        .run(options.rounds)
        .await;
    let load =
        Comparison::new(format!("{CALLERS} callers over one connection, loopback"), "calls/s")
            .target("bare tonic", || throughput(&bare_tcp, options.seconds))
            .target("tonic's client, our server", || throughput(&server_only, options.seconds))
            .target("whole stack but the log", || throughput(&quiet_tcp, options.seconds))
            .target("whole stack", || throughput(&ours_tcp, options.seconds))
            .run(options.rounds)
            .await;

    let [tonic, but_log, all] = ["bare tonic", "whole stack but the log", "whole stack"]
        .map(|name| latency.median(&format!("in process, {name}")));
    println!(
        "\nof a call in process, µs: tonic {tonic:.1}, our layers {:.1}, request log {:.1}",
        but_log - tonic,
        all - but_log
    );
    let [bare, server, silent_rate, full] =
        ["bare tonic", "tonic's client, our server", "whole stack but the log", "whole stack"]
            .map(|name| 1e6 / load.median(name));
    println!(
        "of a call under load, µs of both cores: tonic {bare:.1}, our server's layers and log {:.1}, our client's layers {:.1}, of these the log {:.1}",
        server - bare,
        full - server,
        full - silent_rate,
    );

    whole.drain().await.expect("the shop drains");
    silent.drain().await.expect("the shop drains");
    let mut goals = Goals::default();
    goals.at_most("in process, whole stack, p50 in µs", 15.0, all);
    goals.at_least("loopback / in process", 15.0, latency.median("loopback, whole stack") / all);
    goals.at_least("throughput over loopback / bare tonic", 0.9, load.ratio("whole stack"));
    goals.finish()
}
