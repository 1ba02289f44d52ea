//! Patterns of paths in the inputs of an environment: `*` and `?` within one name, `**` for any
//! number of folders.

use std::io;
use std::path::{Path, PathBuf};

/// Returns whether a path has a pattern in it.
pub(crate) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?'])
}

/// Returns whether every `**` of a pattern is the whole of a name.
pub(crate) fn is_sound(pattern: &str) -> bool {
    pattern.split('/').all(|name| name == "**" || !name.contains("**"))
}

/// Returns what a pattern matches below a folder, sorted. `**` enters only folders that `enters`
/// accepts by name, and no other pattern matches a name that begins with a dot.
///
/// # Errors
/// A folder that cannot be read, or a pattern that matches nothing.
pub(crate) fn expand(
    folder: &Path,
    pattern: &str,
    enters: &dyn Fn(&str) -> bool,
) -> io::Result<Vec<PathBuf>> {
    let names: Vec<&str> = pattern.split('/').filter(|name| !name.is_empty()).collect();
    let mut found = Vec::new();
    walk(folder, &names, enters, &mut found)?;
    found.sort();
    found.dedup();
    if found.is_empty() {
        let what = format!("{}: nothing matches", folder.join(pattern).display());
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    Ok(found)
}

fn walk(
    folder: &Path,
    names: &[&str],
    enters: &dyn Fn(&str) -> bool,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let Some((name, rest)) = names.split_first() else {
        found.push(folder.to_owned());
        return Ok(());
    };
    if !is_pattern(name) {
        let next = folder.join(name);
        return if next.exists() { walk(&next, rest, enters, found) } else { Ok(()) };
    }
    if *name == "**" {
        walk(folder, rest, enters, found)?;
    }
    if !folder.is_dir() {
        return Ok(());
    }
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(named)? {
        let entry = entry.map_err(named)?;
        let there = entry.file_name();
        let Some(there) = there.to_str().filter(|there| !there.starts_with('.')) else { continue };
        if *name == "**" {
            if entry.file_type().map_err(named)?.is_dir() && enters(there) {
                walk(&entry.path(), names, enters, found)?;
            }
        } else if matches(name, there) {
            walk(&entry.path(), rest, enters, found)?;
        }
    }
    Ok(())
}

/// Returns whether a name is what a pattern of one name describes.
fn matches(pattern: &str, name: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return name.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    if first == '*' {
        let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
        return ends.any(|at| matches(rest, &name[at..]));
    }
    let Some(there) = name.chars().next() else { return false };
    (first == '?' || first == there) && matches(rest, &name[there.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_within_a_name() {
        for (pattern, name, is_match) in [
            ("*.go", "main.go", true),
            ("*.go", "go.mod", false),
            ("*", "", true),
            ("a?c*", "abcd", true),
            ("a?c*", "ac", false),
            ("*ä*", "xäy", true),
            ("*_test.*", "main_test.go", true),
        ] {
            assert_eq!(matches(pattern, name), is_match, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_finds_files_below_folders() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in
            ["a.proto", "x/b.proto", "x/y/c.proto", "x/y/d.txt", "build/e.proto", ".f.proto"]
        {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        let found = |pattern: &str| {
            let found = expand(folder.path(), pattern, &|name| name != "build");
            found.map_err(|error| error.to_string())
        };
        assert_eq!(found("*.proto").unwrap(), [at("a.proto")]);
        let all = [at("a.proto"), at("x/b.proto"), at("x/y/c.proto")];
        assert_eq!(found("**/*.proto").unwrap(), all);
        assert_eq!(found("x/*/?.proto").unwrap(), [at("x/y/c.proto")]);
        assert_eq!(found("x/**").unwrap(), [at("x"), at("x/y")]);
        assert!(found("*.rs").unwrap_err().contains("*.rs: nothing matches"));
    }
}
