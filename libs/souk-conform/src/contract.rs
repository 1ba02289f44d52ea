//! What the service itself says of its methods, by reflection: their messages and their policies.

use prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor, Value};
use prost_types::method_options::IdempotencyLevel;
use souk_contract::Caller;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::wire::Connection;

/// Both versions of reflection; their messages are the same.
pub const VERSIONS: [&str; 2] =
    ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// One method with what the contract says of it.
#[derive(Clone)]
pub struct Method {
    /// `/souk.orders.v1.OrderService/PlaceOrder`
    pub path: String,
    /// `souk.orders.v1`
    pub package: String,
    pub input: MessageDescriptor,
    pub client_streaming: bool,
    pub server_streaming: bool,
    pub access: Option<Access>,
    pub has_idempotency: bool,
    /// Whether the contract says that it changes nothing.
    pub is_read: bool,
}

/// Who may call a method: kinds of callers, each with the scopes that it needs.
#[derive(Clone, Default)]
pub struct Access {
    grants: Vec<Grant>,
    /// The field of the request that says whose things a user reaches.
    pub own: String,
}

#[derive(Clone)]
struct Grant {
    caller: String,
    scopes: Vec<String>,
    excludes_guests: bool,
}

/// Asks reflection one question.
pub async fn ask(
    connection: &Connection,
    version: &str,
    question: MessageRequest,
) -> Result<MessageResponse, String> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let path = format!("/{version}/ServerReflectionInfo");
    let reply = connection.call(&path, &[], &[request.encode_to_vec()]).await;
    if let Some(why) = reply.broken {
        return Err(why);
    }
    let Some(message) = reply.messages.first() else {
        return Err(format!("{:?}: {}", reply.status.code(), reply.status.message()));
    };
    let response =
        ServerReflectionResponse::decode(message.as_slice()).map_err(|error| error.to_string())?;
    response.message_response.ok_or_else(|| "an empty answer".to_owned())
}

/// Returns the gRPC services that a process lists.
pub async fn listed(connection: &Connection) -> Result<Vec<String>, String> {
    let question = MessageRequest::ListServices(String::new());
    match ask(connection, VERSIONS[0], question).await? {
        MessageResponse::ListServicesResponse(list) => {
            Ok(list.service.into_iter().map(|service| service.name).collect())
        }
        other => Err(format!("reflection answers {other:?}")),
    }
}

/// Puts together the files of services with all that they import.
pub async fn pool(connection: &Connection, services: &[String]) -> Result<DescriptorPool, String> {
    let mut files: Vec<(String, Vec<u8>, Vec<String>)> = Vec::new();
    let mut wanted: Vec<MessageRequest> =
        services.iter().map(|name| MessageRequest::FileContainingSymbol(name.clone())).collect();
    while let Some(question) = wanted.pop() {
        let asked = format!("{question:?}");
        let found = match ask(connection, VERSIONS[0], question).await? {
            MessageResponse::FileDescriptorResponse(found) => found.file_descriptor_proto,
            other => return Err(format!("{asked} is answered {other:?}")),
        };
        for bytes in found {
            let file = prost_types::FileDescriptorProto::decode(bytes.as_slice())
                .map_err(|error| error.to_string())?;
            if files.iter().any(|(name, ..)| name == file.name()) {
                continue;
            }
            wanted.extend(file.dependency.iter().cloned().map(MessageRequest::FileByFilename));
            files.push((file.name().to_owned(), bytes, file.dependency));
        }
    }
    // A file can be added once everything is there that it imports.
    let mut pool = DescriptorPool::new();
    while !files.is_empty() {
        let ready = |(_, _, imports): &(String, Vec<u8>, Vec<String>)| {
            imports.iter().all(|name| pool.get_file_by_name(name).is_some())
        };
        let Some(at) = files.iter().position(ready) else {
            return Err("the files import each other, or one is missing".to_owned());
        };
        let (name, bytes, _) = files.swap_remove(at);
        pool.decode_file_descriptor_proto(bytes.as_slice())
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(pool)
}

/// Returns the methods of services.
pub fn methods(pool: &DescriptorPool, services: &[String]) -> Result<Vec<Method>, String> {
    let mut methods = Vec::new();
    for name in services {
        let service = pool
            .get_service_by_name(name)
            .ok_or_else(|| format!("its files have no service {name}"))?;
        methods.extend(service.methods().map(|method| {
            let options = method.method_descriptor_proto().options.as_ref();
            let level = options.and_then(|options| options.idempotency_level);
            Method {
                path: format!("/{name}/{}", method.name()),
                package: service.package_name().to_owned(),
                input: method.input(),
                client_streaming: method.is_client_streaming(),
                server_streaming: method.is_server_streaming(),
                access: access(pool, &method),
                has_idempotency: level.is_some(),
                is_read: level == Some(IdempotencyLevel::NoSideEffects as i32),
            }
        }));
    }
    Ok(methods)
}

fn access(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<Access> {
    let option = pool.get_extension_by_name("souk.policy.v1.method")?;
    let options = method.options();
    if !options.has_extension(&option) {
        return None;
    }
    let policy = options.get_extension(&option);
    let kind = pool.get_enum_by_name("souk.policy.v1.Caller")?;
    let grants = policy.as_message()?.get_field_by_name("grants")?;
    let grant = |value: &Value| {
        let grant = value.as_message()?;
        let caller = grant.get_field_by_name("caller")?.as_enum_number()?;
        let scopes = grant.get_field_by_name("scopes")?;
        let scopes = scopes.as_list()?.iter().filter_map(|one| one.as_str().map(str::to_owned));
        let excludes_guests = grant.get_field_by_name("excludes_guests");
        Some(Grant {
            caller: kind.get_value(caller)?.name().to_owned(),
            scopes: scopes.collect(),
            // A service may have been built before the option was there.
            excludes_guests: excludes_guests.and_then(|it| it.as_bool()).unwrap_or_default(),
        })
    };
    let own = policy.as_message()?.get_field_by_name("own");
    let own = own.and_then(|own| own.as_str().map(str::to_owned)).unwrap_or_default();
    Some(Access { grants: grants.as_list()?.iter().filter_map(grant).collect(), own })
}

impl Access {
    /// Returns whether a caller is admitted when its token has every scope.
    pub fn admits(&self, caller: &Caller) -> bool {
        self.asks_of(caller).next().is_some()
    }

    /// Returns what the method asks of a caller: the scopes of each grant to its kind.
    pub fn asks_of(&self, caller: &Caller) -> impl Iterator<Item = &[String]> {
        let kind = match caller {
            Caller::Anonymous => "CALLER_PUBLIC",
            Caller::User(_) => "CALLER_USER",
            Caller::Staff(_) => "CALLER_STAFF",
            Caller::Service(_) => "CALLER_SERVICE",
        };
        let is_guest = matches!(caller, Caller::User(user) if user.is_guest);
        self.grants
            .iter()
            .filter(move |grant| grant.caller == kind || grant.caller == "CALLER_PUBLIC")
            .filter(move |grant| !(grant.excludes_guests && is_guest))
            .map(|grant| grant.scopes.as_slice())
    }

    /// Returns every scope that any grant asks for.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.grants.iter().flat_map(|grant| &grant.scopes).map(String::as_str)
    }

    /// Returns one caller of each kind.
    pub fn callers(&self) -> [Caller; 4] {
        [
            Caller::Staff("conformance".into()),
            Caller::user("conformance"),
            Caller::Service("conformance".into()),
            Caller::Anonymous,
        ]
    }

    /// Returns a caller that is admitted.
    pub fn admitted(&self) -> Option<Caller> {
        self.callers().into_iter().find(|caller| self.admits(caller))
    }
}
