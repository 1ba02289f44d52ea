//! The errors of each method by their HTTP statuses, and those that every method has.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::MethodDescriptor;
use prost_reflect::{DescriptorPool, EnumDescriptor, EnumValueDescriptor, MessageDescriptor};
use souk_contract::{CallerKind, Idempotency, MethodPolicy, common};

use super::comments::Commented as _;
use super::json::Object;
use super::schemas::{Schemas, reference};
use crate::descriptors::{option, texts};
use crate::reasons::http_status;

/// The names of HTTP statuses, as RFC 9110 has them.
const STATUSES: [(i32, &str); 15] = [
    (400, "BadRequest"),
    (401, "Unauthorized"),
    (402, "PaymentRequired"),
    (403, "Forbidden"),
    (404, "NotFound"),
    (409, "Conflict"),
    (410, "Gone"),
    (412, "PreconditionFailed"),
    (422, "UnprocessableContent"),
    (429, "TooManyRequests"),
    (499, "ClientClosedRequest"),
    (500, "InternalServerError"),
    (501, "NotImplemented"),
    (503, "ServiceUnavailable"),
    (504, "GatewayTimeout"),
];

/// The reasons of every method that only some methods can fail with.
const CONDITIONAL: [&str; 7] = [
    "ERROR_REASON_CONFLICT",
    "ERROR_REASON_ETAG_MISMATCH",
    "ERROR_REASON_FIELD_NOT_ALLOWED",
    "ERROR_REASON_INVALID_PAGE_TOKEN",
    "ERROR_REASON_OTHER_CUSTOMER",
    "ERROR_REASON_REQUEST_ID_REUSED",
    "ERROR_REASON_TOO_MANY_STREAMS",
];

/// A reason with the domain that it belongs to.
struct Reason {
    domain: &'static str,
    value: EnumValueDescriptor,
}

impl Reason {
    /// Returns the HTTP status; none where any is possible.
    fn status(&self) -> Option<i32> {
        http_status(&option(&self.value.options(), "souk.policy.v1.reason"))
    }

    fn is_conditional(&self) -> bool {
        CONDITIONAL.contains(&self.value.name())
    }

    /// Returns whether a method can fail with this one of the conditional reasons.
    fn is_of(&self, method: &MethodDescriptor, policy: &MethodPolicy) -> bool {
        let has = |name: &str| has_field(&method.input(), name);
        match self.value.name() {
            "ERROR_REASON_CONFLICT" => policy.idempotency != Idempotency::NoSideEffects,
            // What is created has no earlier state.
            "ERROR_REASON_ETAG_MISMATCH" => has("etag") && !method.name().starts_with("Create"),
            "ERROR_REASON_INVALID_PAGE_TOKEN" => has("page_token") || has("resume_token"),
            "ERROR_REASON_FIELD_NOT_ALLOWED" => method.input().fields().any(|field| {
                let option = option(&field.options(), "souk.policy.v1.field");
                option.has_field_by_name("set_by")
            }),
            "ERROR_REASON_OTHER_CUSTOMER" => {
                policy.own.rsplit('.').next().is_some_and(|name| name == "customer_id")
            }
            "ERROR_REASON_REQUEST_ID_REUSED" => has("request_id"),
            "ERROR_REASON_TOO_MANY_STREAMS" => policy.client_streaming || policy.server_streaming,
            _ => false,
        }
    }
}

/// What the errors of all methods share.
pub struct Errors {
    /// The reasons of `souk.policy.v1`.
    common: Vec<Reason>,
}

impl Errors {
    pub fn new(pool: &DescriptorPool) -> Self {
        Self { common: reasons(pool, "souk.policy.v1", common::DOMAIN) }
    }

    /// Returns the responses that operations refer to.
    pub fn components(&self) -> Object {
        let mut components = Object::default();
        for (status, reasons) in self.shared() {
            components.set(name(status), response(&reasons, &[]));
        }
        let other =
            "Any other error: `code` says of which kind, and the reason in the details why.";
        components.with("Other", with_status(other))
    }

    /// Returns the responses of a method that are errors, by status.
    pub fn responses(&self, method: &MethodDescriptor, policy: &MethodPolicy) -> Object {
        let package = method.parent_service().package_name().to_owned();
        let own = reasons(method.parent_pool(), &package, policy.domain);
        let listed = texts(&option(&method.options(), "souk.policy.v1.method"), "reasons");
        let own = own.iter().filter(|own| listed.iter().any(|name| name == own.value.name()));
        let common = self.common.iter().filter(|reason| reason.is_of(method, policy));
        let mut by_status = BTreeMap::<i32, Vec<&Reason>>::new();
        for reason in own.chain(common) {
            let status = reason.status().expect("the reasons of methods have a code");
            by_status.entry(status).or_default().push(reason);
        }
        let mut shared = self.shared();
        if policy.grants.iter().any(|grant| grant.caller == CallerKind::Public) {
            shared.remove(&403);
        }
        let statuses: BTreeSet<i32> = by_status.keys().chain(shared.keys()).copied().collect();
        let mut responses = Object::default();
        for status in statuses {
            let response = match by_status.get(&status) {
                None => refer(name(status)),
                Some(own) => response(own, shared.get(&status).map_or(&[][..], Vec::as_slice)),
            };
            responses.set(&status.to_string(), response);
        }
        responses.with("default", refer("Other"))
    }

    /// Returns the reasons that every method can fail with, by status.
    fn shared(&self) -> BTreeMap<i32, Vec<&Reason>> {
        let mut shared = BTreeMap::<i32, Vec<&Reason>>::new();
        for reason in self.common.iter().filter(|reason| !reason.is_conditional()) {
            if let Some(status) = reason.status() {
                shared.entry(status).or_default().push(reason);
            }
        }
        shared
    }
}

/// Adds the schemas of errors.
pub fn schemas(schemas: &mut Schemas) {
    let details = details();
    let mut kinds: Vec<Object> =
        details.iter().map(|(name, _)| reference(&format!("google.rpc.{name}"))).collect();
    for (name, schema) in details {
        schemas.add(&format!("google.rpc.{name}"), schema);
    }
    kinds.push(
        typed("object", "Any other detail.")
            .with("required", vec!["@type"])
            .with("properties", Object::default().with("@type", text("The name of its type."))),
    );
    let code = typed("integer", "The gRPC code, a number of google.rpc.Code.");
    let status = Object::default()
        .with("code", code.with("format", "int32"))
        .with("message", text("What is wrong, for developers. Programs read the reason."))
        .with("details", list("What else is known.", Object::default().with("anyOf", kinds)));
    schemas.add(
        "google.rpc.Status",
        typed("object", "An error.")
            .with("required", vec!["code", "message"])
            .with("properties", status),
    );
    schemas.add(
        "StreamError",
        typed("object", "The last line of a stream that fails after it has begun.")
            .with("required", vec!["error"])
            .with("properties", Object::default().with("error", reference("google.rpc.Status"))),
    );
}

/// Returns the schemas of the details that services send with an error.
fn details() -> Vec<(&'static str, Object)> {
    let texts = |description: &str| {
        let values = Object::default().with("type", "string");
        typed("object", description).with("additionalProperties", values)
    };
    let item = |properties: Object| {
        Object::default().with("type", "object").with("properties", properties)
    };
    let detail = |name: &'static str, description: &str, properties: Object| {
        let url = format!("type.googleapis.com/google.rpc.{name}");
        let mut all = Object::default().with("@type", Object::default().with("const", url));
        all.extend(properties);
        let schema = typed("object", description).with("required", vec!["@type"]);
        (name, schema.with("properties", all))
    };
    let error_info = Object::default()
        .with("reason", text("The reason: `ERROR_REASON_OUT_OF_STOCK`."))
        .with("domain", text("The package of the reason, without its version: `souk.orders`."))
        .with("metadata", texts("What is known about this failure. The reason says which keys."));
    let field_violation = Object::default()
        .with("field", text("The path of the field, as the protos name it: `lines[0].quantity`."))
        .with("description", text("What is allowed."));
    let bad_request = Object::default()
        .with("fieldViolations", list("An item for each wrong field.", item(field_violation)));
    let violation = Object::default()
        .with("type", text("The kind of condition."))
        .with("subject", text("What it is about, such as an id."))
        .with("description", text("What is wrong."));
    let precondition = Object::default().with(
        "violations",
        list("An item for each condition that does not hold.", item(violation)),
    );
    let resource = Object::default()
        .with("resourceType", text("Its type."))
        .with("resourceName", text("Its id."))
        .with("owner", text("Who owns it; may be empty."))
        .with("description", text("What is wrong with it."));
    let retry =
        Object::default().with("retryDelay", text("The least time to wait, in seconds: `0.250s`."));
    vec![
        detail("BadRequest", "Which fields of the request are wrong.", bad_request),
        detail("ErrorInfo", "Why a call failed, for programs.", error_info),
        detail(
            "PreconditionFailure",
            "What must change before the call can succeed.",
            precondition,
        ),
        detail("ResourceInfo", "Which resource the failure is about.", resource),
        detail("RetryInfo", "When the same call may be made again.", retry),
    ]
}

fn typed(kind: &str, description: &str) -> Object {
    Object::default().with("type", kind).with("description", description)
}

fn text(description: &str) -> Object {
    typed("string", description)
}

fn list(description: &str, items: Object) -> Object {
    typed("array", description).with("items", items)
}

/// Returns a response for these reasons, and for those of every method, which are explained once.
fn response(reasons: &[&Reason], shared: &[&Reason]) -> Object {
    let mut items: Vec<String> = reasons
        .iter()
        .map(|reason| {
            let comment = reason.value.comment().replace('\n', " ");
            format!("- `{}` (`{}`): {comment}", reason.value.name(), reason.domain)
        })
        .collect();
    if !shared.is_empty() {
        let names = shared.iter().map(|reason| format!("`{}`", reason.value.name()));
        items.push(format!("- as in every method: {}", names.collect::<Vec<_>>().join(", ")));
    }
    let all = reasons.iter().chain(shared);
    let names = all.map(|reason| format!("{}/{}", reason.domain, reason.value.name()));
    with_status(&items.join("\n")).with("x-souk-reasons", names.collect::<Vec<_>>())
}

/// Returns a response whose body is a `google.rpc.Status`.
fn with_status(description: &str) -> Object {
    let body = Object::default().with("schema", reference("google.rpc.Status"));
    Object::default()
        .with("description", description)
        .with("content", Object::default().with("application/json", body))
}

fn refer(name: &str) -> Object {
    Object::default().with("$ref", format!("#/components/responses/{name}"))
}

fn name(status: i32) -> &'static str {
    let known = STATUSES.iter().find(|(number, _)| *number == status);
    known.unwrap_or_else(|| panic!("openapi/errors.rs has no name for the status {status}")).1
}

/// Returns the reasons of a package.
fn reasons(pool: &DescriptorPool, package: &str, domain: &'static str) -> Vec<Reason> {
    let reasons = pool.get_enum_by_name(&format!("{package}.ErrorReason"));
    let values = reasons.iter().flat_map(EnumDescriptor::values);
    // The value 0 is never sent.
    let values = values.filter(|value| value.number() != 0);
    values.map(|value| Reason { domain, value }).collect()
}

/// Returns whether a request has a field, itself or in a message that it holds.
fn has_field(request: &MessageDescriptor, name: &str) -> bool {
    request.fields().any(|field| {
        let kind = field.kind();
        let inner = kind.as_message().filter(|_| !field.is_list());
        field.name() == name || inner.is_some_and(|inner| inner.get_field_by_name(name).is_some())
    })
}
