//! How prost names things in Rust: the same conversions, so that what we generate fits what it
//! generates.

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_reflect::MessageDescriptor;

/// Returns a proto name as a Rust field or module.
pub fn snake(name: &str) -> String {
    raw(name.to_snake_case())
}

/// Returns a proto name as a Rust type or variant.
pub fn camel(name: &str) -> String {
    raw(name.to_upper_camel_case())
}

/// Returns the domain of a package's errors: the package without its version, so that it stays the
/// same in the next version.
pub fn domain(package: &str) -> &str {
    match package.rsplit_once('.') {
        Some((domain, version)) if version.starts_with('v') => domain,
        _ => package,
    }
}

/// Returns the path of a message's type inside the module of its package: `outer::Inner`.
pub fn message(message: &MessageDescriptor) -> String {
    match message.parent_message() {
        Some(parent) => format!("{}::{}", inside(&parent), camel(message.name())),
        None => camel(message.name()),
    }
}

/// Returns the path of the module that holds what is nested in a message: `outer::inner`.
pub fn inside(message: &MessageDescriptor) -> String {
    match message.parent_message() {
        Some(parent) => format!("{}::{}", inside(&parent), snake(message.name())),
        None => snake(message.name()),
    }
}

fn raw(name: String) -> String {
    const KEYWORDS: &[&str] = &[
        "as", "break", "const", "continue", "else", "enum", "false", "fn", "for", "if", "impl",
        "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static",
        "struct", "trait", "true", "type", "unsafe", "use", "where", "while", "dyn", "abstract",
        "become", "box", "do", "final", "macro", "override", "priv", "typeof", "unsized",
        "virtual", "yield", "async", "await", "try", "gen",
    ];
    match name.as_str() {
        "_" | "super" | "self" | "Self" | "extern" | "crate" => format!("{name}_"),
        word if KEYWORDS.contains(&word) => format!("r#{name}"),
        word if word.starts_with(char::is_numeric) => format!("_{name}"),
        _ => name,
    }
}
