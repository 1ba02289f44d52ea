//! Requests that keep every rule, made from the rules alone: every field set, one item in each
//! list.

use std::time::{SystemTime, UNIX_EPOCH};

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

use crate::rules::{self, Rules};

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

/// Returns a message that keeps its rules.
pub fn message(descriptor: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    // Of a oneof the first field stays: what is set later would take its place.
    for field in descriptor.fields().filter(is_first_of_its_oneof) {
        message.set_field(&field, value_of(&field));
    }
    message
}

/// Returns a value that a field may have.
pub fn value_of(field: &FieldDescriptor) -> Value {
    let rules = Rules::of(field);
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let key = single(&entry.map_entry_key_field(), &rules.inner("map", "keys"));
        let value = single(&entry.map_entry_value_field(), &rules.inner("map", "values"));
        let key =
            MapKey::String(key.as_str().expect("the keys of Souk's maps are texts").to_owned());
        return Value::Map([(key, value)].into());
    }
    match field.is_list() {
        true => Value::List(vec![single(field, &rules.inner("repeated", "items"))]),
        false => single(field, &rules),
    }
}

/// Returns one value of a field, or of an item of its list, that keeps these rules.
pub fn single(field: &FieldDescriptor, rules: &Rules) -> Value {
    match field.kind() {
        Kind::String => Value::String(text(field, rules)),
        Kind::Bool => Value::Bool(true),
        Kind::Bytes => Value::Bytes(Vec::new().into()),
        Kind::Enum(descriptor) => {
            let refused = rules.numbers("enum", "not_in");
            let mut numbers = descriptor.values().map(|value| value.number());
            Value::EnumNumber(
                numbers.find(|number| !refused.contains(&i128::from(*number))).expect("some value"),
            )
        }
        Kind::Message(descriptor) => Value::Message(inner(&descriptor, rules)),
        kind => {
            let name = number_kind(&kind);
            let allowed =
                [1, 0].into_iter().find(|number| rules.broken_by_number(name, *number).is_empty());
            number(
                &kind,
                allowed
                    .unwrap_or_else(|| rules.number(name, "gte").expect("a lower limit above 1")),
            )
        }
    }
}

/// Returns what the rules call a number of this kind.
pub fn number_kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        kind => {
            panic!("no case is made for fields of type {kind:?}: teach it to conformance/valid.rs")
        }
    }
}

/// Returns the least and the greatest number of this kind.
pub fn range(kind: &Kind) -> (i128, i128) {
    match number_kind(kind) {
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" => (i64::MIN.into(), i64::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        _ => (0, u64::MAX.into()),
    }
}

/// Returns a number as a field of this kind holds it.
pub fn number(kind: &Kind, number: i128) -> Value {
    let wide = "a number of the field's range";
    match number_kind(kind) {
        "int32" => Value::I32(number.try_into().expect(wide)),
        "int64" => Value::I64(number.try_into().expect(wide)),
        "uint32" => Value::U32(number.try_into().expect(wide)),
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

fn inner(descriptor: &MessageDescriptor, rules: &Rules) -> DynamicMessage {
    match descriptor.full_name() {
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
        _ => message(descriptor),
    }
}

fn text(field: &FieldDescriptor, rules: &Rules) -> String {
    let pattern = rules.text("string", "pattern").unwrap_or_default();
    let id = id_prefix(&pattern).map(|prefix| format!("{prefix}{ID_SUFFIX}"));
    let mut texts = id.into_iter().chain(TEXTS.map(str::to_owned));
    texts.find(|text| rules.broken_by_text(text).is_empty()).unwrap_or_else(|| {
        panic!("no valid text is known for {}: teach it to conformance/valid.rs", field.full_name())
    })
}

fn is_first_of_its_oneof(field: &FieldDescriptor) -> bool {
    let first = field.containing_oneof().and_then(|oneof| oneof.fields().next());
    first.is_none_or(|first| first == *field) && !Rules::of(field).are_ignored()
}
