//! Starts the events service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk_chassis::main(vec![events::definition()])
}
