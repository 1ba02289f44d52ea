//! `Debug` for messages with fields that must never be logged (`debug_redact`): those print
//! `[redacted]`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{Kind, MessageDescriptor};

use crate::options::is_redacted;
use crate::{Scope, names};

/// Which messages prost must give no `Debug`, and the code that gives them ours.
pub struct Redaction {
    /// Full names. prost also leaves out what is nested in them.
    pub messages: Vec<String>,
    /// Code by package.
    pub code: BTreeMap<String, String>,
}

/// Returns the redaction of all messages.
pub fn of(scope: &Scope) -> Redaction {
    let mut redaction = Redaction { messages: Vec::new(), code: BTreeMap::new() };
    for (package, messages) in scope.messages() {
        let mut code = String::new();
        for message in &messages {
            if has_redacted(message) {
                redaction.messages.push(message.full_name().to_owned());
            }
            let mut around = Some(message.clone());
            while let Some(one) = around {
                if has_redacted(&one) {
                    write_message(&mut code, message);
                    break;
                }
                around = one.parent_message();
            }
        }
        redaction.code.insert(package, code);
    }
    redaction
}

fn has_redacted(message: &MessageDescriptor) -> bool {
    message.fields().any(|field| is_redacted(&field))
}

fn write_message(code: &mut String, message: &MessageDescriptor) {
    let mut fields = String::new();
    for field in message.fields() {
        if field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic()) {
            continue;
        }
        let ident = names::snake(field.name());
        let value = if is_redacted(&field) {
            "::souk_contract::Redacted".to_owned()
        } else if matches!(field.kind(), Kind::Enum(_))
            && !field.is_list()
            && !field.is_map()
            && !field.supports_presence()
        {
            format!("self.{ident}()")
        } else {
            format!("self.{ident}")
        };
        let _ = write!(fields, ".field({:?}, &{value})", field.name());
    }
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        let _ = write!(fields, ".field({:?}, &self.{})", oneof.name(), names::snake(oneof.name()));
        let path = format!("{}::{}", names::inside(message), names::camel(oneof.name()));
        let mut arms = String::new();
        for field in oneof.fields() {
            let variant = names::camel(field.name());
            let value = if is_redacted(&field) { "&::souk_contract::Redacted" } else { "value" };
            let _ = write!(
                arms,
                "Self::{variant}(value) => f.debug_tuple({variant:?}).field({value}).finish(), "
            );
        }
        write_debug(code, &path, &format!("match self {{ {arms}}}"));
    }
    for one in message.child_enums() {
        write_debug(
            code,
            &format!("{}::{}", names::inside(message), names::camel(one.name())),
            "f.write_str(self.as_str_name())",
        );
    }
    write_debug(
        code,
        &names::message(message),
        &format!("f.debug_struct({:?}){fields}.finish()", message.name()),
    );
}

fn write_debug(code: &mut String, path: &str, body: &str) {
    let _ = writeln!(
        code,
        "impl ::core::fmt::Debug for {path} {{\n    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{\n        {body}\n    }}\n}}"
    );
}
