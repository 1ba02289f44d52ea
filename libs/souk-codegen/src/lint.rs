//! The rules of our own contract, beyond those of buf: what makes all packages read alike, and what
//! cannot be mended once others depend on it. docs/add-a-method.md has them for people.

use std::collections::BTreeSet;

use prost_reflect::{
    Cardinality, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor, Kind,
    MessageDescriptor, MethodDescriptor, Value,
};

use crate::Scope;
use crate::options::{extension, is_redacted};
use crate::policies::has_field;
use crate::private::is_private;
use crate::problems::{Element, Problems};

/// Reports every break of a rule.
pub fn check(scope: &Scope, problems: &mut Problems) {
    for (_, messages) in scope.messages() {
        for field in messages.iter().flat_map(MessageDescriptor::fields) {
            let file = field.parent_file();
            let mut element = Element { file: file.name(), name: field.full_name(), problems };
            check_field(&field, &mut element);
            check_behavior(scope, &field, &mut element);
        }
    }
    let listed = listed_reasons(scope);
    for file in scope.files.iter().filter(|file| is_ours(file)) {
        for method in file.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let name = method.full_name().to_owned();
            let mut element = Element { file: file.name(), name: &name, problems };
            check_http(scope, &method, &mut element);
            check_write(scope, &method, &mut element);
            if method.name().starts_with("List") {
                check_list(&method, &mut element);
            }
        }
        for one in file.enums() {
            let mut element = Element { file: file.name(), name: one.full_name(), problems };
            check_enum(scope, &one, &listed, &mut element);
        }
        check_comments(scope, file, problems);
    }
}

/// Returns whether we write the file, and do not restate it.
fn is_ours(file: &FileDescriptor) -> bool {
    !file.package_name().starts_with("google.")
}

/// Names that say nothing of their type, and units in names.
fn check_field(field: &FieldDescriptor, element: &mut Element<'_>) {
    let name = field.name();
    let kind = field.kind();
    if kind == Kind::Bool && name.starts_with("is_") && !IS_NAMES.contains(&name) {
        element.problem("is a bool, whose name begins without `is_` (AIP-140)");
    }
    if kind == Kind::String && !field.is_list() && !field.is_map() && WORDS.contains(&name) {
        element.problem("is a string; what has a fixed set of values is an enum");
    }
    let is_duration_in_disguise =
        ["_seconds", "_milliseconds", "_minutes", "_days"].iter().any(|unit| name.ends_with(unit));
    // TigerBeetle's field, under its name.
    if is_duration_in_disguise && name != "timeout_seconds" {
        element.problem("has a unit in its name; use google.protobuf.Duration");
    }
    let is_time = kind.as_message().is_some_and(|it| it.full_name() == "google.protobuf.Timestamp");
    let is_named_so =
        ["_time", "_time_after", "_time_before"].iter().any(|end| name.ends_with(end))
            || name == "time";
    if is_time && !is_named_so {
        element.problem("is a time, whose name ends in `_time`, `_time_after` or `_time_before`");
    }
    if is_whole_number(&kind)
        && !field.is_list()
        && name.ends_with('s')
        && !is_bound(name)
        && !PLURALS.contains(&name)
    {
        element.problem("is a number with the name of a list; a count ends in `_count`");
    }
}

/// What people read of a field is what machines read of it.
fn check_behavior(scope: &Scope, field: &FieldDescriptor, element: &mut Element<'_>) {
    let comment = comment(&field.parent_file(), field.path());
    let mut rest = comment.as_str();
    let mut said = BTreeSet::new();
    while let Some((word, number, after)) =
        BEHAVIORS.iter().find_map(|(word, number)| Some((*word, *number, rest.strip_prefix(word)?)))
    {
        said.insert((number, word));
        rest = after.trim_start();
    }
    let extension = scope.pool.get_extension_by_name("google.api.field_behavior");
    let options = field.options();
    let values = extension.map(|extension| options.get_extension(&extension).into_owned());
    let values = values.as_ref().and_then(Value::as_list).unwrap_or_default();
    let marked: BTreeSet<i32> = values.iter().filter_map(Value::as_enum_number).collect();
    for (word, number) in BEHAVIORS {
        if said.contains(&(number, word)) != marked.contains(&number) {
            element.problem(&format!(
                "has a comment that begins with {word:?}, or the google.api.field_behavior that \
                 means it, and not both"
            ));
        }
    }
    if is_redacted(field) && !is_private(scope, field) {
        element.problem("is debug_redact, and has no souk.policy.v1.field.data_class");
    }
}

const BEHAVIORS: [(&str, i32); 3] = [("Required.", 2), ("Output only.", 3), ("Immutable.", 5)];

/// Names of bools that would be a keyword elsewhere without `is_`.
const IS_NAMES: [&str; 1] = ["is_default"];
/// A `reason` may be a text for people: what a consumer said, what a provider answered.
const WORDS: [&str; 4] = ["kind", "state", "status", "outcome"];
/// Units, and sums that are not counts.
const PLURALS: [&str; 4] = ["minor_units", "fraction_digits", "timeout_seconds", "http_status"];

fn is_bound(name: &str) -> bool {
    name.starts_with("max_") || name.starts_with("min_")
}

fn is_whole_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64)
}

/// A REST caller gets the thing itself, and can always send what does not fit into a URL.
fn check_http(scope: &Scope, method: &MethodDescriptor, element: &mut Element<'_>) {
    let Some(rule) = extension(scope, &method.options(), "google.api.http") else { return };
    let text = |name: &str| {
        let value = rule.get_field_by_name(name);
        value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let output = method.output();
    let mut fields = output.fields();
    if let (Some(only), None) = (fields.next(), fields.next()) {
        let is_one =
            only.cardinality() != Cardinality::Repeated && only.kind().as_message().is_some();
        if is_one && text("response_body").is_empty() {
            element.problem(&format!(
                "returns exactly one message: its http option needs response_body: {:?}",
                only.name()
            ));
        }
    }
    let is_batch = method.name().starts_with("BatchGet");
    let has_more = rule
        .get_field_by_name("additional_bindings")
        .is_some_and(|list| list.as_list().is_some_and(|list| !list.is_empty()));
    if is_batch && rule.has_field_by_name("get") && !has_more {
        element.problem("is a batch by GET: it needs an additional binding by POST");
    }
}

/// A write says how a repeat of it is known, and every method what HTTP answers on success.
fn check_write(scope: &Scope, method: &MethodDescriptor, element: &mut Element<'_>) {
    let Some(policy) = extension(scope, &method.options(), "souk.policy.v1.method") else { return };
    let level = method.options().get_field_by_name("idempotency_level").map(|it| it.into_owned());
    let is_write = level.and_then(|level| level.as_enum_number()) == Some(IDEMPOTENT);
    let idempotency = policy.get_field_by_name("idempotency").map(|it| it.into_owned());
    let idempotency = idempotency.filter(|_| policy.has_field_by_name("idempotency"));
    match idempotency.as_ref().and_then(Value::as_message) {
        None if is_write => element.problem(
            "is IDEMPOTENT: souk.policy.v1.method needs `idempotency: {key: \"request_id\" window: \
             {seconds: 604800}}`, or `idempotency: {}` when the effect is the key",
        ),
        Some(_) if !is_write => {
            element.problem("is not IDEMPOTENT, and souk.policy.v1.method has `idempotency`");
        }
        Some(idempotency) => {
            let key = idempotency.get_field_by_name("key");
            let key = key.as_ref().and_then(|key| key.as_str()).unwrap_or_default();
            if !key.is_empty() && !has_field(method, key) {
                element.problem(&format!(
                    "souk.policy.v1.method.idempotency has the key {key:?}, which is not a field of {}",
                    method.input().full_name()
                ));
            }
        }
        None => {}
    }

    let status = policy.get_field_by_name("http_status").and_then(|status| status.as_i32());
    let status = status.unwrap_or_default();
    if ![0, 200, 201, 202, 204].contains(&status) {
        element.problem("souk.policy.v1.method.http_status is 200, 201, 202 or 204");
    }
    if status == 204 && method.output().fields().next().is_some() {
        element.problem("has http_status 204, and a response that is not empty");
    }
    if method.name().starts_with("Create") && ![201, 202].contains(&status) {
        element.problem("creates something: souk.policy.v1.method needs `http_status: 201`");
    }
    check_resource(method, element);
}

/// What is created says when, and what is changed has an etag, so that two who change it notice.
fn check_resource(method: &MethodDescriptor, element: &mut Element<'_>) {
    if method.name().starts_with("Create") {
        for resource in resources(&method.output()) {
            if resource.get_field_by_name("create_time").is_none() {
                element
                    .problem(&format!("creates a {}, which has no create_time", resource.name()));
            }
        }
    }
    if method.name().starts_with("Update") {
        for resource in resources(&method.input()) {
            if resource.get_field_by_name("etag").is_none() {
                element.problem(&format!("changes a {}, which has no etag", resource.name()));
            }
        }
    }
}

/// Returns the messages of our own that a request or a response has one of.
fn resources(message: &MessageDescriptor) -> Vec<MessageDescriptor> {
    let fields = message.fields().filter(|field| !field.is_list() && !field.is_map());
    let messages = fields.filter_map(|field| field.kind().as_message().cloned());
    messages.filter(|message| !message.package_name().starts_with("google.")).collect()
}

/// `google.protobuf.MethodOptions.IDEMPOTENT`.
const IDEMPOTENT: i32 = 2;

/// Every list pages in the same way, and says in which order.
fn check_list(method: &MethodDescriptor, element: &mut Element<'_>) {
    let input = method.input();
    // The newest or the best few are all that there is: no further pages.
    if input.fields().any(|field| field.name().starts_with("max_")) {
        return;
    }
    for (name, kind) in [("page_size", Kind::Int32), ("page_token", Kind::String)] {
        if input.get_field_by_name(name).is_none_or(|field| field.kind() != kind) {
            element.problem(&format!("is a list: its request has {name} (AIP-158)"));
        }
    }
    let output = method.output();
    if output.get_field_by_name("next_page_token").is_none() {
        element.problem("is a list: its response has next_page_token (AIP-158)");
    }
    if output.fields().filter(FieldDescriptor::is_list).count() != 1 {
        element.problem("is a list: its response has exactly one repeated field");
    }
    let comment = comment(&method.parent_file(), method.path());
    if !["first", "order", "sorted"].iter().any(|word| comment.contains(word)) {
        element.problem("is a list: its comment says in which order, such as \"newest first\"");
    }
}

/// Readers of an enum must know what to do with a value that comes later, and every reason is given
/// somewhere.
fn check_enum(
    scope: &Scope,
    one: &EnumDescriptor,
    listed: &BTreeSet<String>,
    element: &mut Element<'_>,
) {
    if one.name() != "ErrorReason" {
        let comment = comment(&one.parent_file(), one.path());
        let is_ours_to_read = one.package_name() != "souk.policy.v1";
        if is_ours_to_read && !comment.contains("New values may be added") {
            element.problem(
                "needs the sentence \"New values may be added; treat an unknown one as …\"",
            );
        }
        return;
    }
    for value in one.values() {
        check_status(scope, &value, element);
    }
    // Common reasons are given by the chassis; others can also be in a message.
    let is_in_messages = || {
        scope.messages().values().flatten().flat_map(MessageDescriptor::fields).any(
            |field| matches!(field.kind(), Kind::Enum(kind) if kind.full_name() == one.full_name()),
        )
    };
    if one.package_name() == "souk.policy.v1" || is_in_messages() {
        return;
    }
    for value in one.values().filter(|value| value.number() != 0) {
        let comment = comment(&one.parent_file(), value.path());
        // Such as the error of an operation, which has a google.rpc.Status.
        if !listed.contains(value.full_name()) && !comment.contains("Only in `") {
            element.problem(&format!("has {}, which no method lists", value.name()));
        }
    }
}

/// HTTP answers FAILED_PRECONDITION with 400 unless the reason says otherwise, as if the request
/// were malformed.
fn check_status(scope: &Scope, value: &EnumValueDescriptor, element: &mut Element<'_>) {
    let Some(policy) = extension(scope, &value.options(), "souk.policy.v1.reason") else { return };
    let code = policy.get_field_by_name("code").and_then(|code| code.as_enum_number());
    let status = policy.get_field_by_name("http_status").and_then(|status| status.as_i32());
    if code == Some(FAILED_PRECONDITION) && status == Some(0) {
        element.problem(&format!(
            "has {}, which is FAILED_PRECONDITION: souk.policy.v1.reason needs an http_status, such \
             as 409",
            value.name()
        ));
    }
}

/// `google.rpc.Code.FAILED_PRECONDITION`.
const FAILED_PRECONDITION: i32 = 9;

fn listed_reasons(scope: &Scope) -> BTreeSet<String> {
    let mut listed = BTreeSet::new();
    for service in scope.files.iter().flat_map(FileDescriptor::services) {
        for method in service.methods() {
            let policy = extension(scope, &method.options(), "souk.policy.v1.method");
            let reasons = policy.and_then(|policy| {
                policy.get_field_by_name("reasons").map(std::borrow::Cow::into_owned)
            });
            let reasons = reasons.as_ref().and_then(Value::as_list).unwrap_or_default();
            listed.extend(
                reasons
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|reason| format!("{}.{reason}", service.package_name())),
            );
        }
    }
    listed
}

/// A reason is named in full, so that a search for it finds every place.
fn check_comments(scope: &Scope, file: &FileDescriptor, problems: &mut Problems) {
    let reasons = format!("{}.ErrorReason", file.package_name());
    let Some(reasons) = scope.pool.get_enum_by_name(&reasons) else { return };
    let short: BTreeSet<String> = reasons
        .values()
        .map(|value| value.name().trim_start_matches("ERROR_REASON_").to_owned())
        .filter(|name| name.contains('_'))
        .collect();
    let values: BTreeSet<String> = file
        .parent_pool()
        .all_enums()
        .filter(|one| one.package_name() == file.package_name())
        .flat_map(|one| {
            let prefix = format!("{}_", heck::AsShoutySnakeCase(one.name()));
            one.values()
                .map(|value| value.name().trim_start_matches(&prefix).to_owned())
                .filter(|_| one.name() != "ErrorReason")
                .collect::<Vec<_>>()
        })
        .collect();
    let proto = file.file_descriptor_proto();
    let places = proto.source_code_info.iter().flat_map(|info| &info.location);
    for place in places {
        let text = place.leading_comments();
        for word in text.split(|char: char| !char.is_ascii_uppercase() && char != '_') {
            if short.contains(word) && !values.contains(word) {
                problems.add(
                    file.name(),
                    "",
                    &format!("a comment says {word}: write ERROR_REASON_{word}"),
                );
            }
        }
    }
}

/// Returns the comment before an element, in one line.
fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let proto = file.file_descriptor_proto();
    let mut places = proto.source_code_info.iter().flat_map(|info| &info.location);
    let comment = places.find(|place| place.path == path).map(|place| place.leading_comments());
    comment.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
