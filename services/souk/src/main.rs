//! The one program: runs the whole shop or any part of it, and the tools that an operator needs around it.

mod audit;
mod auditor;
mod backup;
mod connect;
mod parts;
mod replay;
mod seed;
mod serve;
mod token;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A shop as small gRPC services on one contract: on a laptop one process, in production as many as you like.
///
/// Start with `souk up`; it prints what runs where and how to call it.
#[derive(Parser)]
#[command(name = "souk", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the whole shop in this process, with nothing else installed.
    Up(up::Up),
    /// Runs some of the services, which reach the others by address.
    Serve(serve::Serve),
    /// Checks that orders, payments, accounts and stock agree in a running shop.
    Audit(audit::Audit),
    /// Sells seven months of a real retailer's invoices through the API and checks the result to the penny.
    Replay(replay::Replay),
    /// Copies the databases of a shop, also while it runs.
    Backup(backup::Backup),
    /// Prints a token for calls to a shop on this machine.
    Token(token::Token),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Up(up) => souk_chassis::run("souk", up.run()),
        Command::Serve(serve) => souk_chassis::run("souk", serve.run()),
        Command::Audit(audit) => souk_chassis::run("souk", audit.run()),
        Command::Replay(replay) => souk_chassis::run("souk", replay.run()),
        Command::Backup(backup) => backup.run(),
        Command::Token(token) => token.run(),
    }
}
