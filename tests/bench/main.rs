//! `cargo xtask bench NAME`: the index of the benchmarks. Each prints its machine, its figures and
//! its goals.

mod checkout;
mod events;
mod ledger;
mod rpc;
mod shop;

use std::process::ExitCode;

use clap::Parser;
use tempfile::TempDir;

/// Measures Souk against baselines in the same run. Exits with 1 when a goal is missed.
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
enum Bench {
    /// What a synchronous write costs here.
    Disk,
    /// What a call costs: in this process, over loopback, and which layer how much.
    Rpc(rpc::Options),
    /// Transfers a second, in batches and one by one.
    Ledger(ledger::Options),
    /// Completed orders a second, and how long one waits.
    Checkout(checkout::Options),
    /// Events a second through the bus, and how long one takes, on each engine and beside plain
    /// clients.
    Events(events::Options),
}

fn main() -> ExitCode {
    // Cargo adds `--bench` to whatever the user said.
    let bench = Bench::parse_from(std::env::args().filter(|argument| argument != "--bench"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop::log_into(&folder.path().join("log"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can always be built");
    let are_goals_met = runtime.block_on(run(bench, &folder));
    if are_goals_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(bench: Bench, folder: &TempDir) -> bool {
    let folder = folder.path();
    match bench {
        Bench::Disk => {
            souk_tests::bench::print_environment("disk", folder);
            true
        }
        Bench::Rpc(options) => rpc::run(&options, folder).await,
        Bench::Ledger(options) => ledger::run(&options, folder).await,
        Bench::Checkout(options) => checkout::run(&options, folder).await,
        Bench::Events(options) => events::run(&options, folder).await,
    }
}
