//! The policy table, read from the options of the methods. A method that lacks one of them, or
//! contradicts itself, fails the build.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{DynamicMessage, MethodDescriptor, Value};

use crate::options::{Fields, extension, time};
use crate::problems::{Element, Problems};
use crate::{Scope, bounds, names, reasons};

const CALLERS: [&str; 5] = ["", "Public", "User", "Service", "Staff"];
const CRITICALITIES: [&str; 5] = ["", "CriticalPlus", "Critical", "SheddablePlus", "Sheddable"];
/// The number of AUDIENCE_INTERNAL.
const INTERNAL: i32 = 1;
const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Returns the entries of `Contract::methods`, sorted by path.
pub fn table(
    scope: &Scope,
    exempt: &[String],
    must_be_bounded: bool,
    problems: &mut Problems,
) -> String {
    let mut entries = BTreeMap::new();
    let mut bindings = BTreeMap::<String, String>::new();
    for file in &scope.files {
        if exempt.iter().any(|package| package == file.package_name()) {
            continue;
        }
        for method in file.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let mut element = Element { file: file.name(), name: method.full_name(), problems };
            check_http(scope, &method, &mut bindings, &mut element);
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let max_request_bytes = bounds::max_request_bytes(
                scope,
                &method.input(),
                must_be_bounded,
                element.problems,
            );
            let entry = entry(scope, &method, &path, max_request_bytes, &mut element);
            entries.insert(path, entry);
        }
    }
    entries.into_values().collect()
}

fn entry(
    scope: &Scope,
    method: &MethodDescriptor,
    path: &str,
    max_request_bytes: u64,
    element: &mut Element<'_>,
) -> String {
    let Some(policy) = extension(scope, &method.options(), "souk.policy.v1.method") else {
        element.problem("has no option (souk.policy.v1.method)");
        return String::new();
    };
    let mut policy = Fields::new(policy);
    let grants = grants(policy.take_list("grants"), element);
    let own = own(scope, method);
    check_own(method, &own, grants.contains("CallerKind::User"), element);
    check_audience(scope, method, &grants, element);
    let reasons = texts(&policy.take_list("reasons"));
    let known = reasons::names_of(scope, method.parent_service().package_name());
    for reason in reasons.iter().filter(|reason| !known.contains(*reason)) {
        element.problem(&format!(
            "souk.policy.v1.method.reasons has {reason}, which is not in the package's ErrorReason"
        ));
    }
    let Some(criticality) =
        policy.take("criticality").and_then(|value| pick(&CRITICALITIES, &value))
    else {
        element.problem("souk.policy.v1.method.criticality is not set");
        return String::new();
    };
    let timeout = match policy.take("timeout").as_ref().and_then(time) {
        Some((seconds, nanos)) if seconds >= 0 && nanos >= 0 && (seconds, nanos) > (0, 0) => {
            format!("::core::time::Duration::new({seconds}, {nanos})")
        }
        None if method.is_server_streaming() => {
            "::souk_contract::MethodPolicy::UNLIMITED".to_owned()
        }
        _ => {
            element.problem("souk.policy.v1.method.timeout must be set and positive");
            return String::new();
        }
    };
    let idempotency = match method
        .options()
        .get_field_by_name("idempotency_level")
        .and_then(|level| level.as_enum_number())
    {
        Some(1) => "NoSideEffects",
        Some(2) => "Idempotent",
        _ => {
            element.problem("has no option idempotency_level (NO_SIDE_EFFECTS or IDEMPOTENT)");
            return String::new();
        }
    };

    let mut text = String::new();
    let _ = writeln!(
        text,
        "        ::souk_contract::MethodPolicy {{ path: {path:?}, domain: {:?}, service: {:?}, method: {:?}, grants: &[{grants}], own: {own:?}, \
         reasons: &{reasons:?}, criticality: ::souk_contract::Criticality::{criticality}, timeout: {timeout}, \
         idempotency: ::souk_contract::Idempotency::{idempotency}, client_streaming: {}, server_streaming: {}, \
         max_request_bytes: {max_request_bytes}, request_shape: {} }},",
        names::domain(method.parent_service().package_name()),
        method.parent_service().full_name(),
        method.name(),
        method.is_client_streaming(),
        method.is_server_streaming(),
        bounds::shape(scope, &method.input()),
    );
    text
}

/// Returns the field of the request that says whose things a user reaches; empty without one.
pub fn own(scope: &Scope, method: &MethodDescriptor) -> String {
    let policy = extension(scope, &method.options(), "souk.policy.v1.method");
    policy.and_then(|policy| Fields::new(policy).take_text("own")).unwrap_or_default()
}

/// Checks that an internal service admits those who operate the shop only.
fn check_audience(
    scope: &Scope,
    method: &MethodDescriptor,
    grants: &str,
    element: &mut Element<'_>,
) {
    let options = method.parent_service().options();
    let policy = extension(scope, &options, "souk.policy.v1.service");
    let audience = policy.and_then(|policy| Fields::new(policy).take("audience"));
    let is_internal = audience.and_then(|audience| audience.as_enum_number()) == Some(INTERNAL);
    let is_for_all =
        ["Public", "User"].iter().any(|kind| grants.contains(&format!("CallerKind::{kind}")));
    if is_internal && is_for_all {
        element.problem(
            "admits users or everyone, and its service has AUDIENCE_INTERNAL (souk.policy.v1.service)",
        );
    }
}

fn check_own(method: &MethodDescriptor, own: &str, admits_users: bool, element: &mut Element<'_>) {
    if own.is_empty() && admits_users {
        element.problem(
            "souk.policy.v1.method.own is not set: it names the field of the request that says whose things a user reaches",
        );
    } else if !own.is_empty() && !admits_users {
        element.problem("souk.policy.v1.method.own is set, and no grant admits users");
    } else if !own.is_empty() && (!has_field(method, own) || method.is_client_streaming()) {
        element.problem(&format!(
            "souk.policy.v1.method.own is {own:?}, which is not a field of one request {}",
            method.input().full_name()
        ));
    }
}

/// Returns the grants of a method as Rust, once it is clear what each admits.
fn grants(list: Vec<Value>, element: &mut Element<'_>) -> String {
    let mut grants = Vec::new();
    for grant in &list {
        let Some(mut grant) = grant.as_message().cloned().map(Fields::new) else { continue };
        let scopes = texts(&grant.take_list("scopes"));
        let Some(caller) = grant.take("caller").and_then(|caller| pick(&CALLERS, &caller)) else {
            element.problem("souk.policy.v1.method.grants has one without a caller");
            continue;
        };
        for scope in scopes.iter().filter(|scope| !is_scope(scope)) {
            element.problem(&format!(
                "souk.policy.v1.method.grants has the scope {scope:?}, which is not a noun and a verb like \"orders.refund\""
            ));
        }
        let excludes_guests = grant.take_bool("excludes_guests");
        if excludes_guests && caller != "User" {
            element.problem("souk.policy.v1.method.grants excludes guests, who are users, from a grant to others");
        }
        if caller == "Public" && (list.len() > 1 || !scopes.is_empty()) {
            element.problem(
                "souk.policy.v1.method.grants has CALLER_PUBLIC, which admits every caller, beside something else",
            );
        }
        let grant = format!(
            "::souk_contract::Grant {{ caller: ::souk_contract::CallerKind::{caller}, scopes: &{scopes:?}, \
             excludes_guests: {excludes_guests} }}"
        );
        if grants.contains(&grant) {
            element.problem("souk.policy.v1.method.grants has one twice");
        }
        grants.push(grant);
    }
    if list.is_empty() {
        element.problem("souk.policy.v1.method.grants is empty");
    }
    grants.join(", ")
}

/// Returns whether a text is a scope: two or more words of small letters, digits and hyphens, with
/// dots between them.
fn is_scope(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    text.contains('.') && text.split('.').all(is_word)
}

/// Checks that a method has an HTTP mapping, that it names only fields of the request, and that no
/// other method has the same one.
fn check_http(
    scope: &Scope,
    method: &MethodDescriptor,
    bindings: &mut BTreeMap<String, String>,
    element: &mut Element<'_>,
) {
    let Some(rule) = extension(scope, &method.options(), "google.api.http") else {
        if !method.is_client_streaming() {
            element.problem("has no option (google.api.http)");
        }
        return;
    };
    let further = rule.get_field_by_name("additional_bindings").map(|list| list.into_owned());
    let further =
        further.iter().filter_map(Value::as_list).flatten().filter_map(Value::as_message).cloned();
    for rule in std::iter::once(rule.clone()).chain(further) {
        check_binding(&rule, method, bindings, element);
    }
}

fn check_binding(
    rule: &DynamicMessage,
    method: &MethodDescriptor,
    bindings: &mut BTreeMap<String, String>,
    element: &mut Element<'_>,
) {
    let text = |name: &str| {
        rule.get_field_by_name(name)
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let Some(verb) = VERBS.into_iter().find(|verb| rule.has_field_by_name(verb)) else {
        return element.problem("google.api.http has no verb with a path");
    };
    let path = text(verb);
    if !path.starts_with('/') {
        element.problem(&format!("google.api.http path {path:?} does not start with a slash"));
    }
    let mut shape = format!("{verb} ");
    let mut parts = path.split('{');
    shape.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let Some((variable, rest)) = part.split_once('}') else {
            return element.problem(&format!("google.api.http path {path:?} has an open brace"));
        };
        let field = variable.split('=').next().unwrap_or_default();
        if !has_field(method, field) {
            element.problem(&format!(
                "google.api.http path {path:?} names {field:?}, which is not a field of {}",
                method.input().full_name()
            ));
        }
        shape.push_str("{}");
        shape.push_str(rest);
    }
    let body = text("body");
    if !body.is_empty() && body != "*" && !has_field(method, &body) {
        element.problem(&format!(
            "google.api.http body {body:?} is not a field of {}",
            method.input().full_name()
        ));
    }
    if matches!(verb, "get" | "delete") && !body.is_empty() {
        element.problem(&format!("google.api.http gives a body to {verb}"));
    }
    let response_body = text("response_body");
    if !response_body.is_empty() && method.output().get_field_by_name(&response_body).is_none() {
        element.problem(&format!(
            "google.api.http response_body {response_body:?} is not a field of {}",
            method.output().full_name()
        ));
    }
    if let Some(other) = bindings.insert(shape, method.full_name().to_owned()) {
        element.problem(&format!("google.api.http {verb} {path:?} is also the mapping of {other}"));
    }
}

/// Returns whether a dotted path names a field of the request.
pub fn has_field(method: &MethodDescriptor, path: &str) -> bool {
    let mut message = Some(method.input());
    for part in path.split('.') {
        let Some(field) = message.as_ref().and_then(|message| message.get_field_by_name(part))
        else {
            return false;
        };
        message = field.kind().as_message().cloned();
    }
    true
}

/// Returns a kind of caller as Rust.
pub fn caller_kind(value: &Value) -> Option<String> {
    pick(&CALLERS, value).map(|kind| format!("::souk_contract::CallerKind::{kind}"))
}

fn pick(names: &[&'static str], value: &Value) -> Option<&'static str> {
    let name = names.get(usize::try_from(value.as_enum_number()?).ok()?)?;
    (!name.is_empty()).then_some(*name)
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
