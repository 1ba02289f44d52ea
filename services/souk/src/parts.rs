//! The services of the shop, by name.

use souk_chassis::Definition;

/// Returns every service of the shop, and the auditor, in the order in which they are started.
pub fn all() -> Vec<Definition> {
    vec![
        catalog::definition(),
        inventory::definition(),
        ledger::definition(),
        payments::definition(),
        orders::definition(),
        events::definition(),
        crate::auditor::definition(),
    ]
}

/// Returns the names of all services, for messages.
pub fn names() -> Vec<&'static str> {
    all().iter().map(Definition::name).collect()
}

/// Reads a service's name for clap.
pub fn parse_name(name: &str) -> Result<String, String> {
    match names().contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!("is not a service of this shop; choose from {}", names().join(", "))),
    }
}

/// Reads NAME=ADDRESS for clap: where a service is.
pub fn parse_upstream(text: &str) -> Result<(String, String), String> {
    let (name, address) = text.split_once('=').ok_or("must be NAME=ADDRESS")?;
    Ok((parse_name(name)?, address.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use prost_reflect::DescriptorPool;
    use souk_manifest::Manifest;

    #[test]
    fn a_service_asks_for_the_scopes_that_its_manifest_lists() {
        let services = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for part in super::all().into_iter().filter(|part| part.name() != "auditor") {
            let manifest = Manifest::read(&services.join(part.name())).unwrap();
            assert_eq!(part.asks_for(), manifest.scopes, "{}", part.name());
        }
    }

    #[test]
    fn a_service_publishes_the_events_that_its_manifest_lists() {
        let services = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let pool = DescriptorPool::decode(souk_client::FILE_DESCRIPTOR_SET).unwrap();
        let event = pool.get_extension_by_name("souk.policy.v1.event").unwrap();
        for part in super::all().into_iter().filter(|part| part.name() != "auditor") {
            let package = format!("souk.{}.v1", part.name().replace('-', "_"));
            let is_its_own = |message: &prost_reflect::MessageDescriptor| {
                message.package_name() == package && message.options().has_extension(&event)
            };
            let own = pool.all_messages().filter(is_its_own);
            let mut own: Vec<String> = own.map(|event| event.full_name().to_owned()).collect();
            own.sort();
            let manifest = Manifest::read(&services.join(part.name())).unwrap();
            assert_eq!(own, manifest.publishes, "{}", part.name());
        }
    }
}
