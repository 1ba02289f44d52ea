//! The frame of each service: a type for each method, and the function that serves whatever handles
//! all of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor, ServiceDescriptor};

use crate::{Scope, names};

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
             const PATH: &'static str = \"/{name}/{}\";\n        type Input = {input};\n        type Output = {output};\n    }}",
            method.full_name(),
            method.name(),
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
