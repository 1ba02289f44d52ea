//! What the descriptors of the contract say, and the pages of docs/ that repeat it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use prost_reflect::{DynamicMessage, FileDescriptor, MethodDescriptor, ReflectMessage as _};

/// Returns a file of the repository.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// Compares a committed file with what the contract makes it; with SOUK_WRITE_DOCS set, writes it.
#[track_caller]
pub fn is_made(name: &str, text: &str) {
    if std::env::var_os("SOUK_WRITE_DOCS").is_some() {
        std::fs::write(file(name), text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(file(name)).unwrap_or_default();
    assert!(committed == text, "{name} differs from the contract: run `cargo xtask gen`");
}

/// Returns the comment of the element at a path of a file, in one line.
pub fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let places = &file.file_descriptor_proto().source_code_info.as_ref().unwrap().location;
    let place = places.iter().find(|place| place.path == path).unwrap();
    let words = place.leading_comments().split_whitespace().collect::<Vec<_>>();
    words.join(" ").replace('|', "\\|")
}

/// Returns the first sentence of a comment.
pub fn sentence(comment: &str) -> &str {
    comment.split_once(". ").map_or(comment, |(first, _)| first).trim_end_matches('.')
}

/// Returns the value of an extension in the options of an element.
pub fn option(options: &DynamicMessage, name: &str) -> DynamicMessage {
    let extension = options.descriptor().parent_pool().get_extension_by_name(name).unwrap();
    options.get_extension(&extension).as_message().unwrap().clone()
}

/// How a repeat of a write is known.
pub struct Idempotency {
    /// The field of the request; empty when the effect is the key.
    pub key: String,
    /// How long the key is remembered at least; none for as long as what it names is kept.
    pub window: Option<Duration>,
}

impl Idempotency {
    /// Returns what a method says; none of a read.
    pub fn of(method: &MethodDescriptor) -> Option<Self> {
        let policy = option(&method.options(), "souk.policy.v1.method");
        if !policy.has_field_by_name("idempotency") {
            return None;
        }
        let field = policy.get_field_by_name("idempotency").unwrap();
        let idempotency = field.as_message().unwrap();
        let key = idempotency.get_field_by_name("key").unwrap().as_str().unwrap().to_owned();
        let window = idempotency.has_field_by_name("window").then(|| {
            let window = idempotency.get_field_by_name("window").unwrap();
            let seconds = window.as_message().unwrap().get_field_by_name("seconds").unwrap();
            Duration::from_secs(seconds.as_i64().unwrap().unsigned_abs())
        });
        Some(Idempotency { key, window })
    }
}

/// Returns the texts of a list.
pub fn texts(message: &DynamicMessage, field: &str) -> Vec<String> {
    let list = message.get_field_by_name(field).unwrap();
    list.as_list().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}
