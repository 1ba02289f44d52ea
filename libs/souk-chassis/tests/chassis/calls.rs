//! Messages and metadata arrive, in every kind of call.

use futures_util::{StreamExt as _, stream};
use souk_chassis::{Caller, Context, Definition, Service};

use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Form, Stage, in_every_form};

/// Returns a process without RPCs that only calls others.
pub fn caller_only() -> Definition {
    #[derive(serde::Deserialize)]
    struct Nothing {}
    Definition::new("front", "", |_: Nothing, _| async { Ok(Service::new(&CONTRACT)) })
}

fn saying(text: &str) -> pb::EchoRequest {
    pb::EchoRequest { text: text.to_string(), ..Default::default() }
}

in_every_form! {
    async fn a_message_arrives_and_comes_back(stage: Stage) {
        let response = stage.client_as(&Caller::user("alice")).echo(saying("hello")).await.unwrap();
        let answer = response.into_inner();
        assert_eq!((answer.text.as_str(), answer.caller.as_str()), ("hello", "user:alice"));
        stage.stop().await;
    }

    async fn a_server_stream_arrives_in_order_and_ends(stage: Stage) {
        let texts: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let request = pb::EchoDownRequest { texts: texts.clone(), mode: "context".to_string() };
        let answers = stage.client_as(&Caller::user("bob")).echo_down(request).await.unwrap().into_inner();
        let mut answers: Vec<String> = answers.map(|answer| answer.unwrap().text).collect().await;
        assert_eq!(answers.pop().unwrap(), "user:bob", "a stream keeps the context of its call");
        assert_eq!(answers, texts);
        stage.stop().await;
    }

    async fn a_client_stream_arrives_in_order(stage: Stage) {
        let parts = stream::iter(["a", "b", "c"].map(|text| pb::EchoUpRequest { text: text.to_string() }));
        let answer = stage.client().echo_up(parts).await.unwrap().into_inner();
        assert_eq!(answer.text, "abc");
        stage.stop().await;
    }

    async fn a_bidirectional_stream_answers_while_the_caller_still_sends(stage: Stage) {
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let outgoing = tokio_stream::wrappers::ReceiverStream::new(receiver);
        sender.send(pb::EchoBothRequest { text: "0".to_string() }).await.unwrap();
        let mut answers = stage.client().echo_both(outgoing).await.unwrap().into_inner();
        for number in 1..=5 {
            let answer = answers.message().await.unwrap().unwrap();
            assert_eq!(answer.text, (number - 1).to_string());
            sender.send(pb::EchoBothRequest { text: number.to_string() }).await.unwrap();
        }
        drop(sender);
        assert_eq!(answers.message().await.unwrap().unwrap().text, "5");
        assert_eq!(answers.message().await.unwrap(), None);
        stage.stop().await;
    }

    async fn a_trace_goes_through_every_hop(stage: Stage) {
        let context = Context::background("test");
        for mode in ["", "hop"] {
            let request = pb::EchoRequest { mode: mode.to_string(), ..saying("x") };
            let mut client = stage.client();
            let answer = context.scope(client.echo(request)).await.unwrap().into_inner();
            assert_eq!(answer.trace_id, context.trace_id().to_string());
        }
        let first = stage.client().echo(saying("x")).await.unwrap().into_inner();
        let second = stage.client().echo(saying("x")).await.unwrap().into_inner();
        assert_ne!(first.trace_id, second.trace_id, "a call without a trace starts one");
        stage.stop().await;
    }

    async fn a_service_calls_its_upstreams_as_itself_and_as_critical_as_its_own_request(stage: Stage) {
        let request = pb::EchoRequest { mode: "hop-known".to_string(), ..saying("x") };
        let answer = stage.client_as(&Caller::user("alice")).echo(request).await.unwrap().into_inner();
        assert_eq!(answer.caller, "service:echo");
        assert_eq!(answer.criticality, "critical");

        let request = pb::EchoKnownRequest { text: "x".to_string(), ..Default::default() };
        let answer = stage.client_as(&Caller::user("alice")).echo_known(request).await.unwrap().into_inner();
        assert_eq!(answer.criticality, "sheddable", "the contract's own");
        stage.stop().await;
    }

    async fn a_message_of_16_mib_passes_and_a_larger_one_is_refused(stage: Stage) {
        let fits = "x".repeat(15 << 20);
        assert_eq!(stage.client().echo(saying(&fits)).await.unwrap().into_inner().text.len(), fits.len());
        let status = stage.client().echo(saying(&"x".repeat(17 << 20))).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
        assert_eq!(crate::errors::reason(&status), "ERROR_REASON_MESSAGE_TOO_LARGE");
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_lower_message_limit_holds_in_every_form() {
    for form in [Form::InProcess, Form::Loopback] {
        let stage =
            Stage::start_with(form, |options| options.set("server.max_message_bytes", 1000)).await;
        stage.client().echo(saying(&"x".repeat(900))).await.unwrap();
        let status = stage.client().echo(saying(&"x".repeat(1100))).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
        assert_eq!(crate::errors::reason(&status), "ERROR_REASON_MESSAGE_TOO_LARGE");
        stage.stop().await;
    }
}
