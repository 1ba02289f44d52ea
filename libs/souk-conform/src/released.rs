//! Souk's own contract as the suite knows it: a service may call upstreams and consume events that
//! its own reflection does not describe. It is read from the descriptors of the released contract,
//! because generated code for all of it would take longer to compile than the suite.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};
use serde_json::Value;

/// The descriptors, which `cargo xtask release-contract` writes.
const DESCRIPTORS: &[u8] = include_bytes!("../../../proto/released.binpb");

/// The largest request of each method, by its path, which `cargo xtask gen` writes.
const LIMITS: &str = include_str!("../../../tests/contract/message_limits.json");

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("the descriptors of a release"));

/// Returns a message by its full name.
pub fn message(name: &str) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(name)
}

/// Returns the largest request of a method in bytes, by the rules of its fields (C-VALID-6).
pub fn max_request_bytes(path: &str) -> Option<u64> {
    let limits: Value = serde_json::from_str(LIMITS).expect("the limits of the contract");
    limits["max_request_bytes"][path].as_u64()
}

/// Returns whether the contract lets calls of a method last as long as their caller listens.
pub fn is_unlimited(path: &str) -> bool {
    method(path).is_some_and(|method| {
        let option = POOL.get_extension_by_name("souk.policy.v1.method").expect("it is released");
        let options = method.options();
        let policy = options.get_extension(&option);
        policy.as_message().is_some_and(|policy| !policy.has_field_by_name("timeout"))
    })
}

fn method(path: &str) -> Option<MethodDescriptor> {
    let (service, name) = path.trim_start_matches('/').split_once('/')?;
    let service = POOL.get_service_by_name(service)?;
    service.methods().find(|method| method.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_contract_has_messages_and_what_holds_for_methods() {
        assert!(message("souk.orders.v1.OrderPlaced").is_some());
        assert!(message("souk.orders.v1.NoSuchEvent").is_none());
        assert!(is_unlimited("/souk.events.v1.EventService/Subscribe"));
        assert!(!is_unlimited("/souk.events.v1.EventService/PublishEvents"));
        assert!(!is_unlimited("/souk.events.v1.EventService/NoSuchMethod"));
        let most = max_request_bytes("/souk.events.v1.EventService/PublishEvents");
        assert_eq!(most, Some(16 << 20));
        assert_eq!(max_request_bytes("/souk.events.v1.EventService/NoSuchMethod"), None);
    }
}
