//! Server reflection, both versions of it: how tools such as grpcurl discover a process without its
//! protos.
//!
//! tonic-reflection brings the messages. Its own server does not support extensions, which all of
//! our methods have, and ends the whole stream at the first unknown name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use parking_lot::RwLock;
use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_reflection::pb::{v1, v1alpha};

use crate::start_error::StartError;

/// A `google.protobuf.FileDescriptorSet` whose files stay bytes: decoded and encoded again they
/// would lose their options.
#[derive(Message)]
struct Files {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

/// Everything that can be asked, by what it is asked by.
#[derive(Default)]
pub(crate) struct Index {
    services: BTreeSet<String>,
    files: HashMap<String, Bytes>,
    /// The file of each symbol, by full name.
    symbols: HashMap<String, Bytes>,
    /// The file of each extension, by the message that it extends and its number.
    extensions: BTreeMap<(String, i32), Bytes>,
}

impl Index {
    /// Reads the descriptors; `services` are those that are listed, whatever else the files
    /// describe.
    pub(crate) fn new(
        services: &[&str],
        descriptors: &[&[u8]],
        hidden_file: Option<&str>,
    ) -> Result<Self, StartError> {
        let mut index = Index {
            services: services.iter().map(ToString::to_string).collect(),
            ..Index::default()
        };
        for set in descriptors {
            for bytes in Files::decode(*set)?.file {
                let file = FileDescriptorProto::decode(bytes.clone())?;
                if hidden_file != Some(file.name()) {
                    index.add(&file, &bytes);
                }
            }
        }
        Ok(index)
    }

    /// Lists a service.
    pub(crate) fn serve(&mut self, service: String) {
        self.services.insert(service);
    }

    /// Returns whether a service is listed.
    pub(crate) fn is_served(&self, service: &str) -> bool {
        self.services.contains(service)
    }

    /// Adds a file, unless one with its name is there: what is in several sets is the same in all
    /// of them.
    pub(crate) fn add(&mut self, file: &FileDescriptorProto, bytes: &Bytes) {
        if self.files.contains_key(file.name()) {
            return;
        }
        self.files.insert(file.name().to_string(), bytes.clone());
        let package = file.package();
        for service in &file.service {
            let name = join(package, service.name());
            for method in &service.method {
                self.symbol(join(&name, method.name()), bytes);
            }
            self.symbol(name, bytes);
        }
        for held in &file.enum_type {
            self.add_enum(package, held, bytes);
        }
        for message in &file.message_type {
            self.add_message(package, message, bytes);
        }
        self.add_extensions(package, &file.extension, bytes);
    }

    fn add_message(&mut self, scope: &str, message: &DescriptorProto, bytes: &Bytes) {
        let name = join(scope, message.name());
        for held in &message.nested_type {
            self.add_message(&name, held, bytes);
        }
        for held in &message.enum_type {
            self.add_enum(&name, held, bytes);
        }
        let fields = message.field.iter().map(FieldDescriptorProto::name);
        for held in fields.chain(message.oneof_decl.iter().map(|oneof| oneof.name())) {
            self.symbol(join(&name, held), bytes);
        }
        self.add_extensions(&name, &message.extension, bytes);
        self.symbol(name, bytes);
    }

    fn add_enum(&mut self, scope: &str, held: &EnumDescriptorProto, bytes: &Bytes) {
        // The values of an enum belong to the scope that the enum is in.
        for value in &held.value {
            self.symbol(join(scope, value.name()), bytes);
        }
        self.symbol(join(scope, held.name()), bytes);
    }

    fn add_extensions(&mut self, scope: &str, extensions: &[FieldDescriptorProto], bytes: &Bytes) {
        for extension in extensions {
            self.symbol(join(scope, extension.name()), bytes);
            let extended = extension.extendee().trim_start_matches('.').to_string();
            self.extensions.insert((extended, extension.number()), bytes.clone());
        }
    }

    fn symbol(&mut self, name: String, bytes: &Bytes) {
        self.symbols.entry(name).or_insert_with(|| bytes.clone());
    }

    /// Returns the numbers of all extensions of a message; of a message that has none, when it is
    /// known, none.
    fn extension_numbers(&self, extended: &str) -> Option<Vec<i32>> {
        let from = (extended.to_string(), i32::MIN)..=(extended.to_string(), i32::MAX);
        let numbers: Vec<i32> =
            self.extensions.range(from).map(|((_, number), _)| *number).collect();
        (!numbers.is_empty() || self.symbols.contains_key(extended)).then_some(numbers)
    }
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_string() } else { format!("{scope}.{name}") }
}

/// The service itself; one value answers both versions.
#[derive(Clone)]
pub(crate) struct Reflection(pub(crate) Arc<RwLock<Index>>);

/// Both versions have the same messages in different packages.
macro_rules! version {
    ($version:ident) => {
        const _: () = {
            use $version::server_reflection_request::MessageRequest;
            use $version::server_reflection_response::MessageResponse;
            use $version::{
                ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse,
                ListServiceResponse, ServerReflectionRequest, ServerReflectionResponse,
                ServiceResponse,
            };

            fn answer(index: &Index, asked: ServerReflectionRequest) -> ServerReflectionResponse {
                let file = |bytes: Option<&Bytes>, what: &str| match bytes {
                    Some(bytes) => {
                        let file_descriptor_proto = vec![bytes.to_vec()];
                        MessageResponse::FileDescriptorResponse(FileDescriptorResponse {
                            file_descriptor_proto,
                        })
                    }
                    None => error(Code::NotFound, format!("{what} is unknown")),
                };
                let response = match &asked.message_request {
                    Some(MessageRequest::FileByFilename(name)) => {
                        file(index.files.get(name), &format!("the file {name}"))
                    }
                    Some(MessageRequest::FileContainingSymbol(name)) => file(
                        index.symbols.get(name.trim_start_matches('.')),
                        &format!("the symbol {name}"),
                    ),
                    Some(MessageRequest::FileContainingExtension(asked)) => {
                        let (name, number) =
                            (asked.containing_type.clone(), asked.extension_number);
                        let what = format!("the extension {number} of {name}");
                        file(index.extensions.get(&(name, number)), &what)
                    }
                    Some(MessageRequest::AllExtensionNumbersOfType(name)) => {
                        match index.extension_numbers(name) {
                            Some(extension_number) => MessageResponse::AllExtensionNumbersResponse(
                                ExtensionNumberResponse {
                                    base_type_name: name.clone(),
                                    extension_number,
                                },
                            ),
                            None => error(Code::NotFound, format!("the message {name} is unknown")),
                        }
                    }
                    Some(MessageRequest::ListServices(_)) => {
                        let service = index
                            .services
                            .iter()
                            .map(|name| ServiceResponse { name: name.clone() });
                        MessageResponse::ListServicesResponse(ListServiceResponse {
                            service: service.collect(),
                        })
                    }
                    None => error(Code::InvalidArgument, "message_request must be set".to_string()),
                };
                ServerReflectionResponse {
                    valid_host: asked.host.clone(),
                    original_request: Some(asked),
                    message_response: Some(response),
                }
            }

            fn error(code: Code, error_message: String) -> MessageResponse {
                MessageResponse::ErrorResponse(ErrorResponse {
                    error_code: code.into(),
                    error_message,
                })
            }

            #[tonic::async_trait]
            impl $version::server_reflection_server::ServerReflection for Reflection {
                type ServerReflectionInfoStream =
                    Pin<Box<dyn Stream<Item = Result<ServerReflectionResponse, Status>> + Send>>;

                async fn server_reflection_info(
                    &self,
                    request: Request<Streaming<ServerReflectionRequest>>,
                ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
                    let index = self.0.clone();
                    let answers =
                        request.into_inner().map(move |asked| Ok(answer(&index.read(), asked?)));
                    Ok(Response::new(Box::pin(answers)))
                }
            }
        };
    };
}

version!(v1);
version!(v1alpha);
