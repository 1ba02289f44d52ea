//! A process that passes calls on: what it says before it can, and what reflection and its log say.

use prost::Message as _;
use prost_types::FileDescriptorSet;
use souk_chassis::{Caller, Channel, Options, Running, Shop};
use tonic::Code;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::calls::caller_only;
use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Client, files, free};

const ECHO: &str = "souk.echo.v1.EchoService";

/// Starts a process between the caller and an echo that is not there.
async fn between() -> (Running, Channel) {
    let options =
        free(Options::new("souk").environment(&[])).set("upstreams.echo", "http://127.0.0.1:1");
    let between = Shop::new(options).with(caller_only()).start().await.unwrap();
    let address = format!("http://{}", between.addr());
    let channel = Channel::to(&address, &Caller::Anonymous, &CONTRACT).unwrap();
    (between, channel)
}

async fn refused(channel: &Channel) -> (Code, String) {
    let status = Client::new(channel.clone()).echo(pb::EchoRequest::default()).await.unwrap_err();
    (status.code(), status.message().to_owned())
}

async fn asked(channel: &Channel, question: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest { message_request: Some(question), ..Default::default() };
    let mut client = ServerReflectionClient::new(channel.clone());
    let answers = client.server_reflection_info(tokio_stream::once(request)).await;
    answers.unwrap().into_inner().message().await.unwrap().unwrap().message_response.unwrap()
}

#[tokio::test]
async fn a_service_is_unknown_then_awaited_then_described() {
    let (between, channel) = between().await;
    let passthrough = between.passthrough();
    let (code, message) = refused(&channel).await;
    assert_eq!(
        (code, message.as_str()),
        (Code::Unimplemented, "unknown method /souk.echo.v1.EchoService/Echo")
    );

    passthrough.announce("echo", &[ECHO.to_owned()]);
    let (code, message) = refused(&channel).await;
    assert_eq!(
        (code, message.as_str()),
        (Code::Unavailable, "echo cannot be reached: it has not started yet")
    );
    let list = || MessageRequest::ListServices(String::new());
    let symbol = |name: &str| MessageRequest::FileContainingSymbol(name.to_owned());
    assert!(!format!("{:?}", asked(&channel, list()).await).contains(ECHO));

    // Another that claims the same has come too late.
    passthrough.announce("impostor", &[ECHO.to_owned()]);
    passthrough.describe("echo", &files()).unwrap();
    let (code, message) = refused(&channel).await;
    assert_eq!(code, Code::Unavailable);
    assert!(message.contains("echo cannot be reached") && message.contains("refused"), "{message}");
    assert!(format!("{:?}", asked(&channel, list()).await).contains(ECHO));
    let found = asked(&channel, symbol("souk.echo.v1.EchoRequest")).await;
    assert!(matches!(found, MessageResponse::FileDescriptorResponse(_)), "{found:?}");
    assert!(passthrough.describe("echo", &[vec![0xff]]).is_err());
    between.drain().await.unwrap();
}

#[tokio::test]
async fn what_a_process_serves_itself_is_not_passed_on() {
    let (between, channel) = between().await;
    let own = "grpc.reflection.v1.ServerReflection".to_owned();
    between.passthrough().announce("echo", std::slice::from_ref(&own));
    let set = FileDescriptorSet::decode(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET).unwrap();
    let described: Vec<_> = set.file.iter().map(prost::Message::encode_to_vec).collect();
    between.passthrough().describe("echo", &described).unwrap();
    let answered = asked(&channel, MessageRequest::FileContainingSymbol(own)).await;
    assert!(matches!(answered, MessageResponse::FileDescriptorResponse(_)), "{answered:?}");
    between.drain().await.unwrap();
}
