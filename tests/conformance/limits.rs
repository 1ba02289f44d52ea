//! What the rules of every request must hold, whatever the field is for: a limit, and no NUL, which
//! PostgreSQL cannot store.

use prost_reflect::{Kind, MessageDescriptor};
use souk_conform::requests::rules::Rules;

/// Returns the fields of a message, and of the messages in it, that lack a limit, each with what is
/// missing.
pub fn missing(descriptor: &MessageDescriptor) -> Vec<String> {
    let mut found = Vec::new();
    for field in descriptor.fields() {
        let rules = Rules::of(&field);
        let name = field.name();
        if rules.are_ignored() {
            continue;
        }
        if field.is_map() {
            let has_size = rules.number("map", "max_pairs").is_some();
            found.extend((!has_size).then(|| format!("{name}: map.max_pairs")));
            found.extend(
                missing_of_text(&rules.inner("map", "keys"))
                    .map(|what| format!("{name}, keys: {what}")),
            );
            found.extend(
                missing_of_text(&rules.inner("map", "values"))
                    .map(|what| format!("{name}, values: {what}")),
            );
            continue;
        }
        if field.is_list() && rules.number("repeated", "max_items").is_none() {
            found.push(format!("{name}: repeated.max_items"));
        }
        let own = if field.is_list() { rules.inner("repeated", "items") } else { rules };
        match field.kind() {
            // The service reads its own tokens, or refuses them; they are never stored.
            Kind::String if name.ends_with("_token") && breaks_when_long(&own) => {}
            Kind::String => {
                found.extend(missing_of_text(&own).map(|what| format!("{name}: {what}")))
            }
            Kind::Enum(_) if own.typed("enum", "defined_only").is_none() => {
                found.push(format!("{name}: enum.defined_only"));
            }
            Kind::Message(held) if !held.full_name().starts_with("google.protobuf.") => {
                found.extend(missing(&held).into_iter().map(|inner| format!("{name}.{inner}")));
            }
            _ => {}
        }
    }
    found
}

fn missing_of_text(rules: &Rules) -> Option<&'static str> {
    if !breaks_when_long(rules) {
        return Some("string.max_len");
    }
    let takes_nul = ["\0", "a\0"].iter().any(|text| rules.broken_by_text(text).is_empty());
    takes_nul.then_some("a string.pattern that refuses NUL")
}

fn breaks_when_long(rules: &Rules) -> bool {
    !rules.broken_by_text(&"a".repeat(100_000)).is_empty()
}
