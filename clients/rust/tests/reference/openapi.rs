//! docs/reference/openapi.json: the contract as an HTTP API, in OpenAPI 3.1.

mod comments;
mod errors;
mod json;
mod operations;
mod rules;
mod schemas;

use prost_reflect::{DescriptorPool, ServiceDescriptor};
use souk_client::CONTRACT;

use self::comments::Commented as _;
use self::errors::Errors;
use self::json::{Json, Object};
use self::operations::Operations;
use self::schemas::Schemas;
use crate::descriptors::is_made;

/// What holds for all operations.
const RULES: &str = "\
    What Souk's services offer over HTTP with JSON, for a gateway that serves it. **Souk has no \
    such gateway yet**: today every method is called over gRPC, under the name in \
    `x-souk-method`. `cargo xtask gen` makes this file from `proto/`; the comments there are its \
    texts.\n\n\
    **Names.** Fields and parameters are in lowerCamelCase. The texts name fields as the protos \
    do: `page_size` is `pageSize`.\n\n\
    **Requests.** A field is in the path, in the body, or a parameter of the query. `a.b` in the \
    query is the field `b` of the message `a`; a list is a parameter that is repeated. A field \
    that is left out has its default: 0, false, the empty text, the first value of an enum. A \
    field with `readOnly` is ignored in a request.\n\n\
    **Values.** As in the JSON mapping of Protocol Buffers: 64-bit integers are strings, so \
    amounts of money lose no digit; bytes are base64; times are RFC 3339; enums are the names of \
    their values. `x-minimum` and `x-maximum` bound values that are strings; `x-souk-paths` \
    lists what a mask may name. A response may leave out a field that has its default. Later \
    versions add fields, and values of enums; a client ignores fields that it does not know.\n\n\
    **Statuses.** 200; 201 where something was created, 202 where work was started that goes on, \
    204 with no body.\n\n\
    **Repeats.** Every call may be repeated. `x-souk-idempotency` says how the repeat of a write \
    is known: by the field `key` of the request, which is remembered for at least `window`, or \
    else for as long as what it names is kept. Without a `key` the effect is the key: what is so \
    already stays so.\n\n\
    **Streams.** `application/x-ndjson` is one JSON object a line. A stream that fails after it \
    has begun ends with a line that has the field `error`.\n\n\
    **Errors.** Every other status has a `google.rpc.Status`; the `google.rpc.ErrorInfo` in its \
    details has the reason and its domain. `x-souk-reasons` lists those of a response as \
    `domain/reason`. The reason decides the status: see docs/errors.md.\n\n\
    **Access.** `x-souk-grants` lists who may call: a kind of caller with all of the scopes. \
    Callers are everyone (`CALLER_PUBLIC`), a user or guest, who reaches its own things only \
    (`x-souk-own` names the field that says whose they are), a service or a member of the staff. \
    `x-souk-set-by` lists the callers that may set a field. docs/reference/scopes.md explains the scopes. Operations with \
    `x-souk-audience: internal` are for the people and tools that operate Souk: a gateway does \
    not offer them to the public.\n\n\
    **Sensitive values.** A value with `x-sensitive` is never logged. `x-souk-data-class` says \
    whether it is personal data or a secret.";

#[test]
fn the_openapi_file_is_what_the_contract_says() {
    let pool = DescriptorPool::decode(CONTRACT.descriptors).unwrap();
    is_made("docs/reference/openapi.json", &Json::from(document(&pool)).pretty());
}

fn document(pool: &DescriptorPool) -> Object {
    let mut services: Vec<ServiceDescriptor> =
        pool.services().filter(|service| service.package_name().starts_with("souk.")).collect();
    services.sort_by(|a, b| a.full_name().cmp(b.full_name()));

    let errors = Errors::new(pool);
    let mut schemas = Schemas::default();
    errors::schemas(&mut schemas);
    let mut paths = Object::default();
    let mut tags = Vec::new();
    for service in &services {
        let name = service.name();
        let is_alone = services.iter().filter(|other| other.name() == name).count() == 1;
        assert!(is_alone, "two services are called {name}: their operations need longer ids");
        tags.push(Object::default().with("name", name).with("description", service.comment()));
        let mut operations = Operations { schemas: &mut schemas, errors: &errors };
        for method in service.methods() {
            operations.add(&method, &mut paths);
        }
    }

    let licence = env!("CARGO_PKG_LICENSE");
    let info = Object::default()
        .with("title", "Souk")
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("license", Object::default().with("name", licence).with("identifier", licence))
        .with("description", RULES);
    let token = Object::default()
        .with("type", "http")
        .with("scheme", "bearer")
        .with("description", "The token that says who calls, and with which scopes.");
    let components = Object::default()
        .with("securitySchemes", Object::default().with("token", token))
        .with("responses", errors.components())
        .with("schemas", schemas.into_object());
    Object::default()
        .with("openapi", "3.1.0")
        .with("info", info)
        .with("tags", tags)
        .with("paths", paths)
        .with("components", components)
}
