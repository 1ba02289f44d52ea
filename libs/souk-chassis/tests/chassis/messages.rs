//! What is refused of a message before it is decoded: its length, and the length of its lists.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tonic::body::Body;
use tonic::client::GrpcService as _;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::errors::reason;
use crate::proto::CONTRACT;
use crate::stage::{Form, Stage, soon};

/// Sends the beginning of a request and keeps the rest back; returns the status of the response.
async fn begin(stage: &Stage, path: &'static str, token: &str, bytes: Vec<u8>) -> Status {
    let beginning = stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from(bytes)))]);
    let body = StreamBody::new(beginning.chain(stream::pending()));
    let uri = format!("http://{}{path}", stage.echo.addr());
    let mut request =
        Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::new(body)).unwrap();
    let endpoint = Endpoint::new(format!("http://{}", stage.echo.addr())).unwrap();
    let mut channel = endpoint.connect().await.unwrap();
    std::future::poll_fn(|task| channel.poll_ready(task)).await.unwrap();
    let response = soon("the answer", channel.call(request)).await.unwrap();
    if let Some(status) = Status::from_header_map(response.headers()) {
        return status;
    }
    let body = soon("the trailers", response.into_body().collect()).await.unwrap();
    Status::from_header_map(body.trailers().unwrap()).unwrap()
}

#[tokio::test]
async fn a_message_above_the_limit_of_its_method_is_refused_at_its_length() {
    let stage = Stage::start(Form::Loopback).await;
    for (path, most) in [
        ("/souk.echo.v1.EchoService/EchoUp", 2048_u32),
        ("/souk.echo.v1.EchoService/EchoBoth", 2048),
    ] {
        let policy = CONTRACT.method(path).unwrap();
        assert_eq!(policy.max_request_bytes, most as usize);
        let mut prefix = vec![0];
        prefix.extend((most + 1).to_be_bytes());
        let status = begin(&stage, path, "", prefix).await;
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert_eq!(reason(&status), "ERROR_REASON_MESSAGE_TOO_LARGE");
        assert!(status.message().contains("at most 2048"), "{status:?}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_before_it_is_decoded() {
    let stage = Stage::start(Form::Loopback).await;
    // 100 texts are allowed, of 1000 characters each: 32,000 empty ones are within the bytes and
    // far beyond the count.
    let message = [0x0a, 0].repeat(32_000);
    let mut bytes = vec![0];
    bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    bytes.extend(message);
    let status = begin(&stage, "/souk.echo.v1.EchoService/EchoDown", "", bytes).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["texts"]);
    assert_eq!(violations[0].description, "must be at most 100 items, has more");
    stage.stop().await;
}
