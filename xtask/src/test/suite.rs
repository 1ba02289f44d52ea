//! The suites of this repository: one for each test program that cargo builds, and one for each
//! script. No crate has examples in its comments that would have to run.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::{
    failure::{Doing, Failure, Outcome},
    shell,
    workspace::{Metadata, Workspace},
};

/// What takes long, longest first: these start first, and `cargo xtask test quick` leaves them out.
const SLOW: [&str; 19] = [
    "tests/new_service/new_service_test.py",
    "souk-tests: process",
    "souk-tests: faults",
    "tests/conformance/python_services_test.py",
    "tests/conformance/node_services_test.py",
    "tests/conformance/go_services_test.py",
    "tests/conformance/chassis_python_test.py",
    "tests/conformance/chassis_node_test.py",
    "tests/conformance/chassis_go_test.py",
    "tests/conformance/notifications_test.py",
    "tests/conformance/template_java_test.py",
    "souk-tests: replay",
    "souk-tests: attack",
    "souk-tests: journeys",
    "tests/clients/java_test.py",
    "tests/clients/go_test.py",
    "tests/packages/own_protos_test.py",
    "tests/packages/packages_test.py",
    "souk-tests: conformance",
];

/// A program full of tests, and how to run it.
pub struct Suite {
    /// `orders`, `orders: order` or `tests/clients/go_test.py`.
    pub name: String,
    pub kind: Kind,
    /// The folder of the package, relative to the root; for a script its folder.
    pub folder: PathBuf,
    /// Its first file, relative to the root.
    source: PathBuf,
    program: PathBuf,
    arguments: Vec<OsString>,
    working_folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A test program of cargo.
    Program,
    /// A script that ends with a line of totals.
    Script,
}

impl Suite {
    /// Returns the command that runs the tests whose name contains `filter`, or all of them.
    pub fn command(&self, filter: Option<&str>, colours: bool) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.working_folder);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if self.kind == Kind::Program {
            // A test program reports how long each test took only where unstable options are
            // allowed.
            command.args(["-Zunstable-options", "--report-time"]).env("RUSTC_BOOTSTRAP", "1");
            command.args(["--color", if colours { "always" } else { "never" }]);
            command.args(filter);
        }
        command
    }

    /// Returns whether it takes minutes.
    pub fn is_slow(&self) -> bool {
        SLOW.contains(&self.name.as_str())
    }

    /// Returns whether a file is part of it.
    pub fn owns(&self, file: &str) -> bool {
        let file = Path::new(file);
        match self.kind {
            Kind::Program => self.source.parent().is_some_and(|room| file.starts_with(room)),
            Kind::Script => file.starts_with(&self.folder),
        }
    }

    /// Returns whether this is what `cargo xtask test NAME` means as a whole: a package, a room of
    /// tests/ or a script.
    pub fn is_named(&self, name: &str) -> bool {
        let last = self.name.rsplit(": ").next().unwrap_or_default();
        let room = self.folder.file_name().is_some_and(|folder| folder == name)
            && self.kind == Kind::Script;
        self.name == name || last == name || room || self.folder == Path::new(name)
    }

    fn order(&self) -> usize {
        SLOW.iter().position(|slow| *slow == self.name).unwrap_or(SLOW.len())
    }
}

/// Builds all test programs and returns every suite, the slowest first.
pub fn all(workspace: &Workspace, features: &str, python: &Path) -> Outcome<Vec<Suite>> {
    let mut suites = programs(workspace, &workspace.metadata()?, features)?;
    suites.extend(scripts(workspace, python)?);
    suites.sort_by_key(Suite::order);
    Ok(suites)
}

/// The part of cargo's messages that names what it has built.
#[derive(Deserialize)]
struct Message {
    package_id: Option<String>,
    target: Option<Target>,
    executable: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

fn programs(workspace: &Workspace, metadata: &Metadata, features: &str) -> Outcome<Vec<Suite>> {
    let mut build = workspace.cargo();
    build.args([
        "test",
        "--workspace",
        "--no-run",
        "--message-format=json-render-diagnostics",
        "--features",
        features,
    ]);
    let mut suites = Vec::new();
    for line in shell::printed(&mut build)?.lines() {
        let message: Message = serde_json::from_str(line).doing("read what cargo has built")?;
        let (Some(id), Some(target), Some(executable)) =
            (message.package_id, message.target, message.executable)
        else {
            continue;
        };
        let package = metadata.ours().find(|package| package.id == id);
        let (true, Some(package)) = (message.profile.is_some_and(|profile| profile.test), package)
        else {
            continue;
        };
        let is_whole = target.name == package.name && target.kind.iter().any(|kind| kind == "test");
        let what = match target.kind.first().map(String::as_str) {
            _ if is_whole => String::new(),
            Some("lib") => ": lib".to_owned(),
            Some("bin") => format!(": bin {}", target.name),
            _ => format!(": {}", target.name),
        };
        let folder = metadata.folder(package);
        suites.push(Suite {
            name: format!("{}{what}", package.name),
            kind: Kind::Program,
            folder: folder.to_owned(),
            source: target
                .src_path
                .strip_prefix(&workspace.root)
                .unwrap_or(&target.src_path)
                .to_owned(),
            program: executable,
            arguments: vec![],
            working_folder: workspace.root.join(folder),
            environment: vec![("CARGO_MANIFEST_DIR".into(), workspace.root.join(folder).into())],
        });
    }
    Ok(suites)
}

/// Returns the scripts: `tests/<room>/<name>_test.py`.
fn scripts(workspace: &Workspace, python: &Path) -> Outcome<Vec<Suite>> {
    let mut scripts = Vec::new();
    for room in fs::read_dir(workspace.root.join("tests")).doing("read tests")?.flatten() {
        for file in fs::read_dir(room.path()).into_iter().flatten().flatten() {
            let name =
                format!("tests/{}/{}", room.file_name().display(), file.file_name().display());
            if !name.ends_with("_test.py") {
                continue;
            }
            scripts.push(Suite {
                folder: PathBuf::from(&name).parent().map(Path::to_owned).unwrap_or_default(),
                kind: Kind::Script,
                source: PathBuf::from(&name),
                name,
                program: python.to_owned(),
                arguments: vec![file.path().into()],
                working_folder: workspace.root.clone(),
                environment: vec![],
            });
        }
    }
    if scripts.is_empty() {
        return Err(Failure::new("tests/ has no scripts"));
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scripts)
}

#[cfg(test)]
impl Suite {
    /// A suite that is one line of shell.
    pub fn of_shell(line: &str) -> Suite {
        Suite {
            name: line.to_owned(),
            kind: Kind::Script,
            folder: PathBuf::new(),
            source: PathBuf::new(),
            program: PathBuf::from("sh"),
            arguments: vec!["-c".into(), line.into()],
            working_folder: std::env::temp_dir(),
            environment: vec![],
        }
    }
}
