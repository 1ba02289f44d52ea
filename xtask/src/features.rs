//! The shop and its tests share one build: no crate may be compiled once with the features that the
//! shop asks for and once more with those that the tests add.

use std::collections::BTreeSet;

use crate::{
    failure::{Outcome, report},
    shell,
    workspace::Workspace,
};

/// Compares what `cargo souk` builds with what `cargo xtask test` builds, which also has Kafka's
/// engine.
pub fn check(workspace: &Workspace) -> Outcome {
    let shop = variants(workspace, &["--package", "souk", "--edges", "normal,build"])?;
    let tests = variants(
        workspace,
        &["--workspace", "--features", "souk/production", "--edges", "normal,build,dev"],
    )?;
    let breaches: Vec<String> = shop
        .difference(&tests)
        .map(|(package, features)| {
            let others = tests
                .iter()
                .filter(|(other, _)| other == package)
                .map(|(_, features)| features.as_str());
            let others: Vec<&str> = others.collect();
            format!(
                "{package} is built twice: the shop wants [{features}], the tests [{}]; \
                 let [workspace.dependencies] ask for the union",
                others.join("] or [")
            )
        })
        .collect();
    report(&breaches)
}

/// Returns every foreign package with each set of features that it is built with.
fn variants(workspace: &Workspace, what: &[&str]) -> Outcome<BTreeSet<(String, String)>> {
    let mut command = workspace.cargo();
    command.args(["tree", "--locked", "--prefix", "none", "--format", "{p}|{f}"]).args(what);
    let listing = shell::read(&mut command)?;
    Ok(listing.lines().filter_map(variant).collect())
}

/// Reads a line such as `regex v1.13.2|perf,std (*)`. Our own packages, which name a path, are
/// built for both anyway.
fn variant(line: &str) -> Option<(String, String)> {
    let line = line.strip_suffix(" (*)").unwrap_or(line);
    let (package, features) = line.split_once('|')?;
    let is_ours = package.contains("(/");
    (!is_ours).then(|| (package.to_owned(), features.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::variant;

    #[test]
    fn a_variant_is_a_package_with_its_features() {
        assert_eq!(
            variant("regex v1.13.2|perf,std (*)"),
            Some(("regex v1.13.2".into(), "perf,std".into()))
        );
        assert_eq!(variant("orders v0.1.0 (/somewhere/services/orders)|"), None);
        assert_eq!(variant(""), None);
    }
}
