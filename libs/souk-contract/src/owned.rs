//! What a request may name beyond its form: a user's own customer, and fields that are for some
//! kinds of callers only. The options `own` and `set_by` of `souk.policy.v1` say it.

use tonic::Status;

use crate::{Caller, CallerKind, Method, PublicError, Refusal, Violations, common, status};

/// What a user may write for its own customer.
const ME: &str = "me";

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
enum NotOwned {
    #[error("a user reaches its own things only: leave the customer empty, or send `me`")]
    OtherCustomer,
    #[error("{field} is for {} only: leave it out", in_words(.kinds))]
    Field { field: &'static str, kinds: &'static [CallerKind] },
}

impl PublicError for NotOwned {
    fn refusal(&self) -> Refusal {
        match self {
            NotOwned::OtherCustomer => {
                Refusal::new(&common::OTHER_CUSTOMER).field_at_fault("customer_id")
            }
            NotOwned::Field { field, .. } => {
                Refusal::new(&common::FIELD_NOT_ALLOWED).with("field", field).field_at_fault(*field)
            }
        }
    }
}

/// Checks a request against who sent it, and writes a user's customer into it.
pub(crate) fn check<M: Method>(
    caller: &Caller,
    domain: &'static str,
    request: &mut M::Input,
) -> Result<(), Status> {
    let kind = CallerKind::of(caller);
    for (field, kinds) in M::set_by(request) {
        if !kinds.contains(&kind) {
            return Err(status(&NotOwned::Field { field, kinds }));
        }
    }
    let Some(asked) = M::customer(request) else { return Ok(()) };
    match caller.customer() {
        Some(own) => {
            let own = own.to_string();
            if !asked.is_empty() && asked != ME && *asked != own {
                return Err(status(&NotOwned::OtherCustomer));
            }
            *asked = own;
        }
        None if asked == ME => {
            let mut violations = Violations::default();
            let allowed = "must be the id of a customer: `me` is for a user, who has one";
            violations.add(crate::Path::Root.field("customer_id"), "own", allowed);
            return Err(violations.into_status(domain));
        }
        None => {}
    }
    Ok(())
}

fn in_words(kinds: &[CallerKind]) -> String {
    let names = kinds.iter().map(|kind| match kind {
        CallerKind::Public => "everyone",
        CallerKind::User => "users",
        CallerKind::Service => "services",
        CallerKind::Staff => "staff",
    });
    names.collect::<Vec<_>>().join(" and ")
}
