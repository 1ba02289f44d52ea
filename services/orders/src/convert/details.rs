//! What PlaceOrder says about an order and UpdateOrder changes: how to reach the customer,
//! addresses, notes.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::types::v1::Contact;
use souk_contract::FieldError;
use souk_types::OrderId;

use crate::error::Error;
use crate::order::Details;
use crate::order_update::{Field, OrderUpdate};

/// Reads what is said about an order. A contact in which nothing is set is none.
pub(super) fn read(said: pb::OrderUpdate) -> Details {
    Details {
        contact: said.contact.filter(|contact| *contact != Contact::default()),
        shipping_address: said.shipping_address,
        billing_address: said.billing_address,
        customer_note: said.customer_note,
        metadata: said.metadata,
    }
}

/// Reads the id of an order that is to be changed.
pub fn updated_order_id(asked: &pb::OrderUpdate) -> Result<OrderId, Error> {
    asked.order_id.parse().map_err(|error| FieldError::new("order.order_id", error).into())
}

/// Reads what is to be changed of an order: what the mask names, which the caller may change.
pub fn order_update(
    caller: &Caller,
    asked: pb::OrderUpdate,
    mask: Option<prost_types::FieldMask>,
) -> Result<OrderUpdate, Error> {
    let fields = fields(caller, &mask.unwrap_or_default().paths)?;
    Ok(OrderUpdate { fields, reference: asked.reference.clone(), details: read(asked) })
}

/// Reads the paths of a mask; `*` is all that the caller may change.
fn fields(caller: &Caller, paths: &[String]) -> Result<Vec<Field>, Error> {
    let is_known = |path: &String| path == "*" || Field::ALL.iter().any(|one| one.name() == path);
    if paths.is_empty() || !paths.iter().all(is_known) {
        let names = Field::ALL.map(Field::name).join(", ");
        let problem = format!("must name at least one of {names}, or be *");
        return Err(FieldError::new("update_mask", problem).into());
    }
    let may_change = |field: Field| field.is_for_users() || !matches!(caller, Caller::User(_));
    let is_named = |field: Field| paths.iter().any(|path| path == field.name());
    if let Some(field) = Field::ALL.into_iter().find(|one| is_named(*one) && !may_change(*one)) {
        return Err(Error::FieldNotAllowed(format!("order.{}", field.name())));
    }
    let is_all = paths.iter().any(|path| path == "*");
    let wanted = |field: &Field| is_named(*field) || is_all && may_change(*field);
    Ok(Field::ALL.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use souk_contract::PublicError as _;
    use souk_types::Timestamp;

    use super::*;

    fn user() -> Caller {
        Caller::user("alice")
    }

    fn read_mask(caller: &Caller, paths: &[&str]) -> Result<Vec<&'static str>, Error> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let mask = Some(prost_types::FieldMask { paths });
        let update = order_update(caller, pb::OrderUpdate::default(), mask)?;
        Ok(update.fields.into_iter().map(Field::name).collect())
    }

    #[test]
    fn a_star_is_all_that_the_caller_may_change() {
        let of_users = ["contact", "shipping_address", "billing_address", "customer_note"];
        assert_eq!(read_mask(&user(), &["*"]).unwrap(), of_users);
        assert_eq!(read_mask(&Caller::guest("g"), &["*"]).unwrap(), of_users);
        for caller in [Caller::Staff("ann".into()), Caller::Service("erp".into())] {
            let all = read_mask(&caller, &["*", "contact"]).unwrap();
            assert_eq!((all.len(), &all[4..]), (6, &["reference", "metadata"][..]));
            let some = read_mask(&caller, &["metadata", "contact", "metadata"]).unwrap();
            assert_eq!(some, ["contact", "metadata"], "each once");
        }
    }

    #[test]
    fn a_user_does_not_name_what_is_for_services_and_staff() {
        for name in ["reference", "metadata"] {
            for mask in [&[name][..], &["contact", name], &["*", name]] {
                let refused = read_mask(&user(), mask).unwrap_err();
                assert!(
                    matches!(&refused, Error::FieldNotAllowed(field) if *field == format!("order.{name}")),
                    "{refused:?}"
                );
                assert!(refused.refusal().policy().is_some_and(|policy| policy.http_status == 403));
            }
        }
    }

    #[test]
    fn a_mask_names_whole_fields_that_can_be_changed() {
        for wrong in [&[][..], &["state"], &["contact.name"], &["contact", "order_id"], &[""]] {
            let refused = read_mask(&user(), wrong).unwrap_err();
            assert!(refused.to_string().starts_with("update_mask must "), "{refused}");
        }
        let refused = order_update(&user(), pb::OrderUpdate::default(), None).unwrap_err();
        assert!(refused.to_string().starts_with("update_mask must "), "{refused}");
    }

    #[test]
    fn an_order_is_named_by_an_id_and_an_empty_contact_is_none() {
        let id = OrderId::new(Timestamp::from_micros(1));
        let asked = pb::OrderUpdate { order_id: id.to_string(), ..Default::default() };
        assert_eq!(updated_order_id(&asked).unwrap(), id);
        let refused = updated_order_id(&pb::OrderUpdate::default()).unwrap_err();
        assert!(refused.to_string().starts_with("order.order_id must "), "{refused}");

        let empty = pb::OrderUpdate { contact: Some(Contact::default()), ..Default::default() };
        assert_eq!(read(empty), Details::default());
    }
}
