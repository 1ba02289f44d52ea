//! Typed ids. On the wire an id is a TypeID (<https://github.com/jetify-com/typeid>, v0.3): a
//! prefix that names the kind, `_`, and a UUID as 26 characters of Crockford's base 32. In a
//! database it is the UUID's 16 bytes.

use uuid::Uuid;

/// Why a text or a column is not an id of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("must be an id that starts with `{expected}_`")]
    Prefix { expected: &'static str },
    #[error(
        "must be `{expected}_` and 26 characters of base 32 (0-9, a-z without i, l, o, u), the first at most 7"
    )]
    Suffix { expected: &'static str },
    #[error("must be the 16 bytes of a UUID")]
    Bytes,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_LENGTH: usize = 26;

/// The value of each character, 255 where it is none of the alphabet.
const VALUES: [u8; 256] = {
    let mut values = [255u8; 256];
    let mut index = 0;
    while index < 32 {
        values[ALPHABET[index] as usize] = index as u8;
        index += 1;
    }
    values
};

/// Writes a UUID as the suffix of a TypeID.
#[doc(hidden)]
pub fn encode(uuid: Uuid) -> [u8; SUFFIX_LENGTH] {
    let mut rest = uuid.as_u128();
    let mut text = [0u8; SUFFIX_LENGTH];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

/// Reads the suffix of a TypeID.
#[doc(hidden)]
pub fn decode(suffix: &[u8]) -> Option<Uuid> {
    if suffix.len() != SUFFIX_LENGTH || VALUES[suffix[0] as usize] > 7 {
        return None;
    }
    let mut number = 0u128;
    for &character in suffix {
        let value = VALUES[character as usize];
        if value == 255 {
            return None;
        }
        number = (number << 5) | u128::from(value);
    }
    Some(Uuid::from_u128(number))
}

/// Derives a UUIDv5.
#[doc(hidden)]
pub fn derived(namespace: &[u8], name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_OID, namespace), name.as_bytes())
}

/// Makes types of ids, one a line: `/// Names an entry.` and then `EntryId = "entry";`. The word
/// before the underscore.
#[macro_export]
macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::__id::Uuid);

        // What one kind of id does not use, another does.
        #[allow(dead_code)]
        impl $name {
            /// The word before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Mints a new id (UUIDv7), which sorts by the millisecond it was made in.
            pub fn new(now: $crate::Timestamp) -> Self {
                let (random_high, random_low) = $crate::__id::Uuid::new_v4().as_u64_pair();
                let mut random = [0u8; 10];
                random[..8].copy_from_slice(&random_high.to_be_bytes());
                random[8..].copy_from_slice(&random_low.to_be_bytes()[6..]);
                $name($crate::__id::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid())
            }

            /// Derives an id from a name (UUIDv5), so that everyone who knows the name gets the
            /// same id.
            pub fn derive(namespace: &[u8], name: &str) -> Self {
                $name($crate::__id::derived(namespace, name))
            }

            /// Derives the id of a step from its parent's, so that a repeat arrives at the same id.
            ///
            /// It is a UUIDv8: the parent's first 48 bits, which of a UUIDv7 are its time, then 74
            /// bits of the UUIDv5 of parent and step. So the children of new parents are adjacent
            /// in an index, as the parents are.
            pub fn of_step(parent: $crate::__id::Uuid, step: &str) -> Self {
                let mut bytes = $crate::__id::derived(parent.as_bytes(), step).into_bytes();
                bytes[..6].copy_from_slice(&parent.as_bytes()[..6]);
                $name($crate::__id::Builder::from_custom_bytes(bytes).into_uuid())
            }

            /// Takes the UUID as it is, of whatever version.
            pub const fn from_uuid(uuid: $crate::__id::Uuid) -> Self {
                $name(uuid)
            }

            /// Reads the id from a database column of 16 bytes.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, $crate::IdError> {
                $crate::__id::Uuid::from_slice(bytes).map($name).map_err(|_| $crate::IdError::Bytes)
            }

            /// Returns the 16 bytes that a database column holds.
            pub fn to_bytes(self) -> Vec<u8> {
                self.0.as_bytes().to_vec()
            }

            /// Borrows the 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Returns the UUID.
            pub const fn as_uuid(self) -> $crate::__id::Uuid {
                self.0
            }
        }

        $crate::__id_stored!($name);

        impl std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> Result<Self, $crate::IdError> {
                let suffix = text
                    .strip_prefix(concat!($prefix, "_"))
                    .ok_or($crate::IdError::Prefix { expected: $prefix })?;
                $crate::__id::decode(suffix.as_bytes()).map($name).ok_or($crate::IdError::Suffix { expected: $prefix })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let suffix = $crate::__id::encode(self.0);
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(std::str::from_utf8(&suffix).expect("the alphabet is ASCII"))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

typed_ids! {
    /// Names an order.
    OrderId = "order";
    /// Names a capture: authorized money that is taken. Minted by the service that asks for it.
    CaptureId = "capture";
    /// Names goods of an order that leave together.
    FulfillmentId = "fulfillment";
    /// Names a cancellation of some units of an order; it is not on the wire.
    CancellationId = "cancellation";
    /// Names a refund of an order or a payment.
    RefundId = "refund";
    /// Names a reservation of stock; chosen by the caller of CreateReservation.
    ReservationId = "reservation";
    /// Names a payment.
    PaymentId = "payment";
    /// Names one attempt to have a provider do something.
    AttemptId = "attempt";
    /// Names a transfer between two ledger accounts; it is also the transfer's idempotency key.
    TransferId = "transfer";
    /// Names a ledger account.
    AccountId = "account";
    /// Names a product of the catalogue.
    ProductId = "product";
    /// Names a variant of a product, which a SKU identifies.
    VariantId = "variant";
    /// Names one price of a variant.
    PriceId = "price";
    /// Names a movement of stock.
    MovementId = "movement";
    /// Names an event.
    EventId = "event";
    /// Names work that goes on after the call that started it.
    OperationId = "operation";
    /// Names a customer: a person who buys, with or without an account.
    CustomerId = "customer";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn the_published_example_of_typeid_is_read_and_printed() {
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        let id = OrderId::from_uuid(uuid);
        assert_eq!(id.to_string(), "order_01h455vb4pex5vsknk084sn02q");
        assert_eq!("order_01h455vb4pex5vsknk084sn02q".parse(), Ok(id));
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_way_out() {
        assert_eq!(
            "refund_01h455vb4pex5vsknk084sn02q".parse::<OrderId>(),
            Err(IdError::Prefix { expected: "order" })
        );
        for wrong in [
            "order_",
            "order_01h455vb4pex5vsknk084sn02",
            "order_81h455vb4pex5vsknk084sn02q",
            "order_01H455VB4PEX5VSKNK084SN02Q",
            "order_01h455vb4pex5vsknk084sn02l",
        ] {
            assert_eq!(
                wrong.parse::<OrderId>(),
                Err(IdError::Suffix { expected: "order" }),
                "{wrong}"
            );
        }
        assert_eq!(OrderId::from_bytes(&[1; 15]), Err(IdError::Bytes));
    }

    #[test]
    fn the_id_of_a_step_is_the_same_for_the_same_parent_and_step_only() {
        let parent = OrderId::new(Timestamp::from_micros(1)).as_uuid();
        let reserve = ReservationId::of_step(parent, "reserve");
        assert_eq!(reserve, ReservationId::of_step(parent, "reserve"));
        assert_ne!(reserve, ReservationId::of_step(parent, "authorize"));
        assert_ne!(
            reserve,
            ReservationId::of_step(OrderId::new(Timestamp::from_micros(1)).as_uuid(), "reserve")
        );
    }

    #[test]
    fn the_steps_of_a_later_parent_sort_after_those_of_an_earlier_one() {
        let parents = [1_000_000, 2_000_000, 3_000_000]
            .map(|time| OrderId::new(Timestamp::from_micros(time)));
        let of_steps = parents.map(|parent| AttemptId::of_step(parent.as_uuid(), "attempt/1"));
        let of_their_steps = of_steps.map(|attempt| TransferId::of_step(attempt.as_uuid(), "hold"));
        assert!(of_steps.is_sorted() && of_their_steps.is_sorted());
        assert_eq!(of_steps[0].as_uuid().get_version_num(), 8);
    }

    #[test]
    fn minted_ids_sort_by_their_time() {
        let earlier = OrderId::new(Timestamp::from_micros(1_000_000));
        let later = OrderId::new(Timestamp::from_micros(2_000_000));
        assert!(earlier < later && earlier.to_string() < later.to_string());
        assert_eq!(earlier.as_uuid().get_version_num(), 7);
    }

    proptest! {
        #[test]
        fn every_uuid_survives_text_and_bytes(number: u128) {
            let id = TransferId::from_uuid(Uuid::from_u128(number));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(TransferId::from_bytes(&id.to_bytes()), Ok(id));
        }
    }
}
