//! `souk token`: a development token for calls to a shop on this machine.

use std::process::ExitCode;

use clap::Args;
use souk_chassis::{Caller, identity};

use crate::say;

/// Prints a token for calls to a shop on this machine.
///
/// Send it as `authorization: Bearer TOKEN`. It is signed with a well-known key, so only servers on
/// a loopback address accept it.
#[derive(Args)]
pub struct Token {
    /// The caller: user:ID, service:NAME, staff or staff:ID.
    #[arg(long = "as", value_name = "WHO")]
    who: Caller,
}

impl Token {
    /// Prints the token.
    pub fn run(self) -> ExitCode {
        // No server would accept it.
        if let Err(why) = identity::check_id(&self.who) {
            eprintln!("souk token: {why}");
            return ExitCode::from(64);
        }
        say(identity::development_token(&self.who));
        ExitCode::SUCCESS
    }
}
