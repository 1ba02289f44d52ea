//! `souk token`: a development token for calls to a shop on this machine.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use souk_chassis::{Caller, identity};
use souk_client::roles::{ROLES, Role};
use souk_types::Clock;

use crate::say;

/// Prints a token for calls to a shop on this machine.
///
/// Send it as `authorization: Bearer TOKEN`. It is signed with a well-known key, so only servers on
/// a loopback address accept it.
#[derive(Args)]
pub struct Token {
    /// The caller: user:ID, guest:ID, service:NAME, staff or staff:ID. The customer of a user or a
    /// guest is derived from this text.
    #[arg(long = "as", value_name = "WHO")]
    who: Caller,
    /// The role of a member of the staff. docs/reference/scopes.md lists the scopes of each.
    #[arg(long, value_name = "ROLE", value_parser = role_parser())]
    role: Option<&'static Role>,
    /// Scopes of a service or a member of the staff, such as orders.read, separated by commas.
    #[arg(long, value_name = "SCOPE,…", value_delimiter = ',', value_parser = parse_scope)]
    scope: Vec<String>,
    /// How long the token of a user or a guest is good, such as 90s, 30m, 12h or 7d; without it for
    /// ever.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    expires: Option<Duration>,
    /// Prints the customer of a user or a guest instead of a token: what services and staff write
    /// into a field such as customer_id.
    #[arg(long, conflicts_with_all = ["role", "scope", "expires"])]
    customer: bool,
}

impl Token {
    /// Prints the token.
    pub fn run(self) -> ExitCode {
        // No server would accept it.
        if let Err(why) = identity::check_id(&self.who) {
            eprintln!("souk token: {why}");
            return ExitCode::from(64);
        }
        if self.customer || self.expires.is_some() {
            let Some(customer) = self.who.customer() else {
                let option = if self.customer { "--customer" } else { "--expires" };
                eprintln!("souk token: {option} is for users and guests, and {} is none", self.who);
                return ExitCode::from(64);
            };
            if self.customer {
                say(customer);
                return ExitCode::SUCCESS;
            }
        }
        let is_staff = matches!(self.who, Caller::Staff(_));
        if self.role.is_some() && !is_staff {
            eprintln!("souk token: --role is for staff, and {} is none; use --scope", self.who);
            return ExitCode::from(64);
        }
        let of_role = self.role.map_or(&[][..], |role| role.scopes);
        let scopes: Vec<&str> =
            of_role.iter().copied().chain(self.scope.iter().map(String::as_str)).collect();
        if scopes.is_empty() && !matches!(self.who, Caller::User(_) | Caller::Anonymous) {
            let how = if is_staff { "--role or --scope" } else { "--scope" };
            eprintln!(
                "souk token: this token has no scopes, so only public methods admit it: add {how}"
            );
        }
        let key = identity::DEVELOPMENT_KEY;
        say(match self.expires {
            None => identity::development_token_with(&self.who, &scopes, key),
            Some(after) => {
                let expires = Clock::system().now().plus(after);
                identity::development_token_until(&self.who, expires, key)
            }
        });
        ExitCode::SUCCESS
    }
}

/// Reads a scope for clap.
pub fn parse_scope(text: &str) -> Result<String, String> {
    if text == souk_contract::EVERY_SCOPE || souk_manifest::is_scope(text) {
        return Ok(text.to_owned());
    }
    Err("is not a scope: must be small letters with a dot between, such as orders.read, or *"
        .to_owned())
}

/// The longest time that a token is good, when it expires at all: a hundred years.
const LONGEST: u64 = 36_525 * 24 * 60 * 60;

/// Reads a time such as 30m for clap.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];
    let seconds = units.iter().find_map(|(unit, seconds)| {
        let count: u64 = text.strip_suffix(*unit)?.parse().ok()?;
        count.checked_mul(*seconds)
    });
    match seconds {
        Some(seconds @ 1..=LONGEST) => Ok(Duration::from_secs(seconds)),
        _ => Err("is not a time: must be a whole number of seconds, minutes, hours or days, at \
                  most 100 years, such as 90s, 30m, 12h or 7d"
            .to_owned()),
    }
}

/// Returns what reads the name of a role for clap, and explains them all in its help.
fn role_parser() -> impl TypedValueParser<Value = &'static Role> {
    let names = ROLES.iter().map(|role| PossibleValue::new(role.name).help(role.what));
    PossibleValuesParser::new(names).map(|name| {
        ROLES.iter().find(|role| role.name == name).expect("clap admits names of roles only")
    })
}
