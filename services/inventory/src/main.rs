//! Starts the inventory service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk_chassis::main(vec![inventory::definition()])
}
