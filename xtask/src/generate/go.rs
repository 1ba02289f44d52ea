//! The Go client's messages and stubs.

use std::path::{Path, PathBuf};

use crate::{
    failure::{Failure, Outcome},
    shell,
    workspace::Workspace,
};

/// The module that pins the plugins: apart, since nothing that runs needs them.
const PLUGIN_FOLDER: &str = "clients/go/generator";

/// The Go packages of the protos that are not ours. They are registered once for each program, so
/// ours must not be beside them.
const OFFICIAL: [(&str, &str); 6] = [
    (
        "buf/validate/validate.proto",
        "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate",
    ),
    ("google/api/annotations.proto", "google.golang.org/genproto/googleapis/api/annotations"),
    ("google/api/field_behavior.proto", "google.golang.org/genproto/googleapis/api/annotations"),
    ("google/api/http.proto", "google.golang.org/genproto/googleapis/api/annotations"),
    ("google/rpc/code.proto", "google.golang.org/genproto/googleapis/rpc/code"),
    ("google/rpc/status.proto", "google.golang.org/genproto/googleapis/rpc/status"),
];

/// Makes the code of every package of ours.
pub fn make(workspace: &Workspace, buf: &Path, out: &Path) -> Outcome {
    let plugins = plugins(workspace)?;
    let mut options = vec!["module=souk.example/go".to_owned()];
    options.extend(OFFICIAL.map(|(proto, package)| format!("M{proto}={package}")));
    let options = options.join(", ");
    let plugin = |name: &str| {
        format!("{{local: {}, out: ., opt: [{options}]}}", plugins.join(name).display())
    };
    let both = ["protoc-gen-go", "protoc-gen-go-grpc"].map(plugin).join(", ");
    let template = format!("{{version: v2, plugins: [{both}]}}");
    let mut command = workspace.command(buf);
    command.args(["generate", "--template", &template, "--path", "proto/souk", "--output"]);
    shell::run(command.arg(out.join("clients/go")))
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
