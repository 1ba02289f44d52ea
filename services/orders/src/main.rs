//! Starts the orders service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk_chassis::main(vec![orders::definition()])
}
