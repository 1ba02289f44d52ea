//! Starts the ledger service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk_chassis::main(vec![ledger::definition()])
}
