//! The request that created an order or a refund: stored with it permanently, so that a repeat
//! finds it.
//!
//! A key is who keeps it and the request id: the customer that a caller acts for, or else the
//! subject of the caller. Every method keeps its keys in a table of its own.

use prost::Message;
use sha2::{Digest, Sha256};
use souk_chassis::Caller;
use souk_types::RefundId;

/// Names a request that must not take effect twice, and what it asked for.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// Who keeps it and the request id.
    pub key: String,
    /// SHA-256 of the request without its id and its customer.
    pub hash: Vec<u8>,
}

impl RequestKey {
    /// Names a caller's request, which comes without its id.
    pub fn of(caller: &Caller, request_id: &str, request_without_id: &impl Message) -> Self {
        RequestKey::kept_by(&caller.owner(), request_id, request_without_id)
    }

    /// Names a request that a customer or the subject of a caller keeps, and which comes without
    /// its id and its customer.
    pub fn kept_by(owner: &str, request_id: &str, request: &impl Message) -> Self {
        let hash = Sha256::digest(request.encode_to_vec()).to_vec();
        RequestKey { key: format!("{owner}\n{request_id}"), hash }
    }

    /// Names a refund that no caller asked for: payments made it, or it failed there.
    pub fn of_payments(refund: RefundId) -> Self {
        RequestKey { key: format!("service:payments\n{refund}"), hash: vec![] }
    }

    /// Returns the key under which another customer keeps the same request.
    pub fn under(&self, customer: &str) -> String {
        let request_id = self.key.split_once('\n').map_or("", |(_, request_id)| request_id);
        format!("{customer}\n{request_id}")
    }

    /// Returns whether a stored request asked for the same. What earlier versions stored named its
    /// customer in another way, so it is no longer known.
    pub fn asks_as(&self, stored_hash: &[u8]) -> bool {
        stored_hash.is_empty() || stored_hash == self.hash
    }
}

#[cfg(test)]
mod tests {
    use souk_client::orders::v1 as pb;

    use super::*;

    #[test]
    fn a_customer_keeps_its_requests_whoever_sends_them() {
        let request = pb::PlaceOrderRequest { reference: "a".into(), ..Default::default() };
        let alice = Caller::user("alice");
        let own = RequestKey::of(&alice, "r1", &request);
        let customer = alice.customer().unwrap().to_string();
        let of_service = RequestKey::kept_by(&customer, "r1", &request);
        assert_eq!((&own.key, &own.hash), (&of_service.key, &of_service.hash));
        assert_eq!(own.under("customer_x"), "customer_x\nr1");

        let service = RequestKey::of(&Caller::Service("pos".into()), "r1", &request);
        assert_eq!(service.key, "service:pos\nr1");
        assert!(own.asks_as(&own.hash) && own.asks_as(&[]));
        let other = pb::PlaceOrderRequest { reference: "b".into(), ..request };
        assert!(!RequestKey::of(&alice, "r1", &other).asks_as(&own.hash));
    }
}
