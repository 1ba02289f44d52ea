//! The step that catalog answers.

use souk_client::catalog::v1 as catalog;
use souk_types::Money;
use tonic::Status;
use tonic_types::StatusExt;

use super::response::{Refusals, fact, not_believed, refusal};
use super::{Upstream, leased};
use crate::answer::{Answer, Outcome};
use crate::error::Error;
use crate::order::{Item, Line, MAX_TOTAL, Order, RequestedLine};
use crate::reason::{FIELD, Reason};
use crate::saga::Saga;
use crate::store;

/// How many lines catalog prices in one call.
const ITEMS_AT_ONCE: usize = 1000;

/// The most characters of a sku.
const MAX_SKU: usize = 64;

const NOT_PRICED: &Refusals = &[
    ("ERROR_REASON_VARIANT_NOT_FOUND", Reason::VariantNotFound),
    ("ERROR_REASON_PRICE_NOT_FOUND", Reason::PriceNotFound),
    ("ERROR_REASON_CURRENCY_MISMATCH", Reason::CurrencyMismatch),
    ("ERROR_REASON_CHANNEL_MISMATCH", Reason::PriceNotFound),
    ("ERROR_REASON_PRODUCT_NOT_FOR_SALE", Reason::NotForSale),
    ("ERROR_REASON_VARIANT_NOT_FOR_SALE", Reason::NotForSale),
    ("ERROR_REASON_PRICE_ARCHIVED", Reason::PriceArchived),
];

impl Upstream {
    pub(super) async fn price(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let requested = store::order::requested(&self.db.read(), order.id).await?;
        let wanted = requested.lines()?;
        // A price that is not for everyone is not for a user.
        let only_public_prices = requested.public_prices != 0;
        let mut lines = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(ITEMS_AT_ONCE) {
            if let Err(answer) =
                self.price_some(saga, order, some, only_public_prices, &mut lines).await
            {
                return Ok(*answer);
            }
        }
        let mut priced = order.clone();
        if let Err(reason) = priced.price(lines) {
            let facts = match reason {
                Reason::PartialPaymentsExceedTotal => {
                    fact("total_minor_units", priced.total.map_or(0, |total| total.minor))
                }
                _ => fact("max_total_minor_units", MAX_TOTAL),
            };
            return Ok(Answer { facts, ..Answer::refused(reason) });
        }
        let total = priced.total.expect("it was just priced").minor;
        if requested.expected_minor.is_some_and(|expected| expected != total) {
            return Ok(Answer {
                facts: fact("total_minor_units", total),
                ..Answer::refused(Reason::PriceChanged)
            });
        }
        Ok(Answer { lines: priced.lines, ..Answer::of(Outcome::Done) })
    }

    /// Prices as many lines as catalog takes at once and adds them to `lines`; or says what keeps
    /// the order from being priced.
    async fn price_some(
        &self,
        saga: &Saga,
        order: &Order,
        requested: &[RequestedLine],
        only_public_prices: bool,
        lines: &mut Vec<Line>,
    ) -> Result<(), Box<Answer>> {
        use catalog::resolve_item::Item as Wire;
        let item = |line: &RequestedLine| match &line.item {
            Item::Sku(sku) => Wire::Sku(sku.clone()),
            Item::Price(id) => Wire::PriceId(id.to_string()),
        };
        let items =
            requested.iter().map(|line| catalog::ResolveItem { item: Some(item(line)) }).collect();
        let currency_code = order.currency.to_string();
        let channel = order.channel.clone();
        let request = catalog::ResolvePricesRequest { items, currency_code, channel };
        let prices = match self.catalog.clone().resolve_prices(leased(saga, request)).await {
            Ok(response) => response.into_inner().prices,
            Err(status) => {
                let mut answer = refusal(&status, NOT_PRICED, None);
                answer.facts.extend(lines_at_fault(&status, lines.len()));
                return Err(Box::new(answer));
            }
        };
        let not_believed = |what| Err(Box::new(not_believed(saga.step, what)));
        if prices.len() != requested.len() {
            return not_believed("a different number of prices than requested");
        }
        for (wanted, price) in requested.iter().zip(prices) {
            let is_asked = match &wanted.item {
                Item::Sku(sku) => price.sku == *sku,
                Item::Price(id) => {
                    price.price_id == id.to_string()
                        && (1..=MAX_SKU).contains(&price.sku.chars().count())
                }
            };
            let money = price.unit_price.and_then(|money| Money::try_from(money).ok());
            let (true, Some(unit_price), Ok(id)) = (is_asked, money, price.price_id.parse()) else {
                return not_believed("the price of another item");
            };
            if unit_price.currency != order.currency || unit_price.minor < 0 {
                return not_believed("a price in another currency, or a negative one");
            }
            let number = lines.len() as i64 + 1;
            let is_public = price.audience == catalog::PriceAudience::Public as i32;
            if only_public_prices && !is_public && matches!(wanted.item, Item::Price(_)) {
                let mut facts = fact("price_id", id);
                facts.extend(fact(FIELD, format!("lines[{}].price_id", number - 1)));
                return Err(Box::new(Answer { facts, ..Answer::refused(Reason::PriceNotAllowed) }));
            }
            lines.push(Line {
                number,
                sku: price.sku,
                price: id,
                product: price.product_id.parse().ok(),
                variant: price.variant_id.parse().ok(),
                title: price.title,
                quantity: wanted.quantity,
                unit_price,
                refunded: 0,
                returned: 0,
                fulfilled: 0,
                canceled: 0,
                canceled_minor: 0,
            });
        }
        Ok(())
    }
}

/// The most lines of a request that a refusal names, as catalog does.
const LINES_NAMED: usize = 16;

/// Returns the fields of the order's request that catalog found fault with, which numbered the
/// items of its own request: `items[2].sku` is `lines[1002].sku` in the second call.
fn lines_at_fault(status: &Status, before: usize) -> Vec<(String, String)> {
    let Some(details) = status.get_details_bad_request() else { return vec![] };
    let fields = details.field_violations.iter().filter_map(|violation| {
        let (index, field) = violation.field.strip_prefix("items[")?.split_once("].")?;
        let line = before + index.parse::<usize>().ok()?;
        Some((FIELD.to_owned(), format!("lines[{line}].{field}")))
    });
    fields.take(LINES_NAMED).collect()
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn the_lines_at_fault_are_those_of_the_order() {
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation("items[2].sku", "has no price");
        details.add_bad_request_violation("currency_code", "is odd");
        let status = Status::with_error_details(Code::NotFound, "no price", details);
        assert_eq!(
            lines_at_fault(&status, 1000),
            [(FIELD.to_owned(), "lines[1002].sku".to_owned())]
        );
    }
}
