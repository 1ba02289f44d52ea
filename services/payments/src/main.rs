//! Starts the payments service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk_chassis::main(vec![payments::definition()])
}
