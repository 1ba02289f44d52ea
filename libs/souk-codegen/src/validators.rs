//! `impl Validate` for every message: which fields are checked, when, and under which path. The
//! rules of single values are in `values`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};

use crate::options::{Fields, extension, refuse_rest};
use crate::problems::{Element, Problems};
use crate::values::{self, Subject};
use crate::{Scope, bounds, names};

/// Returns the validators by package.
pub fn of(scope: &Scope, problems: &mut Problems) -> BTreeMap<String, String> {
    let messages = scope.messages();
    let all = messages.values().flatten().collect::<Vec<_>>();
    let ruled = ruled(scope, &all);
    let requests = scope
        .files
        .iter()
        .flat_map(|file| file.services().collect::<Vec<_>>())
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| method.input().full_name().to_owned())
        .collect::<BTreeSet<_>>();

    let mut code = BTreeMap::new();
    for (package, messages) in &messages {
        let mut text = String::new();
        for message in messages {
            let body = Generation { scope, ruled: &ruled, problems }.message(message);
            let is_request = requests.contains(message.full_name());
            let shape = if is_request {
                bounds::shape(scope, message)
            } else {
                "::souk_contract::Shape::EMPTY".to_owned()
            };
            let _ = write!(
                text,
                "impl ::souk_contract::Validate for {} {{\n    const IS_REQUEST: bool = {is_request};\n    const DOMAIN: &'static str = {:?};\n    \
                 const SHAPE: &'static ::souk_contract::Shape = {shape};\n    fn check(&self, path: &::souk_contract::Path<'_>, out: &mut ::souk_contract::Violations) {{\n        use ::souk_contract::Validate as _;\n{body}    }}\n}}\n",
                names::message(message),
                names::domain(package),
            );
        }
        code.insert(package.clone(), text);
    }
    code
}

/// Returns the names of the messages that have a rule, or hold a message that has one or a time.
fn ruled(scope: &Scope, messages: &[&MessageDescriptor]) -> BTreeSet<String> {
    let mut ruled = BTreeSet::new();
    loop {
        let before = ruled.len();
        for message in messages {
            let has_own = message
                .fields()
                .any(|field| extension(scope, &field.options(), "buf.validate.field").is_some())
                || message.oneofs().any(|oneof| {
                    extension(scope, &oneof.options(), "buf.validate.oneof").is_some()
                });
            let holds_one = message.fields().any(|field| {
                held(&field).is_some_and(|held| {
                    ruled.contains(held.full_name()) || values::is_time(held.full_name())
                })
            });
            if has_own || holds_one {
                ruled.insert(message.full_name().to_owned());
            }
        }
        if ruled.len() == before {
            return ruled;
        }
    }
}

/// Returns the message that a field, its items or the values of its map hold.
fn held(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            entry.map_entry_value_field().kind().as_message().cloned()
        }
        kind => kind.as_message().cloned(),
    }
}

struct Generation<'a> {
    scope: &'a Scope,
    ruled: &'a BTreeSet<String>,
    problems: &'a mut Problems,
}

impl Generation<'_> {
    fn message(mut self, message: &MessageDescriptor) -> String {
        let file = message.parent_file();
        if let Some(rules) = extension(self.scope, &message.options(), "buf.validate.message") {
            let mut element =
                Element { file: file.name(), name: message.full_name(), problems: self.problems };
            refuse_rest(&Fields::new(rules), "message.", &mut element);
        }
        let mut code = String::new();
        for field in message.fields() {
            code.push_str(&self.field(&field));
        }
        for oneof in message.oneofs() {
            code.push_str(&self.oneof(&oneof));
        }
        code
    }

    fn oneof(&mut self, oneof: &OneofDescriptor) -> String {
        let Some(rules) = extension(self.scope, &oneof.options(), "buf.validate.oneof") else {
            return String::new();
        };
        let file = oneof.parent_message().parent_file();
        let mut element =
            Element { file: file.name(), name: oneof.full_name(), problems: self.problems };
        let mut rules = Fields::new(rules);
        let is_required = rules.take_bool("required");
        refuse_rest(&rules, "oneof.", &mut element);
        if !is_required {
            return String::new();
        }
        format!(
            "        if self.{}.is_none() {{ out.add(path.field({:?}), \"required\", \"must have exactly one of its fields set\"); }}\n",
            names::snake(oneof.name()),
            oneof.name()
        )
    }

    fn field(&mut self, field: &FieldDescriptor) -> String {
        let file = field.parent_message().parent_file();
        let mut element =
            Element { file: file.name(), name: field.full_name(), problems: self.problems };
        let mut rules =
            extension(self.scope, &field.options(), "buf.validate.field").map(Fields::new);

        let ignore = rules
            .as_mut()
            .and_then(|rules| rules.take("ignore"))
            .and_then(|value| value.as_enum_number());
        if ignore == Some(3) {
            return String::new();
        }
        let skips_zero = ignore == Some(1);
        let is_required = rules.as_mut().is_some_and(|rules| rules.take_bool("required"));
        let typed = rules.as_mut().and_then(Fields::take_any_message);
        if let Some(rules) = &rules {
            refuse_rest(rules, "", &mut element);
        }

        let path = format!("path.field({:?})", field.name());
        let ident = format!("self.{}", names::snake(field.name()));
        let missing = format!("out.add({path}, \"required\", \"is required\");");
        let context = Context { scope: self.scope, ruled: self.ruled };

        if field.is_list() || field.is_map() {
            let inner = if field.is_map() {
                context.map(field, typed, &path, &mut element)
            } else {
                context.list(field, typed, &path, &mut element)
            };
            return around(
                &inner,
                "let value = &",
                &ident,
                "value.is_empty()",
                skips_zero,
                is_required.then_some(&missing),
            );
        }

        let kind = field.kind();
        let zero = values::zero(&kind);
        let inner = context.value(&kind, typed, &path, &mut element);
        let borrow = if values::is_copy(&kind) { "" } else { "&" };
        let inner_if_set = match (&zero, skips_zero) {
            (Some(zero), true) if !inner.is_empty() => {
                format!("        if !({zero}) {{\n{inner}        }}\n")
            }
            _ => inner.clone(),
        };

        if let Some(oneof) = field.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
            if is_required {
                element.problem(
                    "rule `required` on a field of a oneof; use (buf.validate.oneof).required",
                );
            }
            if inner_if_set.is_empty() {
                return String::new();
            }
            let parent = oneof.parent_message();
            let copy = if values::is_copy(&kind) { "let value = *value; " } else { "" };
            return format!(
                "        if let Some({}::{}::{}(value)) = &self.{} {{ {copy}\n{inner_if_set}        }}\n",
                names::inside(parent),
                names::camel(oneof.name()),
                names::camel(field.name()),
                names::snake(oneof.name())
            );
        }
        if field.supports_presence() {
            return match (inner_if_set.is_empty(), is_required) {
                (true, false) => String::new(),
                (true, true) => format!("        if {ident}.is_none() {{ {missing} }}\n"),
                (false, false) => {
                    format!(
                        "        if let Some(value) = {borrow}{ident} {{\n{inner_if_set}        }}\n"
                    )
                }
                (false, true) => {
                    format!(
                        "        if let Some(value) = {borrow}{ident} {{\n{inner_if_set}        }} else {{ {missing} }}\n"
                    )
                }
            };
        }
        let zero = zero.unwrap_or_else(|| "false".to_owned());
        around(
            &inner,
            &format!("let value = {borrow}"),
            &ident,
            &zero,
            skips_zero,
            is_required.then_some(&missing),
        )
    }
}

/// Binds a field without presence and checks it, unless it is zero and that is allowed or already
/// wrong.
fn around(
    inner: &str,
    bind: &str,
    ident: &str,
    zero: &str,
    skips_zero: bool,
    missing: Option<&String>,
) -> String {
    match (inner.is_empty(), missing) {
        (true, None) => String::new(),
        (_, Some(missing)) => {
            format!(
                "        {{ {bind}{ident}; if {zero} {{ {missing} }} else {{\n{inner}        }} }}\n"
            )
        }
        (false, None) if skips_zero => {
            format!("        {{ {bind}{ident}; if !({zero}) {{\n{inner}        }} }}\n")
        }
        (false, None) => format!("        {{ {bind}{ident};\n{inner}        }}\n"),
    }
}

struct Context<'a> {
    scope: &'a Scope,
    ruled: &'a BTreeSet<String>,
}

type Typed = Option<(String, DynamicMessage)>;

impl Context<'_> {
    /// Returns the checks of one value, which the code has bound as `value`.
    fn value(&self, kind: &Kind, typed: Typed, path: &str, element: &mut Element<'_>) -> String {
        let mut code = match typed {
            Some((name, rules)) => values::checks(&Subject { kind, path }, &name, rules, element),
            None => String::new(),
        };
        if let Kind::Message(message) = kind {
            code.push_str(&values::well_formed(message.full_name(), path));
        }
        if let Kind::Message(message) = kind
            && self.scope.owns(message)
            && self.ruled.contains(message.full_name())
        {
            let _ = writeln!(code, "            value.check(&{path}, out);");
        }
        code
    }

    /// Returns the checks of the rules of items, keys or values, which are field rules again.
    fn nested(
        &self,
        kind: &Kind,
        rules: Option<DynamicMessage>,
        path: &str,
        element: &mut Element<'_>,
    ) -> String {
        let mut rules = rules.map(Fields::new);
        let ignore = rules
            .as_mut()
            .and_then(|rules| rules.take("ignore"))
            .and_then(|value| value.as_enum_number());
        let typed = rules.as_mut().and_then(Fields::take_any_message);
        if let Some(rules) = &rules {
            refuse_rest(rules, "items, keys or values: ", element);
        }
        let code = self.value(kind, typed, path, element);
        match (ignore, values::zero(kind)) {
            (Some(3), _) => String::new(),
            (Some(1), Some(zero)) if !code.is_empty() => {
                format!("            if !({zero}) {{\n{code}            }}\n")
            }
            _ => code,
        }
    }

    fn list(
        &self,
        field: &FieldDescriptor,
        typed: Typed,
        path: &str,
        element: &mut Element<'_>,
    ) -> String {
        let kind = field.kind();
        let mut rules = self.rules_of("repeated", typed, element);
        let mut code = values::size(
            "value.len()",
            path,
            [
                ("repeated.min_items", rules.take_size("min_items")),
                ("repeated.max_items", rules.take_size("max_items")),
            ],
            ["item", "items"],
            element,
        );
        if rules.take_bool("unique") {
            if matches!(kind, Kind::Message(_) | Kind::Double | Kind::Float) {
                element.problem("rule `repeated.unique` is for scalars other than floats");
            }
            let _ = writeln!(
                code,
                "        if !::souk_contract::rules::is_unique(value) {{ out.add({path}, \"repeated.unique\", \"must not contain duplicates\"); }}"
            );
        }
        let items = self.nested(
            &kind,
            rules.take_message("items"),
            &format!("{path}.index(index)"),
            element,
        );
        refuse_rest(&rules, "repeated.", element);
        if !items.is_empty() {
            let copy = if values::is_copy(&kind) { "let value = *value;" } else { "" };
            let _ = writeln!(
                code,
                "        for (index, value) in value.iter().enumerate() {{ if out.is_full() {{ return; }} {copy}\n{items}        }}"
            );
        }
        code
    }

    fn map(
        &self,
        field: &FieldDescriptor,
        typed: Typed,
        path: &str,
        element: &mut Element<'_>,
    ) -> String {
        let Kind::Message(entry) = field.kind() else {
            return String::new();
        };
        let (key, value) =
            (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
        let mut rules = self.rules_of("map", typed, element);
        let mut code = values::size(
            "value.len()",
            path,
            [
                ("map.min_pairs", rules.take_size("min_pairs")),
                ("map.max_pairs", rules.take_size("max_pairs")),
            ],
            ["entry", "entries"],
            element,
        );
        let path = format!("{path}.key(key)");
        let keys = self.nested(&key, rules.take_message("keys"), &path, element);
        let values = self.nested(&value, rules.take_message("values"), &path, element);
        refuse_rest(&rules, "map.", element);
        if keys.is_empty() && values.is_empty() {
            return code;
        }
        let star = |kind: &Kind| if values::is_copy(kind) { "*" } else { "" };
        let _ = writeln!(
            code,
            "        for (key, value) in value {{ if out.is_full() {{ return; }}\n        {{ let value = {}key;\n{keys}        }}\n        \
             {{ let value = {}value;\n{values}        }} }}",
            star(&key),
            star(&value)
        );
        code
    }

    fn rules_of(&self, expected: &str, typed: Typed, element: &mut Element<'_>) -> Fields {
        match typed {
            Some((name, rules)) if name == expected => Fields::new(rules),
            Some((name, _)) => {
                element.problem(&format!("has `{name}` rules but is a {expected} field"));
                Fields::default()
            }
            None => Fields::default(),
        }
    }
}
