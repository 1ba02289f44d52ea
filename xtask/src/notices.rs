//! The licences of the libraries that are compiled into the program, which go with it wherever it
//! is distributed.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use crate::{
    failure::{Doing, Outcome},
    workspace::{Metadata, Package},
};

/// How the names of files with licences and notices start.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// Returns every library with its licence, and every text that comes with one of them, once.
pub fn of(metadata: &Metadata) -> Outcome<String> {
    let mut packages: Vec<&Package> = metadata.foreign().collect();
    packages.sort_by_key(|package| (&package.name, &package.version));
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let name = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or_default();
        let _ = writeln!(list, "{name}: {licence}");
        for text in texts_in(package.manifest_path.parent().unwrap_or(Path::new(".")))? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|a, b| a.1.cmp(&b.1));
    let mut notices = format!(
        "The program is built from these libraries of others, with their licences:\n\n{list}"
    );
    for (text, packages) in texts {
        let _ = write!(notices, "\n{}\n{}\n\n{text}\n", "-".repeat(80), packages.join(", "));
    }
    Ok(notices)
}

fn texts_in(folder: &Path) -> Outcome<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).doing(format_args!("read {}", folder.display()))?.flatten() {
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let path = entry.path();
        if path.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            let bytes = fs::read(&path).doing(format_args!("read {}", path.display()))?;
            texts.push(String::from_utf8_lossy(&bytes).trim().to_owned());
        }
    }
    Ok(texts)
}
