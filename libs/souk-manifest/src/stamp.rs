//! A fingerprint of what an environment was made from: the content of its inputs, the steps, and
//! the interpreter.

use std::io;
use std::path::{Path, PathBuf};

use glob::{Pattern, glob};

use crate::manifest::{Manifest, Prepare};

/// Folders inside an input that hold what was made, not what it is made from.
const MADE: [&str; 4] = ["node_modules", "dist", "build", "__pycache__"];

/// Returns the stamp of what the environment of a service would be made from now.
pub(crate) fn of(manifest: &Manifest, prepare: &Prepare, interpreter: &Path) -> io::Result<String> {
    let mut hash = Fnv::new();
    hash.field(interpreter.as_os_str().as_encoded_bytes());
    // An environment holds absolute paths, so that a folder that was moved needs a new one.
    hash.field(manifest.folder.as_os_str().as_encoded_bytes());
    for word in prepare.steps.iter().flatten() {
        hash.field(word.as_bytes());
    }
    for input in &prepare.inputs {
        hash.field(input.as_bytes());
        let directory = manifest.folder.join(&prepare.directory);
        for path in matching(&directory, input)? {
            // A file that is renamed is another input.
            let name = path.strip_prefix(&directory).unwrap_or(&path);
            hash.field(name.as_os_str().as_encoded_bytes());
            add(&mut hash, &path)?;
        }
    }
    Ok(format!("{:016x}\n", hash.0))
}

/// Returns what an input names below a folder: itself, or what matches it as a pattern and is not
/// what was made, sorted.
fn matching(folder: &Path, input: &str) -> io::Result<Vec<PathBuf>> {
    if !input.contains(['*', '?', '[']) {
        return Ok(vec![folder.join(input)]);
    }
    let pattern = format!("{}/{input}", Pattern::escape(&folder.to_string_lossy()));
    let paths = glob(&pattern).map_err(io::Error::other)?;
    let paths = paths.collect::<Result<Vec<_>, _>>().map_err(io::Error::from)?;
    let is_input = |path: &PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        below.iter().all(|name| is_made_from(&name.to_string_lossy()))
    };
    let found: Vec<PathBuf> = paths.into_iter().filter(is_input).collect();
    if found.is_empty() {
        let what = format!("{}: nothing matches", folder.join(input).display());
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    Ok(found)
}

/// Returns whether what has this name in an input is what an environment is made from, not what was
/// made.
fn is_made_from(name: &str) -> bool {
    !name.starts_with('.') && !MADE.contains(&name) && !name.ends_with(".egg-info")
}

fn add(hash: &mut Fnv, path: &Path) -> io::Result<()> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if !path.is_dir() {
        hash.field(&std::fs::read(path).map_err(named)?);
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(named)? {
        names.push(entry.map_err(named)?.file_name());
    }
    names.sort();
    for name in names {
        if !is_made_from(&name.to_string_lossy()) {
            continue;
        }
        hash.field(name.as_encoded_bytes());
        add(hash, &path.join(&name))?;
    }
    Ok(())
}

/// FNV-1a with 64 bits: the same in every build, and a collision of two inputs is no security risk.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a field with its length, so that no two lists of fields read the same.
    fn field(&mut self, bytes: &[u8]) {
        self.bytes(&(bytes.len() as u64).to_le_bytes());
        self.bytes(bytes);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_what_an_environment_is_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in
            ["a.go", "x/b.go", "x/y/c.go", "x/y/d.txt", "build/e.go", "x/dist/g.go", ".f.go"]
        {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        let found = |pattern: &str| matching(folder.path(), pattern).map_err(|e| e.to_string());
        assert_eq!(found("*.go").unwrap(), [at("a.go")]);
        assert_eq!(found("**/*.go").unwrap(), [at("a.go"), at("x/b.go"), at("x/y/c.go")]);
        assert_eq!(found("x/*/?.go").unwrap(), [at("x/y/c.go")]);
        assert_eq!(found("not/there").unwrap(), [at("not/there")]);
        assert!(found("*.rs").unwrap_err().contains("*.rs: nothing matches"));
    }
}
