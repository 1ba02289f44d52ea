//! Starts the catalog service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk_chassis::main(vec![catalog::definition()])
}
