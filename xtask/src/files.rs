//! Rules that every source file keeps: it says what it is for, nothing in it is left for later, it
//! reads from top to bottom without scrolling sideways, and SQL stays rare.

use std::fs;

use crate::{
    failure::{Doing, Outcome, report},
    shell,
    workspace::Workspace,
};

/// Words that must not land, spelt so that this file does not contain them.
const UNFINISHED: &[&str] =
    &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore")];

/// How wide a comment may be; rustfmt keeps the code.
const WIDTH: usize = 100;

/// What writes a statement as SQL, spelt so that this file does not contain it.
const SQL: &str = concat!("raw_", "sql!(");

/// How many statements of services and libs may be SQL; see docs/decisions/sea-orm.md.
const MOST_STATEMENTS: usize = 40;

/// Where batches are written by hand, for a measured reason.
const BY_HAND: &str = "services/ledger/src/store/batch.rs";

/// Checks all Rust files that git knows or would add.
pub fn check(workspace: &Workspace) -> Outcome {
    let listing = shell::read(workspace.command("git").args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        "*.rs",
    ]))?;
    let mut breaches = Vec::new();
    let mut statements = 0;
    for name in listing.lines() {
        let path = workspace.root.join(name);
        if path.exists() {
            let text = fs::read_to_string(&path).doing(format_args!("read {name}"))?;
            breaches.extend(breaches_in(name, &text));
            if is_product(name) && name != BY_HAND {
                statements += text.matches(SQL).count();
            }
        }
    }
    eprintln!("{statements} statements are SQL, at most {MOST_STATEMENTS}");
    if statements > MOST_STATEMENTS {
        breaches.push(format!(
            "{statements} statements are SQL: use sea-orm's query builder where it can express them"
        ));
    }
    report(&breaches)
}

fn is_product(name: &str) -> bool {
    (name.starts_with("services/") || name.starts_with("libs/")) && name.contains("/src/")
}

fn breaches_in(name: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    if !text.starts_with("//! ") {
        breaches.push(format!("{name}: must open with a //! line that says what it is for"));
    }
    for (number, line) in text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            breaches.push(format!("{name}:{}: {word} must not land", number + 1));
        }
        if is_wide_prose(line) {
            breaches
                .push(format!("{name}:{}: a comment is wider than {WIDTH} columns", number + 1));
        }
        if binds_side_by_side(line) {
            breaches.push(format!("{name}:{}: one binding a `let`", number + 1));
        }
    }
    breaches
}

/// Finds a comment that is too wide. Drawings, examples and names stay whole.
fn is_wide_prose(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches(['/', '!']);
    let is_comment = line.trim_start().starts_with("//");
    let is_whole =
        text.starts_with("  ") || text.starts_with(" `") || text.contains(['─', '│', '▼']);
    is_comment && line.chars().count() > WIDTH && !is_whole && !text.contains("http")
}

/// Finds a line that binds several names to as many unrelated values: `let (a, b) = (f(), g());`.
/// One value that is used for another, as in a swap, is related to it.
fn binds_side_by_side(line: &str) -> bool {
    let Some((names, values)) =
        line.trim().strip_prefix("let (").and_then(|line| line.split_once(") = ("))
    else {
        return false;
    };
    let names: Vec<&str> = names.split(", ").map(|name| name.trim_start_matches("mut ")).collect();
    let is_word =
        |name: &&str| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let is_used = |name: &&str| {
        values.match_indices(*name).any(|(start, _)| {
            let before = values[..start].chars().next_back();
            let after = values[start + name.len()..].chars().next();
            // After a dot it is a field or a method of something else.
            let is_word = !before.is_some_and(|letter| is_part(letter) || letter == '.');
            is_word && !after.is_some_and(is_part)
        })
    };
    values.ends_with(");") && names.iter().all(is_word) && !names.iter().any(is_used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unrelated_values_are_bound_one_by_one() {
        assert!(binds_side_by_side("    let (caller, now) = (call.key(), self.clock.now());"));
        assert!(binds_side_by_side("let (mut read, written) = (0, 0);"));
        assert!(!binds_side_by_side("let (low, high) = (high.min(low), low.max(high));"));
        assert!(!binds_side_by_side("let (name, value) = pair;"));
        assert!(!binds_side_by_side("let Some((a, b)) = (c, d);"));
    }

    #[test]
    fn a_wide_comment_is_told_with_its_place() {
        let text = format!("//! What it is for.\n// {}\n", "wide ".repeat(20));
        assert_eq!(breaches_in("a.rs", &text), ["a.rs:2: a comment is wider than 100 columns"]);
    }
}
