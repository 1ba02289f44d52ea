//! The frame of each service: a type for each method, and the function that serves whatever handles
//! all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor, ServiceDescriptor};

use crate::options::{Fields, extension};
use crate::problems::{Element, Problems};
use crate::{Scope, names, policies};

/// Returns one module a service, by package.
pub fn of(scope: &Scope, has_features: bool) -> BTreeMap<String, String> {
    let mut code = BTreeMap::<String, String>::new();
    for file in &scope.files {
        for service in file.services() {
            let text = code.entry(file.package_name().to_owned()).or_default();
            if has_features {
                text.push_str("#[cfg(feature = \"server\")]\n");
            }
            module(scope, text, &service);
        }
    }
    code
}

fn module(scope: &Scope, text: &mut String, service: &ServiceDescriptor) {
    let name = service.full_name();
    let _ = writeln!(
        text,
        "/// The methods of `{name}`, each a type, and the server of whatever handles them.\npub mod {} {{",
        names::snake(service.name())
    );
    let mut bounds = String::new();
    let mut calls = String::new();
    for method in service.methods() {
        let (kind, input, output) = types(scope, &method);
        let marker = names::camel(method.name());
        let _ = writeln!(
            text,
            "    /// `{}`.\n    pub struct {marker};\n    impl ::souk_contract::Method for {marker} {{\n        \
             const PATH: &'static str = \"/{name}/{}\";\n        type Input = {input};\n        type Output = {output};\n{}{}    }}",
            method.full_name(),
            method.name(),
            customer(&policies::own(scope, &method)),
            set_by(scope, &method),
        );
        if !method.is_client_streaming() && has_request_id(&method.input()) {
            let _ = writeln!(
                text,
                "    impl ::souk_contract::RequestId for {input} {{\n        fn take_request_id(&mut self) -> String {{\n            \
                 ::std::mem::take(&mut self.request_id)\n        }}\n    }}"
            );
        }
        let _ = writeln!(bounds, "            + ::souk_contract::Handle<{marker}>");
        let _ = writeln!(
            calls,
            "            .{kind}::<{marker}, _, _, T>({:?}, &handlers)",
            method.name()
        );
    }
    let bounds = bounds.replacen("            + ", "            ", 1);
    let _ = write!(
        text,
        "    /// Serves `{name}`. A method that nothing handles is a compile error that names it.\n    \
         pub fn server<T>(handlers: T) -> ::souk_contract::Server\n    where\n        T: {},\n    {{\n        \
         let handlers = ::std::sync::Arc::new(handlers);\n        ::souk_contract::Server::new({name:?})\n{calls}    }}\n}}\n",
        bounds.trim(),
    );
}

/// Writes the path of the customer of a request and how it is found, where `own` names one.
fn customer(own: &str) -> String {
    let Some((parents, "customer_id")) = own.rsplit_once('.').or(Some(("", own))) else {
        return String::new();
    };
    let mut at = "Some(request)".to_owned();
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let _ = write!(at, ".and_then(|it| it.{}.as_mut())", names::snake(parent));
    }
    format!(
        "        const OWN: &'static str = {own:?};\n        \
         fn customer(request: &mut Self::Input) -> Option<&mut String> {{\n            \
         {at}.map(|it| &mut it.customer_id)\n        }}\n"
    )
}

/// Reports each field that is for some kinds of callers only, and where nothing would check it.
pub fn check_set_by(scope: &Scope, problems: &mut Problems) {
    let methods = scope.files.iter().flat_map(|file| file.services().collect::<Vec<_>>());
    let methods = methods.flat_map(|service| service.methods().collect::<Vec<_>>());
    let requests: BTreeSet<String> = methods
        .filter(|method| !method.is_client_streaming())
        .map(|method| method.input().full_name().to_owned())
        .collect();
    for message in scope.messages().values().flatten() {
        for field in message.fields().filter(|_| !requests.contains(message.full_name())) {
            let policy = extension(scope, &field.options(), "souk.policy.v1.field");
            if policy.is_some_and(|policy| policy.has_field_by_name("set_by")) {
                let file = field.parent_file();
                let mut element = Element { file: file.name(), name: field.full_name(), problems };
                element.problem(
                    "has souk.policy.v1.field.set_by, which only fields of requests may have",
                );
            }
        }
    }
}

/// Writes which fields of a request are for some kinds of callers only.
fn set_by(scope: &Scope, method: &MethodDescriptor) -> String {
    let mut entries = String::new();
    for field in method.input().fields() {
        let policy = extension(scope, &field.options(), "souk.policy.v1.field");
        let kinds = policy.map(|policy| Fields::new(policy).take_list("set_by"));
        let kinds = kinds.iter().flatten().filter_map(policies::caller_kind);
        let kinds: Vec<_> = kinds.collect();
        if kinds.is_empty() {
            continue;
        }
        let name = names::snake(field.name());
        let has_items = field.is_list() || field.is_map();
        let is_set = match field.kind() {
            _ if field.supports_presence() => format!("request.{name}.is_some()"),
            _ if has_items => format!("!request.{name}.is_empty()"),
            Kind::String | Kind::Bytes => format!("!request.{name}.is_empty()"),
            Kind::Bool => format!("request.{name}"),
            Kind::Float | Kind::Double => format!("request.{name} != 0.0"),
            _ => format!("request.{name} != 0"),
        };
        let _ = writeln!(
            entries,
            "            if {is_set} {{ fields.push(({:?}, &[{}][..])); }}",
            field.name(),
            kinds.join(", ")
        );
    }
    if entries.is_empty() {
        return entries;
    }
    format!(
        "        fn set_by(request: &Self::Input) -> Vec<(&'static str, &'static [::souk_contract::CallerKind])> {{\n            \
         let mut fields: Vec<(&'static str, &'static [::souk_contract::CallerKind])> = Vec::new();\n{entries}            fields\n        }}\n"
    )
}

fn has_request_id(message: &MessageDescriptor) -> bool {
    message
        .get_field_by_name("request_id")
        .is_some_and(|field| field.kind() == Kind::String && !field.is_list())
}

/// Returns how a method is served, what it is given and what it answers.
fn types(scope: &Scope, method: &MethodDescriptor) -> (&'static str, String, String) {
    let input = path(scope, &method.input());
    let output = path(scope, &method.output());
    match (method.is_client_streaming(), method.is_server_streaming()) {
        (false, false) => ("unary", input, output),
        (false, true) => {
            ("server_streaming", input, format!("::souk_contract::Responses<{output}>"))
        }
        (true, false) => {
            ("client_streaming", format!("::souk_contract::Requests<{input}>"), output)
        }
        (true, true) => (
            "bidi_streaming",
            format!("::souk_contract::Requests<{input}>"),
            format!("::souk_contract::Responses<{output}>"),
        ),
    }
}

/// Returns the path of a message from the module of a service. Requests and responses are of the
/// package of their service.
fn path(scope: &Scope, message: &MessageDescriptor) -> String {
    debug_assert!(scope.owns(message), "{}", message.full_name());
    format!("super::{}", names::message(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_customer_and_the_way_to_it_are_of_the_same_field() {
        let nested = customer("order.customer_id");
        assert!(nested.contains("const OWN: &'static str = \"order.customer_id\";"), "{nested}");
        let way = "Some(request).and_then(|it| it.order.as_mut()).map(|it| &mut it.customer_id)";
        assert!(nested.contains(way), "{nested}");
        assert_eq!(customer("order_id"), "");
    }
}
