//! What can go wrong in the catalogue: each variant has one gRPC code and one reason of the contract.

use souk_client::catalog::v1::ErrorReason;
use souk_client::policy::v1::ErrorReason as CommonReason;
use souk_contract::PublicError;
use souk_types::{Currency, PriceId, ProductId};
use tonic::Code;

use crate::price::{NotForSale, Wanted};
use crate::product::State;
use crate::variant::{MAX_VARIANTS, VariantKey};

/// An item of ResolvePrices that cannot be sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub index: usize,
    pub wanted: Wanted,
    pub currency: Currency,
    pub why: NotForSale,
}

/// The most items that one answer names as not for sale.
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
    #[error("price {0} exists already")]
    PriceExists(PriceId),
    #[error("somebody else changed it first; its etag is now {present}")]
    EtagMismatch { present: String },
    #[error("product {product} cannot become {requested} while it is {state}")]
    ProductState { product: ProductId, state: State, requested: State },
    #[error("product {0} has {MAX_VARIANTS} variants, which is the most it may have")]
    TooManyVariants(ProductId),
    #[error("price {0} is archived")]
    PriceArchived(PriceId),
    #[error("price {0} is a default; make another price the default first")]
    PriceIsDefault(PriceId),
    #[error("{field}: must be 0 to 1,000,000,000,000 minor units")]
    AmountOutOfRange { field: String },
    #[error("update_mask: must name at least one field")]
    UpdateMaskEmpty,
    #[error("{field}: {text}")]
    Time { field: String, text: &'static str },
    #[error("{field}: {text}")]
    Field { field: &'static str, text: String },
    #[error("{field}: the answer would be larger than 3 MiB; ask for at most {fitting} of these at once")]
    AnswerTooLarge { field: &'static str, fitting: usize },
    #[error("an import takes at most {0} items a call; the first {0} were dealt with")]
    TooManyItems(usize),
    /// At least one item, the first first.
    #[error("{}", text_of_first(.0))]
    Unresolved(Vec<Unresolved>),
    #[error("the database holds {0}, which no version of this program writes")]
    Unreadable(&'static str),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
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
            (NotForSale::NoPrice | NotForSale::NoVariant, Wanted::Price(id)) => format!("price {id} does not exist"),
            (NotForSale::NoPrice, Wanted::Sku(sku)) => format!("sku {sku} has no price in {}", self.currency),
            (NotForSale::Archived(id), _) => format!("price {id} is archived"),
            (NotForSale::OtherCurrency(id, other), _) => format!("price {id} is in {other}, not in {}", self.currency),
            (NotForSale::ProductState(sku, state), _) => format!("sku {sku} is not for sale: its product is {state}"),
        }
    }

    fn code(&self) -> Code {
        match self.why {
            NotForSale::NoVariant | NotForSale::NoPrice => Code::NotFound,
            NotForSale::Archived(_) | NotForSale::OtherCurrency(..) | NotForSale::ProductState(..) => {
                Code::FailedPrecondition
            }
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.why {
            NotForSale::NoVariant => ErrorReason::VariantNotFound,
            NotForSale::NoPrice => ErrorReason::PriceNotFound,
            NotForSale::Archived(_) => ErrorReason::PriceArchived,
            NotForSale::OtherCurrency(..) => ErrorReason::CurrencyMismatch,
            NotForSale::ProductState(..) => ErrorReason::ProductNotForSale,
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let mut all = vec![pair("item_index", self.index), pair("field", self.field())];
        all.push(match &self.wanted {
            Wanted::Sku(sku) => pair("sku", sku),
            Wanted::Price(id) => pair("price_id", id),
        });
        match &self.why {
            NotForSale::NoPrice => all.push(pair("currency_code", self.currency)),
            NotForSale::OtherCurrency(_, other) => all.push(pair("currency_code", other)),
            NotForSale::ProductState(sku, state) => {
                if matches!(self.wanted, Wanted::Price(_)) {
                    all.push(pair("sku", sku));
                }
                all.push(pair("state", state));
            }
            NotForSale::Archived(id) if matches!(self.wanted, Wanted::Sku(_)) => all.push(pair("price_id", id)),
            NotForSale::NoVariant | NotForSale::Archived(_) => {}
        }
        all
    }
}

fn pair(key: &str, value: impl ToString) -> (String, String) {
    (key.to_owned(), value.to_string())
}

impl Error {
    /// Returns the reason of the contract; none for what every service can answer.
    pub fn own_reason(&self) -> Option<ErrorReason> {
        Some(match self {
            Error::ProductNotFound(_) => ErrorReason::ProductNotFound,
            Error::VariantNotFound(_) => ErrorReason::VariantNotFound,
            Error::PriceNotFound(_) => ErrorReason::PriceNotFound,
            Error::SkuExists(_) => ErrorReason::SkuExists,
            Error::PriceExists(_) => ErrorReason::PriceExists,
            Error::EtagMismatch { .. } => ErrorReason::EtagMismatch,
            Error::ProductState { .. } => ErrorReason::ProductState,
            Error::TooManyVariants(_) => ErrorReason::TooManyVariants,
            Error::PriceArchived(_) => ErrorReason::PriceArchived,
            Error::PriceIsDefault(_) => ErrorReason::PriceIsDefault,
            Error::AmountOutOfRange { .. } => ErrorReason::AmountOutOfRange,
            Error::UpdateMaskEmpty => ErrorReason::UpdateMaskEmpty,
            Error::Time { .. } => ErrorReason::InvalidTime,
            Error::TooManyItems(_) => ErrorReason::TooManyItems,
            Error::Unresolved(unresolved) => unresolved[0].reason(),
            Error::Field { .. } | Error::AnswerTooLarge { .. } | Error::Unreadable(_) | Error::Database(_) => {
                return None;
            }
        })
    }

    /// Returns the field of the request that is at fault, if one is.
    pub fn field(&self) -> Option<&str> {
        match self {
            Error::AmountOutOfRange { field } | Error::Time { field, .. } => Some(field),
            Error::Field { field, .. } | Error::AnswerTooLarge { field, .. } => Some(field),
            Error::UpdateMaskEmpty => Some("update_mask"),
            _ => None,
        }
    }
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::ProductNotFound(_) | Error::VariantNotFound(_) | Error::PriceNotFound(_) => Code::NotFound,
            Error::SkuExists(_) | Error::PriceExists(_) => Code::AlreadyExists,
            Error::EtagMismatch { .. } => Code::Aborted,
            Error::ProductState { .. }
            | Error::TooManyVariants(_)
            | Error::PriceArchived(_)
            | Error::PriceIsDefault(_) => Code::FailedPrecondition,
            Error::AmountOutOfRange { .. }
            | Error::UpdateMaskEmpty
            | Error::Time { .. }
            | Error::Field { .. }
            | Error::AnswerTooLarge { .. }
            | Error::TooManyItems(_) => Code::InvalidArgument,
            Error::Unresolved(unresolved) => unresolved[0].code(),
            Error::Unreadable(_) => Code::Internal,
            Error::Database(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match (self.own_reason(), self) {
            (Some(reason), _) => reason.as_str_name(),
            (None, Error::Database(error)) => error.reason(),
            (None, Error::Field { .. } | Error::AnswerTooLarge { .. }) => CommonReason::InvalidField.as_str_name(),
            (None, _) => CommonReason::Internal.as_str_name(),
        }
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::Database(error) => error.domain(),
            Error::Unreadable(_) => "souk.policy.v1",
            _ => "souk.catalog.v1",
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        match self {
            Error::ProductNotFound(id) => vec![pair("product_id", id)],
            Error::VariantNotFound(VariantKey::Id(id)) => vec![pair("variant_id", id)],
            Error::VariantNotFound(VariantKey::Sku(sku)) | Error::SkuExists(sku) => vec![pair("sku", sku)],
            Error::PriceNotFound(id)
            | Error::PriceExists(id)
            | Error::PriceArchived(id)
            | Error::PriceIsDefault(id) => vec![pair("price_id", id)],
            Error::EtagMismatch { present } => vec![pair("etag", present)],
            Error::ProductState { product, state, requested } => {
                vec![pair("product_id", product), pair("state", state), pair("requested_state", requested)]
            }
            Error::TooManyVariants(product) => vec![pair("product_id", product), pair("limit", MAX_VARIANTS)],
            Error::TooManyItems(limit) => vec![pair("limit", limit)],
            Error::Unresolved(unresolved) => unresolved[0].metadata(),
            _ => vec![],
        }
    }

    fn describe(&self, details: &mut tonic_types::ErrorDetails) {
        if let Some(field) = self.field() {
            let text = self.to_string();
            let text = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
            details.add_bad_request_violation(field, text);
        }
        match self {
            Error::ProductNotFound(id) => {
                details.set_resource_info("souk.catalog.v1.Product", id.to_string(), "", "it does not exist");
            }
            Error::VariantNotFound(VariantKey::Id(id)) => {
                details.set_resource_info("souk.catalog.v1.Variant", id.to_string(), "", "it does not exist");
            }
            Error::PriceNotFound(id) => {
                details.set_resource_info("souk.catalog.v1.Price", id.to_string(), "", "it does not exist");
            }
            Error::Unresolved(unresolved) => {
                for item in unresolved.iter().take(MAX_UNRESOLVED) {
                    details.add_bad_request_violation(item.field(), item.text());
                }
            }
            Error::Database(error) => error.describe(details),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_is_not_for_sale_is_named_with_its_place() {
        let gbp: Currency = "GBP".parse().unwrap();
        let item = |index: usize, why| Unresolved { index, wanted: Wanted::Sku("TEA-1".into()), currency: gbp, why };
        let error = Error::Unresolved(vec![item(3, NotForSale::NoPrice), item(5, NotForSale::NoVariant)]);

        assert_eq!(error.to_string(), "items[3].sku: sku TEA-1 has no price in GBP (and 1 more)");
        assert_eq!((error.code(), error.reason()), (Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND"));
        let metadata = error.metadata();
        for (key, value) in [("item_index", "3"), ("field", "items[3].sku"), ("sku", "TEA-1"), ("currency_code", "GBP")]
        {
            assert!(metadata.contains(&pair(key, value)), "{key}");
        }
        let mut details = tonic_types::ErrorDetails::new();
        error.describe(&mut details);
        assert_eq!(details.bad_request().unwrap().field_violations[1].field, "items[5].sku");
    }

    #[test]
    fn a_field_at_fault_is_named_without_repeating_it_in_the_text() {
        let mut details = tonic_types::ErrorDetails::new();
        Error::AmountOutOfRange { field: "unit_price".into() }.describe(&mut details);
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert_eq!(violation.field, "unit_price");
        assert_eq!(violation.description, "must be 0 to 1,000,000,000,000 minor units");
    }
}
