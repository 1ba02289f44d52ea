//! What no event may carry: fields of the data classes PERSONAL and SECRET. Publishers leave them
//! out by the code that is made here.

use std::fmt::Write as _;

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use crate::options::{extension, is_redacted};
use crate::problems::{Element, Problems};
use crate::{Scope, names};

/// Checks that no value of these classes can reach a log.
pub fn check(scope: &Scope, problems: &mut Problems) {
    for (_, messages) in scope.messages() {
        for field in messages.iter().flat_map(MessageDescriptor::fields) {
            if is_private(scope, &field) && !is_redacted(&field) {
                let file = field.parent_file();
                Element { file: file.name(), name: field.full_name(), problems }.problem(
                    "has a data_class that no log may have, and lacks debug_redact = true",
                );
            }
        }
    }
}

/// Returns the Rust that removes the private fields of `it`, a `&mut` of this message, with all
/// that is in it; empty when there are none.
pub fn removal(scope: &Scope, message: &MessageDescriptor) -> String {
    let mut text = String::new();
    write(scope, message, &mut Vec::new(), &mut text);
    text
}

/// Returns the method of an event that is made of its removal.
pub fn method(removal: &str) -> String {
    if removal.is_empty() {
        return String::new();
    }
    format!(
        "    fn without_private(&self) -> Option<Self> {{\n        let mut public = self.clone();\n        \
         {{ let it = &mut public; {removal}}}\n        Some(public)\n    }}\n"
    )
}

fn write(
    scope: &Scope,
    message: &MessageDescriptor,
    around: &mut Vec<MessageDescriptor>,
    text: &mut String,
) {
    // A message inside of itself: the outer one is written already.
    if around.contains(message) {
        return;
    }
    around.push(message.clone());
    for field in message.fields() {
        let name = names::snake(field.name());
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        if is_private(scope, &field) {
            match oneof {
                Some(oneof) => {
                    let variant = variant(message, oneof.name(), &field);
                    let oneof = names::snake(oneof.name());
                    let _ = write!(
                        text,
                        "if matches!(it.{oneof}, Some({variant}(_))) {{ it.{oneof} = None; }} "
                    );
                }
                None => {
                    let _ = write!(text, "it.{name} = ::core::default::Default::default(); ");
                }
            }
            continue;
        }
        let of_map = field.is_map().then(|| {
            let entry = field.kind().as_message().expect("a map has entries").clone();
            entry.map_entry_value_field()
        });
        let Some(inner) = of_map.as_ref().unwrap_or(&field).kind().as_message().cloned() else {
            continue;
        };
        let mut within = String::new();
        write(scope, &inner, around, &mut within);
        if within.is_empty() {
            continue;
        }
        let _ = match oneof {
            _ if of_map.is_some() => {
                write!(text, "for it in it.{name}.values_mut() {{ {within}}} ")
            }
            _ if field.is_list() => write!(text, "for it in &mut it.{name} {{ {within}}} "),
            Some(oneof) => {
                let variant = variant(message, oneof.name(), &field);
                let oneof = names::snake(oneof.name());
                write!(text, "if let Some({variant}(it)) = it.{oneof}.as_mut() {{ {within}}} ")
            }
            None => write!(text, "if let Some(it) = it.{name}.as_mut() {{ {within}}} "),
        };
    }
    around.pop();
}

/// Returns the path of a oneof's variant.
fn variant(message: &MessageDescriptor, oneof: &str, field: &FieldDescriptor) -> String {
    format!("{}::{}::{}", names::inside(message), names::camel(oneof), names::camel(field.name()))
}

/// Returns whether a field has one of the classes that no event may carry.
pub fn is_private(scope: &Scope, field: &FieldDescriptor) -> bool {
    let class = extension(scope, &field.options(), "souk.policy.v1.field")
        .and_then(|policy| policy.get_field_by_name("data_class")?.as_enum_number());
    matches!(class, Some(1 | 2))
}
