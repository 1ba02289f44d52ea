//! Starts the {{name}} service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    souk_chassis::main(vec![{{package}}::definition()])
}
