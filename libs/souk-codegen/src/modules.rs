//! The tree of Rust modules: one a package, nested as the packages are, and short names for Souk's
//! own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::names;

/// Generated code is not ours to polish.
const ALLOW: &str = "#[allow(clippy::all, missing_docs, unused_imports, unused_qualifications, unused_comparisons, unused_variables, unused_mut, dead_code)]";

#[derive(Default)]
struct Module {
    children: BTreeMap<String, Module>,
    package: Option<String>,
}

/// Returns the modules of all packages, with `souk.orders.v1` also as `orders::v1` and
/// `souk.type.v1` as `types::v1`.
pub fn tree(packages: &BTreeSet<String>) -> String {
    let mut root = Module::default();
    for package in packages {
        let module = package
            .split('.')
            .fold(&mut root, |module, part| module.children.entry(part.to_owned()).or_default());
        module.package = Some(package.clone());
    }

    let mut text = String::new();
    for (name, module) in &root.children {
        let _ = writeln!(text, "{ALLOW}");
        write_module(&mut text, name, module, 0);
    }
    let nothing = BTreeMap::new();
    for name in root.children.get("souk").map_or(&nothing, |souk| &souk.children).keys() {
        let short = if name == "type" { "types".to_owned() } else { names::snake(name) };
        let _ = writeln!(
            text,
            "/// Shortens `souk::{name}`.\npub mod {short} {{\n    pub use super::souk::{}::*;\n}}",
            names::snake(name)
        );
    }
    text
}

fn write_module(text: &mut String, name: &str, module: &Module, depth: usize) {
    let indent = "    ".repeat(depth);
    let _ = writeln!(
        text,
        "{indent}/// Holds what the proto package defines.\n{indent}pub mod {} {{",
        names::snake(name)
    );
    for (name, child) in &module.children {
        write_module(text, name, child, depth + 1);
    }
    if let Some(package) = &module.package {
        // prost escapes keywords in the names of files too.
        let prost = package.split('.').map(names::snake).collect::<Vec<_>>().join(".");
        for file in [format!("{prost}.rs"), format!("{package}.rules.rs")] {
            let _ =
                writeln!(text, "{indent}    include!(concat!(env!(\"OUT_DIR\"), \"/{file}\"));");
        }
    }
    let _ = writeln!(text, "{indent}}}");
}
