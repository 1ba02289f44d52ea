//! The files that describe what a process serves, as it tells them itself by reflection.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message as _;
use prost_types::FileDescriptorProto;
use souk_chassis::Channel;
use tonic::{Code, Status};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a process tells about some symbols.
#[derive(Default)]
pub struct Described {
    /// A serialised `google.protobuf.FileDescriptorProto` each, by its name, with all that they
    /// import.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The symbols that it does not describe.
    pub unknown: Vec<String>,
}

/// Asks a process for the files that describe services or messages, by full name.
///
/// # Errors
/// A process that cannot be reached, has no reflection of version 1, or leaves out a file.
pub async fn of(process: &Channel, symbols: &[String]) -> Result<Described, String> {
    let mut described = Described::default();
    let mut imports = Vec::new();
    for symbol in symbols {
        let question = MessageRequest::FileContainingSymbol(symbol.clone());
        match ask(process, question).await? {
            Some(files) => add(&mut described, files, &mut imports)?,
            None => described.unknown.push(symbol.clone()),
        }
    }
    while let Some(name) = imports.pop() {
        if !described.files.contains_key(&name) {
            let files = ask(process, MessageRequest::FileByFilename(name.clone())).await?;
            let files = files.ok_or_else(|| format!("reflection does not know {name}"))?;
            add(&mut described, files, &mut imports)?;
        }
    }
    Ok(described)
}

fn add(
    described: &mut Described,
    files: Vec<Vec<u8>>,
    imports: &mut Vec<String>,
) -> Result<(), String> {
    for bytes in files {
        let file = FileDescriptorProto::decode(bytes.as_slice());
        let file = file.map_err(|error| format!("reflection: {error}"))?;
        imports.extend(file.dependency);
        described.files.insert(file.name.unwrap_or_default(), bytes);
    }
    Ok(())
}

/// Asks one question; none when what it asks for is not known.
async fn ask(process: &Channel, question: MessageRequest) -> Result<Option<Vec<Vec<u8>>>, String> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let mut request = tonic::Request::new(tokio_stream::once(request));
    request.set_timeout(PATIENCE);
    let mut client = ServerReflectionClient::new(process.clone());
    let failed = |status: Status| format!("reflection: {}: {}", status.code(), status.message());
    let mut answers = client.server_reflection_info(request).await.map_err(failed)?.into_inner();
    let answer = answers.message().await.map_err(failed)?.and_then(|one| one.message_response);
    match answer {
        Some(MessageResponse::FileDescriptorResponse(found)) => {
            Ok(Some(found.file_descriptor_proto))
        }
        Some(MessageResponse::ErrorResponse(error))
            if Code::from_i32(error.error_code) == Code::NotFound =>
        {
            Ok(None)
        }
        Some(MessageResponse::ErrorResponse(error)) => {
            Err(format!("reflection: {}", error.error_message))
        }
        other => Err(format!("reflection answers {other:?}")),
    }
}
