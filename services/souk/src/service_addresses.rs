//! The addresses of the services in other languages: a file in the data folder, which `souk up`
//! writes for tools such as `souk audit`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use souk_chassis::StartError;

const FILE: &str = "service_addresses.json";

/// The address of a shop, and of its services in other languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAddresses {
    shop: String,
    services: BTreeMap<String, String>,
}

impl ServiceAddresses {
    /// Makes the list of a shop.
    pub fn new(shop: SocketAddr, services: &[(String, SocketAddr)]) -> ServiceAddresses {
        let services =
            services.iter().map(|(name, address)| (name.clone(), address.to_string())).collect();
        ServiceAddresses { shop: shop.to_string(), services }
    }

    /// Writes the file. It appears whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, data: &Path) -> Result<(), StartError> {
        let file = data.join(FILE);
        let failed = |error| StartError::new(format!("{}: {error}", file.display()));
        let text = serde_json::to_string_pretty(self).expect("a map of texts is JSON");
        let unfinished = file.with_extension("unfinished");
        std::fs::write(&unfinished, text + "\n").map_err(failed)?;
        std::fs::rename(&unfinished, &file).map_err(failed)
    }

    /// Reads the file; an empty list where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(data: &Path) -> Result<ServiceAddresses, StartError> {
        let file = data.join(FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(ServiceAddresses::default());
            }
            Err(error) => return Err(StartError::new(format!("{}: {error}", file.display()))),
        };
        serde_json::from_str(&text)
            .map_err(|error| StartError::new(format!("{}: {error}", file.display())))
    }

    /// Returns the services of the shop at this address: none when the file is another shop's.
    pub fn of(&self, shop: &str) -> Vec<(String, String)> {
        let shop = shop.trim_start_matches("http://").replace("localhost", "127.0.0.1");
        if shop != self.shop {
            return Vec::new();
        }
        self.services.iter().map(|(name, at)| (name.clone(), at.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_for_the_shop_that_wrote_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(ServiceAddresses::read(folder.path()).unwrap(), ServiceAddresses::default());
        let services = [("mail".to_owned(), "127.0.0.1:7410".parse().unwrap())];
        ServiceAddresses::new("127.0.0.1:7300".parse().unwrap(), &services)
            .write(folder.path())
            .unwrap();
        let list = ServiceAddresses::read(folder.path()).unwrap();
        let there = [("mail".to_owned(), "127.0.0.1:7410".to_owned())];
        for shop in ["127.0.0.1:7300", "http://127.0.0.1:7300", "localhost:7300"] {
            assert_eq!(list.of(shop), there, "{shop}");
        }
        assert_eq!(list.of("127.0.0.1:7301"), []);
    }
}
