//! `cargo xtask check`: everything that can be known without running the shop.

use crate::{
    circles, contract,
    failure::Outcome,
    features, files, generate, imports, packages,
    shell::{self, Parts},
    workspace::Workspace,
};

#[derive(clap::Args, Default)]
pub struct Options {
    /// Leaves out clippy, the only check that has to compile.
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
    parts.part("dependencies", || packages::check(workspace));
    parts.part("one build for shop and tests", || features::check(workspace));
    parts.part("contract: lint", || contract::lint(workspace));
    parts.part("contract: breaking changes", || contract::breaking(workspace));
    if options.quick {
        return parts.finish();
    }
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
