//! Wrong texts: too short, too long, of another form, with characters that do not print.

use prost_reflect::Value;

use super::Wrong;
use crate::requests::rules::Rules;
use crate::requests::valid;

/// Returns the texts that a field of these rules must refuse, and odd ones that it may take; and
/// the rules that none of these texts breaks.
pub(super) fn cases(rules: &Rules, path: &str) -> (Vec<Wrong>, Vec<String>) {
    let pattern = rules.text("string", "pattern").unwrap_or_default();
    let valid = valid_text(rules);
    let mut texts = vec![
        ("empty".to_owned(), String::new()),
        ("NUL".to_owned(), format!("{valid}\0")),
        ("NUL first".to_owned(), format!("\0{valid}")),
        ("line feed".to_owned(), format!("{valid}\n")),
        ("escape".to_owned(), format!("\x1b{valid}")),
        ("delete".to_owned(), format!("{valid}\x7f")),
        ("not ASCII".to_owned(), "Grüße 🛒 \u{202e}".to_owned()),
        ("SQL".to_owned(), "'; DROP TABLE x; --".to_owned()),
    ];
    match rules.number("string", "max_len") {
        Some(max) => texts
            .push(("too long".to_owned(), "ä".repeat(usize::try_from(max).expect("a length") + 1))),
        None => texts.push(("very long".to_owned(), "a".repeat(1_000))),
    }
    if let Some(prefix) = valid::id_prefix(&pattern) {
        let suffix = valid::ID_SUFFIX;
        texts.push(("other prefix".to_owned(), format!("souk{suffix}")));
        texts.push(("no prefix".to_owned(), suffix.trim_start_matches('_').to_owned()));
        texts.push(("prefix only".to_owned(), format!("{prefix}_")));
        texts.push(("capitals".to_owned(), format!("{prefix}{}", suffix.to_uppercase())));
        texts.push(("one too short".to_owned(), format!("{prefix}{}", &suffix[..26])));
        texts.push(("one too long".to_owned(), format!("{prefix}{suffix}0")));
        texts.push((
            "beyond 128 bits".to_owned(),
            format!("{prefix}{}", suffix.replacen("_0", "_8", 1)),
        ));
        texts.push(("no base32".to_owned(), format!("{prefix}{}", suffix.replacen("h", "u", 1))));
    } else if valid.len() <= 3 && pattern.starts_with("^[A-Z]") {
        for (what, text) in [
            ("small letters", "gbp"),
            ("too short", "G"),
            ("too long", "GBPX"),
            ("a space", "GBP "),
        ] {
            texts.push((what.to_owned(), text.to_owned()));
        }
    }

    let mut wrongs = Vec::new();
    let mut unproved = rules.names("string");
    for (what, text) in texts {
        let broken = rules.broken_by_text(&text);
        unproved.retain(|rule| !broken.contains(rule));
        // Nothing and ordinary text are odd only where a rule refuses them.
        let is_ordinary = text.is_empty() || what == "not ASCII" || what == "SQL";
        if broken.is_empty() && is_ordinary && path != "page_token" {
            continue;
        }
        let is_broken = !broken.is_empty();
        let what = if is_broken { format!("{what} ({})", broken.join(", ")) } else { what };
        wrongs.push(Wrong {
            path: path.to_owned(),
            what,
            is_broken,
            value: Some(Value::String(text)),
        });
    }
    let undecided = rules.undecided("string");
    unproved.retain(|rule| !undecided.contains(&format!("string.{rule}")));
    (wrongs, unproved)
}

/// Returns a short text that keeps the rules but for its length.
fn valid_text(rules: &Rules) -> String {
    let pattern = rules.text("string", "pattern").unwrap_or_default();
    match valid::id_prefix(&pattern) {
        Some(prefix) => format!("{prefix}{}", valid::ID_SUFFIX),
        None if pattern.starts_with("^[A-Z]") => "GBP".to_owned(),
        None => "mug".to_owned(),
    }
}
