//! Errors arrive complete, reveal to callers only what they may know, and stay with their request.

use futures_util::stream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Form, Stage, in_every_form};

/// Returns the reason of an error; every error has one.
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}")).reason
}

fn mode(mode: &str) -> pb::EchoRequest {
    pb::EchoRequest { text: "x".to_string(), mode: mode.to_string(), ..Default::default() }
}

in_every_form! {
    async fn a_services_error_arrives_with_all_its_details(stage: Stage) {
        for through in ["refuse"] {
            let status = stage.client().echo(mode(through)).await.unwrap_err();
            assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "sku mug is out of stock"));
            let details = status.get_error_details();
            let info = details.error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), ("ERROR_REASON_OUT_OF_STOCK", "souk.echo"));
            assert_eq!(info.metadata["sku"], "mug");
            assert_eq!(details.precondition_failure().unwrap().violations[0].subject, "sku/mug");
        }
        stage.stop().await;
    }

    async fn an_error_at_the_end_of_a_stream_arrives_with_its_details(stage: Stage) {
        let request = pb::EchoDownRequest { texts: vec!["a".to_string()], mode: "fail".to_string() };
        let mut answers = stage.client().echo_down(request).await.unwrap().into_inner();
        assert_eq!(answers.message().await.unwrap().unwrap().text, "a");
        let status = answers.message().await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK"));
        stage.stop().await;
    }

    async fn a_wrong_field_is_of_the_package_of_the_request_wherever_it_is_found(stage: Stage) {
        for request in [mode("field"), pb::EchoRequest { times: 11, ..Default::default() }] {
            let status = stage.client().echo(request).await.unwrap_err();
            let info = status.get_details_error_info().unwrap();
            let found = (status.code(), info.reason.as_str(), info.domain.as_str());
            assert_eq!(found, (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD", "souk.echo"));
        }
        stage.stop().await;
    }

    async fn our_own_fault_hides_its_text_and_gives_the_trace_id(stage: Stage) {
        let status = stage.client().echo(mode("internal")).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.reason, "ERROR_REASON_INTERNAL");
        assert_eq!(info.metadata["trace_id"].len(), 32);
        assert!(!format!("{status:?}").contains("secret"));
        stage.stop().await;
    }

    async fn a_panic_stays_in_its_request(stage: Stage) {
        let mut client = stage.client();
        for _again in 0..3 {
            let status = client.echo(mode("panic")).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "ERROR_REASON_INTERNAL"));
            assert_eq!(status.get_details_error_info().unwrap().metadata["trace_id"].len(), 32);
            assert!(!status.message().contains("told to"), "{status:?}");
            client.echo(mode("")).await.unwrap();
        }
        stage.stop().await;
    }

    async fn a_panic_in_a_stream_ends_the_stream(stage: Stage) {
        let request = pb::EchoDownRequest { texts: vec!["a".to_string()], mode: "panic".to_string() };
        let mut answers = stage.client().echo_down(request).await.unwrap().into_inner();
        // What was said just before the panic may be lost with it: messages are gathered before
        // they are sent.
        let status = loop {
            match answers.message().await {
                Ok(answer) => assert_eq!(answer.unwrap().text, "a"),
                Err(status) => break status,
            }
        };
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "ERROR_REASON_INTERNAL"));
        stage.client().echo(mode("")).await.unwrap();
        stage.stop().await;
    }

    async fn a_broken_rule_names_the_field(stage: Stage) {
        let request = pb::EchoRequest { times: 11, ..mode("") };
        let status = stage.client().echo(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD"));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "times");
        assert_eq!(stage.attempts(), 0);
        stage.stop().await;
    }

    async fn a_broken_rule_in_a_client_stream_names_the_field(stage: Stage) {
        let parts = ["fine".to_string(), "x".repeat(101)].map(|text| pb::EchoUpRequest { text });
        let status = stage.client().echo_up(stream::iter(parts)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD"));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "text");
        stage.stop().await;
    }

    async fn a_method_that_is_out_of_something_says_when_to_come_back(stage: Stage) {
        let status = stage.client().echo(mode("exhausted")).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "ERROR_REASON_OVERLOADED"));
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
        stage.stop().await;
    }

    async fn an_error_without_a_reason_gets_one(stage: Stage) {
        let status = stage.client().echo(mode("bare")).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "a status without a reason"));
        assert!(!reason(&status).is_empty());
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented() {
    let stage = Stage::start(Form::Loopback).await;
    let address = format!("http://{}", stage.echo.addr());
    let channel =
        tonic::transport::Endpoint::from_shared(address).unwrap().connect().await.unwrap();
    let mut grpc = tonic::client::Grpc::new(channel);
    for path in ["/souk.echo.v1.EchoService/Nothing", "/none.Such/Method", "/x"] {
        grpc.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<pb::EchoRequest, pb::EchoResponse>::default();
        let path = http::uri::PathAndQuery::from_static(path);
        let status = grpc.unary(tonic::Request::new(mode("")), path, codec).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unimplemented, "ERROR_REASON_UNIMPLEMENTED")
        );
    }
    stage.stop().await;
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_unavailable() {
    let nobody = souk_chassis::Channel::to(
        "127.0.0.1:1",
        &souk_chassis::Caller::Anonymous,
        &crate::proto::CONTRACT,
    );
    let mut client = crate::stage::Client::new(nobody.unwrap());
    let status = client.echo(mode("")).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE")
    );

    let stage = Stage::start(Form::InProcess).await;
    let mut client = crate::stage::Client::new(stage.echo.channel("inventory"));
    let status = client.echo(mode("")).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE")
    );
    assert!(status.message().contains("inventory"), "{status:?}");
    stage.stop().await;
}
