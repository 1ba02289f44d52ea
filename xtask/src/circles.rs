//! Files of a crate that import each other in a circle: one cannot be read before the other. None
//! may, but those listed here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{
    failure::{Doing, Outcome, report},
    workspace::Metadata,
};

/// Circles that are as they should be, each with the reason.
const ALLOWED: &[(&str, &[&str], &str)] = &[];

/// Fails if files of one of our crates import each other in a circle.
pub fn check(metadata: &Metadata) -> Outcome {
    let mut breaches = Vec::new();
    for package in metadata.ours() {
        let folder = metadata.folder(package);
        let files = modules(&metadata.workspace_root.join(folder).join("src"))?;
        let imports = imports(&files);
        for circle in circles(&imports) {
            let uses = uses(&imports, &circle);
            let circle = circle.iter().map(String::as_str).collect::<Vec<_>>();
            let is_allowed = ALLOWED
                .iter()
                .any(|(room, files, _why)| folder == Path::new(room) && *files == circle);
            if !is_allowed {
                let names = circle.join(", ");
                breaches.push(format!(
                    "{}: a circle of {names}: {uses}; move what they share to a file of its own",
                    folder.display()
                ));
            }
        }
    }
    report(&breaches)
}

/// Returns the text of each module below `src` by its path (`rpc::place_order`), without its tests.
fn modules(src: &Path) -> Outcome<BTreeMap<String, String>> {
    let mut modules = BTreeMap::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = module_of(src, &path) {
                let text =
                    fs::read_to_string(&path).doing(format_args!("read {}", path.display()))?;
                let code =
                    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
                modules.insert(name, code);
            }
        }
    }
    Ok(modules)
}

/// Returns the path of a module; nothing for the root of a crate, which names everything.
fn module_of(src: &Path, file: &Path) -> Option<String> {
    let relative = file.strip_prefix(src).ok()?.with_extension("");
    let is_rust = file.extension().is_some_and(|extension| extension == "rs");
    let parts = relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>();
    let name = parts.join("::");
    (is_rust && name != "lib" && name != "main" && !name.ends_with("_tests")).then_some(name)
}

/// Which modules a module names by `crate::`, each with the first path that does.
type Imports = BTreeMap<String, BTreeMap<String, String>>;

/// Returns which modules each of them names.
fn imports(modules: &BTreeMap<String, String>) -> Imports {
    let imports = modules.iter().map(|(module, text)| {
        let mut named = BTreeMap::new();
        for path in paths(text) {
            if let Some(other) = longest(modules, &path).filter(|other| other != module) {
                named.entry(other).or_insert(path);
            }
        }
        (module.clone(), named)
    });
    imports.collect()
}

/// Returns the imports that close a circle: `error.rs uses entry::EntryId, entry.rs uses …`.
fn uses(imports: &Imports, circle: &BTreeSet<String>) -> String {
    let uses = circle.iter().flat_map(|module| {
        let file = module.replace("::", "/");
        let within = imports[module].iter().filter(|(other, _)| circle.contains(*other));
        within.map(move |(_, path)| format!("{file}.rs uses {path}"))
    });
    uses.collect::<Vec<_>>().join(", ")
}

/// Returns the longest beginning of a path that is a module.
fn longest(modules: &BTreeMap<String, String>, path: &str) -> Option<String> {
    let mut path = path;
    loop {
        if modules.contains_key(path) {
            return Some(path.to_owned());
        }
        (path, _) = path.rsplit_once("::")?;
    }
}

/// Returns every path after `crate::`, those in braces one by one.
fn paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, start) in text.match_indices("crate::") {
        let is_ours = !text[..at].ends_with('$')
            && !text[..at].ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        if is_ours && !line.trim_start().starts_with("//") {
            expand("", &text[at + start.len()..], &mut paths);
        }
    }
    paths
}

/// Adds the paths that begin here after `prefix`, and returns what follows them.
fn expand<'a>(prefix: &str, text: &'a str, paths: &mut Vec<String>) -> &'a str {
    let end =
        text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    let path = format!("{prefix}{path}");
    let Some(mut rest) = rest.strip_prefix('{').filter(|_| path.ends_with("::") || path.is_empty())
    else {
        paths.push(path.trim_end_matches("::").to_owned());
        return rest;
    };
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
        if rest.is_empty() {
            return rest;
        }
        let before = rest.len();
        rest = expand(&path, rest, paths);
        // `as name`, and whatever else is between two commas.
        if rest.len() == before || !rest.starts_with([',', '}']) {
            rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
        }
    }
}

/// Returns the modules that reach each other, as groups in order of their names.
fn circles(imports: &Imports) -> BTreeSet<BTreeSet<String>> {
    let reach = imports
        .keys()
        .map(|module| (module, reachable(imports, module)))
        .collect::<BTreeMap<_, _>>();
    let circle = |module: &String| {
        let others = reach[module]
            .iter()
            .filter(|other| reach.get(other).is_some_and(|back| back.contains(module)));
        others.cloned().collect::<BTreeSet<_>>()
    };
    imports.keys().map(circle).filter(|circle| circle.len() > 1).collect()
}

fn reachable(imports: &Imports, module: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![module.to_owned()];
    while let Some(module) = waiting.pop() {
        for next in imports.get(&module).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(next.clone()) {
                waiting.push(next.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let modules =
            files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        circles(&imports(&modules)).into_iter().map(|circle| circle.into_iter().collect()).collect()
    }

    #[test]
    fn files_that_reach_each_other_are_a_circle() {
        let a = "use crate::b::{self, B};";
        let b = "use crate::{c::C, other};";
        assert_eq!(
            circles_of(&[("a", a), ("b", b), ("c", "fn f() { crate::a::g() }")]),
            [["a", "b", "c"]]
        );
        assert!(circles_of(&[("a", a), ("b", b), ("c", "use super::a;")]).is_empty());
    }

    #[test]
    fn a_circle_is_told_with_its_imports() {
        let text = |text: &str| text.to_owned();
        let modules = BTreeMap::from([
            (text("error"), text("use crate::rules::entry::{EntryId, Other};")),
            (text("rules::entry"), text("use crate::{error::Error, store};")),
            (text("store"), text("")),
        ]);
        let imports = imports(&modules);
        let circle = circles(&imports).into_iter().next().unwrap();
        assert_eq!(
            uses(&imports, &circle),
            "error.rs uses rules::entry::EntryId, rules/entry.rs uses error::Error"
        );
    }

    #[test]
    fn comments_and_other_crates_are_no_imports() {
        assert!(
            circles_of(&[
                ("a", "use crate::b;"),
                ("b", "// crate::a\nuse souk_crate::a; $crate::a")
            ])
            .is_empty()
        );
    }

    #[test]
    fn braces_within_braces_are_read() {
        let found = paths("use crate::{a::{b, c as d}, e::f};\nlet x = crate::g::h();");
        assert_eq!(found, ["a::b", "a::c", "e::f", "g::h"]);
    }
}
