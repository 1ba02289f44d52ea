//! `cargo xtask`: all automation of the project, in plain Rust and quick to build.
//! It runs the tools and reads `cargo metadata`; it knows nothing of the shop itself.

mod bench;
mod brokers;
mod check;
mod circles;
mod contract;
mod dependencies;
mod failure;
mod features;
mod files;
mod generate;
mod imports;
mod licence;
mod new_service;
mod notices;
mod package;
mod postgres;
mod setup;
mod shell;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{failure::Outcome, workspace::Workspace};

/// Checks, tests and measures Souk.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks everything that needs no running program: format, clippy, the contract, imports,
    /// dependencies, files.
    Check(check::Options),
    /// Runs all tests, on SQLite and on its own PostgreSQL.
    Test(test::Options),
    /// Measures the shop against a baseline in the same run: rpc, ledger, checkout or events.
    Bench(bench::Options),
    /// Runs what continuous integration runs: check, then test.
    Ci,
    /// Regenerates the code of the clients, and the pages of docs/ that list what the contract has.
    Gen,
    /// Creates a new service: proto, code, tests, manifest and docs, registered in the shop.
    NewService(new_service::Options),
    /// Runs a PostgreSQL for tests until it is interrupted, and prints the variable that tests
    /// read.
    Postgres,
    /// Installs the pinned tools and prints where they are.
    Tools,
    /// Writes what is distributed into <target>/packages: the programs for PyPI and npm, and the
    /// contract as an archive.
    Package(package::Options),
    /// Writes proto/released.binpb, the contract that later changes are compared with, and the
    /// contract's archive. Part of a release.
    ReleaseContract(contract::Release),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome {
    let workspace = Workspace::find()?;
    match command {
        Command::Check(options) => check::run(&workspace, &options),
        Command::Test(options) => {
            setup::ready(&workspace).and_then(|()| test::run(&workspace, &options))
        }
        Command::Bench(options) => bench::run(&workspace, &options),
        Command::Ci => setup::ready(&workspace).and_then(|()| ci(&workspace)),
        Command::Gen => {
            setup::ready(&workspace)?;
            generate::run(&workspace)?;
            generate::pages(&workspace)
        }
        Command::NewService(options) => new_service::run(&workspace, &options),
        Command::Postgres => postgres::run(&workspace),
        Command::Tools => tools::show(&workspace),
        Command::Package(options) => package::run(&workspace, &options),
        Command::ReleaseContract(options) => contract::release(&workspace, &options),
    }
}

/// Checks first, because they are fast, but tests even when a check fails: one run reports
/// everything.
fn ci(workspace: &Workspace) -> Outcome {
    let checked = check::run(workspace, &check::Options::default());
    if let Err(failure) = &checked {
        eprintln!("error: {failure}");
    }
    test::run(workspace, &test::Options::default())?;
    checked
}
