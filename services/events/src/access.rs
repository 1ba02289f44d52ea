//! Who may read events of a type: the owner of the type, and a caller whose token has the scope
//! for it.

use std::collections::BTreeSet;

use souk_chassis::{Caller, Context};
use souk_events::owner_of;

use crate::error::Error;
use crate::subscription::EventTypes;

/// The scope of events of every type.
const EVERY_TYPE: &str = "events.read";

/// The scope that includes all scopes.
const EVERY_SCOPE: &str = "*";

/// The most scopes that a refusal names: its metadata travels in a header.
const MAX_NAMED: usize = 20;

/// A caller that wants to read events.
#[derive(Clone, Debug)]
pub struct Reader {
    caller: Caller,
    scopes: Vec<String>,
}

impl Reader {
    /// Returns the caller of the running call, with the scopes of its token.
    pub fn of_call(caller: &Caller) -> Self {
        let scopes = Context::current().map(|context| context.scopes().to_vec());
        Reader { caller: caller.clone(), scopes: scopes.unwrap_or_default() }
    }

    /// Refuses types for which the caller has no scope.
    pub fn check(&self, types: &EventTypes) -> Result<(), Error> {
        if self.has(EVERY_TYPE) {
            return Ok(());
        }
        let mut missing = BTreeSet::new();
        if types.names().is_empty() {
            missing.insert(EVERY_TYPE.to_owned());
        }
        for name in types.names() {
            missing.extend(self.missing(name));
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::TypesNotReadable(missing.into_iter().take(MAX_NAMED).collect()))
    }

    /// Returns the scope that the caller lacks to read a type, or a package that ends with `.*`.
    fn missing(&self, name: &str) -> Option<String> {
        let Some(owner) = owner_of(name) else { return Some(EVERY_TYPE.to_owned()) };
        let is_own = matches!(&self.caller, Caller::Service(service) if *service == owner);
        let scope = format!("{owner}.read");
        (!is_own && !self.has(&scope)).then_some(scope)
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope || own == EVERY_SCOPE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(scopes: &[&str], types: &[&str]) -> Vec<String> {
        let reader = Reader {
            caller: Caller::Service("mail".into()),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let types = EventTypes::new(types.iter().map(|kind| (*kind).to_owned()).collect());
        match reader.check(&types) {
            Ok(()) => Vec::new(),
            Err(Error::TypesNotReadable(scopes)) => scopes,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_type_takes_the_read_scope_of_its_owner() {
        let orders = ["souk.orders.v1.OrderPlaced", "souk.orders.v1.*", "souk.orders.*"];
        for kind in orders {
            assert_eq!(missing(&[], &[kind]), ["orders.read"], "{kind}");
            assert_eq!(missing(&["orders.read"], &[kind]), [""; 0], "{kind}");
            assert_eq!(missing(&["payments.read"], &[kind]), ["orders.read"], "{kind}");
        }
        assert_eq!(missing(&[], &["acme.gift_cards.v1.Issued"]), ["gift-cards.read"]);
        assert_eq!(
            missing(&["orders.read"], &["souk.orders.v1.*", "souk.payments.v1.*", "a.b.C"]),
            ["b.read", "payments.read"]
        );
    }

    #[test]
    fn every_type_takes_a_scope_of_its_own_and_so_does_a_type_without_an_owner() {
        for types in [&[][..], &["v1.*"], &["Happened"]] {
            assert_eq!(missing(&["orders.read", "souk.read"], types), ["events.read"]);
            assert_eq!(missing(&["events.read"], types), [""; 0]);
            assert_eq!(missing(&["*"], types), [""; 0]);
        }
    }

    #[test]
    fn a_service_reads_its_own_types_without_a_scope() {
        assert_eq!(missing(&[], &["souk.mail.v1.Sent", "acme.mail.v2.*"]), [""; 0]);
    }

    #[test]
    fn a_refusal_names_so_few_scopes_that_a_header_holds_them() {
        let types: Vec<String> = (0..100).map(|number| format!("souk.s{number}.v1.A")).collect();
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        assert_eq!(missing(&[], &types).len(), MAX_NAMED);
    }
}
