//! Which suites can see the files that were changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    failure::Outcome,
    shell,
    test::suite::{Kind, Suite},
    workspace::{Metadata, Workspace},
};

/// What the scripts look at that cargo knows nothing of: the beginning of a script's name, and
/// folders or files.
const SEEN_BY_SCRIPTS: [(&str, &[&str]); 15] = [
    ("tests/contract/", &["proto"]),
    ("tests/clients/typescript", &["clients/typescript", "proto"]),
    ("tests/clients/python", &["clients/python", "proto"]),
    (
        "tests/clients/go",
        &["clients/go", "clients/service_config.json", "docs/clients.md", "proto"],
    ),
    (
        "tests/clients/java",
        &["clients/java", "clients/service_config.json", "docs/clients.md", "proto"],
    ),
    ("tests/clients/policy", &["clients/python", "clients/typescript", "proto"]),
    ("tests/clients/page", &["docs/clients.md"]),
    ("tests/packages/own_protos", &["docs/own-protos.md", "clients", "proto"]),
    ("tests/conformance/chassis_go", &["libs/chassis-go", "clients/go", "proto"]),
    ("tests/conformance/go_services", &["libs/chassis-go", "clients/go", "services", "proto"]),
    ("tests/conformance/chassis_node", &["libs/chassis-node", "clients/typescript", "proto"]),
    ("tests/conformance/chassis_python", &["libs/chassis-python", "clients/python", "proto"]),
    (
        "tests/conformance/template_java",
        &["libs/template-java", "clients/java", "clients/service_config.json", "proto"],
    ),
    (
        "tests/conformance/n",
        &["libs/chassis-node", "clients/typescript", "services/notifications", "proto"],
    ),
    (
        "tests/conformance/python",
        &["libs/chassis-python", "clients/python", "services/recommendations", "proto"],
    ),
];

/// Leaves the suites that can see a changed file, the nearest first.
pub fn keep_what_can_see(workspace: &Workspace, suites: &mut Vec<Suite>) -> Outcome {
    let files = changed_files(workspace)?;
    let distances = distances(&workspace.metadata()?, &files);
    let distance = |suite: &Suite| match suite.kind {
        Kind::Program => distances.get(suite.folder.to_string_lossy().as_ref()).copied(),
        Kind::Script => script_sees(&suite.name, &files).then_some(0),
    };
    let is_own = |suite: &Suite| files.iter().any(|file| suite.owns(file));
    suites.retain(|suite| distance(suite).is_some() && (!suite.is_slow() || is_own(suite)));
    suites.sort_by_key(|suite| (!is_own(suite), distance(suite)));
    eprintln!("{} changed files are seen by {} suites", files.len(), suites.len());
    Ok(())
}

/// Returns what differs from the main branch, committed or not, new files included.
fn changed_files(workspace: &Workspace) -> Outcome<BTreeSet<String>> {
    let git = |arguments: &[&str]| shell::read(workspace.command("git").args(arguments));
    // A clone of another branch has it as the server's; on the main branch itself only what is not
    // committed counts.
    let base =
        ["main", "origin/main"].iter().find_map(|main| git(&["merge-base", "HEAD", main]).ok());
    let base = base.unwrap_or_else(|| "HEAD".to_owned());
    let mut files = git(&["diff", "--name-only", base.trim()])?;
    files += &git(&["ls-files", "--others", "--exclude-standard"])?;
    Ok(files.lines().map(str::to_owned).collect())
}

fn script_sees(script: &str, files: &BTreeSet<String>) -> bool {
    let seen = SEEN_BY_SCRIPTS
        .iter()
        .filter(|(prefix, _)| script.starts_with(prefix))
        .flat_map(|(_, folders)| *folders);
    let own = Path::new(script).parent().map(|folder| folder.to_string_lossy().into_owned());
    let folders: Vec<&str> = seen.copied().chain(own.as_deref()).collect();
    files.iter().any(|file| folders.iter().any(|folder| is_in(file, folder)))
}

/// Returns how far each package of ours is from a changed file: 0 when it holds one, 1 when it
/// depends on such a package.
fn distances(metadata: &Metadata, files: &BTreeSet<String>) -> BTreeMap<String, usize> {
    let folders: Vec<String> =
        metadata.ours().map(|package| metadata.folder(package).display().to_string()).collect();
    // The innermost package holds a file. The contract is built into the client.
    let holder = |file: &String| {
        folders
            .iter()
            .filter(|folder| is_in(file, folder))
            .max_by_key(|folder| folder.len())
            .cloned()
    };
    let mut distances: BTreeMap<String, usize> =
        files.iter().filter_map(holder).map(|folder| (folder, 0)).collect();
    if files.iter().any(|file| is_in(file, "proto")) {
        distances.insert("clients/rust".to_owned(), 0);
    }
    if files.contains("proto/currencies.csv") {
        distances.insert("libs/souk-types".to_owned(), 0);
    }
    if files.iter().any(|file| file == "Cargo.toml" || file == "Cargo.lock") {
        distances.extend(folders.iter().map(|folder| (folder.clone(), 0)));
    }
    for step in 1..=folders.len() {
        let reached: Vec<String> = metadata
            .ours()
            .filter(|package| {
                package.dependencies.iter().filter_map(|dependency| dependency.path.as_ref()).any(
                    |path| {
                        let folder = path.strip_prefix(&metadata.workspace_root).unwrap_or(path);
                        distances.get(&folder.display().to_string()) == Some(&(step - 1))
                    },
                )
            })
            .map(|package| metadata.folder(package).display().to_string())
            .collect();
        for folder in reached {
            distances.entry(folder).or_insert(step);
        }
    }
    distances
}

/// Returns whether a file is in a folder, or is the file that is named in its place.
fn is_in(file: &str, folder: &str) -> bool {
    file.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_change_is_seen_by_its_package_first_and_then_by_those_that_use_it() {
        let workspace = Workspace::find().unwrap();
        let metadata = workspace.metadata().unwrap();
        let of_orders = distances(&metadata, &files(&["services/orders/src/saga.rs"]));
        assert_eq!(of_orders.get("services/orders"), Some(&0));
        assert_eq!(of_orders.get("services/souk"), Some(&1));
        assert_eq!(of_orders.get("services/catalog"), None);
        let of_the_contract = distances(&metadata, &files(&["proto/souk/orders/v1/order.proto"]));
        assert_eq!(of_the_contract.get("clients/rust"), Some(&0));
        assert!(of_the_contract.contains_key("services/catalog"));
        let of_the_currencies = distances(&metadata, &files(&["proto/currencies.csv"]));
        assert_eq!(of_the_currencies.get("libs/souk-types"), Some(&0));
    }

    #[test]
    fn a_script_sees_what_it_runs() {
        let node = files(&["libs/chassis-node/src/serve.ts"]);
        assert!(script_sees("tests/conformance/notifications_test.py", &node));
        assert!(script_sees("tests/conformance/node_services_test.py", &node));
        assert!(!script_sees("tests/conformance/python_services_test.py", &node));
        let go = files(&["libs/chassis-go/run.go"]);
        assert!(script_sees("tests/conformance/go_services_test.py", &go));
        assert!(!script_sees("tests/conformance/node_services_test.py", &go));
        assert!(script_sees("tests/clients/go_test.py", &files(&["tests/clients/go/main.go"])));
        let page = files(&["docs/clients.md"]);
        assert!(script_sees("tests/clients/java_test.py", &page));
        assert!(!script_sees("tests/clients/python_test.py", &page));
    }
}
