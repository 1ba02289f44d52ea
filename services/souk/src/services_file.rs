//! What `souk up` knows of the services in other languages: a file in the data folder, for its next
//! start, and for tools such as `souk audit` and `souk backup`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use souk_chassis::StartError;
use souk_manifest::Backup;

const FILE: &str = "services.json";

/// The address of a shop, and its services in other languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicesFile {
    shop: String,
    services: BTreeMap<String, Entry>,
}

/// What is known of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it serves, if it was beside the shop at its last start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// The folder of its manifest.
    pub folder: PathBuf,
    /// What its environment variables start with.
    pub environment_prefix: String,
    /// The scopes that an operator granted it.
    pub granted: Vec<String>,
    /// Its databases, as its manifest has them.
    pub databases: Option<Vec<String>>,
    /// What else of its data belongs into a backup.
    pub backup: Backup,
}

impl ServicesFile {
    /// Notes a start of the shop at this address. Those that are left out this time stay known,
    /// without an address.
    pub fn started(&mut self, shop: SocketAddr, services: BTreeMap<String, Entry>) {
        self.shop = shop.to_string();
        for entry in self.services.values_mut() {
            entry.address = None;
        }
        self.services.extend(services);
    }

    /// Returns what is known of a service.
    pub fn entry(&self, service: &str) -> Option<&Entry> {
        self.services.get(service)
    }

    /// Returns all that is known, by the name of the service.
    pub fn entries(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.services.iter()
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
    pub fn read(data: &Path) -> Result<ServicesFile, StartError> {
        let file = data.join(FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(ServicesFile::default());
            }
            Err(error) => return Err(StartError::new(format!("{}: {error}", file.display()))),
        };
        serde_json::from_str(&text)
            .map_err(|error| StartError::new(format!("{}: {error}", file.display())))
    }

    /// Returns where the services of the shop at this address are: none when the file is another
    /// shop's.
    pub fn addresses(&self, shop: &str) -> Vec<(String, String)> {
        let shop = shop.trim_start_matches("http://").replace("localhost", "127.0.0.1");
        if shop != self.shop {
            return Vec::new();
        }
        let there =
            |(name, entry): (&String, &Entry)| Some((name.clone(), entry.address?.to_string()));
        self.services.iter().filter_map(there).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_for_the_shop_that_wrote_them_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let read = || ServicesFile::read(folder.path()).unwrap();
        assert_eq!(read(), ServicesFile::default());
        let mail = Entry {
            address: Some("127.0.0.1:7410".parse().unwrap()),
            granted: vec!["orders.read".to_owned()],
            ..Entry::default()
        };
        let shop = "127.0.0.1:7300".parse().unwrap();
        let mut file = read();
        file.started(shop, BTreeMap::from([("mail".to_owned(), mail.clone())]));
        file.write(folder.path()).unwrap();
        let there = [("mail".to_owned(), "127.0.0.1:7410".to_owned())];
        for shop in ["127.0.0.1:7300", "http://127.0.0.1:7300", "localhost:7300"] {
            assert_eq!(read().addresses(shop), there, "{shop}");
        }
        assert_eq!(read().addresses("127.0.0.1:7301"), []);

        let mut file = read();
        file.started(shop, BTreeMap::new());
        file.write(folder.path()).unwrap();
        assert_eq!(read().addresses("127.0.0.1:7300"), []);
        assert_eq!(read().entry("mail"), Some(&Entry { address: None, ..mail }));
    }
}
