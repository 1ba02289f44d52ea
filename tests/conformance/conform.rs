//! Runs the sentences of docs/service-contract.md against one service process, described by its
//! manifest. `cargo xtask conform services/NAME` builds and starts it; it needs nothing of the
//! services but their programs.

mod broken;
mod owned;
mod process;
mod rules;
mod valid;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Starts a service alone and says which sentences of docs/service-contract.md it keeps.
#[derive(Parser)]
#[command(name = "conform")]
struct Arguments {
    /// The manifest, souk.service.toml, or its folder.
    manifest: PathBuf,
    /// The program to run as `souk` in a manifest; the one beside this program unless it is named.
    #[arg(long, value_name = "FILE")]
    souk: Option<PathBuf>,
    /// Also prints the evidence where a sentence holds.
    #[arg(long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match process::run(&arguments.manifest, arguments.souk).await {
        Ok(report) => {
            print!("{}", report.text(arguments.verbose));
            if report.is_kept() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("conform: {why}");
            ExitCode::from(2)
        }
    }
}
