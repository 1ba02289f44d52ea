//! Requests that only resemble gRPC, and their errors: never that the fault is ours.

use bytes::Bytes;
use h2::{Reason, RecvStream};
use http::{Method, Response};
use prost::Message as _;
use souk_chassis::{Caller, Shop, identity};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::echo;
use crate::errors::reason;
use crate::observing::page;
use crate::proto::souk::echo::v1 as pb;
use crate::raw::{ECHO, GRPC, Raw, framed, request, status};
use crate::stage::{options, soon, unique};

struct Case<'a> {
    name: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: Bytes,
    code: Code,
    reason: &'a str,
    says: &'a str,
}

fn hello() -> Bytes {
    framed(&pb::EchoRequest { text: "hello".to_string(), ..Default::default() }.encode_to_vec())
}

fn raw(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

#[tokio::test]
async fn what_is_not_a_grpc_request_is_the_callers_mistake() {
    const INVALID: &str = "ERROR_REASON_INVALID_FIELD";
    let running =
        Shop::new(options(&unique("wire"))).with(echo::definition()).start().await.unwrap();
    let mut caller = Raw::connect(running.addr()).await;
    let grpc = GRPC.to_vec();
    let with =
        |name: &'static str, value: &'static str| [GRPC.to_vec(), vec![(name, value)]].concat();
    let long = "x".repeat(17_000);
    let token = format!("Bearer {}", identity::development_token(&Caller::user("alice")));
    let twice = [GRPC.to_vec(), vec![("authorization", token.as_str()); 2]].concat();
    let two = [hello(), hello()].concat();
    let case = |name, path, headers, body, code, reason, says| Case {
        name,
        path,
        headers,
        body,
        code,
        reason,
        says,
    };
    let unknown = "ERROR_REASON_UNIMPLEMENTED";
    for case in [
        case("fine", ECHO, grpc.clone(), hello(), Code::Ok, "", ""),
        case(
            "query",
            &format!("{ECHO}?a=b"),
            grpc.clone(),
            hello(),
            Code::Unimplemented,
            unknown,
            ECHO,
        ),
        case(
            "slash",
            &format!("{ECHO}/"),
            grpc.clone(),
            hello(),
            Code::Unimplemented,
            unknown,
            ECHO,
        ),
        case(
            "two slashes",
            &format!("/{ECHO}"),
            grpc.clone(),
            hello(),
            Code::Unimplemented,
            unknown,
            ECHO,
        ),
        case(
            "timeout",
            ECHO,
            with("grpc-timeout", "5s"),
            hello(),
            Code::InvalidArgument,
            INVALID,
            "grpc-timeout",
        ),
        case(
            "no unit",
            ECHO,
            with("grpc-timeout", "5"),
            hello(),
            Code::InvalidArgument,
            INVALID,
            "grpc-timeout",
        ),
        case(
            "flag 2",
            ECHO,
            grpc.clone(),
            raw(&[2, 0, 0, 0, 0]),
            Code::InvalidArgument,
            INVALID,
            "first byte",
        ),
        case(
            "flag 1",
            ECHO,
            grpc.clone(),
            raw(&[1, 0, 0, 0, 0]),
            Code::InvalidArgument,
            INVALID,
            "compressed",
        ),
        case(
            "cut",
            ECHO,
            grpc.clone(),
            hello().slice(..8),
            Code::InvalidArgument,
            INVALID,
            "inside a message",
        ),
        case(
            "cut prefix",
            ECHO,
            grpc.clone(),
            raw(&[0, 0]),
            Code::InvalidArgument,
            INVALID,
            "inside a message",
        ),
        case(
            "two",
            ECHO,
            grpc.clone(),
            two.into(),
            Code::InvalidArgument,
            INVALID,
            "more than one message",
        ),
        case(
            "none",
            ECHO,
            grpc.clone(),
            Bytes::new(),
            Code::InvalidArgument,
            INVALID,
            "no message",
        ),
        case(
            "gzip",
            ECHO,
            with("grpc-encoding", "gzip"),
            hello(),
            Code::Unimplemented,
            "ERROR_REASON_UNSUPPORTED_COMPRESSION",
            "compressed with gzip, but only identity is accepted",
        ),
        case(
            "headers",
            ECHO,
            [GRPC.to_vec(), vec![("x-long", long.as_str())]].concat(),
            hello(),
            Code::ResourceExhausted,
            "ERROR_REASON_HEADERS_TOO_LARGE",
            "at most 16384",
        ),
        case(
            "tokens",
            ECHO,
            twice,
            hello(),
            Code::Unauthenticated,
            "ERROR_REASON_UNAUTHENTICATED",
            "more than one",
        ),
    ] {
        let answer = caller.send(request(case.path, &case.headers), case.body).await.unwrap();
        let accepted = answer.headers().get("grpc-accept-encoding").cloned();
        let status = status(answer).await;
        assert_eq!(status.code(), case.code, "{}: {status:?}", case.name);
        if case.code != Code::Ok {
            assert_eq!(reason(&status), case.reason, "{}", case.name);
            assert!(status.message().contains(case.says), "{}: {status:?}", case.name);
        }
        if case.name == "gzip" {
            assert_eq!(accepted.unwrap(), "identity");
        }
        if case.reason == INVALID {
            let broken = status.get_details_bad_request().unwrap().field_violations;
            assert_eq!(broken.len(), 1, "{}", case.name);
            assert_eq!(
                status.get_details_error_info().unwrap().domain,
                "souk.echo",
                "{}",
                case.name
            );
        }
    }
    drop(caller);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn http_that_is_not_grpc_is_told_so_in_the_words_of_http() {
    let running =
        Shop::new(options(&unique("http"))).with(echo::definition()).start().await.unwrap();
    let mut caller = Raw::connect(running.addr()).await;
    let mut get = request(ECHO, &GRPC);
    *get.method_mut() = Method::GET;
    let answer = caller.send(get, Bytes::new()).await.unwrap();
    assert_eq!(
        (http_and_grpc(&answer), answer.headers()["allow"].as_bytes()),
        ((405, Code::InvalidArgument), &b"POST"[..])
    );
    for content_type in ["application/json", "application/grpc-web+proto", "text/html"] {
        let answer =
            caller.send(request(ECHO, &[("content-type", content_type)]), hello()).await.unwrap();
        assert_eq!(http_and_grpc(&answer), (415, Code::InvalidArgument), "{content_type}");
    }
    let answer = caller.send(request(ECHO, &[]), hello()).await.unwrap();
    assert_eq!(http_and_grpc(&answer), (415, Code::InvalidArgument));
    let answer = caller
        .send(request(ECHO, &[("content-type", "application/grpc+proto")]), hello())
        .await
        .unwrap();
    assert_eq!(status(answer).await.code(), Code::Ok);
    drop(caller);
    running.drain().await.unwrap();
}

fn http_and_grpc(answer: &Response<RecvStream>) -> (u16, Code) {
    (answer.status().as_u16(), Status::from_header_map(answer.headers()).unwrap().code())
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_not_taken_for_a_whole_one() {
    let name = unique("upload");
    let running = Shop::new(options(&name)).with(echo::definition()).start().await.unwrap();
    let mut caller = Raw::connect(running.addr()).await;
    let part = framed(&pb::EchoUpRequest { text: "half".to_string() }.encode_to_vec());
    let (_answer, mut upload) = caller.begin("/souk.echo.v1.EchoService/EchoUp", part).await;
    soon("entering the method", echo::probe(&name).entered.notified()).await;
    upload.send_reset(Reason::CANCEL);
    soon("the end of the method", echo::probe(&name).cancelled.notified()).await;
    let counted = "rpc_method=\"souk.echo.v1.EchoService/EchoUp\",rpc_response_status_code=\"";
    let text = soon("the count", async {
        loop {
            let text = page(running.metrics_addr(), "/metrics").await;
            if text.contains(counted) {
                return text;
            }
        }
    })
    .await;
    let codes = text.split(counted).skip(1).filter_map(|rest| rest.split('"').next());
    assert!(codes.clone().all(|code| code == "CANCELLED"), "{:?}", codes.collect::<Vec<_>>());
    drop(caller);
    running.drain().await.unwrap();
}
