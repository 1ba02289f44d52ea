//! What is sent again, how often, and when not.

use std::time::{Duration, Instant};

use souk_chassis::{Caller, Channel, Shop};
use souk_contract::{Contract, Criticality, Idempotency, MethodPolicy};
use tonic::{Code, Request};

use crate::echo;
use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Client, Form, Stage, in_every_form, options, soon, unique};

fn mode(mode: &str) -> pb::EchoRequest {
    pb::EchoRequest { text: "x".to_string(), mode: mode.to_string(), ..Default::default() }
}

in_every_form! {
    async fn an_unavailable_upstream_is_asked_three_times(stage: Stage) {
        assert_eq!(stage.client().echo(mode("flaky:2")).await.unwrap().into_inner().text, "x");
        assert_eq!(stage.attempts(), 3);
        *stage.probe.attempts.lock().unwrap() = 0;
        let status = stage.client().echo(mode("flaky:9")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(stage.attempts(), 3);
        stage.stop().await;
    }

    async fn other_errors_are_final(stage: Stage) {
        for last in ["refuse", "internal", "bare", "panic"] {
            *stage.probe.attempts.lock().unwrap() = 0;
            stage.client().echo(mode(last)).await.unwrap_err();
            assert_eq!(stage.attempts(), 1, "{last}");
        }
        stage.stop().await;
    }

    async fn a_server_may_forbid_another_attempt(stage: Stage) {
        let status = stage.client().echo(mode("pushback")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(stage.attempts(), 1);
        stage.stop().await;
    }

    async fn a_server_may_say_when_to_come_back(stage: Stage) {
        let started = Instant::now();
        stage.client().echo(mode("retry-info")).await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(200));
        assert_eq!(stage.attempts(), 2);

        *stage.probe.attempts.lock().unwrap() = 0;
        let mut request = Request::new(mode("retry-info"));
        request.set_timeout(Duration::from_millis(100));
        let status = stage.client().echo(request).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "waiting beyond the deadline is useless");
        assert_eq!(stage.attempts(), 1);
        stage.stop().await;
    }
}

/// No method of Souk's own contract is unsafe to repeat; a foreign one may be.
static ONCE: Contract = Contract {
    methods: &[MethodPolicy {
        path: "/souk.echo.v1.EchoService/Echo",
        domain: "souk.echo",
        service: "souk.echo.v1.EchoService",
        method: "Echo",
        grants: &[souk_contract::Grant {
            caller: souk_contract::CallerKind::Public,
            scopes: &[],
            excludes_guests: false,
        }],
        own: "",
        reasons: &[],
        criticality: Criticality::Critical,
        timeout: Duration::from_secs(5),
        idempotency: Idempotency::Unknown,
        client_streaming: false,
        server_streaming: false,
        max_request_bytes: souk_contract::MAX_MESSAGE_BYTES,
        request_shape: souk_contract::Shape::EMPTY,
    }],
    descriptors: &[],
};

#[tokio::test]
async fn what_must_not_be_repeated_is_sent_once() {
    let stage = Stage::start(Form::Loopback).await;
    let address = format!("http://{}", stage.echo.addr());
    let mut client = Client::new(Channel::to(&address, &Caller::Anonymous, &ONCE).unwrap());
    client.echo(mode("flaky:1")).await.unwrap_err();
    assert_eq!(stage.attempts(), 1);
    stage.stop().await;
}

#[tokio::test]
async fn an_upstream_that_comes_back_is_reached_again() {
    let first =
        Shop::new(options(&unique("first"))).with(echo::definition()).start().await.unwrap();
    let address = first.addr();
    let mut client =
        Client::new(Channel::to(&address.to_string(), &Caller::Anonymous, &CONTRACT).unwrap());
    client.echo(mode("")).await.unwrap();
    first.drain().await.unwrap();
    assert_eq!(client.echo(mode("")).await.unwrap_err().code(), Code::Unavailable);

    let again = options(&unique("again")).set("server.listen", address);
    let again = Shop::new(again).with(echo::definition()).start().await.unwrap();
    soon("reaching it again", async {
        while client.echo(mode("")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    again.drain().await.unwrap();
}

#[tokio::test]
async fn several_addresses_take_turns_and_a_dead_one_is_passed_over() {
    let left_name = unique("left");
    let right_name = unique("right");
    // At an address of its own, so that no other test is given its port once it is gone.
    let apart = options(&left_name).set("server.listen", "127.0.0.2:0");
    let left = Shop::new(apart).with(echo::definition()).start().await.unwrap();
    let right = Shop::new(options(&right_name)).with(echo::definition()).start().await.unwrap();
    let addresses = format!("{}, http://{}", left.addr(), right.addr());
    let mut client = Client::new(Channel::to(&addresses, &Caller::Anonymous, &CONTRACT).unwrap());
    for _turn in 0..10 {
        client.echo(mode("")).await.unwrap();
    }
    let attempts = |name: &str| *echo::probe(name).attempts.lock().unwrap();
    assert_eq!((attempts(&left_name), attempts(&right_name)), (5, 5));

    left.drain().await.unwrap();
    for _turn in 0..10 {
        client.echo(mode("")).await.unwrap();
    }
    assert_eq!(attempts(&right_name), 15);
    right.drain().await.unwrap();
}
