//! `cargo xtask check`: everything that can be known without running the shop.

use crate::{
    circles, contract, dependencies,
    failure::Outcome,
    features, files, generate, imports,
    shell::{self, Parts},
    workspace::Workspace,
};

#[derive(clap::Args, Default)]
pub struct Options {
    /// Leaves out what has to compile: clippy, and the documentation of the libraries.
    #[arg(long)]
    quick: bool,
}

/// Runs every check, the quick ones first, and reports all that fail.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let mut parts = Parts::default();
    parts.part("format", || shell::run(workspace.cargo().args(["fmt", "--all", "--check"])));
    parts.part("files", || files::check(workspace));
    parts.part("imports between crates", || imports::check(&workspace.metadata()?));
    parts.part("circles of files", || circles::check(&workspace.metadata()?));
    parts.part("dependencies", || dependencies::check(workspace));
    parts.part("one build for shop and tests", || features::check(workspace));
    parts.part("contract: lint", || contract::lint(workspace));
    parts.part("contract: breaking changes", || contract::breaking(workspace));
    if options.quick {
        return parts.finish();
    }
    parts.part("documentation of the libraries", || documentation(workspace));
    parts.part("contract: generated clients", || generate::check(workspace));
    parts.part("clippy", || {
        shell::run(workspace.cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]))
    });
    // With fewer features some code may be unused, and a build of the shop would warn about it.
    parts.part("clippy, as the shop is built", || {
        shell::run(workspace.cargo().args([
            "clippy",
            "--package",
            "souk",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]))
    });
    parts.finish()
}

/// Builds the pages of all libraries, whose links and examples must be right.
fn documentation(workspace: &Workspace) -> Outcome {
    let metadata = workspace.metadata()?;
    let libraries = metadata.ours().filter(|package| {
        ["libs", "clients"].iter().any(|folder| metadata.folder(package).starts_with(folder))
    });
    let mut doc = workspace.cargo();
    doc.args(["doc", "--no-deps", "--lib", "--quiet"]).env("RUSTDOCFLAGS", "--deny warnings");
    shell::run(doc.args(libraries.map(|package| format!("--package={}", package.name))))
}
