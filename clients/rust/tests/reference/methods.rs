//! docs/reference/methods.md: every method, who may call it, and how long it takes at most.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, MethodDescriptor};
use souk_client::CONTRACT;
use souk_contract::{CallerKind, Idempotency as Level, MethodPolicy};

use crate::descriptors::{Idempotency, comment, is_made, option, sentence};

const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

#[test]
fn the_page_of_methods_is_what_the_contract_says() {
    let pool = DescriptorPool::decode(CONTRACT.descriptors).unwrap();
    let mut page = String::from(
        "# Methods\n\n\
         Every method of every service. *Callers*: `everyone`; a `user`, who reaches its own things only; a `service` or a member of the\n\
         `staff` whose token has the scope ([scopes.md](scopes.md)). *Kind*: a `read` changes nothing; a `write` may be repeated with the\n\
         same request and takes effect once; `→` a stream of requests, `←` of responses. *Repeats*: the field by which a repeat of a write\n\
         is known, and for how long at least: without a time, as long as what it names is kept; `effect`: what is so already stays so.\n\
         *Timeout*: the longest that a call may take, in seconds. [errors.md](../errors.md) lists the reasons that each can fail with, [events.md](events.md) what services publish.\n\
         [openapi.json](openapi.json) (OpenAPI 3.1) has the column *HTTP* in full, for a REST gateway, which Souk does not have yet.\n\n\
         `cargo xtask gen` writes this page from the contract.\n",
    );
    for service in pool.services().filter(|service| service.package_name().starts_with("souk.")) {
        let _ = write!(
            page,
            "\n## {}\n\n| method | what it does | callers | kind | repeats | timeout | HTTP |\n| --- | --- | --- | --- | --- | --- | --- |\n",
            service.full_name()
        );
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let policy = CONTRACT.method(&path).unwrap();
            let what = comment(&method.parent_file(), method.path());
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} | {} | {} |",
                method.name(),
                sentence(&what),
                callers(policy),
                kind(policy),
                repeats(&method),
                timeout(policy),
                http(&method)
            );
        }
    }
    is_made("docs/reference/methods.md", &page);
}

/// Returns who may call; kinds that need the same are together.
fn callers(policy: &MethodPolicy) -> String {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for grant in policy.grants {
        let kind = match grant.caller {
            CallerKind::Public => "everyone",
            CallerKind::User if grant.excludes_guests => "user who is no guest",
            CallerKind::User => "user",
            CallerKind::Service => "service",
            CallerKind::Staff => "staff",
        };
        let scopes = grant.scopes.join("`, `");
        match groups.iter_mut().find(|(_, needs)| *needs == scopes) {
            Some((kinds, _)) => kinds.push(kind),
            None => groups.push((vec![kind], scopes)),
        }
    }
    let words = groups.into_iter().map(|(kinds, scopes)| {
        let kinds = kinds.join(", ");
        if scopes.is_empty() { kinds } else { format!("{kinds}: `{scopes}`") }
    });
    words.collect::<Vec<_>>().join("; ")
}

fn kind(policy: &MethodPolicy) -> String {
    let kind = match policy.idempotency {
        Level::NoSideEffects => "read",
        Level::Idempotent => "write",
        Level::Unknown => "write, not to be repeated",
    };
    let streams = match (policy.client_streaming, policy.server_streaming) {
        (false, false) => "",
        (true, false) => " →",
        (false, true) => " ←",
        (true, true) => " ⇄",
    };
    format!("{kind}{streams}")
}

/// Returns how a repeat is known, and for how long.
fn repeats(method: &MethodDescriptor) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let Some(Idempotency { key, window }) = Idempotency::of(method) else { return String::new() };
    let key = if key.is_empty() { "effect".to_owned() } else { format!("`{key}`") };
    window.map_or(key.clone(), |window| format!("{key}, {} days", window.as_secs() / DAY))
}

fn timeout(policy: &MethodPolicy) -> String {
    match policy.timeout {
        MethodPolicy::UNLIMITED => "none".to_owned(),
        timeout => timeout.as_secs_f64().to_string(),
    }
}

/// Returns verb and path of the HTTP mapping.
fn http(method: &MethodDescriptor) -> String {
    let rule = option(&method.options(), "google.api.http");
    let verb = VERBS.into_iter().find(|verb| rule.has_field_by_name(verb));
    verb.map_or_else(String::new, |verb| {
        let path = rule.get_field_by_name(verb).unwrap();
        format!("{} `{}`", verb.to_uppercase(), path.as_str().unwrap())
    })
}
