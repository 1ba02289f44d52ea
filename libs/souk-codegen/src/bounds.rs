//! How large a request may be: the most bytes that the rules of its fields allow (C-VALID-6 of
//! docs/service-contract.md says how they are added up), and what is counted in it before it is
//! decoded.

use std::fmt::Write as _;

use prost_reflect::{Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use regex_syntax::hir::Look;

use crate::options::{Fields, extension};
use crate::problems::Problems;
use crate::{Scope, values};

/// The largest message that is read at all: `souk_contract::MAX_MESSAGE_BYTES`.
const MAX_MESSAGE_BYTES: u64 = 16 << 20;
const KIB: u64 = 1024;

/// What a string counts that has a pattern and no other rule that bounds it.
const PATTERN_BYTES: u64 = 64;
/// What a `google.protobuf.FieldMask` counts. Its rules bound the paths, not their number.
const FIELD_MASK_BYTES: u64 = 4 * KIB;

/// Returns the largest message of a method with this request, in bytes; each field without a bound
/// is a problem when `must_be_bounded`.
pub fn max_request_bytes(
    scope: &Scope,
    request: &MessageDescriptor,
    must_be_bounded: bool,
    problems: &mut Problems,
) -> u64 {
    let mut sum = Sum { scope, within: Vec::new(), unbounded: Vec::new() };
    let size = sum.message(request);
    if sum.unbounded.is_empty() {
        let limit = size.saturating_add((size / 4).max(KIB));
        return limit.div_ceil(KIB).saturating_mul(KIB).min(MAX_MESSAGE_BYTES);
    }
    if must_be_bounded {
        for (field, missing) in sum.unbounded {
            let text = format!("{missing}; a request ({}) must have a bound", request.full_name());
            problems.add(field.parent_message().parent_file().name(), field.full_name(), &text);
        }
    }
    MAX_MESSAGE_BYTES
}

struct Sum<'a> {
    scope: &'a Scope,
    /// The messages around the present one.
    within: Vec<MessageDescriptor>,
    /// The fields without a bound, with what they lack.
    unbounded: Vec<(FieldDescriptor, String)>,
}

impl Sum<'_> {
    /// Returns the most bytes of a message, without its own tag and length.
    fn message(&mut self, message: &MessageDescriptor) -> u64 {
        self.within.push(message.clone());
        let mut size = 0u64;
        for field in message.fields().filter(|field| oneof(field).is_none()) {
            size = size.saturating_add(self.field(&field));
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            size = size
                .saturating_add(oneof.fields().map(|field| self.field(&field)).max().unwrap_or(0));
        }
        self.within.pop();
        size
    }

    /// Returns the most bytes of a field, with its tag, however often it may occur.
    fn field(&mut self, field: &FieldDescriptor) -> u64 {
        // What `ignore` does not apply is a bound all the same: the method applies it.
        let rules = extension(self.scope, &field.options(), "buf.validate.field");
        let tag = varint_bytes(u64::from(field.number()) << 3);
        if field.is_map() {
            let rules = typed(rules, "map");
            let Some(most) = rules.as_ref().and_then(|rules| size(rules, "max_pairs")) else {
                return self.lacks(field, "has no rule `map.max_pairs`");
            };
            let entry = field.kind().as_message().expect("a map is a list of entries").clone();
            let key =
                self.value(&entry.map_entry_key_field(), message(rules.as_ref(), "keys"), field);
            let value = self.value(
                &entry.map_entry_value_field(),
                message(rules.as_ref(), "values"),
                field,
            );
            return most.saturating_mul(tag + delimited((1 + key).saturating_add(1 + value)));
        }
        if field.cardinality() == Cardinality::Repeated {
            let rules = typed(rules, "repeated");
            let Some(most) = rules.as_ref().and_then(|rules| size(rules, "max_items")) else {
                return self.lacks(field, "has no rule `repeated.max_items`");
            };
            let items = message(rules.as_ref(), "items");
            return most.saturating_mul(self.value(field, items, field).saturating_add(tag));
        }
        self.value(field, rules, field).saturating_add(tag)
    }

    /// Returns the most bytes of one value of a field, its length included; `named` is the field to
    /// name when there is no bound.
    fn value(
        &mut self,
        field: &FieldDescriptor,
        rules: Option<DynamicMessage>,
        named: &FieldDescriptor,
    ) -> u64 {
        match field.kind() {
            Kind::Fixed32 | Kind::Sfixed32 | Kind::Float => 4,
            Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => 8,
            Kind::String => match string_bytes(typed(rules, "string")) {
                Ok(bytes) => delimited(bytes),
                Err(missing) => self.lacks(named, &missing),
            },
            Kind::Bytes => match bytes_bytes(typed(rules, "bytes")) {
                Some(bytes) => delimited(bytes),
                None => self.lacks(named, "has no rule `bytes.max_len`"),
            },
            Kind::Message(message) => match message.full_name() {
                "google.protobuf.FieldMask" => delimited(FIELD_MASK_BYTES),
                "google.protobuf.Any"
                | "google.protobuf.Struct"
                | "google.protobuf.Value"
                | "google.protobuf.ListValue" => self.lacks(named, "has a type without a bound"),
                name if self.within.iter().any(|outer| outer.full_name() == name) => {
                    self.lacks(named, "contains its own message type")
                }
                _ => delimited(self.message(&message)),
            },
            _ => 10,
        }
    }

    fn lacks(&mut self, field: &FieldDescriptor, what: &str) -> u64 {
        if !self.unbounded.iter().any(|(known, _)| known == field) {
            self.unbounded.push((field.clone(), what.to_owned()));
        }
        0
    }
}

fn oneof(field: &FieldDescriptor) -> Option<prost_reflect::OneofDescriptor> {
    field.containing_oneof().filter(|oneof| !oneof.is_synthetic())
}

/// Returns the rules of one type out of the rules of a field.
fn typed(rules: Option<DynamicMessage>, name: &str) -> Option<DynamicMessage> {
    Fields::new(rules?).take_message(name)
}

fn message(rules: Option<&DynamicMessage>, name: &str) -> Option<DynamicMessage> {
    Fields::new(rules?.clone()).take_message(name)
}

fn size(rules: &DynamicMessage, name: &str) -> Option<u64> {
    Fields::new(rules.clone()).take_size(name)
}

/// Returns the most bytes of a string with these rules: the least that any of them allows.
fn string_bytes(rules: Option<DynamicMessage>) -> Result<u64, String> {
    let none = || "has no rule that bounds it, such as `string.max_len`".to_owned();
    let mut rules = Fields::new(rules.ok_or_else(none)?);
    let mut bounds = Vec::new();
    bounds.extend(
        ["len", "max_len"]
            .into_iter()
            .filter_map(|rule| rules.take_size(rule))
            .map(|chars| chars.saturating_mul(4)),
    );
    bounds.extend(["len_bytes", "max_bytes"].into_iter().filter_map(|rule| rules.take_size(rule)));
    bounds.extend(rules.take_text("const").map(|text| text.len() as u64));
    bounds.extend(
        rules.take_list("in").iter().filter_map(|value| Some(value.as_str()?.len() as u64)).max(),
    );
    for (format, bytes) in [("email", 254), ("uuid", 36)] {
        bounds.extend(rules.take_bool(format).then_some(bytes));
    }
    if let Some(least) = bounds.into_iter().min() {
        return Ok(least);
    }
    let pattern = rules.take_text("pattern").ok_or_else(none)?;
    if matches_at_most(&pattern, PATTERN_BYTES) {
        return Ok(PATTERN_BYTES);
    }
    Err(format!(
        "has a pattern that may match more than {PATTERN_BYTES} bytes, and no rule `string.max_len`"
    ))
}

/// Returns whether no text of more bytes matches. A pattern that is not one is reported where it is
/// read.
fn matches_at_most(pattern: &str, bytes: u64) -> bool {
    let Ok(hir) = regex_syntax::parse(pattern) else { return true };
    let properties = hir.properties();
    properties.look_set_prefix().contains(Look::Start)
        && properties.look_set_suffix().contains(Look::End)
        && properties.maximum_len().is_some_and(|most| most as u64 <= bytes)
}

fn bytes_bytes(rules: Option<DynamicMessage>) -> Option<u64> {
    let mut rules = Fields::new(rules?);
    let constant = rules.take("const").and_then(|value| Some(value.as_bytes()?.len() as u64));
    [rules.take_size("len"), rules.take_size("max_len"), constant].into_iter().flatten().min()
}

/// Returns the bytes of a value of variable length with the length before it.
fn delimited(bytes: u64) -> u64 {
    bytes.saturating_add(varint_bytes(bytes))
}

fn varint_bytes(number: u64) -> u64 {
    u64::from((64 - (number | 1).leading_zeros()).div_ceil(7))
}

/// Returns the Rust expression of a `&'static Shape`: what is counted in a message.
pub fn shape(scope: &Scope, message: &MessageDescriptor) -> String {
    shape_of(scope, message, &mut Vec::new())
        .map_or_else(|| "::souk_contract::Shape::EMPTY".to_owned(), |shape| shape.code)
}

struct Shape {
    counters: usize,
    code: String,
}

/// Returns nothing when there is nothing to count. What holds itself is counted once and not
/// further in: prost bounds the depth.
fn shape_of(scope: &Scope, message: &MessageDescriptor, within: &mut Vec<String>) -> Option<Shape> {
    if within.iter().any(|outer| outer == message.full_name()) {
        return None;
    }
    within.push(message.full_name().to_owned());
    let mut counters = 0;
    let mut fields = String::new();
    for field in message.fields() {
        let kind = field.kind();
        // A field mask is bounded by bytes alone.
        let inner =
            kind.as_message().filter(|message| message.is_map_entry() || scope.owns(message));
        let inner = inner.and_then(|message| shape_of(scope, message, within));
        let occurs = if field.is_list() || field.is_map() {
            let counter = counters;
            counters += 1;
            list(scope, &field, counter)
        } else {
            let Some(inner) = &inner else { continue };
            let first = counters;
            counters += inner.counters;
            format!("::souk_contract::Occurs::Once({first})")
        };
        let inner =
            inner.map_or_else(|| "None".to_owned(), |inner| format!("Some({})", inner.code));
        let _ = write!(
            fields,
            "::souk_contract::ShapeField {{ number: {}, name: {:?}, occurs: {occurs}, inner: {inner} }}, ",
            field.number(),
            field.name()
        );
    }
    within.pop();
    (counters > 0).then(|| Shape {
        counters,
        code: format!("&::souk_contract::Shape {{ counters: {counters}, fields: &[{fields}] }}"),
    })
}

fn list(scope: &Scope, field: &FieldDescriptor, counter: usize) -> String {
    let (of, rules, unit) = match field.is_map() {
        true => ("map", ["min_pairs", "max_pairs"], ["entry", "entries"]),
        false => ("repeated", ["min_items", "max_items"], ["item", "items"]),
    };
    let own = typed(extension(scope, &field.options(), "buf.validate.field"), of);
    let limit = |rule: &str| own.as_ref().and_then(|rules| size(rules, rule));
    let most = limit(rules[1]).map_or_else(|| "usize::MAX".to_owned(), |most| most.to_string());
    let packed = match field.kind() {
        Kind::String | Kind::Bytes | Kind::Message(_) => "Never",
        Kind::Fixed32 | Kind::Sfixed32 | Kind::Float => "Fixed32",
        Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => "Fixed64",
        _ => "Varint",
    };
    format!(
        "::souk_contract::Occurs::Often(::souk_contract::List {{ counter: {counter}, most: {most}, rule: {:?}, description: {:?}, \
         packed: ::souk_contract::Packed::{packed} }})",
        format!("{of}.{}", rules[1]),
        values::size_text(limit(rules[0]), limit(rules[1]), unit),
    )
}
