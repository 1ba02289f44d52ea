//! `cargo xtask bench NAME`: the index of the benchmarks. Each prints its machine, its figures and its goals.

use std::{future::Future, pin::Pin, process::ExitCode};

/// Returns whether every goal was met.
type Bench = fn() -> Pin<Box<dyn Future<Output = bool>>>;

/// What there is: a name, one line about it, and how to run it.
const BENCHES: &[(&str, &str, Bench)] = &[("disk", "what a synchronous write costs here", || Box::pin(disk()))];

fn main() -> ExitCode {
    // Cargo adds `--bench` to whatever the user said.
    let name = std::env::args().skip(1).find(|argument| argument != "--bench");
    let bench = name.as_deref().and_then(|name| BENCHES.iter().find(|(known, _, _)| *known == name));
    let Some((_, _, run)) = bench else {
        eprintln!("cargo xtask bench NAME, where NAME is one of:");
        for (name, about, _) in BENCHES {
            eprintln!("  {name:<10} {about}");
        }
        return ExitCode::from(64);
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can always be built");
    if runtime.block_on(run()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn disk() -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    souk_tests::bench::print_environment("disk", folder.path());
    true
}
