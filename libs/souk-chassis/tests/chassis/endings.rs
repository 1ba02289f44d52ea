//! Streams are bounded for each caller, and end when the process stops; requests that have begun
//! are finished.

use std::time::Duration;

use souk_chassis::Caller;
use tonic::Code;

use crate::errors::reason;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Form, Stage, soon};

fn waiting() -> pb::EchoDownRequest {
    pb::EchoDownRequest { texts: vec!["a".to_string()], mode: "wait".to_string() }
}

async fn streams_end_and_requests_finish_at_the_drain(form: Form) {
    let stage = Stage::start(form).await;
    let mut down = stage.client().echo_down(waiting()).await.unwrap().into_inner();
    down.message().await.unwrap();

    let (sender, receiver) = tokio::sync::mpsc::channel::<pb::EchoUpRequest>(1);
    let mut client = stage.client();
    let up = tokio::spawn(async move {
        client.echo_up(tokio_stream::wrappers::ReceiverStream::new(receiver)).await
    });
    soon("entering the upload", stage.probe.entered.notified()).await;

    let mut client = stage.client();
    let hold = pb::EchoRequest {
        text: "held".to_string(),
        mode: "hold".to_string(),
        ..Default::default()
    };
    let held = tokio::spawn(async move { client.echo(hold).await });
    soon("entering the method", stage.probe.entered.notified()).await;

    let probe = stage.probe.clone();
    let draining = tokio::spawn(stage.stop());
    for status in [
        soon("the end of the stream", down.message()).await.unwrap_err(),
        soon("the end of the upload", up).await.unwrap().unwrap_err(),
    ] {
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unavailable, "ERROR_REASON_DRAINING")
        );
    }
    probe.released.notify_one();
    assert_eq!(soon("the answer", held).await.unwrap().unwrap().into_inner().text, "held");
    soon("the drain", draining).await.unwrap();
    drop(sender);
}

// The caller's process drains too when it is the same one; over loopback `stop` drains it first,
// which breaks nothing for its own outgoing calls.
#[tokio::test]
async fn streams_end_and_requests_finish_at_the_drain_in_process() {
    streams_end_and_requests_finish_at_the_drain(Form::InProcess).await;
}

#[tokio::test]
async fn streams_end_and_requests_finish_at_the_drain_over_loopback() {
    streams_end_and_requests_finish_at_the_drain(Form::Loopback).await;
}

#[tokio::test]
async fn one_caller_has_a_bounded_number_of_streams() {
    for form in [Form::InProcess, Form::Loopback] {
        let stage =
            Stage::start_with(form, |options| options.set("server.max_streams_per_caller", 2))
                .await;
        let alice = Caller::user("alice");
        let bob = Caller::user("bob");
        let first = stage.client_as(&alice).echo_down(waiting()).await.unwrap();
        let _second = stage.client_as(&alice).echo_down(waiting()).await.unwrap();
        let status = stage.client_as(&alice).echo_down(waiting()).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(reason(&status), "ERROR_REASON_TOO_MANY_STREAMS");
        let _others = stage.client_as(&bob).echo_down(waiting()).await.unwrap();

        drop(first);
        soon("a free place", async {
            while stage.client_as(&alice).echo_down(waiting()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_process_that_has_too_much_to_do_says_so() {
    let stage =
        Stage::start_with(Form::InProcess, |options| options.set("server.max_requests", 1)).await;
    let hold = pb::EchoRequest { mode: "hold".to_string(), ..Default::default() };
    let mut client = stage.client();
    let held = tokio::spawn(async move { client.echo(hold).await });
    soon("entering the method", stage.probe.entered.notified()).await;
    let status = stage.client().echo(pb::EchoRequest::default()).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "ERROR_REASON_OVERLOADED")
    );
    stage.probe.released.notify_one();
    held.await.unwrap().unwrap();
    stage.client().echo(pb::EchoRequest::default()).await.unwrap();
    stage.stop().await;
}
