//! The one program: runs the whole shop or any part of it, and the tools that an operator needs
//! around it.

mod audit;
mod auditor;
mod backup;
mod connect;
mod data;
mod descriptors;
mod ephemeral;
mod events;
mod foreign;
mod leash;
mod packaged;
mod parts;
mod repair;
mod replay;
mod seed;
mod serve;
mod services_file;
mod token;
mod up;

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A shop as small gRPC services on one contract: on a laptop one process, in production as many as
/// you like.
#[derive(Parser)]
#[command(name = "souk", version, max_term_width = 110)]
#[command(after_help = "Start with `souk up`; it prints what runs where and how to call it.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

// The arguments of each command have its help text.
#[derive(Subcommand)]
enum Command {
    Up(up::Up),
    Serve(serve::Serve),
    Audit(audit::Audit),
    Repair(repair::Repair),
    Replay(replay::Replay),
    Backup(backup::Backup),
    Token(token::Token),
    Conform(souk_conform::Conform),
    Events(events::Events),
    #[command(hide = true)]
    Leashed(leash::Leashed),
    /// Prints every setting with its default and what it does, as a file for `up --config FILE`.
    Settings,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(other) => return explain(&other),
    };
    match cli.command {
        Command::Up(up) => souk_chassis::run("souk", up.run()),
        Command::Serve(serve) => souk_chassis::run("souk", serve.run()),
        Command::Audit(audit) => souk_chassis::run("souk", audit.run()),
        Command::Repair(repair) => souk_chassis::run("souk", repair.run()),
        Command::Replay(replay) => souk_chassis::run("souk", replay.run()),
        Command::Backup(backup) => backup.run(),
        Command::Token(token) => token.run(),
        Command::Conform(conform) => conform.run(std::env::current_exe().ok()),
        Command::Events(events) => souk_chassis::run("souk", events.run()),
        Command::Leashed(leashed) => leashed.run(),
        Command::Settings => {
            say(souk_chassis::settings(&parts::all()).trim_end());
            ExitCode::SUCCESS
        }
    }
}

/// Prints a line to stdout. A closed reader, such as `head`, is not a failure.
fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The exit code for a wrong argument, as for a wrong setting (EX_USAGE of sysexits.h).
const USAGE: u8 = 64;

/// Prints the help that was asked for, or what is wrong with the arguments.
fn explain(other: &clap::Error) -> ExitCode {
    // A closed terminal must not change the exit code.
    let _ = other.print();
    if other.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}
