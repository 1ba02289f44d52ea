//! What cargo knows about the workspace: its folders, its packages and their dependencies.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::{
    failure::{Doing, Failure, Outcome},
    shell,
};

/// The platform that the dependency rules are about; others only add packages that we never build.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Where the official installation of Go puts it, which not every PATH has.
pub const GO: &str = "/usr/local/go/bin";

/// The folders of the project.
pub struct Workspace {
    /// Where the root Cargo.toml is.
    pub root: PathBuf,
    /// Where cargo builds, also outside the project when CARGO_TARGET_DIR says so.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the project that one is in; from elsewhere, the one that this program was built from.
    pub fn find() -> Outcome<Self> {
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
        let here = env::current_dir().doing("find the current folder")?;
        let around = here
            .ancestors()
            .find(|folder| folder.join("xtask/Cargo.toml").is_file())
            .map(Path::to_owned);
        let root =
            around.or(built_from).ok_or_else(|| Failure::new("xtask is not inside a workspace"))?;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |dir| root.join(dir));
        Ok(Workspace { root, target })
    }

    /// Returns where programs are that were fetched because the system lacks them.
    pub fn programs(&self) -> PathBuf {
        self.target.join("tools/programs")
    }

    /// Returns PATH with the fetched programs before, and Go's usual place behind.
    pub fn path(&self) -> OsString {
        let present = env::var_os("PATH").unwrap_or_default();
        let fetched = self.programs().join("bin");
        let folders =
            [fetched].into_iter().chain(env::split_paths(&present)).chain([PathBuf::from(GO)]);
        env::join_paths(folders).unwrap_or(present)
    }

    /// Returns a command that runs in the root of the project.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", self.path());
        command
    }

    /// Returns a cargo command that runs in the root of the project.
    pub fn cargo(&self) -> Command {
        let mut command = shell::cargo();
        command.current_dir(&self.root);
        // `cargo run` sets variables about this program's own package. Build scripts of others
        // (ring's) watch these variables, and would rebuild half of the tree whenever one goes from
        // `cargo xtask` to plain `cargo`.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_MANIFEST_")
                || text == "LD_LIBRARY_PATH"
            {
                command.env_remove(&name);
            }
        }
        command
    }

    /// Reads all packages and what each depends on.
    pub fn metadata(&self) -> Outcome<Metadata> {
        let text = shell::read(self.cargo().args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--all-features",
            "--filter-platform",
            PLATFORM,
        ]))?;
        serde_json::from_str(&text).doing("read cargo metadata")
    }
}

/// The part of `cargo metadata` that the rules need.
#[derive(Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    pub workspace_members: BTreeSet<String>,
    pub workspace_root: PathBuf,
}

#[derive(Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    pub license: Option<String>,
    pub source: Option<String>,
    pub manifest_path: PathBuf,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// Empty for a normal dependency, else "dev" or "build".
    pub kind: Option<String>,
    /// The folder of a dependency of our own.
    pub path: Option<PathBuf>,
}

impl Metadata {
    /// Returns our own packages.
    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Returns the packages of other people.
    pub fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_some())
    }

    /// Returns the folder of a package of ours, relative to the root: `services/orders`.
    pub fn folder<'a>(&self, package: &'a Package) -> &'a Path {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        folder.strip_prefix(&self.workspace_root).unwrap_or(folder)
    }

    /// Returns every version of each foreign package, by name.
    pub fn versions(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in self.foreign() {
            versions.entry(&package.name).or_default().insert(&package.version);
        }
        versions
    }
}
