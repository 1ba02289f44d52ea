//! `cargo xtask package`: the program in packages for PyPI and npm, so that neither needs Rust, and
//! the contract as an archive for protos in other repositories.
//!
//! A package is the program, its licences and, for the shop, the sources of the services in other
//! languages, in `share/souk` beside it, where `souk up` finds them. Wheels are packed by
//! pypa/wheel, npm packages by npm.

use std::{
    env::consts,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    failure::{Doing, Failure, Outcome},
    notices, shell,
    tools::Tools,
    workspace::{Metadata, Workspace},
};

/// Everything that is distributed has one version, that of the package `souk`.
const PROGRAMS: [Program; 2] = [
    Program {
        name: "souk",
        npm: "@souk/cli",
        summary: "A shop as small gRPC services on one contract, as one program",
        readme: "xtask/packages/souk.md",
        has_services: true,
    },
    Program {
        name: "souk-conform",
        npm: "@souk/conform",
        summary: "Checks that a service in any language keeps Souk's service contract",
        readme: "xtask/packages/souk-conform.md",
        has_services: false,
    },
];

/// What the services in other languages need besides their own folders: the runtimes, the clients,
/// and what npm and tsc read in the root.
const SHARED: &[&str] = &[
    "libs/chassis-go",
    "libs/chassis-node",
    "libs/chassis-python",
    "clients/go",
    "clients/python",
    "clients/typescript",
    "package.json",
    "package-lock.json",
    "tsconfig.base.json",
    "tsconfig.json",
];

const LICENCE: &str = "Apache-2.0";
const NOTICES: &str = "THIRD-PARTY.txt";

struct Program {
    /// The program, its package of cargo, and its package on PyPI.
    name: &'static str,
    npm: &'static str,
    summary: &'static str,
    readme: &'static str,
    /// Whether it starts the services in other languages.
    has_services: bool,
}

/// The contract in the archive, and the README of both.
const CONTRACT: &str = "souk-proto";
const CONTRACT_README: &str = "docs/own-protos.md";

/// Makes the archive's folder a workspace of buf.
const CONTRACT_BUF: &str = "\
# The contract of Souk, and the parts of other people's protos that it uses.
version: v2
modules:
  - path: proto
  - path: third_party
";

#[derive(clap::Args)]
pub struct Options {
    /// What to make; both without it.
    what: Option<What>,
    /// The profile of cargo that the programs are built with.
    #[arg(long, default_value = "release")]
    profile: String,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// The programs, as wheels and packages of npm.
    Programs,
    /// The archive of the contract.
    Contract,
}

/// A program that is built and what goes with it.
struct Release<'a> {
    workspace: &'a Workspace,
    program: &'a Program,
    version: &'a str,
    /// Without debug information.
    binary: PathBuf,
    notices: &'a str,
    /// Where folders are assembled before they are packed.
    staging: PathBuf,
}

/// Makes what is asked for.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    if options.what != Some(What::Programs) {
        contract(workspace)?;
    }
    if options.what != Some(What::Contract) {
        programs(workspace, &options.profile)?;
    }
    Ok(())
}

/// Writes the archive of the contract: the same files are the same bytes.
pub fn contract(workspace: &Workspace) -> Outcome {
    let name = format!("{CONTRACT}-{}", version(&workspace.metadata()?)?);
    let out = folder(workspace);
    let archive = out.join(format!("{name}.tar.gz"));
    let staging = out.join("staging-contract");
    let root = staging.join(&name);
    make_empty(&root)?;
    let ours = workspace.root.join("proto");
    copy_tracked(workspace, &["proto/souk", "proto/currencies.csv"], &ours, &root.join("proto"))?;
    copy_tracked(workspace, &["proto/buf", "proto/google"], &ours, &root.join("third_party"))?;
    copy(&workspace.root.join("LICENSE"), &root.join("LICENSE"))?;
    copy(&workspace.root.join(CONTRACT_README), &root.join("README.md"))?;
    write(&root.join("buf.yaml"), CONTRACT_BUF)?;
    // Neither times nor owners nor the order of a folder's entries get into it.
    shell::run(
        workspace
            .command("tar")
            .args(["--create", "--format=ustar", "--sort=name", "--mtime=@0", "--mode=u=rwX,go=rX"])
            .args(["--owner=0", "--group=0", "--numeric-owner", "--use-compress-program=gzip -9n"])
            .arg("--file")
            .arg(&archive)
            .arg("--directory")
            .arg(&staging)
            .arg(&name),
    )?;
    remove(&staging)?;
    eprintln!("wrote {}", archive.display());
    Ok(())
}

/// Builds the programs and packs each twice.
fn programs(workspace: &Workspace, profile: &str) -> Outcome {
    if consts::OS != "linux" || consts::ARCH != "x86_64" {
        return Err(Failure::new(format!(
            "programs are packed on x86_64 Linux only, this is {} {}",
            consts::ARCH,
            consts::OS
        )));
    }
    let tools = Tools::ready(workspace)?;
    let metadata = workspace.metadata()?;
    let version = version(&metadata)?;
    let built = build(workspace, profile)?;
    let out = folder(workspace);
    let staging = out.join("staging-programs");
    let notices = notices::of(&metadata)?;
    for program in &PROGRAMS {
        let staging = staging.join(program.name);
        let binary = staging.join(program.name);
        make_empty(&staging)?;
        shell::run(
            workspace
                .command("strip")
                .args(["--strip-debug", "-o"])
                .arg(&binary)
                .arg(built.join(program.name)),
        )?;
        let release =
            Release { workspace, program, version: &version, binary, notices: &notices, staging };
        release.wheel(&tools, &out)?;
        release.npm(&out)?;
    }
    remove(&staging)?;
    eprintln!("wrote the packages of the programs to {}", out.display());
    Ok(())
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("packages")
}

fn version(metadata: &Metadata) -> Outcome<String> {
    let souk = metadata.ours().find(|package| package.name == "souk");
    let souk = souk.ok_or_else(|| Failure::new("the workspace has no package souk"))?;
    Ok(souk.version.clone())
}

/// Builds both programs with one set of features, and returns their folder.
fn build(workspace: &Workspace, profile: &str) -> Outcome<PathBuf> {
    let mut build = workspace.cargo();
    build.args(["build", "--locked", "--features", "souk/production", "--profile", profile]);
    shell::run(build.args(PROGRAMS.iter().flat_map(|program| ["--package", program.name])))?;
    Ok(workspace.target.join(if profile == "dev" { "debug" } else { profile }))
}

impl Release<'_> {
    /// Writes the wheel of PyPI. What is in `scripts` is installed into `bin`, what is in `data`
    /// into the environment's own folder.
    fn wheel(&self, tools: &Tools, out: &Path) -> Outcome {
        let Program { name, summary, .. } = self.program;
        let root = self.staging.join("wheel");
        let stem = format!("{}-{}", name.replace('-', "_"), self.version);
        let information = root.join(format!("{stem}.dist-info"));
        let data = root.join(format!("{stem}.data"));
        copy(&self.binary, &data.join("scripts").join(name))?;
        self.services(&data.join("data"))?;
        self.licences(&information.join("licenses"))?;
        let tag = format!("py3-none-manylinux_2_{}_x86_64", self.glibc()?);
        write(
            &information.join("WHEEL"),
            &format!(
                "Wheel-Version: 1.0\nGenerator: souk-xtask ({})\nRoot-Is-Purelib: false\nTag: {tag}\n",
                self.version
            ),
        )?;
        let readme = self.readme()?;
        write(
            &information.join("METADATA"),
            &format!(
                "Metadata-Version: 2.4\nName: {name}\nVersion: {}\nSummary: {summary}\n\
                 License-Expression: {LICENCE}\nLicense-File: LICENSE\nLicense-File: {NOTICES}\n\
                 Description-Content-Type: text/markdown\n\n{readme}",
                self.version
            ),
        )?;
        shell::run(
            self.workspace
                .command(&tools.python)
                .args(["-m", "wheel", "pack", "--dest-dir"])
                .arg(out)
                .arg(root),
        )
    }

    /// Writes the package of npm. npm refuses to install it on another platform.
    fn npm(&self, out: &Path) -> Outcome {
        let name = self.program.name;
        let root = self.staging.join("npm");
        copy(&self.binary, &root.join("bin").join(name))?;
        self.services(&root)?;
        self.licences(&root)?;
        let package = json!({
            "name": self.program.npm,
            "version": self.version,
            "description": self.program.summary,
            "license": LICENCE,
            "bin": { name: format!("bin/{name}") },
            "files": ["bin", "share", NOTICES],
            "os": ["linux"],
            "cpu": ["x64"],
            "libc": ["glibc"],
        });
        write(&root.join("package.json"), &format!("{package:#}\n"))?;
        write(&root.join("README.md"), &self.readme()?)?;
        shell::read(
            self.workspace
                .command("npm")
                .args(["pack", "--silent", "--pack-destination"])
                .arg(out)
                .arg(root),
        )?;
        Ok(())
    }

    fn readme(&self) -> Outcome<String> {
        let file = self.program.readme;
        fs::read_to_string(self.workspace.root.join(file)).doing(format_args!("read {file}"))
    }

    fn licences(&self, folder: &Path) -> Outcome {
        copy(&self.workspace.root.join("LICENSE"), &folder.join("LICENSE"))?;
        write(&folder.join(NOTICES), self.notices)
    }

    /// Copies the services in other languages, and what they share.
    fn services(&self, folder: &Path) -> Outcome {
        if !self.program.has_services {
            return Ok(());
        }
        let root = &self.workspace.root;
        let mut what = foreign_services(&root.join("services"))?;
        what.extend(SHARED.iter().map(PathBuf::from));
        copy_tracked(self.workspace, &what, root, &folder.join("share/souk"))
    }

    /// Returns the newest minor version of glibc that the program asks for: of 2.34 it is 34.
    fn glibc(&self) -> Outcome<u32> {
        let binary = fs::read(&self.binary).doing("read the program")?;
        newest_glibc(&binary).ok_or_else(|| Failure::new("the program names no version of glibc"))
    }
}

/// Copies files and folders as git knows or would add them, without hidden files, which npm leaves
/// out; their paths in the copy are relative to `base`.
fn copy_tracked(
    workspace: &Workspace,
    what: &[impl AsRef<OsStr>],
    base: &Path,
    to: &Path,
) -> Outcome {
    let listing = shell::read(
        workspace
            .command("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "--"])
            .args(what),
    )?;
    for name in listing.lines() {
        let file = workspace.root.join(name);
        let is_hidden = name.rsplit('/').next().is_some_and(|last| last.starts_with('.'));
        // A file that was removed and not committed is still listed.
        if file.is_file() && !is_hidden {
            let relative = file.strip_prefix(base).doing(format_args!("copy {name}"))?;
            copy(&file, &to.join(relative))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    create(to.parent().unwrap_or(to))?;
    fs::copy(from, to).doing(format_args!("copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// Returns the folders of the services that are not part of the program, by their manifests.
fn foreign_services(services: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(services).doing("read services")?.flatten() {
        let manifest = fs::read_to_string(entry.path().join("souk.service.toml"));
        if manifest.is_ok_and(|text| !text.lines().any(|line| line == "language = \"rust\"")) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Reads the names of symbol versions, such as GLIBC_2.34, that are in the string table of a
/// program in the ELF format.
fn newest_glibc(binary: &[u8]) -> Option<u32> {
    const NAME: &[u8] = b"GLIBC_2.";
    let starts = (0..binary.len()).filter(|at| binary[*at..].starts_with(NAME));
    let minors = starts.filter_map(|at| {
        let digits = binary[at + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        String::from_utf8(digits.copied().collect()).ok()?.parse().ok()
    });
    minors.max()
}

fn make_empty(folder: &Path) -> Outcome {
    if folder.exists() {
        remove(folder)?;
    }
    create(folder)
}

fn remove(folder: &Path) -> Outcome {
    fs::remove_dir_all(folder).doing(format_args!("remove {}", folder.display()))
}

fn create(folder: &Path) -> Outcome {
    fs::create_dir_all(folder).doing(format_args!("create {}", folder.display()))
}

fn write(path: &Path, text: &str) -> Outcome {
    create(path.parent().unwrap_or(path))?;
    fs::write(path, text).doing(format_args!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::newest_glibc;

    #[test]
    fn the_newest_glibc_is_the_largest_number_not_the_last_text() {
        assert_eq!(newest_glibc(b"\0GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.2.5\0"), Some(34));
        assert_eq!(newest_glibc(b"\0libc.so.6\0"), None);
    }
}
