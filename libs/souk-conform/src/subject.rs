//! What is asked: a service that a manifest describes, or whatever serves at an address.

use souk_manifest::{Manifest, Transport, Unary};

/// What the checks know of the process that they ask.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The noun of the manifest. An address does not say it.
    pub name: Option<String>,
    /// The gRPC services that it serves, without those that every process has.
    pub services: Vec<String>,
    /// A read that succeeds. Nothing when none was found at an address.
    pub unary: Option<Unary>,
    /// A stream that stays open.
    pub stream: Option<Unary>,
    /// The library that answers some broken requests by itself.
    pub transport: Option<Transport>,
}

impl Subject {
    /// Returns the service of a manifest.
    pub fn of(manifest: &Manifest) -> Subject {
        Subject {
            name: Some(manifest.name.clone()),
            services: manifest.services.clone(),
            unary: manifest.conformance.unary.clone(),
            stream: manifest.conformance.stream.clone(),
            transport: manifest.conformance.transport,
        }
    }
}
