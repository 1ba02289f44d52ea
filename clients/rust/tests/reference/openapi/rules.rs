//! The rules of `buf.validate` as keywords of JSON Schema.

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, Value};
use souk_contract::rules::Regex;

use super::json::{Json, Object};
use crate::descriptors::option;

const IGNORE_IF_ZERO_VALUE: i32 = 1;
const IGNORE_ALWAYS: i32 = 3;

/// The rules of a field, or of the items, keys or values in it.
#[derive(Clone)]
pub struct Rules {
    /// None where it has none.
    rules: Option<DynamicMessage>,
    /// The full name of the field.
    field: String,
}

impl Rules {
    /// Returns the rules of a field.
    pub fn of(field: &FieldDescriptor) -> Self {
        let rules = option(&field.options(), "buf.validate.field");
        let ignore = rules.get_field_by_name("ignore").unwrap().as_enum_number();
        let rules = Some(rules).filter(|_| ignore != Some(IGNORE_ALWAYS));
        Self { rules, field: field.full_name().to_owned() }
    }

    /// Returns the rules of the items of a list, or of the keys or values of a map.
    pub fn inner(&self, of: &str, name: &str) -> Self {
        Self {
            rules: self.typed(of).and_then(|rules| message(&rules, name)),
            field: self.field.clone(),
        }
    }

    /// Returns whether a request that leaves the field out is refused.
    pub fn need_value(&self, field: &FieldDescriptor) -> bool {
        let Some(rules) = &self.rules else { return false };
        if rules.get_field_by_name("required").unwrap().as_bool() == Some(true) {
            return true;
        }
        let ignore = rules.get_field_by_name("ignore").unwrap().as_enum_number();
        // A field with presence is checked only when it is set.
        if field.supports_presence() || ignore == Some(IGNORE_IF_ZERO_VALUE) {
            return false;
        }
        let kind = kind_of_rules(field);
        self.typed(kind).is_some_and(|rules| refuses_zero(kind, &rules))
    }

    /// Returns the keywords for one value of this kind.
    pub fn keywords(&self, kind: &Kind) -> Object {
        let mut schema = Object::default();
        let Some(name) = scalar(kind) else { return schema };
        let Some(rules) = self.typed(name) else { return schema };
        for (rule, value) in rules.fields() {
            match (name, rule.name()) {
                ("string", rule) => self.string(rule, value, &mut schema),
                ("enum", rule) => {
                    self.enumeration(rule, value, kind.as_enum().unwrap(), &mut schema);
                }
                ("bytes", "max_len") => {
                    schema.set("maxLength", value.as_u64().unwrap().div_ceil(3).cast_signed() * 4);
                }
                ("bytes", "min_len") => {
                    schema.set("minLength", value.as_u64().unwrap().div_ceil(3).cast_signed() * 4);
                }
                ("int64" | "uint64", rule) => self.long(rule, value, &mut schema),
                ("int32" | "uint32", rule) => self.number(rule, value, &mut schema),
                (_, rule) => self.unknown(name, rule),
            }
        }
        schema
    }

    /// Returns the keywords for a list.
    pub fn of_list(&self) -> Object {
        let mut schema = Object::default();
        for (rule, value) in self.typed("repeated").iter().flat_map(DynamicMessage::fields) {
            match rule.name() {
                "min_items" => schema.set("minItems", whole(value)),
                "max_items" => schema.set("maxItems", whole(value)),
                "unique" => schema.set("uniqueItems", value.as_bool().unwrap()),
                "items" => {}
                other => self.unknown("repeated", other),
            }
        }
        schema
    }

    /// Returns the keywords for a map.
    pub fn of_map(&self) -> Object {
        let mut schema = Object::default();
        for (rule, value) in self.typed("map").iter().flat_map(DynamicMessage::fields) {
            match rule.name() {
                "min_pairs" => schema.set("minProperties", whole(value)),
                "max_pairs" => schema.set("maxProperties", whole(value)),
                "keys" | "values" => {}
                other => self.unknown("map", other),
            }
        }
        schema
    }

    /// Returns the keywords for a message with a JSON form of its own.
    pub fn of_well_known(&self, name: &str) -> Object {
        let mut schema = Object::default();
        let rules = match name {
            "google.protobuf.Duration" => self.typed("duration"),
            "google.protobuf.FieldMask" => self.typed("field_mask"),
            "google.protobuf.Timestamp" => self.typed("timestamp"),
            _ => None,
        };
        for (rule, value) in rules.iter().flat_map(DynamicMessage::fields) {
            match (name, rule.name()) {
                ("google.protobuf.Duration", bound) if limit(bound).is_some() => {
                    let seconds = value.as_message().unwrap();
                    let number = seconds.get_field_by_name("seconds").unwrap().as_i64().unwrap();
                    let nanos = seconds.get_field_by_name("nanos").unwrap().as_i32().unwrap();
                    let text = match nanos {
                        0 => format!("{number}s"),
                        nanos => {
                            format!("{}s", format!("{number}.{nanos:09}").trim_end_matches('0'))
                        }
                    };
                    schema.set(&format!("x-{}", limit(bound).unwrap()), text);
                }
                ("google.protobuf.FieldMask", "in") => {
                    let paths = value.as_list().unwrap().iter();
                    let paths = paths.map(|path| json_path(path.as_str().unwrap()));
                    schema.set("x-souk-paths", paths.collect::<Vec<_>>());
                }
                (_, other) => self.unknown(name, other),
            }
        }
        schema
    }

    fn string(&self, rule: &str, value: &Value, schema: &mut Object) {
        match rule {
            "len" => {
                schema.set("minLength", whole(value));
                schema.set("maxLength", whole(value));
            }
            "min_len" => schema.set("minLength", whole(value)),
            "max_len" => schema.set("maxLength", whole(value)),
            "pattern" => schema.set("pattern", value.as_str().unwrap()),
            "const" => schema.set("const", value.as_str().unwrap()),
            "in" => schema.set("enum", texts(value)),
            "not_in" => schema.set("not", Object::default().with("enum", texts(value))),
            "email" | "uri" | "uuid" => schema.set("format", rule),
            other => self.unknown("string", other),
        }
    }

    fn enumeration(&self, rule: &str, value: &Value, values: &EnumDescriptor, schema: &mut Object) {
        let names = || -> Vec<Json> {
            let numbers = value.as_list().unwrap().iter().map(|number| number.as_i32().unwrap());
            numbers.map(|number| values.get_value(number).unwrap().name().into()).collect()
        };
        match rule {
            // A name that is not defined cannot be read at all.
            "defined_only" => {}
            "in" => schema.set("enum", names()),
            "not_in" => schema.set("not", Object::default().with("enum", names())),
            other => self.unknown("enum", other),
        }
    }

    fn number(&self, rule: &str, value: &Value, schema: &mut Object) {
        match (rule, limit(rule)) {
            (_, Some(limit)) => schema.set(limit, whole(value)),
            ("const", _) => schema.set("const", whole(value)),
            ("in", _) => schema.set("enum", wholes(value)),
            ("not_in", _) => schema.set("not", Object::default().with("enum", wholes(value))),
            (other, _) => self.unknown("number", other),
        }
    }

    /// JSON Schema has no bounds for numbers that are written as strings.
    fn long(&self, rule: &str, value: &Value, schema: &mut Object) {
        match limit(rule) {
            Some(limit) => schema.set(&format!("x-{limit}"), whole(value).to_string()),
            None => self.unknown("int64", rule),
        }
    }

    /// Nothing of a rule may get lost.
    fn unknown(&self, kind: &str, rule: &str) {
        panic!("{}: openapi/rules.rs does not translate {kind}.{rule} yet", self.field);
    }

    fn typed(&self, name: &str) -> Option<DynamicMessage> {
        message(self.rules.as_ref()?, name)
    }
}

/// Returns `product.displayName` for `product.display_name`.
pub fn json_path(path: &str) -> String {
    let mut json = String::new();
    let mut is_next_upper = false;
    for character in path.chars() {
        match character {
            '_' => is_next_upper = true,
            _ if is_next_upper => {
                json.push(character.to_ascii_uppercase());
                is_next_upper = false;
            }
            _ => json.push(character),
        }
    }
    json
}

/// Returns the keyword for a bound.
fn limit(rule: &str) -> Option<&'static str> {
    match rule {
        "lt" => Some("exclusiveMaximum"),
        "lte" => Some("maximum"),
        "gt" => Some("exclusiveMinimum"),
        "gte" => Some("minimum"),
        _ => None,
    }
}

/// Returns the rules that a field of this kind can have.
fn kind_of_rules(field: &FieldDescriptor) -> &'static str {
    if field.is_map() {
        "map"
    } else if field.is_list() {
        "repeated"
    } else {
        scalar(&field.kind()).unwrap_or_default()
    }
}

fn scalar(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::String => Some("string"),
        Kind::Bytes => Some("bytes"),
        Kind::Bool => Some("bool"),
        Kind::Enum(_) => Some("enum"),
        Kind::Int32 => Some("int32"),
        Kind::Int64 => Some("int64"),
        Kind::Uint32 => Some("uint32"),
        Kind::Uint64 => Some("uint64"),
        _ => None,
    }
}

/// Returns whether the value of a field that is left out breaks a rule.
fn refuses_zero(kind: &str, rules: &DynamicMessage) -> bool {
    rules.fields().any(|(rule, value)| match (kind, rule.name()) {
        (_, "min_len" | "len" | "min_items" | "min_pairs") => whole(value) > 0,
        ("string", "pattern") => !Regex::new(value.as_str().unwrap()).unwrap().is_match(""),
        ("string", "const") => value.as_str() != Some(""),
        ("string", "in") => !texts(value).contains(&Json::from("")),
        (_, "gte") => whole(value) > 0,
        (_, "gt") => whole(value) >= 0,
        (_, "lte") => whole(value) < 0,
        (_, "lt") => whole(value) <= 0,
        ("int32" | "int64" | "uint32" | "uint64", "const") => whole(value) != 0,
        ("bool", "const") => value.as_bool() == Some(true),
        ("int32" | "int64" | "uint32" | "uint64" | "enum", "in") => {
            !wholes(value).contains(&Json::Number(0))
        }
        ("int32" | "int64" | "uint32" | "uint64" | "enum", "not_in") => {
            wholes(value).contains(&Json::Number(0))
        }
        _ => false,
    })
}

fn message(rules: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let has = !name.is_empty() && rules.has_field_by_name(name);
    has.then(|| rules.get_field_by_name(name).unwrap().as_message().unwrap().clone())
}

fn whole(value: &Value) -> i64 {
    let signed = value.as_i64().or_else(|| value.as_i32().map(i64::from));
    let unsigned = || value.as_u64().or_else(|| value.as_u32().map(u64::from));
    signed.unwrap_or_else(|| i64::try_from(unsigned().unwrap()).unwrap())
}

fn wholes(value: &Value) -> Vec<Json> {
    value.as_list().unwrap().iter().map(|number| whole(number).into()).collect()
}

fn texts(value: &Value) -> Vec<Json> {
    value.as_list().unwrap().iter().map(|text| text.as_str().unwrap().into()).collect()
}
