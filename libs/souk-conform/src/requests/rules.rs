//! The field rules of the contract as in the descriptors, and an independent implementation of
//! them: this reads `buf.validate` at run time and shares nothing with the code that is generated
//! from it.

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor, OneofDescriptor, Value,
};
use souk_contract::rules::Regex;

/// Rules of strings that name a format, each with a text of this format.
pub const FORMATS: [(&str, &str); 12] = [
    ("email", "conformance@example.com"),
    ("hostname", "conformance.example.com"),
    ("ip", "192.0.2.1"),
    ("ipv4", "192.0.2.1"),
    ("ipv6", "2001:db8::1"),
    ("uri", "https://example.com/conformance"),
    ("uri_ref", "/conformance"),
    ("address", "conformance.example.com"),
    ("uuid", "0190163d-8694-739b-aea5-966c26f8ad91"),
    ("tuuid", "0190163d8694739baea5966c26f8ad91"),
    ("host_and_port", "conformance.example.com:443"),
    ("ulid", "01H455VB4PEX5VSKNK084SN02Q"),
];

/// Rules of strings that are decided here.
const OF_TEXT: [&str; 10] = [
    "min_len", "max_len", "len", "pattern", "in", "not_in", "const", "prefix", "suffix", "contains",
];

/// Rules of numbers that are decided here.
const OF_NUMBER: [&str; 6] = ["gte", "gt", "lte", "lt", "not_in", "in"];

/// The rules of a field, of the items of a list, or of the keys or values of a map.
#[derive(Clone, Default)]
pub struct Rules {
    all: Option<DynamicMessage>,
}

impl Rules {
    /// Reads the rules of a field.
    pub fn of(field: &FieldDescriptor) -> Rules {
        Rules { all: extension(field.parent_pool(), &field.options(), "buf.validate.field") }
    }

    /// Returns whether the field is never looked at.
    pub fn are_ignored(&self) -> bool {
        self.ignore() == 3
    }

    /// Returns whether nothing or zero is allowed whatever the other rules say.
    pub fn skip_zero(&self) -> bool {
        self.ignore() == 1
    }

    /// Returns whether the field must be set.
    pub fn required(&self) -> bool {
        self.get("required").and_then(|value| value.as_bool()).unwrap_or(false)
    }

    /// Returns the rules of the items, keys or values: `("repeated", "items")`, `("map", "keys")`.
    pub fn inner(&self, kind: &str, name: &str) -> Rules {
        let inner = self.typed(kind, name).and_then(|value| value.as_message().cloned());
        Rules { all: inner }
    }

    /// Returns a rule of the field's type if it is set: `("string", "max_len")`.
    pub fn typed(&self, kind: &str, name: &str) -> Option<Value> {
        let rules = self.get(kind)?;
        let rules = rules.as_message()?;
        rules
            .has_field_by_name(name)
            .then(|| rules.get_field_by_name(name).expect("it has the field").into_owned())
    }

    /// Returns a rule that is a whole number, of any width.
    pub fn number(&self, kind: &str, name: &str) -> Option<i128> {
        integer(&self.typed(kind, name)?)
    }

    /// Returns a rule that is a list of whole numbers.
    pub fn numbers(&self, kind: &str, name: &str) -> Vec<i128> {
        match self.typed(kind, name) {
            Some(Value::List(list)) => list.iter().filter_map(integer).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns a rule that is a list of texts.
    pub fn texts(&self, kind: &str, name: &str) -> Vec<String> {
        match self.typed(kind, name) {
            Some(Value::List(list)) => {
                list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns a rule that is a text.
    pub fn text(&self, kind: &str, name: &str) -> Option<String> {
        self.typed(kind, name)?.as_str().map(str::to_owned)
    }

    /// Returns the names of the rules of a kind that are set, so that one which no case is made for
    /// is noticed.
    pub fn names(&self, kind: &str) -> Vec<String> {
        let Some(rules) = self.get(kind) else { return Vec::new() };
        let Some(rules) = rules.as_message() else { return Vec::new() };
        rules.fields().map(|(field, _)| field.name().to_owned()).collect()
    }

    /// Returns the rules of a kind that nothing here decides, such as `string.address`; and those
    /// that are written as an expression.
    pub fn undecided(&self, kind: &str) -> Vec<String> {
        let decided: &[&str] = match kind {
            "string" => &OF_TEXT,
            "bytes" => &["max_len", "min_len", "len"],
            "enum" => &["defined_only", "not_in", "in", "const"],
            "bool" => &[],
            "timestamp" | "duration" => &["gte", "gt", "lte", "lt"],
            "repeated" => &["min_items", "max_items", "items", "unique"],
            "map" => &["min_pairs", "max_pairs", "keys", "values"],
            "field_mask" => &["in"],
            "message" => &[],
            _ => &OF_NUMBER,
        };
        let names = self.names(kind).into_iter();
        let undecided = names.filter(|name| !decided.contains(&name.as_str()));
        let mut undecided: Vec<String> = undecided.map(|name| format!("{kind}.{name}")).collect();
        for name in ["cel", "cel_expression"] {
            if self.all.as_ref().is_some_and(|all| all.has_field_by_name(name)) {
                undecided.push(name.to_owned());
            }
        }
        if kind == "string"
            && self.text("string", "pattern").is_some_and(|it| compiled(&it).is_none())
        {
            undecided.push("string.pattern".to_owned());
        }
        undecided
    }

    /// Returns the format that a string must have, when that is its only undecided rule.
    pub fn format(&self) -> Option<&'static str> {
        match &self.undecided("string")[..] {
            [only] => FORMATS
                .iter()
                .map(|(name, _)| *name)
                .find(|name| only.strip_prefix("string.") == Some(*name)),
            _ => None,
        }
    }

    /// Returns the rules of a string that a text breaks, of those that are decided here.
    pub fn broken_by_text(&self, text: &str) -> Vec<String> {
        if text.is_empty() && self.skip_zero() {
            return Vec::new();
        }
        let length = text.chars().count() as i128;
        let number = |name: &str| self.number("string", name);
        let texts = |name: &str| self.texts("string", name);
        let breaks = |name: &str| match name {
            "min_len" => number(name).is_some_and(|min| length < min),
            "max_len" => number(name).is_some_and(|max| length > max),
            "len" => number(name).is_some_and(|len| length != len),
            "pattern" => self.text("string", name).is_some_and(|pattern| !matches(&pattern, text)),
            "in" => !texts(name).iter().any(|allowed| allowed == text),
            "not_in" => texts(name).iter().any(|refused| refused == text),
            "const" => self.text("string", name).is_some_and(|only| only != text),
            "prefix" => self.text("string", name).is_some_and(|start| !text.starts_with(&start)),
            "suffix" => self.text("string", name).is_some_and(|end| !text.ends_with(&end)),
            "contains" => self.text("string", name).is_some_and(|part| !text.contains(&part)),
            _ => false,
        };
        self.names("string").into_iter().filter(|name| breaks(name)).collect()
    }

    /// Returns the rules of a number that a number breaks, of those that are decided here.
    pub fn broken_by_number(&self, kind: &str, number: i128) -> Vec<String> {
        if number == 0 && self.skip_zero() {
            return Vec::new();
        }
        let breaks = |name: &str| match name {
            "gte" => self.number(kind, name).is_some_and(|limit| number < limit),
            "gt" => self.number(kind, name).is_some_and(|limit| number <= limit),
            "lte" => self.number(kind, name).is_some_and(|limit| number > limit),
            "lt" => self.number(kind, name).is_some_and(|limit| number >= limit),
            "not_in" => self.numbers(kind, name).contains(&number),
            "in" => !self.numbers(kind, name).contains(&number),
            _ => false,
        };
        self.names(kind).into_iter().filter(|name| breaks(name)).collect()
    }

    fn ignore(&self) -> i32 {
        self.get("ignore").and_then(|value| value.as_enum_number()).unwrap_or(0)
    }

    fn get(&self, name: &str) -> Option<Value> {
        let all = self.all.as_ref()?;
        all.has_field_by_name(name)
            .then(|| all.get_field_by_name(name).expect("it has the field").into_owned())
    }
}

/// Returns whether a message has a rule of its own that is an expression.
pub fn has_expression(descriptor: &MessageDescriptor) -> bool {
    let rules = extension(descriptor.parent_pool(), &descriptor.options(), "buf.validate.message");
    let has = |name: &str| rules.as_ref().is_some_and(|rules| rules.has_field_by_name(name));
    has("cel") || has("cel_expression")
}

/// Returns whether one of the fields of a oneof must be set.
pub fn is_required(oneof: &OneofDescriptor) -> bool {
    let rules = extension(oneof.parent_pool(), &oneof.options(), "buf.validate.oneof");
    let required =
        rules.and_then(|rules| rules.get_field_by_name("required").map(|value| value.into_owned()));
    required.and_then(|value| value.as_bool()).unwrap_or(false)
}

/// Returns seconds and nanoseconds of a Duration or a Timestamp as nanoseconds.
pub fn nanoseconds(value: &Value) -> Option<i128> {
    let message = value.as_message()?;
    let seconds = message.get_field_by_name("seconds")?.as_i64()?;
    let nanos = message.get_field_by_name("nanos")?.as_i32()?;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanos))
}

fn extension(
    pool: &DescriptorPool,
    options: &DynamicMessage,
    name: &str,
) -> Option<DynamicMessage> {
    // The files of a service without any rule do not import them.
    let extension = pool.get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message().cloned()
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::I32(number) => Some((*number).into()),
        Value::I64(number) => Some((*number).into()),
        Value::U32(number) => Some((*number).into()),
        Value::U64(number) => Some((*number).into()),
        Value::EnumNumber(number) => Some((*number).into()),
        _ => None,
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    compiled(pattern).is_none_or(|pattern| pattern.is_match(text))
}

fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}
