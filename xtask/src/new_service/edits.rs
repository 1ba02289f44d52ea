//! The lines by which the rest of the project knows a new service.

use crate::failure::{Failure, Outcome};

use super::{Language, names::Names};

/// A line that goes into a file.
pub struct Edit {
    /// Relative to the root.
    pub file: &'static str,
    /// The text before the place: the first of them, then the next after it.
    after: &'static [&'static str],
    /// What is put there.
    text: String,
    /// Whether it goes before the last of `after`, instead of behind its line.
    goes_before: bool,
}

impl Edit {
    fn behind(file: &'static str, after: &'static [&'static str], text: String) -> Edit {
        Edit { file, after, text, goes_before: false }
    }

    fn before(file: &'static str, after: &'static [&'static str], text: String) -> Edit {
        Edit { file, after, text, goes_before: true }
    }

    /// Puts the line in.
    pub fn apply(&self, text: &str) -> Outcome<String> {
        let mut place = 0;
        for (at, mark) in self.after.iter().enumerate() {
            let found = text[place..].find(mark);
            let found = found
                .ok_or_else(|| Failure::new(format!("{} has no {mark:?} any more", self.file)))?;
            let is_last = at + 1 == self.after.len();
            place += if is_last && self.goes_before { found } else { found + mark.len() };
        }
        if !self.goes_before {
            place += text[place..].find('\n').map_or(text.len() - place, |end| end + 1);
        }
        Ok(format!("{}{}{}", &text[..place], self.text, &text[place..]))
    }
}

/// Returns what must be said where for a service in this language.
pub fn of(language: Language, names: &Names) -> Vec<Edit> {
    let Names { name, package, .. } = names;
    let folder = format!(", \"services/{name}\"");
    match language {
        Language::Rust => vec![
            Edit::behind(
                "Cargo.toml",
                &["[workspace.dependencies]", "# Ours"],
                format!("{name} = {{ path = \"services/{name}\" }}\n"),
            ),
            Edit::before(
                "services/souk/Cargo.toml",
                &["[dependencies]", "catalog.workspace"],
                format!("{name}.workspace = true\n"),
            ),
            Edit::before(
                "services/souk/src/parts.rs",
                &["        crate::auditor::definition(),"],
                format!("        {package}::definition(),\n"),
            ),
            Edit::before(
                "tests/Cargo.toml",
                &["[dev-dependencies]", "catalog.workspace"],
                format!("{name}.workspace = true\n"),
            ),
            Edit::before(
                "tests/conformance/shop.rs",
                &["            .with(catalog::definition())"],
                format!("            .with({package}::definition())\n"),
            ),
            Edit::before(
                "tests/conformance/shop.rs",
                &["const DATABASES", "];"],
                format!("    \"{name}.data.url\",\n"),
            ),
        ],
        Language::Python => vec![Edit::before("Cargo.toml", &["exclude = [", "]"], folder)],
        Language::Node => vec![
            Edit::before("Cargo.toml", &["exclude = [", "]"], folder),
            Edit::before(
                "tsconfig.json",
                &["\"references\": [", "]"],
                format!(", {{ \"path\": \"services/{name}\" }}"),
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_behind_or_before_its_mark() {
        let text = "[a]\nx = 1\n[b]\nlist = [1]\n";
        let behind = Edit::behind("f", &["[b]"], "y = 2\n".to_owned());
        assert_eq!(behind.apply(text).unwrap(), "[a]\nx = 1\n[b]\ny = 2\nlist = [1]\n");
        let before = Edit::before("f", &["[b]", "]"], ", 2".to_owned());
        assert_eq!(before.apply(text).unwrap(), "[a]\nx = 1\n[b]\nlist = [1, 2]\n");
        assert!(Edit::before("f", &["[c]"], String::new()).apply(text).is_err());
    }
}
