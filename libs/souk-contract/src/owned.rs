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
    OtherCustomer { field: &'static str },
    #[error("{field} is for {} only: leave it out", in_words(.kinds))]
    Field { field: &'static str, kinds: &'static [CallerKind] },
}

impl PublicError for NotOwned {
    fn refusal(&self) -> Refusal {
        match self {
            NotOwned::OtherCustomer { field } => {
                Refusal::new(&common::OTHER_CUSTOMER).field_at_fault(*field)
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
                return Err(status(&NotOwned::OtherCustomer { field: M::OWN }));
            }
            *asked = own;
        }
        None if asked == ME => {
            let mut violations = Violations::default();
            let allowed = "must be the id of a customer: `me` is for a user, who has one";
            violations.add(crate::Path::Root.field(M::OWN), "own", allowed);
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

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::*;

    /// A request whose customer is below another message.
    struct Update {
        order: Option<Order>,
    }

    struct Order {
        customer_id: String,
    }

    struct UpdateMethod;

    impl Method for UpdateMethod {
        const PATH: &'static str = "/souk.proving.v1.ProvingService/Update";
        const OWN: &'static str = "order.customer_id";
        type Input = Update;
        type Output = ();

        fn customer(request: &mut Update) -> Option<&mut String> {
            request.order.as_mut().map(|order| &mut order.customer_id)
        }
    }

    fn checked(caller: &Caller, customer: &str) -> Result<String, Status> {
        let order = Some(Order { customer_id: customer.to_owned() });
        let mut request = Update { order };
        check::<UpdateMethod>(caller, "souk.proving", &mut request)?;
        Ok(request.order.expect("the order that was sent").customer_id)
    }

    fn fields(status: &Status) -> Vec<String> {
        let details = status.get_details_bad_request().expect("the fields at fault");
        details.field_violations.into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn a_nested_customer_is_refused_by_its_full_path() {
        let (alice, bob) = (Caller::user("alice"), Caller::user("bob"));
        let own = alice.customer().expect("a user has one").to_string();
        assert_eq!(checked(&alice, "me").unwrap(), own);

        let other = checked(&bob, &own).unwrap_err();
        assert_eq!(other.code(), Code::PermissionDenied);
        assert_eq!(fields(&other), ["order.customer_id"]);

        let me = checked(&Caller::Staff("ann".into()), "me").unwrap_err();
        assert_eq!(me.code(), Code::InvalidArgument);
        assert_eq!(fields(&me), ["order.customer_id"]);
    }

    #[test]
    fn a_request_without_the_parent_of_its_customer_names_none() {
        let mut request = Update { order: None };
        check::<UpdateMethod>(&Caller::user("alice"), "souk.proving", &mut request).unwrap();
        assert!(request.order.is_none());
    }
}
