//! Checks of the contract with buf: its style, and that nothing a released client relies on has
//! changed.

use crate::{
    failure::{Failure, Outcome},
    package, shell,
    tools::Tools,
    workspace::Workspace,
};

/// The contract as last released, compiled. Committed, so that the comparison needs no network and
/// no history.
const RELEASED: &str = "proto/released.binpb";

/// Checks names, comments and shapes by the rules in buf.yaml.
pub fn lint(workspace: &Workspace) -> Outcome {
    let tools = Tools::ready(workspace)?;
    shell::run(workspace.command(&tools.buf).arg("lint"))
}

/// Fails if a client made from the released contract could no longer talk to this one.
pub fn breaking(workspace: &Workspace) -> Outcome {
    if !workspace.root.join(RELEASED).exists() {
        return Err(Failure::new(format!(
            "{RELEASED} is missing: `cargo xtask release-contract` writes it"
        )));
    }
    let tools = Tools::ready(workspace)?;
    shell::run(workspace.command(&tools.buf).args(["breaking", "--against", RELEASED]))
}

#[derive(clap::Args)]
pub struct Release {
    /// Releases it although it breaks the clients of the last release. Only until Souk's first
    /// public version; docs/decisions says why each time.
    #[arg(long)]
    breaking: bool,
}

/// Makes today's contract the released one. Refuses to if that would break the clients of the last
/// release, unless that is what is wanted.
pub fn release(workspace: &Workspace, options: &Release) -> Outcome {
    let tools = Tools::ready(workspace)?;
    if workspace.root.join(RELEASED).exists() && !options.breaking {
        breaking(workspace)?;
    }
    shell::run(workspace.command(&tools.buf).args([
        "build",
        "--exclude-source-info",
        "--output",
        RELEASED,
    ]))?;
    eprintln!("wrote {RELEASED}");
    package::contract(workspace)
}
