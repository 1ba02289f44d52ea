//! Deadlines are kept, passed on and respected on arrival; a caller that disconnects is noticed.

use std::time::{Duration, Instant};

use souk_chassis::{Caller, Context};
use tonic::{Code, Request};

use crate::errors::reason;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Form, Stage, in_every_form, soon};

fn mode(mode: &str) -> pb::EchoRequest {
    pb::EchoRequest { text: "x".to_string(), mode: mode.to_string(), ..Default::default() }
}

/// Asserts that a method saw what was left of a time that began at `asked`: neither more than all
/// of it nor less than what is left now, whatever the machine's speed.
#[track_caller]
fn is_left_of(milliseconds: i64, left: i64, asked: Instant) {
    // A timeout is rounded on the wire, and what is left of it to whole milliseconds.
    let least = milliseconds - 2 - i64::try_from(asked.elapsed().as_millis()).unwrap();
    assert!((least..=milliseconds).contains(&left), "{left} of {milliseconds}, not {least}");
}

in_every_form! {
    async fn a_callers_deadline_ends_the_method(stage: Stage) {
        let mut request = Request::new(mode("wait"));
        request.set_timeout(Duration::from_millis(100));
        let started = Instant::now();
        let status = stage.client().echo(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "ERROR_REASON_DEADLINE_EXCEEDED"));
        // The contract gives it five seconds.
        assert!(started.elapsed() < Duration::from_secs(4));
        soon("dropping the method", stage.probe.cancelled.notified()).await;
        stage.stop().await;
    }

    async fn the_contracts_timeout_ends_the_method(stage: Stage) {
        let request = pb::EchoKnownRequest { mode: "wait".to_string(), ..Default::default() };
        let status = stage.client_as(&Caller::user("alice")).echo_known(request).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        soon("dropping the method", stage.probe.cancelled.notified()).await;
        stage.stop().await;
    }

    async fn the_earlier_of_both_deadlines_reaches_the_method(stage: Stage) {
        let asked = Instant::now();
        let of_the_contract = stage.client().echo(mode("")).await.unwrap().into_inner().remaining_ms;
        is_left_of(5000, of_the_contract, asked);
        let mut request = Request::new(mode(""));
        request.set_timeout(Duration::from_secs(2));
        let asked = Instant::now();
        let of_the_caller = stage.client().echo(request).await.unwrap().into_inner().remaining_ms;
        is_left_of(2000, of_the_caller, asked);
        let mut request = Request::new(mode(""));
        request.set_timeout(Duration::from_secs(60));
        let longer = stage.client().echo(request).await.unwrap().into_inner().remaining_ms;
        assert!(longer <= 5000, "{longer}");
        stage.stop().await;
    }

    async fn what_is_left_of_a_deadline_reaches_the_second_hop(stage: Stage) {
        let mut request = Request::new(mode("hop"));
        request.set_timeout(Duration::from_secs(2));
        let asked = Instant::now();
        let left = stage.client().echo(request).await.unwrap().into_inner().remaining_ms;
        is_left_of(2000, left, asked);

        let asked = Instant::now();
        let context = Context::background("test").with_timeout(Duration::from_millis(1500));
        let mut client = stage.client();
        let left = context.scope(client.echo(mode("hop"))).await.unwrap().into_inner().remaining_ms;
        is_left_of(1500, left, asked);
        stage.stop().await;
    }

    async fn a_request_whose_deadline_has_passed_is_not_served(stage: Stage) {
        let context = Context::background("test").with_timeout(Duration::ZERO);
        let mut client = stage.client();
        let status = context.scope(client.echo(mode(""))).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(stage.attempts(), 0);
        stage.stop().await;
    }

    async fn a_deadline_ends_a_stream(stage: Stage) {
        let mut request = Request::new(pb::EchoDownRequest { texts: vec!["a".to_string()], mode: "wait".to_string() });
        request.set_timeout(Duration::from_millis(200));
        let mut answers = stage.client().echo_down(request).await.unwrap().into_inner();
        assert_eq!(answers.message().await.unwrap().unwrap().text, "a");
        let status = soon("the end", answers.message()).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "ERROR_REASON_DEADLINE_EXCEEDED"));
        soon("dropping the stream", stage.probe.cancelled.notified()).await;
        stage.stop().await;
    }

    async fn dropping_a_call_cancels_the_method(stage: Stage) {
        let mut client = stage.client();
        let call = tokio::spawn(async move { client.echo(mode("wait")).await });
        soon("entering the method", stage.probe.entered.notified()).await;
        call.abort();
        soon("dropping the method", stage.probe.cancelled.notified()).await;
        stage.stop().await;
    }

    async fn dropping_a_call_cancels_the_second_hop(stage: Stage) {
        let mut client = stage.client();
        let call = tokio::spawn(async move { client.echo(mode("hop-wait")).await });
        soon("entering the method", stage.peer_probe.entered.notified()).await;
        call.abort();
        soon("dropping the method", stage.peer_probe.cancelled.notified()).await;
        stage.stop().await;
    }

    async fn dropping_a_stream_cancels_it(stage: Stage) {
        let request = pb::EchoDownRequest { texts: vec!["a".to_string()], mode: "wait".to_string() };
        let mut answers = stage.client().echo_down(request).await.unwrap().into_inner();
        answers.message().await.unwrap();
        drop(answers);
        soon("dropping the stream", stage.probe.cancelled.notified()).await;
        stage.stop().await;
    }
}

/// A channel does not even send such a request, and tonic's client gives up first, so this one is
/// sent by hyper.
#[tokio::test]
async fn a_server_refuses_what_arrives_after_its_deadline() {
    let stage = Stage::start(Form::Loopback).await;
    let stream = tokio::net::TcpStream::connect(stage.echo.addr()).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let plain = tower::service_fn(move |request: http::Request<tonic::body::Body>| {
        let mut sender = sender.clone();
        async move { sender.send_request(request).await }
    });
    let origin = format!("http://{}", stage.echo.addr()).parse().unwrap();
    let mut client =
        crate::proto::souk::echo::v1::echo_service_client::EchoServiceClient::with_origin(
            plain, origin,
        );
    let mut request = Request::new(mode(""));
    request.metadata_mut().insert("grpc-timeout", "0n".parse().unwrap());
    let status = client.echo(request).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::DeadlineExceeded, "ERROR_REASON_DEADLINE_EXCEEDED")
    );
    assert_eq!(stage.attempts(), 0);
    stage.stop().await;
}
