//! Rules about other people's code: licences, duplicates, two packages that must stay out, and a
//! reason for each one.

use std::{collections::BTreeSet, fs};

use crate::{
    failure::{Doing, Outcome, report},
    licence,
    workspace::{Metadata, Workspace},
};

/// One line for each direct dependency: what it saves us.
const REASONS: &str = "docs/dependencies.md";

/// One line for each package that is in the tree in more than one version, and why we live with it.
const DUPLICATES: &str = "docs/duplicates.md";

/// Packages that would need cmake, perl or a system library to build.
const REFUSED: &[&str] = &["aws-lc-sys", "openssl-sys"];

/// Checks all rules about dependencies.
pub fn check(workspace: &Workspace) -> Outcome {
    let metadata = workspace.metadata()?;
    let mut breaches = licences(&metadata);
    breaches.extend(refused(&metadata));

    let duplicates: BTreeSet<&str> = metadata
        .versions()
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, _)| name)
        .collect();
    breaches.extend(compare(
        workspace,
        DUPLICATES,
        &duplicates,
        "is in the tree in several versions",
    )?);

    let direct: BTreeSet<&str> = metadata
        .ours()
        .flat_map(|package| &package.dependencies)
        .filter(|dependency| dependency.path.is_none())
        .map(|dependency| dependency.name.as_str())
        .collect();
    breaches.extend(compare(workspace, REASONS, &direct, "is a direct dependency")?);
    report(&breaches)
}

fn licences(metadata: &Metadata) -> Vec<String> {
    metadata
        .foreign()
        .filter(|package| !package.license.as_deref().is_some_and(licence::is_allowed))
        .map(|package| {
            let licence = package.license.as_deref().unwrap_or("no licence at all");
            format!(
                "{} {} has {licence}, which is not on the list in xtask/src/licence.rs",
                package.name, package.version
            )
        })
        .collect()
}

fn refused(metadata: &Metadata) -> Vec<String> {
    metadata
        .foreign()
        .filter(|package| REFUSED.contains(&package.name.as_str()))
        .map(|package| {
            format!(
                "{} must stay out of the tree: `cargo tree -i {0}` shows what depends on it",
                package.name
            )
        })
        .collect()
}

/// Holds the names in a committed list against what is there, in both directions.
fn compare(
    workspace: &Workspace,
    file: &str,
    present: &BTreeSet<&str>,
    statement: &str,
) -> Outcome<Vec<String>> {
    let text = fs::read_to_string(workspace.root.join(file)).doing(format_args!("read {file}"))?;
    let listed: BTreeSet<&str> = text.lines().filter_map(listed_name).collect();
    let missing = present
        .difference(&listed)
        .map(|name| format!("{name} {statement}, but {file} does not say why"));
    let stale = listed
        .difference(present)
        .map(|name| format!("{file} lists {name}, but that is no longer so"));
    Ok(missing.chain(stale).collect())
}

/// Reads the name from a line such as "- `tokio`: runs everything asynchronous."
fn listed_name(line: &str) -> Option<&str> {
    let (name, reason) = line.strip_prefix("- `")?.split_once("`: ")?;
    (!reason.trim().is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::listed_name;

    #[test]
    fn a_listed_package_needs_a_reason() {
        assert_eq!(listed_name("- `tokio`: runs everything."), Some("tokio"));
        assert_eq!(listed_name("- `tokio`: "), None);
        assert_eq!(listed_name("tokio: runs everything."), None);
    }
}
