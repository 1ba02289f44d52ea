//! What a call through the whole stack costs: in this process, over loopback, and bare tonic beside both.
//!
//! Sequential, one small message, with a user's token, validation, request log (to stderr: send it to a file) and
//! metrics on. Prints medians over rounds that take turns, so that a busy machine disturbs all alike.
//! `cargo run --release --example rpc_cost 2>/dev/null`

use std::time::{Duration, Instant};

use souk_chassis::{Caller, Channel, Definition, Host, Options, Service, Shop, StartError};
use tonic::{Request, Response, Status, Streaming};

use proto::souk::echo::v1 as pb;
use proto::souk::echo::v1::echo_service_client::EchoServiceClient;
use proto::souk::echo::v1::echo_service_server::{EchoService, EchoServiceServer};

#[allow(dead_code, missing_docs, unused_imports, unused_qualifications, clippy::all)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/echo/contract.rs"));
}

const ROUNDS: usize = 7;
const CALLS_IN_PROCESS: usize = 20_000;
const CALLS_OVER_LOOPBACK: usize = 2_000;

#[derive(Clone)]
struct Echo;

type Stream<T> = std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl EchoService for Echo {
    async fn echo(&self, request: Request<pb::EchoRequest>) -> Result<Response<pb::EchoResponse>, Status> {
        Ok(Response::new(pb::EchoResponse { text: request.into_inner().text, ..Default::default() }))
    }

    async fn echo_known(
        &self,
        request: Request<pb::EchoKnownRequest>,
    ) -> Result<Response<pb::EchoKnownResponse>, Status> {
        Ok(Response::new(pb::EchoKnownResponse { text: request.into_inner().text, ..Default::default() }))
    }

    async fn echo_staff(
        &self,
        request: Request<pb::EchoStaffRequest>,
    ) -> Result<Response<pb::EchoStaffResponse>, Status> {
        Ok(Response::new(pb::EchoStaffResponse { text: request.into_inner().text }))
    }

    type EchoDownStream = Stream<pb::EchoDownResponse>;

    async fn echo_down(&self, request: Request<pb::EchoDownRequest>) -> Result<Response<Self::EchoDownStream>, Status> {
        let texts = request.into_inner().texts.into_iter().map(|text| Ok(pb::EchoDownResponse { text }));
        Ok(Response::new(Box::pin(futures_util::stream::iter(texts.collect::<Vec<_>>()))))
    }

    async fn echo_up(
        &self,
        request: Request<Streaming<pb::EchoUpRequest>>,
    ) -> Result<Response<pb::EchoUpResponse>, Status> {
        let mut messages = request.into_inner();
        let mut text = String::new();
        while let Some(message) = messages.message().await? {
            text.push_str(&message.text);
        }
        Ok(Response::new(pb::EchoUpResponse { text }))
    }

    type EchoBothStream = Stream<pb::EchoBothResponse>;

    async fn echo_both(
        &self,
        _request: Request<Streaming<pb::EchoBothRequest>>,
    ) -> Result<Response<Self::EchoBothStream>, Status> {
        Ok(Response::new(Box::pin(futures_util::stream::empty())))
    }
}

#[derive(serde::Deserialize)]
struct Nothing {}

async fn build(_config: Nothing, _host: Host) -> Result<Service, StartError> {
    Ok(Service::new(&proto::CONTRACT).rpc(EchoServiceServer::new(Echo)))
}

/// Calls one after the other and returns how long each took, sorted.
async fn sequential<C>(client: &mut EchoServiceClient<C>, calls: usize) -> Vec<Duration>
where
    C: tonic::client::GrpcService<tonic::body::Body>,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    let mut times = Vec::with_capacity(calls);
    for _call in 0..calls {
        let request =
            pb::EchoKnownRequest { text: "a small message of no great length".to_string(), mode: String::new() };
        let started = Instant::now();
        client.echo_known(request).await.expect("the call is answered");
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times
}

/// Calls from 64 tasks for a second and returns the calls a second.
async fn throughput<C>(client: &EchoServiceClient<C>) -> f64
where
    C: tonic::client::GrpcService<tonic::body::Body> + Clone + Send + 'static,
    C::Future: Send,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    let started = Instant::now();
    let until = started + Duration::from_secs(1);
    let mut callers = tokio::task::JoinSet::new();
    for _caller in 0..64 {
        let mut client = client.clone();
        callers.spawn(async move {
            let mut calls = 0_u32;
            while Instant::now() < until {
                let request = pb::EchoKnownRequest { text: "a small message".to_string(), mode: String::new() };
                client.echo_known(request).await.expect("the call is answered");
                calls += 1;
            }
            calls
        });
    }
    let calls: u32 = callers.join_all().await.into_iter().sum();
    f64::from(calls) / started.elapsed().as_secs_f64()
}

async fn repeat<C>(client: &EchoServiceClient<C>) -> Result<(), StartError>
where
    C: tonic::client::GrpcService<tonic::body::Body> + Clone + Send + 'static,
    C::Future: Send,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    for _second in 0..8 {
        println!("{:8.0} calls a second", throughput(client).await);
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let outcome = souk_chassis::code_of("rpc_cost", measure());
    std::process::exit(outcome.into());
}

async fn measure() -> Result<(), StartError> {
    let folder = std::env::temp_dir().join("souk-rpc-cost");
    let options = |level: &str| {
        Options::new("souk")
            .environment(&[])
            .set("data_dir", folder.display())
            .set("server.listen", "127.0.0.1:0")
            .set("server.metrics_listen", "127.0.0.1:0")
            .set("log.level", level)
    };
    let whole = Shop::new(options("info")).with(Definition::new("echo", "", build)).start().await?;
    let silent = Shop::new(options("warn")).with(Definition::new("echo", "", build)).start().await?;
    let alice = Caller::User("alice".to_string());

    // Bare tonic: its own server, and its generated client on the generated server without a socket.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let bare_address = listener.local_addr()?;
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    let bare_server = tonic::transport::Server::builder().serve_with_incoming(EchoServiceServer::new(Echo), incoming);
    tokio::spawn(bare_server);

    let mut bare_in_process = EchoServiceClient::new(EchoServiceServer::new(Echo));
    let mut silent_in_process = EchoServiceClient::new(silent.channel("echo").acting_as(&alice));
    let mut in_process = EchoServiceClient::new(whole.channel("echo").acting_as(&alice));
    let connect = |address: std::net::SocketAddr| {
        tonic::transport::Endpoint::from_shared(format!("http://{address}")).map(|endpoint| endpoint.tcp_nodelay(true))
    };
    let mut bare_loopback = EchoServiceClient::new(connect(bare_address)?.connect().await?);
    let channel = Channel::to(&format!("http://{}", whole.addr()), &alice, &proto::CONTRACT)?;
    let mut loopback = EchoServiceClient::new(channel);
    // The server's stack alone: tonic's own client, with the token that the policy asks for.
    let token = format!("Bearer {}", souk_chassis::identity::development_token(&alice));
    let token: tonic::metadata::MetadataValue<_> = token.parse()?;
    let with_token = move |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", token.clone());
        Ok(request)
    };
    let plain = connect(whole.addr())?.connect().await?;
    let mut server_only = EchoServiceClient::with_interceptor(plain, with_token);

    // For a profiler: one kind of load for a while, and nothing else.
    match std::env::args().nth(1).as_deref() {
        Some("bare") => return repeat(&bare_loopback).await,
        Some("server") => return repeat(&server_only).await,
        Some("whole") => return repeat(&loopback).await,
        _ => {}
    }

    let mut p50: [Vec<f64>; 6] = Default::default();
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _round in 0..ROUNDS {
        let middle = |times: Vec<Duration>| times[times.len() / 2].as_secs_f64() * 1e6;
        p50[0].push(middle(sequential(&mut bare_in_process, CALLS_IN_PROCESS).await));
        p50[1].push(middle(sequential(&mut silent_in_process, CALLS_IN_PROCESS).await));
        p50[2].push(middle(sequential(&mut in_process, CALLS_IN_PROCESS).await));
        p50[3].push(middle(sequential(&mut bare_loopback, CALLS_OVER_LOOPBACK).await));
        p50[4].push(middle(sequential(&mut server_only, CALLS_OVER_LOOPBACK).await));
        p50[5].push(middle(sequential(&mut loopback, CALLS_OVER_LOOPBACK).await));
        rates[0].push(throughput(&bare_loopback).await);
        rates[1].push(throughput(&server_only).await);
        rates[2].push(throughput(&loopback).await);
    }
    let [bare, quiet, full, bare_tcp, server_tcp, full_tcp] = p50.map(median);
    let [bare_rate, server_rate, full_rate] = rates.map(median);
    println!("sequential p50, microseconds (medians of {ROUNDS} rounds)");
    println!("  in process, bare tonic client on server  {bare:8.1}");
    println!("  in process, whole stack, log off         {quiet:8.1}");
    println!("  in process, whole stack                  {full:8.1}");
    println!("  loopback, bare tonic                     {bare_tcp:8.1}");
    println!("  loopback, tonic client, our server       {server_tcp:8.1}");
    println!("  loopback, whole stack                    {full_tcp:8.1}");
    println!("  loopback / in process                    {:8.1} times", full_tcp / full);
    println!("64 callers over loopback, calls a second");
    println!("  bare tonic                               {bare_rate:8.0}");
    println!("  tonic client, our server                 {server_rate:8.0}  {:.2} of bare", server_rate / bare_rate);
    println!("  whole stack                              {full_rate:8.0}  {:.2} of bare", full_rate / bare_rate);
    whole.drain().await?;
    silent.drain().await
}
