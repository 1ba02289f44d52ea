//! The options `own` and `set_by`: whose things a request names, and who may set a field.

use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage as _, Value};
use souk_contract::CallerKind;

/// Sets a text below a message, by its path. A path that the message does not have is left alone.
pub fn put(message: &mut DynamicMessage, path: &str, text: &str) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(field) = message.descriptor().get_field_by_name(name) else { return };
    if rest.is_empty() {
        message.set_field(&field, Value::String(text.to_owned()));
    } else if let Some(inner) = message.get_field_mut(&field).as_message_mut() {
        put(inner, rest, text);
    }
}

/// Returns who may set a field; empty when it is for all, or the service was built
/// before the option was there.
pub fn set_by(field: &FieldDescriptor) -> Vec<CallerKind> {
    let pool = field.parent_message().parent_pool().clone();
    let Some(option) = pool.get_extension_by_name("souk.policy.v1.field") else {
        return Vec::new();
    };
    let options = field.options();
    let policy = options.get_extension(&option);
    let kinds = policy.as_message().and_then(|policy| policy.get_field_by_name("set_by"));
    let kind = |value: &Value| match value.as_enum_number()? {
        1 => Some(CallerKind::Public),
        2 => Some(CallerKind::User),
        3 => Some(CallerKind::Service),
        4 => Some(CallerKind::Staff),
        _ => None,
    };
    let kinds = kinds.as_deref().and_then(Value::as_list).unwrap_or_default();
    kinds.iter().filter_map(kind).collect()
}
