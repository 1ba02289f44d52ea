//! What one caller can take from others by not reading, not speaking, or asking for too much:
//! nothing.

use std::net::SocketAddr;
use std::time::Duration;

use h2::{Reason, RecvStream};
use http::Response;
use souk_chassis::pb::grpc::health::v1::HealthCheckRequest;
use souk_chassis::{Caller, Options, Running, Shop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::echo;
use crate::errors::reason;
use crate::observing::page;
use crate::proto::souk::echo::v1 as pb;
use crate::raw::{CHECK, DOWN, ECHO, Raw, WATCH, status};
use crate::stage::{options, soon, unique};

async fn start(change: impl Fn(Options) -> Options) -> Running {
    Shop::new(change(options(&unique("attacked")))).with(echo::definition()).start().await.unwrap()
}

fn say(mode: &str) -> pb::EchoRequest {
    pb::EchoRequest { text: "x".to_string(), mode: mode.to_string(), ..Default::default() }
}

/// A response of this many bytes.
fn large(bytes: usize) -> pb::EchoRequest {
    pb::EchoRequest { text: bytes.to_string(), mode: "large".to_string(), ..Default::default() }
}

fn watch() -> HealthCheckRequest {
    HealthCheckRequest { service: String::new() }
}

/// Asserts that this is the refusal of a cap: it says when to come back.
#[track_caller]
fn refused(status: &Status, expected: &str) {
    assert_eq!(
        (status.code(), reason(status).as_str()),
        (Code::ResourceExhausted, expected),
        "{status:?}"
    );
    assert!(
        status.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()),
        "{status:?}"
    );
}

/// Returns how often a cap has refused so far. The counters are those of all tests in this process.
async fn count(metrics: SocketAddr, cap: &str) -> u64 {
    let line = format!("souk_refused_total{{cap=\"{cap}\"}} ");
    let text = page(metrics, "/metrics").await;
    text.lines()
        .find_map(|found| found.strip_prefix(&line))
        .map_or(0, |count| count.trim().parse().unwrap())
}

async fn assert_open(running: &Running) {
    let mut other = Raw::connect(running.addr()).await;
    assert_eq!(status(other.call(ECHO, &say("")).await).await.code(), Code::Ok);
    assert_eq!(status(other.call(CHECK, &watch()).await).await.code(), Code::Ok);
}

/// Waits for the end of a stream whose body is not read.
async fn reset_of(response: Response<RecvStream>) -> Option<Reason> {
    let mut body = response.into_body();
    match soon("the reset", body.data()).await {
        Some(Err(error)) => error.reason(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn answers_that_nobody_reads_hold_no_slot() {
    let running = start(|options| options.set("server.max_requests", 4)).await;
    let mut greedy = Raw::with_window(running.addr(), 0).await;
    let mut unread = Vec::new();
    for _ in 0..50 {
        unread.push(greedy.call(ECHO, &say("")).await);
        assert_eq!(unread.last().unwrap().headers().get("grpc-status"), None, "it was let in");
    }
    assert_open(&running).await;
    assert!(page(running.metrics_addr(), "/metrics").await.contains("souk_requests_in_work 0\n"));
    drop((greedy, unread));
    running.drain().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_not_read_in_time_is_reset() {
    let running = start(|options| options.set("server.send_seconds", 1)).await;
    let before = count(running.metrics_addr(), "send_seconds").await;
    // One byte of window is what HTTP/2 takes whole messages for; it must not be a way around.
    for window in [0, 1] {
        let mut greedy = Raw::with_window(running.addr(), window).await;
        let single = greedy.call(ECHO, &say("")).await;
        let many = pb::EchoDownRequest { texts: vec!["a".to_string()], mode: "wait".to_string() };
        let stream = greedy.call(DOWN, &many).await;
        let watch = greedy.call(WATCH, &watch()).await;
        for mut answer in [single, stream, watch] {
            if window == 1 {
                // What is let through comes, and is not made up for.
                assert_eq!(answer.body_mut().data().await.unwrap().unwrap().len(), 1);
            }
            assert_eq!(reset_of(answer).await, Some(Reason::CANCEL));
        }
        // The connection itself continues.
        let refusal = greedy.call(ECHO, &pb::EchoRequest { times: 11, ..say("") }).await;
        assert_eq!(status(refusal).await.code(), Code::InvalidArgument);
    }
    assert!(count(running.metrics_addr(), "send_seconds").await >= before + 6);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn a_slow_reader_gets_all_of_a_large_answer_and_of_a_long_stream() {
    let running = start(|options| options.set("server.send_seconds", 1)).await;
    let mut slow = Raw::with_window(running.addr(), 3000).await;
    let answer = slow.call(ECHO, &large(1_000_000)).await;
    assert_eq!(status(answer).await.code(), Code::Ok);
    let texts = vec!["x".repeat(1_000); 100];
    let answer = slow.call(DOWN, &pb::EchoDownRequest { texts, mode: String::new() }).await;
    assert_eq!(status(answer).await.code(), Code::Ok);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn a_connection_and_an_address_have_a_share_and_services_are_not_bounded_by_it() {
    let running = start(|options| {
        options.set("server.max_requests_per_connection", 3).set("server.max_requests_per_peer", 5)
    })
    .await;
    let before = count(running.metrics_addr(), "requests_per_connection").await;
    let mut greedy = Raw::with_window(running.addr(), 0).await;
    let mut unread = Vec::new();
    for _ in 0..3 {
        unread.push(greedy.call(ECHO, &say("")).await);
    }
    let refusal = status(greedy.call(ECHO, &say("")).await).await;
    refused(&refusal, "ERROR_REASON_OVERLOADED");
    assert!(refusal.message().contains("server.max_requests_per_connection = 3"), "{refusal:?}");
    assert_eq!(count(running.metrics_addr(), "requests_per_connection").await, before + 1);
    let service = greedy.call_as(&Caller::Service("orders".into()), ECHO, &say("")).await;
    assert_eq!(service.headers().get("grpc-status"), None, "a service is let in");
    assert_open(&running).await;

    // The second connection gets what is left of the address.
    let mut more = Raw::with_window(running.addr(), 0).await;
    for _ in 0..2 {
        unread.push(more.call(ECHO, &say("")).await);
    }
    let refusal = status(more.call(ECHO, &say("")).await).await;
    refused(&refusal, "ERROR_REASON_OVERLOADED");
    assert!(refusal.message().contains("server.max_requests_per_peer = 5"), "{refusal:?}");
    assert_eq!(
        status(Raw::connect(running.addr()).await.call(CHECK, &watch()).await).await.code(),
        Code::Ok
    );

    drop((greedy, more, unread, service));
    soon("the share is given back", async {
        let mut other = Raw::connect(running.addr()).await;
        while status(other.call(ECHO, &say("")).await).await.code() != Code::Ok {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    running.drain().await.unwrap();
}

#[tokio::test]
async fn a_listed_proxy_is_not_bounded_by_a_share() {
    let running = start(|options| {
        options
            .set("server.max_requests_per_connection", 1)
            .set("server.max_connections_per_peer", 1)
            .set("server.trusted_proxies", "[\"127.0.0.0/8\"]")
    })
    .await;
    let mut proxies =
        [Raw::with_window(running.addr(), 0).await, Raw::with_window(running.addr(), 0).await];
    for proxy in &mut proxies {
        for _ in 0..3 {
            assert_eq!(proxy.call(ECHO, &say("")).await.headers().get("grpc-status"), None);
        }
    }
    drop(proxies);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn bytes_that_nobody_reads_are_bounded() {
    let running = start(|options| options.set("server.max_unsent_bytes_per_peer", 100_000)).await;
    let mut greedy = Raw::with_window(running.addr(), 0).await;
    let unread = [greedy.call(ECHO, &large(60_000)).await, greedy.call(ECHO, &large(60_000)).await];
    let refusal = status(greedy.call(ECHO, &large(60_000)).await).await;
    refused(&refusal, "ERROR_REASON_OVERLOADED");
    assert!(refusal.message().contains("server.max_unsent_bytes_per_peer = 100000"), "{refusal:?}");
    drop(unread);
    soon("they are forgotten", async {
        while greedy.call(ECHO, &large(60_000)).await.headers().contains_key("grpc-status") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    // Calls admitted together are bounded too: the last response is more than twice the share.
    let _first = greedy.call(ECHO, &large(90_000)).await;
    refused(&status(greedy.call(ECHO, &large(200_000)).await).await, "ERROR_REASON_OVERLOADED");
    drop(greedy);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn watches_and_probes_take_nothing_from_others_and_are_bounded_for_each_connection() {
    let running = start(|options| options.set("server.max_requests", 1)).await;
    let mut watcher = Raw::connect(running.addr()).await;
    let mut watches = Vec::new();
    for _ in 0..32 {
        let mut answer = watcher.call(WATCH, &watch()).await;
        answer.body_mut().data().await.unwrap().unwrap();
        watches.push(answer);
    }
    refused(&status(watcher.call(WATCH, &watch()).await).await, "ERROR_REASON_TOO_MANY_STREAMS");
    assert_eq!(status(watcher.call(CHECK, &watch()).await).await.code(), Code::Ok);
    assert_eq!(status(watcher.call(ECHO, &say("")).await).await.code(), Code::Ok);
    let mut other = Raw::connect(running.addr()).await;
    other.call(WATCH, &watch()).await.body_mut().data().await.unwrap().unwrap();
    assert_open(&running).await;
    drop((watcher, watches, other));
    running.drain().await.unwrap();
}

#[tokio::test]
async fn streams_of_callers_without_a_name_are_counted_by_address() {
    let running = start(|options| options.set("server.max_streams_per_caller", 1)).await;
    let waiting = pb::EchoDownRequest { texts: vec!["a".to_string()], mode: "wait".to_string() };
    let mut caller = Raw::connect(running.addr()).await;
    let first = caller.call(DOWN, &waiting).await;
    refused(&status(caller.call(DOWN, &waiting).await).await, "ERROR_REASON_TOO_MANY_STREAMS");
    // A caller in this process is a different one.
    let mut local =
        crate::stage::Client::new(running.channel("echo").acting_as(&Caller::Anonymous));
    local.echo_down(waiting).await.unwrap();
    drop((first, caller, local));
    running.drain().await.unwrap();
}

#[tokio::test]
async fn connections_are_bounded_in_all_and_for_each_address() {
    for (setting, cap) in
        [("max_connections", "connections"), ("max_connections_per_peer", "connections_per_peer")]
    {
        let running = start(|options| options.set(&format!("server.{setting}"), 2)).await;
        let before = count(running.metrics_addr(), cap).await;
        let mut first = Raw::connect(running.addr()).await;
        let _second = Raw::connect(running.addr()).await;
        assert_eq!(status(first.call(ECHO, &say("")).await).await.code(), Code::Ok);
        let mut third = TcpStream::connect(running.addr()).await.unwrap();
        assert_eq!(closed(&mut third).await, 0);
        assert_eq!(count(running.metrics_addr(), cap).await, before + 1);
        assert!(page(running.metrics_addr(), "/metrics").await.contains("souk_connections 2\n"));
        assert_eq!(
            status(first.call(ECHO, &say("")).await).await.code(),
            Code::Ok,
            "the others go on"
        );
        drop((first, _second));
        running.drain().await.unwrap();
    }
}

/// Waits until the other side has closed, and returns how many bytes came before.
async fn closed(stream: &mut TcpStream) -> usize {
    let mut bytes = Vec::new();
    let closing = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes));
    // A reset is an end as well.
    let _ = closing.await.expect("it is closed");
    bytes.len()
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let running = start(|options| options).await;
    let before = count(running.metrics_addr(), "preface_seconds").await;
    let mut silent = TcpStream::connect(running.addr()).await.unwrap();
    let mut half = TcpStream::connect(running.addr()).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    let mut page_of = TcpStream::connect(running.metrics_addr()).await.unwrap();
    page_of.write_all(b"GET /readyz HTTP/1.1\r\n").await.unwrap();
    let mut idle = Raw::connect(running.addr()).await;
    tokio::join!(closed(&mut silent), closed(&mut half), closed(&mut page_of));
    assert_eq!(count(running.metrics_addr(), "preface_seconds").await, before + 2);
    assert_eq!(
        status(idle.call(ECHO, &say("")).await).await.code(),
        Code::Ok,
        "an idle connection lives"
    );
    drop(idle);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn answers_that_nobody_reads_do_not_spoil_a_drain() {
    let running = start(|options| options.set("server.drain_seconds", 1)).await;
    let mut greedy = Raw::with_window(running.addr(), 0).await;
    let unread = greedy.call(ECHO, &say("")).await;
    soon("the drain", running.drain()).await.unwrap();
    drop(unread);
}
