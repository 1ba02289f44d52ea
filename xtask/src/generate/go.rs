//! Messages and stubs in Go: the client's, and those of the tests and examples of libs/chassis-go.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    failure::{Failure, Outcome},
    shell,
    workspace::Workspace,
};

/// The module that pins the plugins: apart, since nothing that runs needs them.
const PLUGIN_FOLDER: &str = "clients/go/generator";

/// The protos of the tests and of the examples of libs/chassis-go, with the folder of their code
/// and the name of its package.
const OF_CHASSIS: [(&str, &str); 6] = [
    ("souk/echo/v1/echo.proto", "internal/gen/souk/echo/v1;echov1"),
    ("souk/echo/v1/events.proto", "internal/gen/souk/echo/v1;echov1"),
    ("souk/fixture/v1/events.proto", "internal/gen/souk/fixture/v1;fixturev1"),
    ("souk/fixture/v1/fixture.proto", "internal/gen/souk/fixture/v1;fixturev1"),
    ("souk/notes/v1/note_service.proto", "example/gen/souk/notes/v1;notesv1"),
    ("souk/entries/v1/entries.proto", "example_entries/entriesv1;entriesv1"),
];

/// Makes the code of every package of ours.
pub fn make(workspace: &Workspace, buf: &Path, out: &Path) -> Outcome {
    let mut command = generate(workspace, buf, &["module=souk.example/go".to_owned()])?;
    command.args(["--path", "proto/souk", "--output"]);
    shell::run(command.arg(out.join("clients/go")))
}

/// Makes the code of the tests and of the examples of libs/chassis-go. `module` has their protos
/// and the contract's.
pub fn chassis(workspace: &Workspace, buf: &Path, module: &Path, out: &Path) -> Outcome {
    let name = "souk.example/chassis-go";
    let mut options = vec![format!("module={name}")];
    options.extend(OF_CHASSIS.map(|(proto, package)| format!("M{proto}={name}/{package}")));
    let mut command = generate(workspace, buf, &options)?;
    command.arg(module);
    for (proto, _) in OF_CHASSIS {
        command.arg("--path").arg(module.join(proto));
    }
    shell::run(command.arg("--output").arg(out.join("libs/chassis-go")))
}

/// Returns the command that generates messages and stubs with these options.
fn generate(workspace: &Workspace, buf: &Path, options: &[String]) -> Outcome<Command> {
    let plugins = plugins(workspace)?;
    let options = options.join(", ");
    let plugin = |name: &str| {
        format!(
            "{{local: {}, out: ., strategy: all, opt: [{options}]}}",
            plugins.join(name).display()
        )
    };
    let both = ["protoc-gen-go", "protoc-gen-go-grpc"].map(plugin).join(", ");
    let template = format!("{{version: v2, plugins: [{both}]}}");
    let mut command = workspace.command(buf);
    command.args(["generate", "--template", &template]);
    Ok(command)
}

/// Builds the plugins, which takes a moment when Go has built them before, and returns where they
/// are.
fn plugins(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = workspace.target.join("tools/go");
    let mut command = workspace.command("go");
    command.args(["install", "-mod=readonly", "tool"]).env("GOBIN", &folder);
    shell::run(command.current_dir(workspace.root.join(PLUGIN_FOLDER)))
        .map_err(|failure| Failure::new(format!("{failure}; Go 1.25 is needed")))?;
    Ok(folder)
}
