//! Requests that keep every rule, made from the rules alone: every field set, one item in each
//! list.

use std::time::{SystemTime, UNIX_EPOCH};

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

use crate::requests::rules::{self, FORMATS, Rules};

/// What follows the prefix of a valid id.
pub const ID_SUFFIX: &str = "_01h455vb4pex5vsknk084sn02q";

/// Texts to try where a pattern asks for more than a length.
const TEXTS: [&str; 7] = [
    "conformance",
    "GBP",
    "GB",
    "conformance.Tested",
    "conformance=tested",
    "https://hooks.example.com/souk",
    "",
];

/// The well-known messages that are values of their own here.
pub const TIMESTAMP: &str = "google.protobuf.Timestamp";
pub const DURATION: &str = "google.protobuf.Duration";
pub const FIELD_MASK: &str = "google.protobuf.FieldMask";

/// Why no valid request can be made: a rule or a type that is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untaught(pub String);

impl std::fmt::Display for Untaught {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The types of the messages that a value is being made within. One that holds itself stays unset.
pub type Within = Vec<String>;

/// Returns a message that keeps its rules.
///
/// # Errors
/// When there is a rule or a type that is not known here.
pub fn message(descriptor: &MessageDescriptor) -> Result<DynamicMessage, Untaught> {
    message_within(descriptor, &mut Within::new())
}

fn message_within(
    descriptor: &MessageDescriptor,
    within: &mut Within,
) -> Result<DynamicMessage, Untaught> {
    if rules::has_expression(descriptor) {
        let name = descriptor.full_name();
        return Err(Untaught(format!("{name} has a rule that is an expression")));
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    within.push(descriptor.full_name().to_owned());
    // Of a oneof the first field stays: what is set later would take its place.
    for field in descriptor.fields().filter(is_first_of_its_oneof) {
        if !holds_itself(&field, within) {
            message.set_field(&field, value_within(&field, within)?);
        }
    }
    within.pop();
    Ok(message)
}

/// Returns whether a field holds a message of a type that it is within.
pub fn holds_itself(field: &FieldDescriptor, within: &Within) -> bool {
    let mut kind = field.kind();
    if field.is_map()
        && let Kind::Message(entry) = &kind
    {
        kind = entry.map_entry_value_field().kind();
    }
    matches!(kind, Kind::Message(held) if within.iter().any(|name| name == held.full_name()))
}

/// Returns a value that a field may have.
///
/// # Errors
/// When there is a rule or a type that is not known here.
pub fn value_of(field: &FieldDescriptor) -> Result<Value, Untaught> {
    value_within(field, &mut Within::new())
}

fn value_within(field: &FieldDescriptor, within: &mut Within) -> Result<Value, Untaught> {
    let rules = Rules::of(field);
    let around = if field.is_map() { "map" } else { "repeated" };
    if field.is_map() || field.is_list() {
        decided(field, &rules, around)?;
    }
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let key_field = entry.map_entry_key_field();
        let key = single_within(&key_field, &rules.inner("map", "keys"), within)?;
        let value_field = entry.map_entry_value_field();
        let value = single_within(&value_field, &rules.inner("map", "values"), within)?;
        let key = map_key(key).ok_or_else(|| untaught(field, "the type of its keys"))?;
        return Ok(Value::Map([(key, value)].into()));
    }
    if field.is_list() {
        let items = rules.inner("repeated", "items");
        let item = single_within(field, &items, within)?;
        let count = rules.number("repeated", "min_items").unwrap_or(1).clamp(1, 1_000);
        let list = list(&item, usize::try_from(count).expect("a small number"), &rules);
        return list.map(Value::List).ok_or_else(|| untaught(field, "items that differ"));
    }
    single_within(field, &rules, within)
}

/// Returns a list of so many items like one; where they must differ they are numbered.
pub fn list(item: &Value, count: usize, rules: &Rules) -> Option<Vec<Value>> {
    let must_differ = rules.typed("repeated", "unique").and_then(|value| value.as_bool());
    if count < 2 || must_differ != Some(true) {
        return Some(vec![item.clone(); count]);
    }
    let items = rules.inner("repeated", "items");
    let Value::String(text) = item else { return None };
    let numbered = (0..count).map(|number| format!("{text}{number}"));
    let are_valid = |text: &String| items.broken_by_text(text).is_empty();
    let numbered: Vec<String> = numbered.filter(are_valid).collect();
    (numbered.len() == count).then(|| numbered.into_iter().map(Value::String).collect())
}

/// Returns one value of a field, or of an item of its list, that keeps these rules.
///
/// # Errors
/// When there is a rule or a type that is not known here.
pub fn single(field: &FieldDescriptor, rules: &Rules) -> Result<Value, Untaught> {
    single_within(field, rules, &mut Within::new())
}

fn single_within(
    field: &FieldDescriptor,
    rules: &Rules,
    within: &mut Within,
) -> Result<Value, Untaught> {
    decided(field, rules, kind_of_rules(field))?;
    match field.kind() {
        Kind::String => Ok(Value::String(text(field, rules)?)),
        Kind::Bool => Ok(Value::Bool(true)),
        Kind::Bytes => {
            let length = rules.number("bytes", "len").or(rules.number("bytes", "min_len"));
            let length = usize::try_from(length.unwrap_or(0)).expect("a length");
            Ok(Value::Bytes(vec![b'x'; length].into()))
        }
        Kind::Enum(descriptor) => {
            let refused = rules.numbers("enum", "not_in");
            let only = rules.number("enum", "const");
            let allowed = rules.numbers("enum", "in");
            let is_allowed = |number: i32| {
                let number = i128::from(number);
                !refused.contains(&number)
                    && (allowed.is_empty() || allowed.contains(&number))
                    && only.is_none_or(|only| number == only)
            };
            let mut numbers = descriptor.values().map(|value| value.number());
            let number = numbers.find(|number| is_allowed(*number));
            number.map(Value::EnumNumber).ok_or_else(|| untaught(field, "its values"))
        }
        Kind::Message(descriptor) => Ok(Value::Message(inner(&descriptor, rules, within)?)),
        Kind::Float | Kind::Double => float(field, rules),
        kind => {
            let name = number_kind(&kind);
            let limits = ["gte", "lte"].map(|rule| rules.number(name, rule));
            let beside = [rules.number(name, "gt").map(|limit| limit + 1)];
            let listed = rules.numbers(name, "in");
            let candidates = [Some(1), Some(0)].into_iter().chain(limits).chain(beside).flatten();
            let mut candidates = candidates.chain(listed);
            let allowed = candidates.find(|one| rules.broken_by_number(name, *one).is_empty());
            allowed.map(|one| number(&kind, one)).ok_or_else(|| untaught(field, "its numbers"))
        }
    }
}

fn float(field: &FieldDescriptor, rules: &Rules) -> Result<Value, Untaught> {
    let is_double = field.kind() == Kind::Double;
    let limit = |rule: &str| match rules.typed(number_kind(&field.kind()), rule)? {
        Value::F32(limit) => Some(f64::from(limit)),
        Value::F64(limit) => Some(limit),
        _ => None,
    };
    let keeps = |number: &f64| {
        limit("gte").is_none_or(|limit| *number >= limit)
            && limit("gt").is_none_or(|limit| *number > limit)
            && limit("lte").is_none_or(|limit| *number <= limit)
            && limit("lt").is_none_or(|limit| *number < limit)
    };
    let beside = [limit("gt").map(|limit| limit + 1.0), limit("lt").map(|limit| limit - 1.0)];
    let limits = [Some(1.0), Some(0.0), limit("gte"), limit("lte")];
    let found = limits.into_iter().chain(beside).flatten().find(keeps);
    let number = found.ok_or_else(|| untaught(field, "its numbers"))?;
    Ok(if is_double { Value::F64(number) } else { Value::F32(number as f32) })
}

/// Fails when a field has a rule of a kind that nothing here decides.
fn decided(field: &FieldDescriptor, rules: &Rules, kind: &str) -> Result<(), Untaught> {
    let undecided = rules.undecided(kind);
    // A format has a text of its own.
    if undecided.is_empty() || kind == "string" && rules.format().is_some() {
        return Ok(());
    }
    Err(untaught(field, &undecided.join(", ")))
}

/// Returns what the rules call the type of a field, or of the items of its list.
fn kind_of_rules(field: &FieldDescriptor) -> &'static str {
    match field.kind() {
        Kind::String => "string",
        Kind::Bool => "bool",
        Kind::Bytes => "bytes",
        Kind::Enum(_) => "enum",
        Kind::Message(descriptor) => match descriptor.full_name() {
            TIMESTAMP => "timestamp",
            DURATION => "duration",
            FIELD_MASK => "field_mask",
            _ => "message",
        },
        kind => number_kind(&kind),
    }
}

fn untaught(field: &FieldDescriptor, what: &str) -> Untaught {
    let name = field.full_name();
    Untaught(format!("no valid value is known for {name} ({what}): teach it to requests/valid.rs"))
}

/// Returns a value as the key of a map.
pub fn map_key(value: Value) -> Option<MapKey> {
    match value {
        Value::String(key) => Some(MapKey::String(key)),
        Value::Bool(key) => Some(MapKey::Bool(key)),
        Value::I32(key) => Some(MapKey::I32(key)),
        Value::I64(key) => Some(MapKey::I64(key)),
        Value::U32(key) => Some(MapKey::U32(key)),
        Value::U64(key) => Some(MapKey::U64(key)),
        _ => None,
    }
}

/// Returns what the rules call a number of this kind.
pub fn number_kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Int32 => "int32",
        Kind::Sint32 => "sint32",
        Kind::Sfixed32 => "sfixed32",
        Kind::Int64 => "int64",
        Kind::Sint64 => "sint64",
        Kind::Sfixed64 => "sfixed64",
        Kind::Uint32 => "uint32",
        Kind::Fixed32 => "fixed32",
        Kind::Uint64 => "uint64",
        Kind::Fixed64 => "fixed64",
        Kind::Float => "float",
        Kind::Double => "double",
        kind => unreachable!("{kind:?} is no number"),
    }
}

/// Returns the least and the greatest number of this kind.
pub fn range(kind: &Kind) -> (i128, i128) {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => (i32::MIN.into(), i32::MAX.into()),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => (i64::MIN.into(), i64::MAX.into()),
        Kind::Uint32 | Kind::Fixed32 => (0, u32::MAX.into()),
        _ => (0, u64::MAX.into()),
    }
}

/// Returns a number as a field of this kind holds it.
pub fn number(kind: &Kind, number: i128) -> Value {
    let wide = "a number of the field's range";
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number.try_into().expect(wide)),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number.try_into().expect(wide)),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number.try_into().expect(wide)),
        _ => Value::U64(number.try_into().expect(wide)),
    }
}

/// Returns a Duration or a Timestamp of whole nanoseconds.
pub fn time(descriptor: &MessageDescriptor, nanoseconds: i128) -> DynamicMessage {
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).expect("seconds of a time");
    let nanos = i32::try_from(nanoseconds.rem_euclid(1_000_000_000)).expect("less than a second");
    raw_time(descriptor, seconds, nanos)
}

/// Returns a Duration or a Timestamp of these numbers, sensible or not.
pub fn raw_time(descriptor: &MessageDescriptor, seconds: i64, nanos: i32) -> DynamicMessage {
    let mut time = DynamicMessage::new(descriptor.clone());
    time.set_field_by_name("seconds", Value::I64(seconds));
    time.set_field_by_name("nanos", Value::I32(nanos));
    time
}

/// Returns the prefix of the ids that a pattern asks for: `order` of `^order_[0-7]…`.
pub fn id_prefix(pattern: &str) -> Option<&str> {
    let (prefix, _) = pattern.split_once("_[0-7]")?;
    // A user may write `me` instead of its customer's id.
    Some(prefix.trim_start_matches(['^', '(']).trim_start_matches("me|"))
}

fn inner(
    descriptor: &MessageDescriptor,
    rules: &Rules,
    within: &mut Within,
) -> Result<DynamicMessage, Untaught> {
    Ok(match descriptor.full_name() {
        // Now: in the past when it arrives, so that staff may say that something happened then, and
        // not before what it happened to.
        TIMESTAMP => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
            time(descriptor, i128::try_from(now.as_nanos()).expect("nanoseconds of a time"))
        }
        DURATION => {
            let least = rules.typed("duration", "gte").and_then(|value| rules::nanoseconds(&value));
            time(descriptor, least.unwrap_or(1_000_000_000))
        }
        FIELD_MASK => {
            let mut mask = DynamicMessage::new(descriptor.clone());
            let paths = match rules.typed("field_mask", "in") {
                Some(Value::List(allowed)) => allowed[..1].to_vec(),
                // Where the method itself knows the paths: everything.
                _ => vec![Value::String("*".to_owned())],
            };
            mask.set_field_by_name("paths", Value::List(paths));
            mask
        }
        _ => return message_within(descriptor, within),
    })
}

fn text(field: &FieldDescriptor, rules: &Rules) -> Result<String, Untaught> {
    let pattern = rules.text("string", "pattern").unwrap_or_default();
    let id = id_prefix(&pattern).map(|prefix| format!("{prefix}{ID_SUFFIX}"));
    let format = rules.format();
    let of_format = FORMATS.iter().filter(|(name, _)| format == Some(*name));
    let of_format = of_format.map(|(_, text)| (*text).to_owned());
    let listed = rules.texts("string", "in").into_iter().chain(rules.text("string", "const"));
    let [prefix, part, suffix] =
        ["prefix", "contains", "suffix"].map(|name| rules.text("string", name).unwrap_or_default());
    let least = rules.number("string", "len").or(rules.number("string", "min_len"));
    let least = usize::try_from(least.unwrap_or(0)).expect("a length");
    let given: usize = [&prefix, &part, &suffix].map(|text| text.chars().count()).iter().sum();
    let padding = "a".repeat(least.saturating_sub(given));
    let made = [format!("{prefix}{part}{padding}{suffix}")];
    let others = TEXTS.map(str::to_owned).into_iter().filter(|_| format.is_none());
    let mut texts = id.into_iter().chain(of_format).chain(others).chain(listed).chain(made);
    let found = texts.find(|text| rules.broken_by_text(text).is_empty());
    found.ok_or_else(|| untaught(field, "its rules together"))
}

fn is_first_of_its_oneof(field: &FieldDescriptor) -> bool {
    let first = field.containing_oneof().and_then(|oneof| oneof.fields().next());
    first.is_none_or(|first| first == *field) && !Rules::of(field).are_ignored()
}
