//! `cargo xtask bench NAME`: builds the benchmarks in release form and runs one.

use crate::{
    brokers,
    failure::Outcome,
    postgres::{Postgres, URL_VARIABLE},
    shell,
    workspace::Workspace,
};

#[derive(clap::Args)]
pub struct Options {
    /// Which one: rpc, ledger, checkout or events. Left out, it lists what there is.
    name: Option<String>,
    /// Measures on a PostgreSQL of its own too, where the benchmark has such a part.
    #[arg(long)]
    postgres: bool,
    /// Passed on to the benchmark.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Runs one benchmark; it prints medians, ratios to its baseline and what durability it ran at.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let postgres = options.postgres.then(|| Postgres::start(workspace)).transpose()?;
    let mut command = workspace.cargo();
    command.args(["bench", "--package", "souk-tests", "--bench", "souk"]);
    if options.name.as_deref() == Some("events") {
        // Only this one needs librdkafka to be built.
        command.args(["--features", "brokers"]);
        command.envs(brokers::ready(workspace)?);
    }
    command.arg("--");
    command.args(&options.name).args(&options.rest);
    if let Some(postgres) = &postgres {
        command.env(URL_VARIABLE, postgres.url());
    }
    shell::run(&mut command)
}
