//! `cargo xtask conform services/NAME`: holds one service, of any language, to
//! docs/service-contract.md.

use std::path::PathBuf;

use crate::{
    failure::{Doing, Outcome},
    shell,
    workspace::Workspace,
};

#[derive(clap::Args)]
pub struct Options {
    /// The service's folder, or its manifest (souk.service.toml), from where you are.
    manifest: PathBuf,
    /// Also prints the evidence where a sentence holds.
    #[arg(long)]
    verbose: bool,
}

/// Builds the suite and the one program, which has the bus and the services in Rust, and runs the
/// one against the service.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let manifest = std::path::absolute(&options.manifest).doing("find the manifest")?;
    shell::run(workspace.cargo().args([
        "build",
        "--quiet",
        "--package=souk-tests",
        "--bin=conform",
    ]))?;
    shell::run(workspace.cargo().args(["build", "--quiet", "--package=souk"]))?;
    let built = workspace.target.join("debug");
    let mut conform = workspace.command(built.join("conform"));
    conform.arg(manifest).arg("--souk").arg(built.join("souk"));
    if options.verbose {
        conform.arg("--verbose");
    }
    shell::run(&mut conform)
}
