//! The options `own` and `set_by`: whose things a request names, and who may set a field.

use prost_reflect::{DynamicMessage, FieldDescriptor, Value};
use souk_contract::CallerKind;

/// Sets a text below a message, by its path.
pub fn put(message: &mut DynamicMessage, path: &str, text: &str) {
    match path.split_once('.') {
        None => message.set_field_by_name(path, Value::String(text.to_owned())),
        Some((name, rest)) => {
            let inner = message.get_field_by_name_mut(name).and_then(Value::as_message_mut);
            put(inner.expect("a message with what is owned"), rest, text);
        }
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
    let kind = |value: &Value| match value.as_enum_number() {
        Some(1) => CallerKind::Public,
        Some(2) => CallerKind::User,
        Some(3) => CallerKind::Service,
        Some(4) => CallerKind::Staff,
        other => panic!("caller {other:?} is new: teach it to conformance/owned.rs"),
    };
    kinds.as_deref().and_then(Value::as_list).unwrap_or_default().iter().map(kind).collect()
}
