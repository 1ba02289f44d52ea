//! What can go wrong in the catalogue: each variant is one reason of the contract with its
//! metadata.

use souk_client::catalog::v1::ErrorReason as Reason;
use souk_contract::{FieldError, PublicError, Reason as _, Refusal, common};
use souk_types::{Currency, PriceId, ProductId};

use crate::item::{NotForSale, Wanted};
use crate::state::State;
use crate::variant_key::{MAX_VARIANTS, VariantKey};

/// An item of ResolvePrices that cannot be sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub index: usize,
    pub wanted: Wanted,
    pub currency: Currency,
    pub channel: String,
    pub why: NotForSale,
}

/// The most items that one response names as not for sale.
pub const MAX_UNRESOLVED: usize = 16;

/// Everything that a method of this service can answer instead of a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("product {0} does not exist")]
    ProductNotFound(ProductId),
    #[error("variant {} does not exist", text_of(.0))]
    VariantNotFound(VariantKey),
    #[error("price {0} does not exist")]
    PriceNotFound(PriceId),
    #[error("sku {0} belongs to another variant")]
    SkuExists(String),
    #[error("price {0} already exists")]
    PriceExists(PriceId),
    #[error("external key {key} belongs to product {product}")]
    ExternalKeyExists { key: String, product: ProductId },
    #[error("the etag is stale; the current one is {present}")]
    EtagMismatch { present: String },
    #[error("product {product} cannot become {requested} while it is {state}")]
    ProductState { product: ProductId, state: State, requested: State },
    #[error("product {0} has the maximum of {MAX_VARIANTS} variants that are not archived")]
    TooManyVariants(ProductId),
    #[error("price {0} is archived")]
    PriceArchived(PriceId),
    #[error("price {0} is a default; set another default or clear it first")]
    PriceIsDefault(PriceId),
    #[error("price {0} is restricted, and a default price is public")]
    PriceRestricted(PriceId),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("an import takes at most {0} items per call; nothing was imported")]
    TooManyItems(usize),
    #[error("an import takes at most {0} bytes per call; nothing was imported")]
    ImportTooLarge(usize),
    /// At least one item, the first first.
    #[error("{}", text_of_first(.0))]
    Unresolved(Vec<Unresolved>),
    #[error("the database holds an invalid value: {0}")]
    Unreadable(&'static str),
    /// The caller's stream broke off.
    #[error(transparent)]
    Stream(#[from] tonic::Status),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::Database(error.into())
    }
}

fn text_of(key: &VariantKey) -> String {
    match key {
        VariantKey::Id(id) => id.to_string(),
        VariantKey::Sku(sku) => format!("with sku {sku}"),
    }
}

fn text_of_first(unresolved: &[Unresolved]) -> String {
    let (first, more) = unresolved.split_first().expect("there is a first");
    match more.len() {
        0 => format!("{}: {}", first.field(), first.text()),
        more => format!("{}: {} (and {more} more)", first.field(), first.text()),
    }
}

impl Unresolved {
    fn field(&self) -> String {
        match self.wanted {
            Wanted::Sku(_) => format!("items[{}].sku", self.index),
            Wanted::Price(_) => format!("items[{}].price_id", self.index),
        }
    }

    fn text(&self) -> String {
        match (&self.why, &self.wanted) {
            (NotForSale::NoVariant, Wanted::Sku(sku)) => format!("no variant has the sku {sku}"),
            (NotForSale::NoPrice | NotForSale::NoVariant, Wanted::Price(id)) => {
                format!("price {id} does not exist")
            }
            (NotForSale::NoPrice, Wanted::Sku(sku)) => {
                format!("sku {sku} has no price in {} for {}", self.currency, self.channel)
            }
            (NotForSale::Archived(id), _) => format!("price {id} is archived"),
            (NotForSale::OtherCurrency(id, other), _) => {
                format!("price {id} is in {other}, not in {}", self.currency)
            }
            (NotForSale::OtherChannel(id, other), _) => {
                format!("price {id} is for the channel {other}, not for {}", self.channel)
            }
            (NotForSale::ProductState(sku, state), _) => {
                format!("sku {sku} is not for sale: its product is {state}")
            }
            (NotForSale::VariantState(sku, state), _) => {
                format!("sku {sku} is not for sale: it is {state}")
            }
        }
    }

    fn reason(&self) -> Reason {
        match self.why {
            NotForSale::NoVariant => Reason::VariantNotFound,
            NotForSale::NoPrice => Reason::PriceNotFound,
            NotForSale::Archived(_) => Reason::PriceArchived,
            NotForSale::OtherCurrency(..) => Reason::CurrencyMismatch,
            NotForSale::OtherChannel(..) => Reason::ChannelMismatch,
            NotForSale::ProductState(..) => Reason::ProductNotForSale,
            NotForSale::VariantState(..) => Reason::VariantNotForSale,
        }
    }

    fn refusal(&self) -> Refusal {
        let refusal = self.reason().with("item_index", self.index).with("field", self.field());
        let refusal = match &self.wanted {
            Wanted::Sku(sku) => refusal.with("sku", sku),
            Wanted::Price(id) => refusal.with("price_id", id),
        };
        match &self.why {
            NotForSale::NoVariant => refusal,
            NotForSale::NoPrice => {
                let refusal = refusal.with("currency_code", self.currency);
                match self.wanted {
                    Wanted::Sku(_) => refusal.with("channel", &self.channel),
                    Wanted::Price(_) => refusal,
                }
            }
            NotForSale::Archived(id) => refusal.with("price_id", id),
            NotForSale::OtherCurrency(_, other) => refusal.with("currency_code", other),
            NotForSale::OtherChannel(id, other) => {
                refusal.with("price_id", id).with("channel", other)
            }
            NotForSale::ProductState(sku, state) => refusal.with("sku", sku).with("state", state),
            NotForSale::VariantState(sku, state) => refusal.with("sku", sku).with("state", state),
        }
    }
}

impl Error {
    /// Returns the refusal of a field that has the right form and still cannot be used.
    pub fn field(field: &'static str, problem: impl ToString) -> Self {
        Error::Field(FieldError::new(field, problem))
    }
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::ProductNotFound(id) => {
                Reason::ProductNotFound.with("product_id", id).resource("Product", id)
            }
            Error::VariantNotFound(VariantKey::Id(id)) => {
                Reason::VariantNotFound.with("variant_id", id).resource("Variant", id)
            }
            Error::VariantNotFound(VariantKey::Sku(sku)) => {
                Reason::VariantNotFound.with("sku", sku)
            }
            Error::PriceNotFound(id) => {
                Reason::PriceNotFound.with("price_id", id).resource("Price", id)
            }
            Error::SkuExists(sku) => Reason::SkuExists.with("sku", sku),
            Error::PriceExists(id) => Reason::PriceExists.with("price_id", id),
            Error::ExternalKeyExists { key, product } => {
                Reason::ExternalKeyExists.with("external_key", key).with("product_id", product)
            }
            Error::EtagMismatch { present } => {
                Refusal::new(&common::ETAG_MISMATCH).with("etag", present)
            }
            Error::ProductState { product, state, requested } => Reason::ProductState
                .with("product_id", product)
                .with("state", state)
                .with("requested_state", requested),
            Error::TooManyVariants(product) => {
                Reason::TooManyVariants.with("product_id", product).with("limit", MAX_VARIANTS)
            }
            Error::PriceArchived(id) => Reason::PriceArchived.with("price_id", id),
            Error::PriceIsDefault(id) => Reason::PriceIsDefault.with("price_id", id),
            Error::PriceRestricted(id) => Reason::PriceRestricted.with("price_id", id),
            Error::Field(error) => error.refusal(),
            Error::TooManyItems(limit) => Reason::TooManyItems.with("limit", limit),
            Error::ImportTooLarge(limit) => Reason::ImportTooLarge.with("limit_bytes", limit),
            Error::Unresolved(unresolved) => not_for_sale(unresolved),
            Error::Unreadable(_) => Refusal::internal(),
            Error::Database(error) => error.refusal(),
            Error::Stream(status) => status.refusal(),
        }
    }
}

/// Lists each item that cannot be sold, with the reason and the metadata of the first.
fn not_for_sale(unresolved: &[Unresolved]) -> Refusal {
    let Some(first) = unresolved.first() else { return Refusal::internal() };
    let told = unresolved.iter().take(MAX_UNRESOLVED);
    told.fold(first.refusal(), |refusal, item| refusal.field(item.field(), item.text()))
}

#[cfg(test)]
mod tests {
    use souk_contract::status;
    use tonic::Code;
    use tonic_types::StatusExt;

    use super::*;
    use crate::variant_state::VariantState;

    #[test]
    fn an_item_that_is_not_for_sale_is_named_with_its_place() {
        let gbp: Currency = "GBP".parse().unwrap();
        let item = |index: usize, why| Unresolved {
            index,
            wanted: Wanted::Sku("TEA-1".into()),
            currency: gbp,
            channel: "web".into(),
            why,
        };
        let status = status(&Error::Unresolved(vec![
            item(3, NotForSale::NoPrice),
            item(5, NotForSale::NoVariant),
        ]));

        assert_eq!(status.code(), Code::NotFound);
        let text = "items[3].sku: sku TEA-1 has no price in GBP for web (and 1 more)";
        assert_eq!(status.message(), text);
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            (&*info.reason, &*info.domain),
            ("ERROR_REASON_PRICE_NOT_FOUND", "souk.catalog")
        );
        let facts = ["item_index", "field", "sku", "currency_code", "channel"]
            .map(|key| info.metadata[key].as_str());
        assert_eq!(facts, ["3", "items[3].sku", "TEA-1", "GBP", "web"]);
        assert_eq!(
            status.get_details_bad_request().unwrap().field_violations[1].field,
            "items[5].sku"
        );
    }

    #[test]
    fn whatever_is_not_for_sale_has_the_facts_that_the_contract_promises() {
        let (gbp, eur): (Currency, Currency) = ("GBP".parse().unwrap(), "EUR".parse().unwrap());
        let id = PriceId::derive(b"test", "tea");
        for why in [
            NotForSale::NoPrice,
            NotForSale::Archived(id),
            NotForSale::OtherCurrency(id, eur),
            NotForSale::OtherChannel(id, "b2b".into()),
            NotForSale::ProductState("TEA-1".into(), State::Draft),
            NotForSale::VariantState("TEA-1".into(), VariantState::Disabled),
        ] {
            for wanted in [Wanted::Sku("TEA-1".into()), Wanted::Price(id)] {
                // A debug build panics when facts and contract differ.
                status(&Error::Unresolved(vec![Unresolved {
                    index: 0,
                    wanted,
                    currency: gbp,
                    channel: "web".into(),
                    why: why.clone(),
                }]));
            }
        }
    }

    #[test]
    fn a_field_at_fault_is_named_without_repeating_it_in_the_text() {
        let problem = "must be 0 to 1,000,000,000,000 minor units";
        let status = status(&Error::field("unit_price", problem));
        let violation = &status.get_details_bad_request().unwrap().field_violations[0];
        assert_eq!((&*violation.field, &*violation.description), ("unit_price", problem));
    }
}
