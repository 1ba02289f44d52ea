//! `souk events`: inspects the event bus.

mod readable;
mod tail;

use clap::{Args, Subcommand};
use souk_chassis::StartError;

/// Inspects the events of a running shop.
#[derive(Args)]
pub struct Events {
    #[command(subcommand)]
    command: Command,
}

// The arguments of each command have its help text.
#[derive(Subcommand)]
enum Command {
    Tail(tail::Tail),
}

impl Events {
    /// Runs until it is done or interrupted.
    pub async fn run(self) -> Result<(), StartError> {
        match self.command {
            Command::Tail(tail) => tail.run().await,
        }
    }
}
