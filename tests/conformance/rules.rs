//! The field rules of the contract as in the descriptors, and an independent implementation of
//! them: this reads `buf.validate` at run time and shares nothing with the code that is generated
//! from it.

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, OneofDescriptor, Value};
use souk_contract::rules::Regex;

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
        let rules = rules.as_message().expect("the rules of a type are a message");
        rules.fields().map(|(field, _)| field.name().to_owned()).collect()
    }

    /// Returns the rules of a string that a text breaks.
    ///
    /// # Panics
    /// When there is a rule that this does not know.
    pub fn broken_by_text(&self, text: &str) -> Vec<String> {
        if text.is_empty() && self.skip_zero() {
            return Vec::new();
        }
        let length = text.chars().count() as i128;
        let breaks = |name: &str| match name {
            "min_len" => self.number("string", name).is_some_and(|min| length < min),
            "max_len" => self.number("string", name).is_some_and(|max| length > max),
            "pattern" => self.text("string", name).is_some_and(|pattern| !matches(&pattern, text)),
            "in" => !self.texts("string", name).iter().any(|allowed| allowed == text),
            name => panic!(
                "no case is made for the rule string.{name}: teach it to conformance/rules.rs"
            ),
        };
        self.names("string").into_iter().filter(|name| breaks(name)).collect()
    }

    /// Returns the rules of a number that a number breaks.
    ///
    /// # Panics
    /// When there is a rule that this does not know.
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
            name => panic!(
                "no case is made for the rule {kind}.{name}: teach it to conformance/rules.rs"
            ),
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
    let extension = pool.get_extension_by_name(name).expect("the descriptors hold buf.validate");
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
    Regex::new(pattern).expect("the generator has read the pattern").is_match(text)
}
