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
    place: Place,
}

/// Where a line goes.
enum Place {
    /// Before the last of `after`.
    Before,
    /// Among the lines that follow the line of the last of `after`, in the order of their names, up
    /// to an empty line or one that begins so.
    Sorted { until: &'static str },
}

impl Edit {
    fn before(file: &'static str, after: &'static [&'static str], text: String) -> Edit {
        Edit { file, after, text, place: Place::Before }
    }

    fn sorted(
        file: &'static str,
        after: &'static [&'static str],
        until: &'static str,
        text: String,
    ) -> Edit {
        Edit { file, after, text, place: Place::Sorted { until } }
    }

    /// Puts the line in.
    pub fn apply(&self, text: &str) -> Outcome<String> {
        let mut mark_start = 0;
        let mut mark_end = 0;
        for mark in self.after {
            let found = text[mark_end..].find(mark);
            let found = found
                .ok_or_else(|| Failure::new(format!("{} has no {mark:?} any more", self.file)))?;
            mark_start = mark_end + found;
            mark_end = mark_start + mark.len();
        }
        let place = match self.place {
            Place::Before => mark_start,
            Place::Sorted { until } => {
                let line_end =
                    text[mark_end..].find('\n').map_or(text.len(), |end| mark_end + end + 1);
                line_end + sorted_place(&text[line_end..], &self.text, until)
            }
        };
        Ok(format!("{}{}{}", &text[..place], self.text, &text[place..]))
    }
}

/// Returns where a line belongs in a sorted list of lines.
fn sorted_place(list: &str, line: &str, until: &str) -> usize {
    let lines = list.split_inclusive('\n').take_while(|other| {
        let ends = other.trim().is_empty() || (!until.is_empty() && other.starts_with(until));
        !ends && name_in(other) < name_in(line)
    });
    lines.map(str::len).sum()
}

/// Returns the name that a line of a Cargo.toml begins with.
fn name_in(line: &str) -> &str {
    line.split(['.', ' ']).next().unwrap_or_default()
}

/// Returns what must be said where for a service in this language.
pub fn of(language: Language, names: &Names) -> Vec<Edit> {
    let Names { name, package, .. } = names;
    let folder = format!(", \"services/{name}\"");
    match language {
        Language::Rust => vec![
            Edit::sorted(
                "Cargo.toml",
                &["[workspace.dependencies]", "# Ours", "souk-types ="],
                "",
                format!("{name} = {{ path = \"services/{name}\" }}\n"),
            ),
            Edit::sorted(
                "services/souk/Cargo.toml",
                &["[dependencies]", "regex-syntax.workspace"],
                "souk-",
                format!("{name}.workspace = true\n"),
            ),
            Edit::before(
                "services/souk/src/parts.rs",
                &["        crate::auditor::definition(),"],
                format!("        {package}::definition(),\n"),
            ),
            Edit::sorted(
                "tests/Cargo.toml",
                &["[dev-dependencies]"],
                "souk-",
                format!("{name}.workspace = true\n"),
            ),
            // The last of them ends the statement.
            Edit::before(
                "tests/conformance/shop.rs",
                &["            .with(events::definition());"],
                format!("            .with({package}::definition())\n"),
            ),
            Edit::before(
                "tests/conformance/shop.rs",
                &["const DATABASES", "];"],
                format!("    \"{name}.data.url\",\n"),
            ),
        ],
        Language::Python | Language::Go => {
            vec![Edit::before("Cargo.toml", &["exclude = [", "]"], folder)]
        }
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
    fn a_line_goes_before_its_mark() {
        let text = "[a]\nlist = [0]\n[b]\nlist = [1]\n";
        let before = Edit::before("f", &["[b]", "]"], ", 2".to_owned());
        assert_eq!(before.apply(text).unwrap(), "[a]\nlist = [0]\n[b]\nlist = [1, 2]\n");
        assert!(Edit::before("f", &["[c]"], String::new()).apply(text).is_err());
    }

    #[test]
    fn a_line_goes_to_its_place_in_a_sorted_list() {
        let text = "[a]\nfirst = 1\ngift = 1\norders.x = 1\nsouk-a = 1\n\nz = 1\n";
        for (line, before) in [
            ("apples = 1\n", "gift = 1"),
            ("gift-cards = 1\n", "orders.x"),
            ("orders-late = 1\n", "souk-a"),
            ("wishlists = 1\n", "souk-a"),
        ] {
            let made = Edit::sorted("f", &["[a]", "first"], "souk-", line.to_owned());
            assert_eq!(made.apply(text).unwrap(), text.replace(before, &format!("{line}{before}")));
        }
        // A list that nothing but an empty line ends, and one at the end of the file.
        let last = Edit::sorted("f", &["souk-a"], "", "b = 1\n".to_owned());
        assert_eq!(last.apply(text).unwrap(), text.replace("\n\nz", "\nb = 1\n\nz"));
        let at_end = Edit::sorted("f", &["z"], "", "b = 1\n".to_owned());
        assert_eq!(at_end.apply(text).unwrap(), format!("{text}b = 1\n"));
    }
}
