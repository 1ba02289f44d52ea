//! Connects the tools to a running shop.

use souk_chassis::{Caller, Channel, Host, StartError};

/// The services of a shop, as a tool or the auditor reaches them.
#[derive(Clone)]
pub struct Services {
    pub catalog: Channel,
    pub inventory: Channel,
    pub ledger: Channel,
    pub payments: Channel,
    pub orders: Channel,
    pub events: Channel,
    pub recommendations: Channel,
    pub notifications: Channel,
}

impl Services {
    /// Returns the services of a shop at one address, except those with an address of their own.
    pub fn at(
        address: &str,
        elsewhere: &[(String, String)],
        tool: &str,
    ) -> Result<Services, StartError> {
        let channel = to(address, tool)?;
        let mut services = Services {
            catalog: channel.clone(),
            inventory: channel.clone(),
            ledger: channel.clone(),
            payments: channel.clone(),
            orders: channel.clone(),
            events: channel.clone(),
            recommendations: channel.clone(),
            notifications: channel,
        };
        for (name, address) in elsewhere {
            let channel = to(address, tool)?;
            match name.as_str() {
                "catalog" => services.catalog = channel,
                "inventory" => services.inventory = channel,
                "ledger" => services.ledger = channel,
                "payments" => services.payments = channel,
                "orders" => services.orders = channel,
                "events" => services.events = channel,
                "recommendations" => services.recommendations = channel,
                "notifications" => services.notifications = channel,
                other => {
                    return Err(StartError::configuration(
                        "upstream",
                        other,
                        "a service that keeps books",
                    ));
                }
            }
        }
        Ok(services)
    }

    /// Returns the upstreams of a service in this process.
    pub fn beside(host: &Host) -> Services {
        Services {
            catalog: host.channel("catalog"),
            inventory: host.channel("inventory"),
            ledger: host.channel("ledger"),
            payments: host.channel("payments"),
            orders: host.channel("orders"),
            events: host.channel("events"),
            recommendations: host.channel("recommendations"),
            notifications: host.channel("notifications"),
        }
    }
}

/// Returns a channel to the shop at `address`, on which `staff:<tool>` calls.
pub fn to(address: &str, tool: &str) -> Result<Channel, StartError> {
    let url =
        if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    Channel::to(&url, &Caller::Staff(tool.to_owned()), &souk_client::CONTRACT)
}

/// Describes the failure of a call in one line for people.
pub fn failure(what: &str, status: &tonic::Status) -> StartError {
    StartError::new(format!("{what}: {:?}: {}", status.code(), status.message()))
}
