//! What a backup has of services in other languages beside their databases: the files that their
//! manifests name, and what their own commands write.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use souk_manifest::program_of;

use crate::services_file::{Entry, ServicesFile};

/// Copies the data of every service, after the databases. Returns a line for each thing that was
/// copied.
///
/// # Errors
/// A line that names the service: what cannot be copied, or a command that failed.
pub fn copy(known: &ServicesFile, from: &Path, to: &Path) -> Result<Vec<String>, String> {
    let mut copied = Vec::new();
    // Its grants are for the shop of the copy, too.
    if known.entries().next().is_some() {
        known.write(to).map_err(|error| error.to_string())?;
    }
    for (name, entry) in known.entries() {
        let (from, to) = (from.join(name), to.join(name));
        for file in &entry.backup.files {
            let source = from.join(file);
            if !source.exists() {
                eprintln!("souk: not in this copy, because it is not there: {}", source.display());
                continue;
            }
            copy_all(&source, &to.join(file))
                .map_err(|error| format!("{name}: {}: {error}", source.display()))?;
            copied.push(format!("{name}: {file}"));
        }
        if !entry.backup.command.is_empty() {
            run(entry, &from, &to).map_err(|why| {
                format!("{name}: `{}` failed ({why})", entry.backup.command.join(" "))
            })?;
            copied.push(format!("{name}: {}", entry.backup.command.join(" ")));
        }
    }
    Ok(copied)
}

/// Copies a file, or a folder with all that is in it, for this user only. Links are left out: they
/// may lead anywhere.
fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    let kind = from.symlink_metadata()?.file_type();
    if kind.is_dir() {
        make(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy_all(&from.join(&name), &to.join(&name))?;
        }
    } else if kind.is_file() {
        to.parent().map_or(Ok(()), make)?;
        let mut options = OpenOptions::new();
        let mut target = options.create_new(true).write(true).mode(0o600).open(to)?;
        io::copy(&mut fs::File::open(from)?, &mut target)?;
        target.sync_all()?;
    }
    Ok(())
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Runs the command of a service. It says on stderr what it does.
fn run(entry: &Entry, from: &Path, to: &Path) -> Result<(), String> {
    let as_text = |error: io::Error| error.to_string();
    make(to).map_err(as_text)?;
    let (program, arguments) = entry.backup.command.split_first().expect("it is not empty");
    let variable = |key: &str| format!("{}__{key}", entry.environment_prefix);
    let status = Command::new(program_of(&entry.folder, program))
        .args(arguments)
        .current_dir(&entry.folder)
        .env(variable("DATA_DIR"), std::path::absolute(from).map_err(as_text)?)
        .env(variable("BACKUP_DIR"), std::path::absolute(to).map_err(as_text)?)
        .stdin(Stdio::null())
        // The output of `souk backup` is for programs.
        .stdout(io::stderr())
        .status()
        .map_err(as_text)?;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}
