//! Typed access to the ids in messages: a field whose rule is the form of one of Souk's ids is read
//! as that id.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::options::{Fields, extension, integer};
use crate::{Scope, names};

/// The ids that souk-types has, by their prefix.
const IDS: [&str; 15] = [
    "account",
    "attempt",
    "capture",
    "event",
    "fulfillment",
    "movement",
    "operation",
    "order",
    "payment",
    "price",
    "product",
    "refund",
    "reservation",
    "transfer",
    "variant",
];
/// What follows the prefix in the pattern of an id.
const SUFFIX: &str = "_[0-7][0-9a-hjkmnp-tv-z]{25}";
const IGNORE_IF_ZERO_VALUE: i128 = 1;

/// Returns the accessors of all messages, by package.
pub fn of(scope: &Scope) -> BTreeMap<String, String> {
    let mut code = BTreeMap::new();
    for (package, messages) in scope.messages() {
        let text = messages.iter().map(|message| accessors(scope, message)).collect::<String>();
        code.insert(package, text);
    }
    code
}

fn accessors(scope: &Scope, message: &MessageDescriptor) -> String {
    let mut text = String::new();
    for field in message.fields() {
        let Some((id, is_optional)) = id(scope, &field) else { continue };
        let name = names::snake(field.name());
        let id = format!("::souk_types::{}Id", names::camel(&id));
        let (output, read) = if is_optional {
            let read = format!(
                "if self.{name}.is_empty() {{ return Ok(None); }} let id = self.{name}.parse().map(Some)"
            );
            (format!("Option<{id}>"), read)
        } else {
            (id, format!("let id = self.{name}.parse()"))
        };
        let _ = writeln!(
            text,
            "    /// Reads `{field}`.\n    pub fn {name}(&self) -> Result<{output}, ::souk_contract::FieldError> {{\n        \
             {read};\n        id.map_err(|error: ::souk_types::IdError| ::souk_contract::FieldError::new({field:?}, error))\n    }}",
            field = field.name(),
        );
    }
    if text.is_empty() {
        return text;
    }
    format!("impl {} {{\n{text}}}\n", names::message(message))
}

/// Returns the prefix of the id that a field holds, and whether it may be empty.
fn id(scope: &Scope, field: &FieldDescriptor) -> Option<(String, bool)> {
    let is_plain = field.containing_oneof().is_none() && !field.is_list() && !field.is_map();
    if !is_plain || field.kind() != Kind::String {
        return None;
    }
    let mut rules = Fields::new(extension(scope, &field.options(), "buf.validate.field")?);
    let is_optional = rules.take("ignore").as_ref().and_then(integer) == Some(IGNORE_IF_ZERO_VALUE);
    let pattern = Fields::new(rules.take_message("string")?).take_text("pattern")?;
    let form = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let optional_form = form.strip_prefix('(').and_then(|form| form.strip_suffix(")?"));
    let prefix = optional_form.unwrap_or(form).strip_suffix(SUFFIX)?;
    IDS.contains(&prefix).then(|| (prefix.to_owned(), is_optional || optional_form.is_some()))
}
