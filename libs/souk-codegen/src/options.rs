//! Reads custom options and keeps account of what was read, so that nothing written in a proto is
//! overlooked.

use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage, Value};

use crate::Scope;
use crate::problems::Element;

/// Returns the value of an extension (`buf.validate.field`) in the options of an element, if it is
/// set there.
pub fn extension(scope: &Scope, options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let extension = scope.pool.get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    match options.get_extension(&extension).into_owned() {
        Value::Message(message) => Some(message),
        _ => None,
    }
}

/// Returns whether a field must never be logged (`debug_redact`).
pub fn is_redacted(field: &FieldDescriptor) -> bool {
    let option =
        field.options().get_field_by_name("debug_redact").and_then(|value| value.as_bool());
    option.unwrap_or(false)
}

/// The set fields of an option, taken one by one.
#[derive(Default)]
pub struct Fields {
    message: Option<DynamicMessage>,
}

impl Fields {
    pub fn new(message: DynamicMessage) -> Self {
        Self { message: Some(message) }
    }

    /// Takes a field if it is set.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let message = self.message.as_mut().filter(|message| message.has_field_by_name(name))?;
        message.take_field_by_name(name)
    }

    /// Takes a message field if it is set.
    pub fn take_message(&mut self, name: &str) -> Option<DynamicMessage> {
        match self.take(name)? {
            Value::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Takes a bool field; unset is false.
    pub fn take_bool(&mut self, name: &str) -> bool {
        self.take(name).and_then(|value| value.as_bool()).unwrap_or(false)
    }

    /// Takes a size if it is set.
    pub fn take_size(&mut self, name: &str) -> Option<u64> {
        self.take(name).and_then(|value| value.as_u64())
    }

    /// Takes a text if it is set.
    pub fn take_text(&mut self, name: &str) -> Option<String> {
        self.take(name).and_then(|value| value.as_str().map(str::to_owned))
    }

    /// Takes a list; unset is empty.
    pub fn take_list(&mut self, name: &str) -> Vec<Value> {
        match self.take(name) {
            Some(Value::List(list)) => list,
            _ => Vec::new(),
        }
    }

    /// Takes whichever message field is set, with its name: the rules of a type.
    pub fn take_any_message(&mut self) -> Option<(String, DynamicMessage)> {
        let mut fields = self.message.as_ref()?.fields();
        let name = fields.find_map(|(field, value)| {
            matches!(value, Value::Message(_)).then(|| field.name().to_owned())
        })?;
        drop(fields);
        Some((name.clone(), self.take_message(&name)?))
    }

    /// Returns the names of unused rules.
    pub fn rest(&self) -> Vec<String> {
        let Some(message) = &self.message else {
            return Vec::new();
        };
        let known = message.fields().map(|(field, _)| field.name().to_owned());
        let extensions = message.extensions().map(|(field, _)| field.full_name().to_owned());
        let unknown = message.unknown_fields().map(|field| {
            format!("number {} of {}", field.number(), message.descriptor().full_name())
        });
        known.chain(extensions).chain(unknown).collect()
    }
}

/// Reports every unused rule.
pub fn refuse_rest(rules: &Fields, prefix: &str, element: &mut Element<'_>) {
    for rule in rules.rest() {
        element.problem(&format!("rule `{prefix}{rule}` is not known to souk-codegen"));
    }
}

/// Returns a whole number of any width.
pub fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::I32(number) => Some((*number).into()),
        Value::I64(number) => Some((*number).into()),
        Value::U32(number) => Some((*number).into()),
        Value::U64(number) => Some((*number).into()),
        Value::EnumNumber(number) => Some((*number).into()),
        _ => None,
    }
}

/// Returns seconds and nanoseconds of a Duration or a Timestamp.
pub fn time(value: &Value) -> Option<(i64, i32)> {
    let message = value.as_message()?;
    Some((
        message.get_field_by_name("seconds")?.as_i64()?,
        message.get_field_by_name("nanos")?.as_i32()?,
    ))
}
