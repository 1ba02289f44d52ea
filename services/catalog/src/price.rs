//! The rules of a price, and of what an item costs. Pure.

use souk_contract::FieldError;
use souk_types::{Currency, Money, PriceId, ProductId, Timestamp, VariantId};

use crate::error::Error;
use crate::item::{NotForSale, Wanted};
use crate::price_audience::PriceAudience;
use crate::product::{Audience, Labels};
use crate::state::State;
use crate::variant_state::VariantState;

/// The channel of a call that names none.
pub const DEFAULT_CHANNEL: &str = "default";

/// The largest amount of a price, in minor units.
pub const MAX_MINOR_UNITS: i64 = 1_000_000_000_000;

/// One price of a variant.
///
/// **Invariant:** nothing of it changes but that it is archived, and a default is for everyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub id: PriceId,
    pub variant: VariantId,
    pub sku: String,
    pub product: ProductId,
    /// The state of its product, which decides who sees it.
    pub product_state: State,
    pub amount: Money,
    /// The channel that it is for; empty is every channel.
    pub channel: String,
    pub audience: PriceAudience,
    pub is_default: bool,
    /// What an integration keeps with it.
    pub metadata: Labels,
    pub archive_time: Option<Timestamp>,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

impl Price {
    /// Returns whether it is for everyone now.
    pub fn is_public(&self) -> bool {
        self.audience.is_public(self.is_default)
    }

    /// Returns whether it is there for who reads.
    pub fn is_seen_by(&self, audience: Audience) -> bool {
        let is_on_offer = self.is_public() && self.archive_time.is_none();
        audience.sees(self.product_state) && (audience == Audience::Shop || is_on_offer)
    }

    /// Checks that the price can become the default of its variant, currency and channel.
    pub fn check_can_be_default(&self) -> Result<(), Error> {
        if self.archive_time.is_some() {
            return Err(Error::PriceArchived(self.id));
        }
        match self.audience {
            PriceAudience::Public | PriceAudience::WhileDefault => Ok(()),
            PriceAudience::Restricted => Err(Error::PriceRestricted(self.id)),
        }
    }

    /// Returns the price after it was archived; archiving it again keeps the first time.
    pub fn archive(mut self, at: Timestamp) -> Result<Self, Error> {
        if self.is_default {
            return Err(Error::PriceIsDefault(self.id));
        }
        self.archive_time.get_or_insert(at);
        Ok(self)
    }
}

/// Returns an amount that a price may have.
pub fn check_amount(field: &str, amount: Money) -> Result<Money, Error> {
    if (0..=MAX_MINOR_UNITS).contains(&amount.minor) {
        Ok(amount)
    } else {
        Err(FieldError::new(field, "must be 0 to 1,000,000,000,000 minor units").into())
    }
}

/// Returns the id of the price that an import makes; the contract (`ImportedVariant`) promises it.
pub fn imported_id(sku: &str, amount: Money, channel: &str) -> PriceId {
    let separator = if channel.is_empty() { "" } else { " " };
    let text = format!("{sku} {} {}{separator}{channel}", amount.currency, amount.minor);
    PriceId::derive(b"souk.catalog.price", &text)
}

/// What the catalogue has for something wanted: a variant, and the price it would be sold at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub variant: VariantId,
    pub product: ProductId,
    pub sku: String,
    pub product_title: String,
    pub variant_title: String,
    pub product_state: State,
    pub variant_state: VariantState,
    /// The default price in the currency and for the channel asked, or the price asked; absent when
    /// there is no default.
    pub price: Option<OfferedPrice>,
    /// The channel that the price is for; empty is every channel.
    pub channel: String,
}

/// The price of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedPrice {
    pub id: PriceId,
    pub amount: Money,
    pub audience: PriceAudience,
    pub is_archived: bool,
    /// It is the default of its variant, currency and channel.
    pub is_default: bool,
}

impl Offer {
    /// Returns whether it is there for who reads and wants this. A sku is sold to everyone at its
    /// default price.
    pub fn is_seen_by(&self, audience: Audience, wanted: &Wanted) -> bool {
        let is_restricted = matches!(wanted, Wanted::Price(_))
            && self.price.is_some_and(|price| !price.audience.is_public(price.is_default));
        audience.sees(self.product_state) && (audience == Audience::Shop || !is_restricted)
    }
}

/// Returns the price at which something wanted is sold in a currency and channel, or why it is not.
pub fn resolve(
    wanted: &Wanted,
    offer: Option<&Offer>,
    currency: Currency,
    channel: &str,
) -> Result<OfferedPrice, NotForSale> {
    let Some(offer) = offer else {
        return Err(match wanted {
            Wanted::Sku(_) => NotForSale::NoVariant,
            Wanted::Price(_) => NotForSale::NoPrice,
        });
    };
    // What is not for sale at all is so in every currency and channel.
    if offer.product_state != State::Active {
        return Err(NotForSale::ProductState(offer.sku.clone(), offer.product_state));
    }
    if offer.variant_state != VariantState::Active {
        return Err(NotForSale::VariantState(offer.sku.clone(), offer.variant_state));
    }
    let price = offer.price.ok_or(NotForSale::NoPrice)?;
    if price.amount.currency != currency {
        return Err(NotForSale::OtherCurrency(price.id, price.amount.currency));
    }
    if !offer.channel.is_empty() && offer.channel != channel {
        return Err(NotForSale::OtherChannel(price.id, offer.channel.clone()));
    }
    if price.is_archived {
        return Err(NotForSale::Archived(price.id));
    }
    Ok(price)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbp() -> Currency {
        "GBP".parse().unwrap()
    }

    fn price(minor: i64) -> Price {
        let at = Timestamp::from_micros(1);
        Price {
            id: imported_id("RUG-1", Money::new(gbp(), minor), ""),
            variant: crate::variant::imported_id("RUG-1"),
            sku: "RUG-1".into(),
            product: ProductId::derive(b"test", "rug"),
            product_state: State::Active,
            amount: Money::new(gbp(), minor),
            channel: String::new(),
            audience: PriceAudience::Public,
            is_default: false,
            metadata: Labels::new(),
            archive_time: None,
            create_time: at,
            effective_time: at,
        }
    }

    fn offer() -> Offer {
        Offer {
            variant: price(5).variant,
            product: price(5).product,
            sku: "RUG-1".into(),
            product_title: "Rug".into(),
            variant_title: String::new(),
            product_state: State::Active,
            variant_state: VariantState::Active,
            channel: String::new(),
            price: Some(OfferedPrice {
                id: price(5).id,
                amount: price(5).amount,
                audience: PriceAudience::Public,
                is_archived: false,
                is_default: true,
            }),
        }
    }

    #[test]
    fn amounts_lie_between_nothing_and_the_limit() {
        for (minor, allowed) in
            [(-1, false), (0, true), (MAX_MINOR_UNITS, true), (MAX_MINOR_UNITS + 1, false)]
        {
            assert_eq!(
                check_amount("unit_price", Money::new(gbp(), minor)).is_ok(),
                allowed,
                "{minor}"
            );
        }
    }

    #[test]
    fn a_default_price_is_not_archived_and_an_archived_one_is_no_default() {
        let first = Timestamp::from_micros(7);
        let second = Timestamp::from_micros(8);
        let archived = price(5).archive(first).unwrap().archive(second).unwrap();
        assert_eq!(archived.archive_time, Some(first));
        assert!(
            matches!(archived.check_can_be_default(), Err(Error::PriceArchived(id)) if id == archived.id)
        );
        let default = Price { is_default: true, ..price(5) };
        assert!(default.check_can_be_default().is_ok());
        assert!(matches!(default.archive(first), Err(Error::PriceIsDefault(_))));
    }

    #[test]
    fn a_restricted_price_is_no_default() {
        let restricted = Price { audience: PriceAudience::Restricted, ..price(5) };
        assert!(
            matches!(restricted.check_can_be_default(), Err(Error::PriceRestricted(id)) if id == restricted.id)
        );
    }

    #[test]
    fn the_public_sees_public_prices_that_are_in_use_and_the_shop_sees_all() {
        use PriceAudience::{Public, Restricted, WhileDefault};
        let archived = Some(Timestamp::from_micros(7));
        for (audience, is_default, archive_time, product_state, is_on_offer) in [
            (Public, false, None, State::Active, true),
            (Public, false, None, State::Archived, true),
            (Public, false, None, State::Draft, false),
            (Public, false, archived, State::Active, false),
            (Restricted, false, None, State::Active, false),
            (Restricted, false, archived, State::Active, false),
            (WhileDefault, true, None, State::Active, true),
            (WhileDefault, false, None, State::Active, false),
        ] {
            let price = Price { audience, is_default, archive_time, product_state, ..price(5) };
            assert_eq!(price.is_seen_by(Audience::Public), is_on_offer, "{price:?}");
            assert!(price.is_seen_by(Audience::Shop));
        }
    }

    #[test]
    fn a_restricted_price_is_offered_to_the_shop_only() {
        let price = OfferedPrice { audience: PriceAudience::Restricted, ..offer().price.unwrap() };
        let restricted = Offer { price: Some(price), ..offer() };
        let wanted = Wanted::Price(price.id);
        assert!(restricted.is_seen_by(Audience::Shop, &wanted));
        assert!(!restricted.is_seen_by(Audience::Public, &wanted));
        assert!(offer().is_seen_by(Audience::Public, &wanted));
    }

    #[test]
    fn imported_ids_differ_by_sku_currency_amount_and_channel() {
        let eur = Money::new("EUR".parse().unwrap(), 5);
        let ids = [
            imported_id("A", Money::new(gbp(), 5), ""),
            imported_id("A", Money::new(gbp(), 6), ""),
            imported_id("A", eur, ""),
            imported_id("B", eur, ""),
            imported_id("B", eur, "b2b"),
            imported_id("B", eur, "default"),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id));
        }
    }

    #[test]
    fn imported_ids_are_those_that_the_contract_promises() {
        // Computed by Python's uuid module, as the contract describes it.
        let amount = Money::new(gbp(), 255);
        let id = imported_id("85123A", amount, "");
        assert_eq!(id.to_string(), "price_0cf2e72vqta6nvcnbfj8dg3xvw");
        let id = imported_id("85123A", amount, "b2b");
        assert_eq!(id.to_string(), "price_2r43sa5q80bdc8wqz29vrkjrym");
    }

    #[test]
    fn an_offer_is_sold_at_its_price_in_its_currency_only() {
        let sku = Wanted::Sku("RUG-1".into());
        let by_id = Wanted::Price(price(5).id);
        let eur: Currency = "EUR".parse().unwrap();
        for wanted in [&sku, &by_id] {
            assert_eq!(
                resolve(wanted, Some(&offer()), gbp(), "b2b").map(|price| price.amount.minor),
                Ok(5)
            );
            assert_eq!(
                resolve(wanted, Some(&offer()), eur, "b2b"),
                Err(NotForSale::OtherCurrency(price(5).id, gbp()))
            );
        }
        assert_eq!(resolve(&sku, None, gbp(), ""), Err(NotForSale::NoVariant));
        assert_eq!(resolve(&by_id, None, gbp(), ""), Err(NotForSale::NoPrice));
        assert_eq!(
            resolve(&sku, Some(&Offer { price: None, ..offer() }), gbp(), ""),
            Err(NotForSale::NoPrice)
        );
        let of_b2b = Offer { channel: "b2b".into(), ..offer() };
        assert!(resolve(&by_id, Some(&of_b2b), gbp(), "b2b").is_ok());
        assert_eq!(
            resolve(&by_id, Some(&of_b2b), gbp(), DEFAULT_CHANNEL),
            Err(NotForSale::OtherChannel(price(5).id, "b2b".into()))
        );
    }

    #[test]
    fn what_is_not_active_and_archived_prices_are_not_sold() {
        let wanted = Wanted::Price(price(5).id);
        for state in [State::Draft, State::Archived] {
            let offer = Offer { product_state: state, ..offer() };
            let expected = NotForSale::ProductState("RUG-1".into(), state);
            assert_eq!(resolve(&wanted, Some(&offer), gbp(), ""), Err(expected));
        }
        for state in [VariantState::Disabled, VariantState::Archived] {
            let offer = Offer { variant_state: state, ..offer() };
            let expected = NotForSale::VariantState("RUG-1".into(), state);
            assert_eq!(resolve(&wanted, Some(&offer), gbp(), ""), Err(expected));
        }
        let price = OfferedPrice { is_archived: true, ..offer().price.unwrap() };
        let archived = Offer { price: Some(price), ..offer() };
        assert_eq!(
            resolve(&wanted, Some(&archived), gbp(), ""),
            Err(NotForSale::Archived(price.id))
        );
    }
}
