//! The noun of a new service in all its forms, and free ports.

use std::{fs, path::Path};

use crate::failure::{Failure, Outcome};

/// Words that mean something else in a proto, in Rust, Python, TypeScript or Go, or in this
/// project.
const TAKEN: [&str; 36] = [
    "alloc",
    "any",
    "as",
    "async",
    "await",
    "break",
    "bus",
    "class",
    "client",
    "core",
    "crate",
    "def",
    "enum",
    "false",
    "for",
    "if",
    "import",
    "in",
    "interface",
    "internal",
    "loop",
    "match",
    "mod",
    "policy",
    "proto",
    "self",
    "service",
    "souk",
    "std",
    "struct",
    "test",
    "tests",
    "true",
    "type",
    "use",
    "vendor",
];
/// The first port that is given to a new service; each takes two.
const FIRST_PORT: u16 = 7510;

/// The noun of a service.
pub struct Names {
    /// `gift-cards`
    pub name: String,
    /// `gift_cards`
    pub package: String,
    /// `GiftCards`
    kind: String,
    /// Where it serves gRPC; its pages are one above.
    pub port: u16,
}

impl Names {
    /// Checks a noun and finds it two ports.
    pub fn new(root: &Path, name: &str) -> Outcome<Names> {
        let words: Vec<&str> = name.split('-').collect();
        let is_word = |word: &&str| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        if !words.iter().all(is_word) || !starts_well || name.len() > 32 {
            return Err(Failure::new(format!(
                "{name:?} is not a valid name for a service: small letters and digits, words joined by hyphens, at most 32 characters"
            )));
        }
        let package = name.replace('-', "_");
        if TAKEN.contains(&name) {
            return Err(Failure::new(format!(
                "the name {name} is taken: it has another meaning in Souk"
            )));
        }
        let kind = words.iter().map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        Ok(Names { name: name.to_owned(), package, kind, port: free_port(root) })
    }

    /// Puts the noun into a text of a template.
    pub fn put_into(&self, text: &str) -> String {
        text.replace("{{name}}", &self.name)
            .replace("{{package}}", &self.package)
            .replace("{{Name}}", &self.kind)
            .replace("{{NAME}}", &self.package.to_uppercase())
            .replace("{{port}}", &self.port.to_string())
            .replace("{{metrics_port}}", &(self.port + 1).to_string())
    }
}

/// Returns the first of two ports that no manifest names.
fn free_port(root: &Path) -> u16 {
    let folders = fs::read_dir(root.join("services")).into_iter().flatten().flatten();
    let manifests = folders
        .filter_map(|folder| fs::read_to_string(folder.path().join("souk.service.toml")).ok());
    let named: String = manifests.collect();
    let mut ports = (FIRST_PORT..u16::MAX).step_by(10);
    ports.find(|port| !named.contains(&format!(":{port}\""))).unwrap_or(FIRST_PORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_is_put_in_in_every_form() {
        let names = Names::new(Path::new("/nowhere"), "gift-cards").unwrap();
        let text = names.put_into(
            "{{name}} {{package}} {{Name}}Service {{NAME}}__X :{{port}} :{{metrics_port}}",
        );
        assert_eq!(text, "gift-cards gift_cards GiftCardsService GIFT_CARDS__X :7510 :7511");
    }

    #[test]
    fn what_is_no_noun_is_refused() {
        for name in [
            "",
            "Gift",
            "gift_cards",
            "-gift",
            "gift-",
            "9gifts",
            "gift--cards",
            "type",
            "internal",
            "souk",
            &"a".repeat(33),
        ] {
            assert!(Names::new(Path::new("/nowhere"), name).is_err(), "{name}");
        }
    }
}
