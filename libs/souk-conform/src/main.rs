//! The conformance suite as a small program of its own; `souk conform` is the same.

use std::process::ExitCode;

use clap::Parser;
use souk_conform::Conform;

/// The exit code for a wrong argument (EX_USAGE of sysexits.h).
const USAGE: u8 = 64;

#[derive(Parser)]
#[command(name = "souk-conform", version, max_term_width = 110)]
struct Arguments {
    #[command(flatten)]
    conform: Conform,
}

fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => arguments.conform.run(None),
        Err(other) => {
            // A closed terminal must not change the exit code.
            let _ = other.print();
            if other.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
        }
    }
}
