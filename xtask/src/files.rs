//! Rules that every source file keeps: it says what it is for, and nothing in it is left for later.

use std::{fs, path::Path};

use crate::{
    failure::{Doing, Outcome, report},
    shell,
    workspace::Workspace,
};

/// Words that must not land, spelt so that this file does not contain them.
const UNFINISHED: &[&str] = &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore")];

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
    for name in listing.lines() {
        let path = workspace.root.join(name);
        if path.exists() {
            breaches.extend(breaches_in(name, &path)?);
        }
    }
    report(&breaches)
}

fn breaches_in(name: &str, path: &Path) -> Outcome<Vec<String>> {
    let text = fs::read_to_string(path).doing(format_args!("read {name}"))?;
    let mut breaches = Vec::new();
    if !text.starts_with("//! ") {
        breaches.push(format!("{name}: must open with a //! line that says what it is for"));
    }
    for (number, line) in text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            breaches.push(format!("{name}:{}: {word} must not land", number + 1));
        }
    }
    Ok(breaches)
}
