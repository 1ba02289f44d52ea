//! Which crate may import which: the rules of ARCHITECTURE.md as a table, checked against cargo's
//! metadata.

use std::path::Path;

use crate::{
    failure::{Outcome, report},
    workspace::{Dependency, Metadata, Package},
};

/// Libraries below the others, and all that each may import of ours. `dev` dependencies are free
/// among the libraries.
const FOUNDATIONS: &[(&str, &[&str])] = &[
    ("libs/souk-types", &[]),
    ("libs/souk-contract", &["libs/souk-types"]),
    ("libs/souk-codegen", &[]),
    ("libs/souk-chassis", &["libs/souk-contract", "libs/souk-codegen", "libs/souk-types"]),
    ("libs/souk-data", &["libs/souk-contract", "libs/souk-types"]),
    ("libs/souk-conform", &["libs/souk-contract", "libs/souk-manifest", "libs/souk-types"]),
    ("clients/rust", &["libs/souk-contract", "libs/souk-codegen", "libs/souk-types"]),
    ("xtask", &[]),
];

/// The one service that hosts the others.
const ONE_PROGRAM: &str = "services/souk";

/// Fails if a package of ours imports one that it must not see.
pub fn check(metadata: &Metadata) -> Outcome {
    let mut breaches = Vec::new();
    for package in metadata.ours() {
        let from = metadata.folder(package);
        for dependency in &package.dependencies {
            let Some(to) = folder_of(metadata, dependency) else {
                continue;
            };
            if let Some(why) = refusal(from, to, dependency.kind.as_deref()) {
                breaches.push(format!("{} imports {}: {why}", from.display(), to.display()));
            }
        }
        breaches.extend(compiler_only_at_build_time(package, from));
    }
    report(&breaches)
}

fn folder_of<'a>(metadata: &'a Metadata, dependency: &'a Dependency) -> Option<&'a Path> {
    let path = dependency.path.as_deref()?;
    Some(path.strip_prefix(&metadata.workspace_root).unwrap_or(path))
}

/// Returns why a package must not import another, or nothing when it may.
fn refusal(from: &Path, to: &Path, kind: Option<&str>) -> Option<&'static str> {
    let sees_all_services = from == Path::new(ONE_PROGRAM) || from.starts_with("tests");
    if to.starts_with("services") && !sees_all_services {
        return Some(
            "only services/souk and tests may see a service; others reach it over gRPC or events",
        );
    }
    if to == Path::new(ONE_PROGRAM) || to.starts_with("tests") || to.starts_with("xtask") {
        return Some("nothing builds on the one program, the tests or xtask");
    }
    if kind == Some("dev") {
        return None;
    }
    if to == Path::new("libs/souk-testkit") && !from.starts_with("tests") {
        return Some("the testkit is for tests: make it a dev-dependency");
    }
    let (_, allowed) = FOUNDATIONS.iter().find(|(room, _)| from == Path::new(room))?;
    if allowed.iter().any(|room| to == Path::new(room)) {
        return None;
    }
    Some("a foundation imports only what xtask/src/imports.rs lists for it")
}

/// The compiler of the contract must not become part of a running program.
fn compiler_only_at_build_time(package: &Package, from: &Path) -> Option<String> {
    let at_run_time = package
        .dependencies
        .iter()
        .any(|dependency| dependency.name == "souk-codegen" && dependency.kind.is_none());
    at_run_time
        .then(|| format!("{} imports souk-codegen: make it a build-dependency", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(from: &str, to: &str, kind: Option<&str>) -> bool {
        refusal(Path::new(from), Path::new(to), kind).is_some()
    }

    #[test]
    fn a_service_sees_libraries_and_clients_but_no_other_service() {
        assert!(!refused("services/orders", "libs/souk-data", None));
        assert!(!refused("services/orders", "clients/rust", None));
        assert!(refused("services/orders", "services/inventory", None));
        assert!(refused("services/orders", "services/inventory", Some("dev")));
    }

    #[test]
    fn only_the_one_program_and_the_tests_see_several_services() {
        assert!(!refused("services/souk", "services/orders", None));
        assert!(!refused("tests", "services/orders", Some("dev")));
        assert!(refused("libs/souk-testkit", "services/orders", None));
        assert!(refused("services/orders", "services/souk", None));
    }

    #[test]
    fn the_chassis_knows_no_business() {
        assert!(!refused("libs/souk-chassis", "libs/souk-contract", None));
        assert!(!refused("libs/souk-chassis", "libs/souk-codegen", Some("build")));
        assert!(!refused("libs/souk-chassis", "libs/souk-types", None));
        assert!(refused("libs/souk-chassis", "clients/rust", None));
    }

    #[test]
    fn the_testkit_stays_out_of_what_ships() {
        assert!(refused("services/orders", "libs/souk-testkit", None));
        assert!(!refused("services/orders", "libs/souk-testkit", Some("dev")));
    }
}
