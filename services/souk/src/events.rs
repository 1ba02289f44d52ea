//! `souk events`: looking at the event bus.

mod readable;
mod tail;

use clap::{Args, Subcommand};
use souk_chassis::StartError;

/// Looks at what happens in a running shop.
#[derive(Args)]
pub struct Events {
    #[command(subcommand)]
    command: Command,
}

// What each is for stands at its arguments.
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
