//! The way from the tools to a running shop.

use souk_chassis::{Caller, Channel, StartError};

/// Returns a channel to the shop at `address`, on which `staff:<tool>` calls.
pub fn to(address: &str, tool: &str) -> Result<Channel, StartError> {
    let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    Channel::to(&url, &Caller::Staff(tool.to_owned()), &souk_client::CONTRACT)
}

/// Says what a call answered instead of a result, in one line for a person.
pub fn failure(what: &str, status: &tonic::Status) -> StartError {
    StartError::new(format!("{what}: {:?}: {}", status.code(), status.message()))
}
