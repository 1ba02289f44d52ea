//! The owner of a type of event: the service of its package, the only one that publishes it.

use souk_client::events::v1 as pb;

/// What the `source` of a service's events begins with; its name follows.
const SERVICES: &str = "/services/";

/// Returns the service that owns a type of event: the last segment of its package that is not a
/// version, with `-` for each `_`. None when the type has no such segment, and so no owner.
///
/// `souk.orders.v1.OrderPlaced` belongs to `orders`, `acme.gift_cards.v2.Issued` to `gift-cards`.
pub fn owner_of(kind: &str) -> Option<String> {
    segment_of(kind).map(|segment| segment.replace('_', "-"))
}

/// Returns whether a service owns a type of event; see [`owner_of`].
pub fn is_owner(service: &str, kind: &str) -> bool {
    segment_of(kind).is_some_and(|segment| {
        segment.len() == service.len()
            && segment
                .bytes()
                .map(|byte| if byte == b'_' { b'-' } else { byte })
                .eq(service.bytes())
    })
}

/// Returns whether an event says that it comes from the owner of its type. The bus sets `source`
/// from the identity of the publisher; an event that another program wrote to the broker has the
/// source that this program chose.
pub fn is_from_owner(event: &pb::Event) -> bool {
    event.source.strip_prefix(SERVICES).is_some_and(|service| is_owner(service, &event.r#type))
}

fn segment_of(kind: &str) -> Option<&str> {
    let (package, _message) = kind.rsplit_once('.')?;
    package.rsplit('.').find(|segment| !is_version(segment))
}

/// Returns whether a segment of a package is a version: `v1`, `v1beta2`.
pub fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v') else { return false };
    rest.starts_with(|first: char| first.is_ascii_digit())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_belongs_to_the_service_of_its_package() {
        for (kind, owner) in [
            ("souk.orders.v1.OrderPlaced", Some("orders")),
            ("acme.gift_cards.v2beta1.Issued", Some("gift-cards")),
            ("com.example.Happened", Some("example")),
            ("loyalty.Earned", Some("loyalty")),
            ("souk.orders.v1.mail.v1.OrderPlaced", Some("mail")),
            ("v1.Happened", None),
            ("Happened", None),
        ] {
            assert_eq!(owner_of(kind).as_deref(), owner, "{kind}");
            assert_eq!(is_owner(owner.unwrap_or("v1"), kind), owner.is_some(), "{kind}");
        }
        for stranger in ["", "order", "orderss", "souk", "v1", "Orders", "mail"] {
            assert!(!is_owner(stranger, "souk.orders.v1.OrderPlaced"), "{stranger}");
        }
    }

    #[test]
    fn only_the_source_of_the_owner_counts() {
        let event = |source: &str| pb::Event {
            source: source.into(),
            r#type: "souk.orders.v1.OrderPlaced".into(),
            ..pb::Event::default()
        };
        assert!(is_from_owner(&event("/services/orders")));
        for source in [
            "/services/mail",
            "/services/",
            "/staff/orders",
            "orders",
            "/services/orders/",
            "",
            "/elsewhere",
        ] {
            assert!(!is_from_owner(&event(source)), "{source}");
        }
    }
}
