//! Events: messages that are published, each with the field that is its key.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{Kind, MessageDescriptor};

use crate::options::{Fields, extension};
use crate::problems::{Element, Problems};
use crate::{Scope, names, private};

/// Returns what each event says of itself, by package.
pub fn of(scope: &Scope, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut code = BTreeMap::<String, String>::new();
    for (package, messages) in scope.messages() {
        for message in messages {
            let file = message.parent_file();
            let mut element = Element { file: file.name(), name: message.full_name(), problems };
            let is_due =
                file.name().ends_with("/events.proto") && message.parent_message().is_none();
            let policy = extension(scope, &message.options(), "souk.policy.v1.event");
            let Some(policy) = policy else {
                if is_due {
                    element.problem("is in events.proto and has no option (souk.policy.v1.event)");
                }
                continue;
            };
            if !is_due {
                element
                    .problem("has the option (souk.policy.v1.event), and is not in events.proto");
            }
            let key = Fields::new(policy).take_text("key").unwrap_or_default();
            let Some(expression) = expression(&message, &key) else {
                element.problem(&format!(
                    "souk.policy.v1.event.key is {key:?}, which does not lead to a text of the event"
                ));
                continue;
            };
            let removal = private::removal(scope, &message);
            let text = code.entry(package.clone()).or_default();
            let _ = writeln!(
                text,
                "impl ::souk_contract::Event for {} {{\n    fn key(&self) -> &str {{\n        {expression}\n    }}\n{}}}",
                names::message(&message),
                private::method(&removal),
            );
        }
    }
    code
}

/// Returns the Rust that reads the text at a path; the empty one where a message on the way is
/// absent.
fn expression(message: &MessageDescriptor, path: &str) -> Option<String> {
    let mut parts = path.split('.').collect::<Vec<_>>();
    let last = parts.pop()?;
    let mut message = message.clone();
    let mut expression = "Some(self)".to_owned();
    for part in parts {
        let field = message.get_field_by_name(part).filter(|field| !field.is_list())?;
        let _ = write!(expression, ".and_then(|it| it.{}.as_ref())", names::snake(part));
        message = field.kind().as_message()?.clone();
    }
    let field = message.get_field_by_name(last).filter(|field| !field.is_list())?;
    let is_text = field.kind() == Kind::String && field.containing_oneof().is_none();
    is_text.then(|| format!("{expression}.map_or(\"\", |it| it.{}.as_str())", names::snake(last)))
}
