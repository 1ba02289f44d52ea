//! The services in other languages that come with this program in a package of PyPI or npm.
//!
//! The package has them in `share/souk` beside the folder of the program. Preparing one writes into
//! its folder, and an installed package must not change, so they run from a copy in the user's
//! cache, one for each version.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use souk_chassis::StartError;

/// Where a package has them, relative to the folder of the program.
const SHARE: &str = "../share/souk";

/// Returns the copy of what the package of this program has, or nothing if it comes from none.
///
/// # Errors
/// When there is no cache, or the files cannot be copied to it.
pub fn root() -> Result<Option<PathBuf>, StartError> {
    let program = std::env::current_exe()?;
    let share = program.parent().unwrap_or(&program).join(SHARE);
    if !share.is_dir() {
        return Ok(None);
    }
    let Some(cache) = cache(|name| std::env::var_os(name)) else {
        return Err(StartError::configuration(
            "HOME",
            "",
            "must be set, or XDG_CACHE_HOME, for the services in other languages; \
             --services-dir= starts without them",
        ));
    };
    let copy = cache.join("souk").join(env!("CARGO_PKG_VERSION"));
    update(&share, &copy).map_err(|error| {
        let why = format!(
            "the services in other languages cannot be copied there ({error}); \
             --services-dir= starts without them"
        );
        StartError::configuration("XDG_CACHE_HOME", &cache.display().to_string(), &why)
    })?;
    Ok(Some(copy))
}

/// Returns the folder for caches, by the XDG Base Directory Specification, which ignores relative
/// paths.
fn cache(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
}

/// Makes every file of a folder the same in the copy. What was made there stays.
fn update(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let source = entry.path();
        let target = to.join(entry.file_name());
        if source.is_dir() {
            update(&source, &target)?;
        } else if fs::read(&target).ok() != Some(fs::read(&source)?) {
            // Whole or not at all: another shop may be starting from it.
            let partial = to.join(format!(".souk-{}", std::process::id()));
            fs::copy(&source, &partial)?;
            fs::rename(&partial, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_where_the_specification_says() {
        let of = |xdg: Option<&str>, home: Option<&str>| {
            cache(|name| {
                let value = if name == "HOME" { home } else { xdg };
                value.map(OsString::from)
            })
        };
        assert_eq!(of(Some("/x"), Some("/h")), Some(PathBuf::from("/x")));
        assert_eq!(of(Some("relative"), Some("/h")), Some(PathBuf::from("/h/.cache")));
        assert_eq!(of(None, None), None);
    }

    #[test]
    fn a_copy_gets_what_changed_and_keeps_what_was_made_there() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        let to = folder.path().join("to");
        fs::create_dir_all(from.join("services")).unwrap();
        fs::write(from.join("services/main.py"), "one").unwrap();
        update(&from, &to).unwrap();
        fs::write(to.join("services/made"), "here").unwrap();
        fs::write(from.join("services/main.py"), "two").unwrap();
        update(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("services/main.py")).unwrap(), "two");
        assert_eq!(fs::read_to_string(to.join("services/made")).unwrap(), "here");
    }
}
