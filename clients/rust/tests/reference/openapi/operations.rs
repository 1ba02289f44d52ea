//! The operations of HTTP: each binding of `google.api.http` with its parameters, its body and its
//! responses.

use prost_reflect::{
    DynamicMessage, FieldDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};
use souk_client::CONTRACT;
use souk_contract::{CallerKind, MethodPolicy};

use super::comments::Commented as _;
use super::errors::Errors;
use super::json::{Json, Object};
use super::rules::json_path;
use super::schemas::reference;
use super::schemas::{Part, Schemas, fields, is_deprecated, is_output, is_required, is_well_known};
use crate::descriptors::{Idempotency, option};

const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
const JSON: &str = "application/json";
/// JSON objects, one a line.
const JSON_LINES: &str = "application/x-ndjson";

/// One verb and path of a method.
struct Binding {
    verb: &'static str,
    /// The path with the names of its parameters: `/v1/products/{productId}`.
    path: String,
    /// The fields in the path: `product.product_id`.
    variables: Vec<String>,
    /// The field that is the body, `*` for all that the path does not have; empty for no body.
    body: String,
    /// The field of the response that is the body; empty for the whole response.
    response_body: String,
}

/// Makes the operations, and the schemas that they need.
pub struct Operations<'a> {
    pub schemas: &'a mut Schemas,
    pub errors: &'a Errors,
}

impl Operations<'_> {
    /// Adds all operations of a method to the paths.
    pub fn add(&mut self, method: &MethodDescriptor, paths: &mut Object) {
        let rule = option(&method.options(), "google.api.http");
        for (index, binding) in bindings(&rule).into_iter().enumerate() {
            let path = paths.object(&binding.path);
            let is_free = path.get(binding.verb).is_none();
            assert!(is_free, "{}: {} {} is taken", method.full_name(), binding.verb, binding.path);
            path.set(binding.verb, self.operation(method, &binding, index));
        }
    }

    fn operation(&mut self, method: &MethodDescriptor, binding: &Binding, index: usize) -> Object {
        let service = method.parent_service();
        let policy = CONTRACT
            .method(&format!("/{}/{}", service.full_name(), method.name()))
            .expect("every method has a policy");
        let number = if index == 0 { String::new() } else { (index + 1).to_string() };
        let comment = method.comment();
        let summary = method.summary();
        let mut operation = Object::default()
            .with("tags", vec![service.name()])
            .with("operationId", format!("{}_{}{number}", service.name(), method.name()))
            .with("summary", summary.as_str());
        if comment.trim_end_matches('.') != summary {
            operation.set("description", comment);
        }
        if is_deprecated(&method.options()) {
            operation.set("deprecated", true);
        }
        operation.set("x-souk-method", format!("{}/{}", service.full_name(), method.name()));
        access(policy, &mut operation);
        if let Some(idempotency) = idempotency(method) {
            operation.set("x-souk-idempotency", idempotency);
        }
        if is_internal(service) {
            operation.set("x-souk-audience", "internal");
        }
        if policy.timeout != MethodPolicy::UNLIMITED {
            operation.set("x-souk-timeout", format!("{}s", policy.timeout.as_secs_f64()));
        }
        let parameters = self.parameters(&method.input(), binding);
        if !parameters.is_empty() {
            operation.set("parameters", parameters);
        }
        if let Some(body) = self.request_body(method, binding) {
            operation.set("requestBody", body);
        }
        let mut responses = self.success(method, binding);
        responses.extend(self.errors.responses(method, policy));
        operation.with("responses", responses)
    }

    /// Returns the parameters in the path and in the query.
    fn parameters(&mut self, input: &MessageDescriptor, binding: &Binding) -> Vec<Json> {
        let mut parameters = Vec::new();
        for variable in &binding.variables {
            let field = field_at(input, variable);
            let mut description = field.comment();
            if variable.contains('.') {
                description.push_str(&format!(" It sets `{}`.", json_path(variable)));
            }
            let parameter = Object::default()
                .with("name", field.json_name())
                .with("in", "path")
                .with("required", true)
                .with("description", description)
                .with("schema", self.schemas.field(&field));
            parameters.push(parameter.into());
        }
        if binding.body != "*" {
            let body = std::slice::from_ref(&binding.body);
            let elsewhere = [&binding.variables[..], body].concat();
            self.query(input, "", true, &elsewhere, &mut parameters);
        }
        parameters
    }

    /// Adds the fields of a message that are in the query, except those that are elsewhere.
    fn query(
        &mut self,
        message: &MessageDescriptor,
        within: &str,
        is_needed: bool,
        elsewhere: &[String],
        parameters: &mut Vec<Json>,
    ) {
        for field in message.fields() {
            let path = format!("{within}{}", field.name());
            let comment = field.comment();
            if elsewhere.contains(&path) || is_output(&comment) {
                continue;
            }
            let is_needed = is_needed && is_required(&field, &Part::default());
            let kind = field.kind();
            if let Some(inner) = kind.as_message().filter(|inner| !is_well_known(inner)) {
                assert!(
                    !field.is_list(),
                    "{}: a query has no lists of messages",
                    field.full_name()
                );
                self.query(inner, &format!("{path}."), is_needed, elsewhere, parameters);
                continue;
            }
            let mut parameter =
                Object::default().with("name", json_path(&path)).with("in", "query");
            if is_needed {
                parameter.set("required", true);
            }
            if is_deprecated(&field.options()) {
                parameter.set("deprecated", true);
            }
            parameter.set("description", comment);
            parameter.set("schema", self.schemas.field(&field));
            parameters.push(parameter.into());
        }
    }

    fn request_body(&mut self, method: &MethodDescriptor, binding: &Binding) -> Option<Object> {
        let input = method.input();
        let (schema, is_needed) = match binding.body.as_str() {
            "" => return None,
            "*" => {
                let part = Part { without: &binding.variables, is_masked: false };
                // Nothing is left when the path has all.
                fields(&input, &part).next()?;
                let is_needed = fields(&input, &part).any(|field| is_required(&field, &part));
                (self.schemas.part(input.full_name(), &input, &part), is_needed)
            }
            name => {
                let field = field_at(&input, name);
                (self.resource(&input, &field, binding), true)
            }
        };
        let kind = if method.is_client_streaming() { JSON_LINES } else { JSON };
        let content = Object::default().with(kind, Object::default().with("schema", schema));
        let mut body = Object::default();
        if is_needed {
            body.set("required", true);
        }
        Some(body.with("content", content))
    }

    /// Returns the schema of a body that is one field of the request.
    fn resource(
        &mut self,
        input: &MessageDescriptor,
        field: &FieldDescriptor,
        binding: &Binding,
    ) -> Object {
        let kind = field.kind();
        let Some(resource) = kind.as_message().filter(|_| !field.is_list()) else {
            return self.schemas.field(field);
        };
        let prefix = format!("{}.", field.name());
        let bound = binding.variables.iter().filter_map(|path| path.strip_prefix(&prefix));
        let bound = bound.map(str::to_owned).collect::<Vec<_>>();
        let part = Part { without: &bound, is_masked: binding.verb == "patch" };
        // The resource itself will do unless the path has a field that it requires, or a mask says
        // what it must have.
        let whole = Part::default();
        let is_same = resource.fields().all(|field| {
            let is_bound = bound.iter().any(|name| name == field.name());
            let is_needed = is_required(&field, &whole);
            !is_needed || (!is_bound && is_required(&field, &part))
        });
        if is_same {
            return self.schemas.field(field);
        }
        let name = format!("{}.{}", input.full_name(), field.json_name());
        self.schemas.part(&name, resource, &part)
    }

    /// Returns the response of a call that succeeds.
    fn success(&mut self, method: &MethodDescriptor, binding: &Binding) -> Object {
        let output = method.output();
        let policy = option(&method.options(), "souk.policy.v1.method");
        let status = policy.get_field_by_name("http_status").unwrap().as_i32().unwrap();
        let status = if status == 0 { 200 } else { status };
        if status == 204 {
            let response = Object::default().with("description", "There is nothing to say.");
            return Object::default().with("204", response);
        }
        let (schema, description) = match binding.response_body.as_str() {
            "" => (self.schemas.message(&output), output.comment()),
            name => {
                let field = field_at(&output, name);
                (self.schemas.field(&field), field.comment())
            }
        };
        let (kind, schema) = if method.is_server_streaming() {
            let lines: Vec<Json> = vec![schema.into(), reference("StreamError").into()];
            (JSON_LINES, Object::default().with("anyOf", lines))
        } else {
            (JSON, schema)
        };
        let content = Object::default().with(kind, Object::default().with("schema", schema));
        let response = Object::default().with("description", description).with("content", content);
        Object::default().with(&status.to_string(), response)
    }
}

/// Returns the bindings of a method: the first, then the additional ones.
fn bindings(rule: &DynamicMessage) -> Vec<Binding> {
    let Some(verb) = VERBS.into_iter().find(|verb| rule.has_field_by_name(verb)) else {
        return Vec::new();
    };
    let text =
        |name: &str| rule.get_field_by_name(name).unwrap().as_str().unwrap_or_default().to_owned();
    let (path, variables) = template(&text(verb));
    let (body, response_body) = (text("body"), text("response_body"));
    let mut bindings = vec![Binding { verb, path, variables, body, response_body }];
    let more = rule.get_field_by_name("additional_bindings").unwrap();
    for rule in more.as_list().unwrap() {
        bindings.extend(self::bindings(rule.as_message().unwrap()));
    }
    bindings
}

/// Returns a path with the names of its parameters, and the fields that these are.
///
/// A parameter is called as the last part of its field, so that methods of one resource have one
/// path: `/v1/products/{product_id}` and `/v1/products/{product.product_id}`.
fn template(template: &str) -> (String, Vec<String>) {
    let mut path = String::new();
    let mut variables = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (variable, after) = after.split_once('}').expect("a brace is closed");
        assert!(!variable.contains('='), "{template}: OpenAPI has no patterns in paths");
        let name = variable.rsplit('.').next().unwrap_or(variable);
        path.push_str(&format!("{before}{{{}}}", json_path(name)));
        variables.push(variable.to_owned());
        rest = after;
    }
    path.push_str(rest);
    (path, variables)
}

/// Returns the field at a path within a message.
fn field_at(message: &MessageDescriptor, path: &str) -> FieldDescriptor {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = message
        .get_field_by_name(first)
        .unwrap_or_else(|| panic!("{} has no field {path}", message.full_name()));
    if rest.is_empty() {
        return field;
    }
    let kind = field.kind();
    field_at(kind.as_message().unwrap_or_else(|| panic!("{path} is no message")), rest)
}

/// Returns how a repeat of a write is known.
fn idempotency(method: &MethodDescriptor) -> Option<Object> {
    let idempotency = Idempotency::of(method)?;
    let mut object = Object::default();
    if !idempotency.key.is_empty() {
        object.set("key", json_path(&idempotency.key));
    }
    if let Some(window) = idempotency.window {
        object.set("window", format!("{}s", window.as_secs_f64()));
    }
    Some(object)
}

/// Says who may call.
fn access(policy: &MethodPolicy, operation: &mut Object) {
    let token = Object::default().with("token", Vec::<Json>::new());
    let is_public = policy.grants.iter().any(|grant| grant.caller == CallerKind::Public);
    // With a token some callers see more.
    let security = if is_public { vec![Object::default(), token] } else { vec![token] };
    operation.set("security", security);
    let grants = policy.grants.iter().map(|grant| {
        let caller = match grant.caller {
            CallerKind::Public => "CALLER_PUBLIC",
            CallerKind::User => "CALLER_USER",
            CallerKind::Service => "CALLER_SERVICE",
            CallerKind::Staff => "CALLER_STAFF",
        };
        let mut entry = Object::default().with("caller", caller);
        if !grant.scopes.is_empty() {
            entry.set("scopes", grant.scopes.to_vec());
        }
        if grant.excludes_guests {
            entry.set("excludesGuests", true);
        }
        entry
    });
    operation.set("x-souk-grants", grants.collect::<Vec<_>>());
    if !policy.own.is_empty() {
        operation.set("x-souk-own", policy.own);
    }
}

/// Returns whether a service is for those who operate the shop, and for no one outside.
fn is_internal(service: &ServiceDescriptor) -> bool {
    const INTERNAL: i32 = 1;
    let policy = option(&service.options(), "souk.policy.v1.service");
    let audience = policy.get_field_by_name("audience").and_then(|value| value.as_enum_number());
    audience == Some(INTERNAL)
}

#[test]
fn a_path_names_its_parameters_as_the_resource_does() {
    let (path, variables) = template("/v1/products/{variant.product_id}/variants:batchGet");
    assert_eq!(path, "/v1/products/{productId}/variants:batchGet");
    assert_eq!(variables, ["variant.product_id"]);
}
