//! Faults do what their rule says, where it says, as often as it says.

use std::time::{Duration, Instant};

use souk_chassis::{Caller, Channel, Effect, Rule, Shop};
use tonic::Code;

use souk_chassis::pb::ops::v1 as wire;
use souk_chassis::pb::ops::v1::fault_service_client::FaultServiceClient;

use crate::echo;
use crate::errors::reason;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Form, Stage, options, unique};

const ECHO: &str = "souk.echo.v1.EchoService/Echo";

fn rule(target: &str, effect: Effect) -> Rule {
    Rule { id: 0, target: target.to_string(), key: String::new(), after: 0, times: 1, effect }
}

fn saying(text: &str) -> pb::EchoRequest {
    // Uses a mode that fails when repeated, so that a retry of the channel would show.
    pb::EchoRequest { text: text.to_string(), ..Default::default() }
}

async fn stage(form: Form) -> Stage {
    Stage::start_with(form, |options| options.set("faults.enabled", true)).await
}

#[tokio::test]
async fn an_ordered_error_comes_as_often_as_ordered() {
    for form in [Form::InProcess, Form::Loopback] {
        let stage = stage(form).await;
        let faults = stage.echo.faults();
        faults.inject(Rule { times: 2, after: 1, ..rule(ECHO, Effect::Error(Code::Aborted)) });
        stage.client().echo(saying("let through")).await.unwrap();
        for _time in 0..2 {
            let status = stage.client().echo(saying("x")).await.unwrap_err();
            assert_eq!(
                (status.code(), reason(&status).as_str()),
                (Code::Aborted, "ERROR_REASON_FAULT_INJECTED")
            );
        }
        assert_eq!(faults.rules(), []);
        stage.client().echo(saying("x")).await.unwrap();
        assert_eq!(stage.attempts(), 2);
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_key_chooses_the_request_that_holds_it() {
    let stage = stage(Form::Loopback).await;
    let id = stage
        .echo
        .faults()
        .inject(Rule { key: "order_1".to_string(), ..rule(ECHO, Effect::Error(Code::Aborted)) });
    stage.client().echo(saying("about order_2")).await.unwrap();
    stage.client().echo(saying("about order_1")).await.unwrap_err();
    let again = stage.echo.faults().inject(rule(ECHO, Effect::Error(Code::Aborted)));
    assert!(again > id);
    stage.echo.faults().clear(again);
    stage.client().echo(saying("x")).await.unwrap();
    stage.stop().await;
}

#[tokio::test]
async fn a_lost_reply_has_done_its_work() {
    let stage = stage(Form::Loopback).await;
    stage.echo.faults().inject(rule(ECHO, Effect::LostReply));
    // The caller finds UNAVAILABLE, may repeat, and does.
    stage.client().echo(saying("x")).await.unwrap();
    assert_eq!(stage.attempts(), 2);
    stage.stop().await;
}

#[tokio::test]
async fn delays_hold_methods_and_points() {
    let stage = stage(Form::InProcess).await;
    for target in [ECHO, "echo.say.begin"] {
        stage.echo.faults().inject(rule(target, Effect::Delay(Duration::from_millis(100))));
        let started = Instant::now();
        stage.client().echo(saying("x")).await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(100));
    }
    assert_eq!(stage.echo.faults().hits()["echo.say.begin"], 2);
    stage.stop().await;
}

#[tokio::test]
async fn without_leave_nothing_can_be_ordered() {
    let running =
        Shop::new(options(&unique("quiet"))).with(echo::definition()).start().await.unwrap();
    assert_eq!(running.faults().inject(rule(ECHO, Effect::Error(Code::Aborted))), 0);
    let status = call_fault_service(running.addr()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    running.drain().await.unwrap();

    // Nor where anyone could inject it.
    let open =
        options(&unique("open")).set("faults.enabled", true).set("server.listen", "0.0.0.0:0");
    let running = Shop::new(open).with(echo::definition()).start().await.unwrap();
    let address = format!("127.0.0.1:{}", running.addr().port()).parse().unwrap();
    assert_eq!(call_fault_service(address).await.unwrap_err().code(), Code::Unimplemented);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn the_service_adds_lists_and_clears_rules() {
    let stage = stage(Form::Loopback).await;
    for (caller, code) in [
        (Caller::Anonymous, Code::Unauthenticated),
        (Caller::user("alice"), Code::PermissionDenied),
        (Caller::Service("orders".into()), Code::PermissionDenied),
    ] {
        assert_eq!(
            call_fault_service_as(&caller, stage.echo.addr()).await.unwrap_err().code(),
            code,
            "{caller}"
        );
    }
    call_fault_service(stage.echo.addr()).await.unwrap();
    let rules = stage.echo.faults().rules();
    assert_eq!((rules.len(), rules[0].target.as_str()), (1, ECHO));
    assert_eq!(rules[0].effect, Effect::Error(Code::Aborted));
    stage.client().echo(saying("x")).await.unwrap_err();
    stage.stop().await;
}

async fn call_fault_service(address: std::net::SocketAddr) -> Result<(), tonic::Status> {
    call_fault_service_as(&Caller::Staff("ann".into()), address).await
}

async fn call_fault_service_as(
    caller: &Caller,
    address: std::net::SocketAddr,
) -> Result<(), tonic::Status> {
    let channel = Channel::to(&address.to_string(), caller, &crate::proto::CONTRACT).unwrap();
    let mut client = FaultServiceClient::new(channel);
    let effect = Some(wire::fault::Effect::ErrorCode(10));
    let fault =
        wire::Fault { target: ECHO.to_string(), fail_count: 1, effect, ..Default::default() };
    let inject = |request_id: &str, fault: &wire::Fault| wire::InjectFaultRequest {
        request_id: request_id.to_string(),
        fault: Some(fault.clone()),
    };
    let added = client.inject_fault(inject("a", &fault)).await?.into_inner().fault.unwrap();
    assert_eq!(added, wire::Fault { fault_id: added.fault_id, ..fault.clone() });
    // A repeat adds none, and another fault needs another id.
    let again = client.inject_fault(inject("a", &fault)).await?.into_inner().fault.unwrap();
    assert_eq!(again, added);
    let other = wire::Fault { key: "other".to_string(), ..fault.clone() };
    let status = client.inject_fault(inject("a", &other)).await.unwrap_err();
    assert_eq!(reason(&status), "ERROR_REASON_REQUEST_ID_REUSED");
    client.inject_fault(inject("b", &other)).await?;

    let list = |page_size, page_token: &str| wire::ListFaultsRequest {
        page_size,
        page_token: page_token.to_string(),
    };
    let first = client.list_faults(list(1, "")).await?.into_inner();
    assert_eq!(first.faults, std::slice::from_ref(&added));
    let second = client.list_faults(list(1, &first.next_page_token)).await?.into_inner();
    assert_eq!((second.faults[0].key.as_str(), second.next_page_token.as_str()), ("other", ""));
    let status = client.list_faults(list(1, "?")).await.unwrap_err();
    assert_eq!(reason(&status), "ERROR_REASON_INVALID_PAGE_TOKEN");
    client.list_fault_points(wire::ListFaultPointsRequest::default()).await?;

    client.clear_faults(wire::ClearFaultsRequest { fault_ids: vec![added.fault_id] }).await?;
    assert_eq!(client.list_faults(list(0, "")).await?.into_inner().faults, second.faults);
    client.clear_faults(wire::ClearFaultsRequest::default()).await?;
    assert_eq!(client.list_faults(list(0, "")).await?.into_inner().faults, []);

    let incomplete = wire::Fault { target: ECHO.to_string(), ..Default::default() };
    let status = client.inject_fault(inject("c", &incomplete)).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD")
    );
    client.inject_fault(inject("d", &fault)).await?;
    Ok(())
}
