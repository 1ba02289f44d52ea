//! What an operator sees: health, reflection, metrics, log lines.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message as _;
use souk_chassis::pb::grpc::health::v1::health_check_response::ServingStatus;
use souk_chassis::pb::grpc::health::v1::health_client::HealthClient;
use souk_chassis::pb::grpc::health::v1::{HealthCheckRequest, HealthListRequest};
use souk_chassis::{Caller, Shop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::{v1, v1alpha};

use crate::echo;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Form, Stage, options, soon, unique};

const ECHO: &str = "souk.echo.v1.EchoService";
const OPTIONS: &str = "google.protobuf.MethodOptions";

fn plain(address: std::net::SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy()
}

fn asking(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_string() }
}

/// Fetches one page of the second listener.
pub async fn page(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: souk\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn health_follows_what_the_service_says_and_the_drain() {
    let name = unique("health");
    let running = Shop::new(options(&name)).with(echo::definition()).start().await.unwrap();
    let metrics = running.metrics_addr();
    let mut health = HealthClient::new(plain(running.addr()));
    for service in ["", ECHO] {
        let status = health.check(asking(service)).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    assert_eq!(health.check(asking("no.Such")).await.unwrap_err().code(), Code::NotFound);
    let listed = health.list(HealthListRequest {}).await.unwrap().into_inner().statuses;
    let mut names: Vec<_> = listed.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["", ECHO]);
    assert!(page(metrics, "/readyz").await.starts_with("HTTP/1.1 200"));

    let mut watch = health.watch(asking(ECHO)).await.unwrap().into_inner();
    let mut unknown = health.watch(asking("no.Such")).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    assert_eq!(unknown.message().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);

    echo::probe(&name).is_unready.store(true, Ordering::Relaxed);
    let change = soon("the change", watch.message()).await.unwrap().unwrap();
    assert_eq!(change.status(), ServingStatus::NotServing);
    assert!(page(metrics, "/readyz").await.starts_with("HTTP/1.1 503"));
    assert!(page(metrics, "/healthz").await.starts_with("HTTP/1.1 200"));

    echo::probe(&name).is_unready.store(false, Ordering::Relaxed);
    let change = soon("the change", watch.message()).await.unwrap().unwrap();
    assert_eq!(change.status(), ServingStatus::Serving);

    // Either the change is still sent, or the stream ends first; both mean that nothing is served
    // any more.
    let draining = tokio::spawn(running.drain());
    match soon("the drain", watch.message()).await {
        Ok(Some(last)) => assert_eq!(last.status(), ServingStatus::NotServing),
        Ok(None) => panic!("the stream ended without a word"),
        Err(status) => assert_eq!(status.code(), Code::Unavailable),
    }
    draining.await.unwrap().unwrap();
}

#[tokio::test]
async fn reflection_lists_exactly_what_runs_here_in_both_versions() {
    let running =
        Shop::new(options(&unique("reflection"))).with(echo::definition()).start().await.unwrap();
    let expected = [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        ECHO,
        "souk.ops.v1.InvariantService",
    ];

    let mut client =
        v1::server_reflection_client::ServerReflectionClient::new(plain(running.addr()));
    let ask = |message| v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    };
    let questions = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol(ECHO.to_string())),
        ask(MessageRequest::FileContainingSymbol("grpc.health.v1.Health".to_string())),
        // What is not known does not end the conversation. Faults are off, so reflection does not
        // list them.
        ask(MessageRequest::FileContainingSymbol("no.such.Symbol".to_string())),
        ask(MessageRequest::FileContainingSymbol("souk.ops.v1.FaultService".to_string())),
        ask(MessageRequest::FileByFilename("souk/ops/v1/fault_service.proto".to_string())),
        ask(MessageRequest::AllExtensionNumbersOfType("no.such.Message".to_string())),
        ask(MessageRequest::FileContainingExtension(v1::ExtensionRequest {
            containing_type: OPTIONS.to_string(),
            extension_number: 1,
        })),
        // The policy of a method is an extension: with these grpcurl describes it.
        ask(MessageRequest::FileContainingSymbol("souk.policy.v1.method".to_string())),
        ask(MessageRequest::AllExtensionNumbersOfType(OPTIONS.to_string())),
        ask(MessageRequest::FileContainingExtension(v1::ExtensionRequest {
            containing_type: OPTIONS.to_string(),
            extension_number: 413_214_388,
        })),
    ];
    let mut answers =
        client.server_reflection_info(tokio_stream::iter(questions)).await.unwrap().into_inner();
    let listed = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(listed) = listed else { panic!("{listed:?}") };
    let mut names: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();
    names.sort_unstable();
    assert_eq!(names, expected);
    for _file in 0..2 {
        let file = answers.message().await.unwrap().unwrap().message_response.unwrap();
        assert!(matches!(file, MessageResponse::FileDescriptorResponse(_)), "{file:?}");
    }
    for _unknown in 0..5 {
        let error = answers.message().await.unwrap().unwrap().message_response.unwrap();
        let MessageResponse::ErrorResponse(error) = error else { panic!("{error:?}") };
        assert_eq!(error.error_code, Code::NotFound as i32, "{error:?}");
    }
    for _of_the_policy in 0..3 {
        match answers.message().await.unwrap().unwrap().message_response.unwrap() {
            MessageResponse::AllExtensionNumbersResponse(numbers) => {
                assert_eq!(numbers.base_type_name, OPTIONS);
                assert!(numbers.extension_number.contains(&413_214_388), "{numbers:?}");
            }
            MessageResponse::FileDescriptorResponse(file) => {
                let file = prost_types::FileDescriptorProto::decode(
                    file.file_descriptor_proto[0].as_slice(),
                )
                .unwrap();
                assert!(
                    file.extension.iter().any(|extension| extension.number() == 413_214_388),
                    "{}",
                    file.name()
                );
            }
            other => panic!("{other:?}"),
        }
    }

    let mut client =
        v1alpha::server_reflection_client::ServerReflectionClient::new(plain(running.addr()));
    let question = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut answers =
        client.server_reflection_info(tokio_stream::iter([question])).await.unwrap().into_inner();
    let listed = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(listed) = listed
    else {
        panic!("{listed:?}")
    };
    let mut names: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();
    names.sort_unstable();
    assert_eq!(names, expected);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn metrics_count_calls_by_method_and_code_on_both_sides() {
    let stage = Stage::start(Form::Loopback).await;
    stage.client().echo(pb::EchoRequest::default()).await.unwrap();
    stage.client().echo(pb::EchoRequest::default()).await.unwrap();
    stage.client().echo(pb::EchoRequest { times: 11, ..Default::default() }).await.unwrap_err();
    let hop = pb::EchoRequest { mode: "hop".to_string(), ..Default::default() };
    stage.client().echo(hop).await.unwrap();

    let text = page(stage.echo.metrics_addr(), "/metrics").await;
    let count = |side: &str, code: &str| {
        let line = format!(
            "rpc_{side}_call_duration_seconds_count{{rpc_system_name=\"grpc\",rpc_method=\"{ECHO}/Echo\",\
             rpc_response_status_code=\"{code}\""
        );
        let line = text
            .lines()
            .find(|found| found.starts_with(&line))
            .unwrap_or_else(|| panic!("no {line} in\n{text}"));
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(count("server", "OK"), 3);
    assert_eq!(count("server", "INVALID_ARGUMENT"), 1);
    assert_eq!(count("client", "OK"), 1);
    assert!(text.contains("# TYPE rpc_server_call_duration_seconds histogram"));
    assert!(text.contains("souk_requests_in_work 0\n"), "{text}");
    assert!(page(stage.echo.metrics_addr(), "/other").await.starts_with("HTTP/1.1 404"));
    stage.stop().await;
}

/// One test for all of it, since there is one log for all that runs in this process.
#[tokio::test]
async fn a_request_leaves_one_line_that_says_what_is_needed_and_no_secret() {
    let lines = Arc::new(Mutex::new(Vec::<u8>::new()));
    let heard = lines.clone();
    souk_chassis::log::listen(move |bytes| heard.lock().unwrap().extend_from_slice(bytes));
    let lines_with = |part: &str| {
        let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(part)).map(str::to_string).collect::<Vec<_>>()
    };

    let stage = Stage::start_with(Form::Loopback, |options| options.set("log.level", "info")).await;
    let (alice, mail) = (Caller::user("alice-of-the-log"), Caller::user("bob@example.com"));
    let say = |text: &str, mode: &str| pb::EchoRequest {
        text: text.into(),
        mode: mode.into(),
        ..Default::default()
    };
    let answer =
        stage.client_as(&alice).echo(say("my password is hunter2", "")).await.unwrap().into_inner();
    let found = lines_with(&answer.trace_id);
    assert_eq!(found.len(), 1, "{found:?}");
    let line = &found[0];
    for part in [
        " INFO request souk.echo.v1.EchoService/Echo rpc.code=OK rpc.duration_ms=",
        "caller=user:alice-of-the-log",
        "trace.id=",
    ] {
        assert!(line.contains(part), "{line}");
    }

    // The cause of an internal error is in the request's own line, and nowhere else.
    let status = stage.client_as(&alice).echo(say("x", "internal")).await.unwrap_err();
    let trace =
        tonic_types::StatusExt::get_details_error_info(&status).unwrap().metadata["trace_id"]
            .clone();
    let found = lines_with(&trace);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains(" ERROR request ")
            && found[0].contains("rpc.reason=ERROR_REASON_INTERNAL"),
        "{found:?}"
    );
    assert!(found[0].contains("error=\"the shelf fell over: "), "{found:?}");

    // A caller that goes away leaves a line too.
    let mut client = stage.client_as(&Caller::user("carol-of-the-log"));
    let call = tokio::spawn(async move { client.echo(say("x", "wait")).await });
    soon("entering", stage.probe.entered.notified()).await;
    call.abort();
    soon("a line", async {
        while lines_with("carol-of-the-log").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(lines_with("carol-of-the-log")[0].contains("rpc.code=CANCELLED"));

    let trace = stage.client_as(&mail).echo(say("x", "")).await.unwrap().into_inner().trace_id;
    assert!(lines_with(&trace)[0].contains("caller=user:[hidden]"));
    HealthClient::new(plain(stage.echo.addr())).check(asking("")).await.unwrap();
    stage.stop().await;

    for secret in
        ["hunter2", "bob@example.com", "souk-dev.", "Bearer", "grpc.health.v1.Health/Check"]
    {
        let found = lines_with(secret);
        assert!(found.is_empty(), "{secret} is in the log: {found:?}");
    }
}
