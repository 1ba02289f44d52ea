//! Connects the tools to a running shop.

use std::path::Path;

use clap::Args;
use souk_chassis::{Caller, Channel, Host, StartError};

use crate::services_file::ServicesFile;

/// Where the services of a shop are, as the arguments of a tool say.
#[derive(Args)]
pub struct ShopArgs {
    /// The address of the shop.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7300")]
    to: String,
    /// The address of a service that runs elsewhere: NAME=ADDRESS.
    #[arg(long = "upstream", value_name = "NAME=ADDR", value_parser = parse_place)]
    upstreams: Vec<(String, String)>,
    /// The data folder of the shop, where `souk up` writes the addresses of the services in other
    /// languages.
    #[arg(long, value_name = "DIR", default_value = "souk-data")]
    data: String,
}

impl ShopArgs {
    /// Returns the services, on which `staff:<tool>` calls.
    ///
    /// # Errors
    /// An address that is none, or a file that cannot be read.
    pub fn services(&self, tool: &str) -> Result<Services, StartError> {
        let known = ServicesFile::read(Path::new(&self.data))?;
        let mut elsewhere = known.addresses(&self.to);
        elsewhere.retain(|(name, _)| !self.upstreams.iter().any(|(given, _)| given == name));
        elsewhere.extend(self.upstreams.iter().cloned());
        Services::at(&self.to, &elsewhere, tool)
    }
}

/// The services of a shop, as a tool or the auditor reaches them.
#[derive(Clone)]
pub struct Services {
    pub inventory: Channel,
    pub payments: Channel,
    pub orders: Channel,
    /// The process of the shop.
    shop: Place,
    /// The services that have an address of their own, by name.
    elsewhere: Vec<(String, Place)>,
}

/// A process, and how messages name it.
#[derive(Clone)]
pub struct Place {
    pub channel: Channel,
    pub address: String,
}

impl Services {
    /// Returns the services of a shop at one address, except those with an address of their own.
    fn at(
        address: &str,
        elsewhere: &[(String, String)],
        tool: &str,
    ) -> Result<Services, StartError> {
        let place = |address: &str| -> Result<Place, StartError> {
            Ok(Place { channel: to(address, tool)?, address: address.to_owned() })
        };
        let mut others = Vec::new();
        for (name, address) in elsewhere {
            others.push((name.clone(), place(address)?));
        }
        Ok(Services::of(place(address)?, others))
    }

    /// Returns the services of this process and its upstreams.
    pub fn beside(host: &Host) -> Services {
        let place = |name: &str| Place { channel: host.channel(name), address: name.to_owned() };
        let others = host.upstreams().into_iter().map(|name| (name.to_owned(), place(name)));
        let others: Vec<_> = others.collect();
        let shop = Place { channel: host.channel(host.name()), address: "this process".to_owned() };
        let channel = |name: &str| host.channel(name);
        Services {
            inventory: channel("inventory"),
            payments: channel("payments"),
            orders: channel("orders"),
            shop,
            elsewhere: others,
        }
    }

    fn of(shop: Place, elsewhere: Vec<(String, Place)>) -> Services {
        let channel = |name: &str| {
            let other = elsewhere.iter().find(|(other, _)| other == name);
            other.map_or(&shop, |(_, place)| place).channel.clone()
        };
        Services {
            inventory: channel("inventory"),
            payments: channel("payments"),
            orders: channel("orders"),
            shop,
            elsewhere,
        }
    }

    /// Returns the process of the shop.
    pub fn shop(&self) -> &Place {
        &self.shop
    }

    /// Returns the services that have an address of their own, by name.
    pub fn elsewhere(&self) -> &[(String, Place)] {
        &self.elsewhere
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

/// Reads NAME=ADDRESS for clap: where a service is, in whatever language.
fn parse_place(text: &str) -> Result<(String, String), String> {
    let (name, address) = text.split_once('=').ok_or("must be NAME=ADDRESS")?;
    let is_first = |first: char| first.is_ascii_lowercase();
    let is_other = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(is_first) || !name.chars().all(is_other) {
        return Err(format!("{name:?} is not the name of a service, such as orders"));
    }
    Ok((name.to_owned(), address.to_owned()))
}
