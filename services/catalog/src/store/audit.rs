//! The audit of the catalogue's database: what must never be found, and how much there is.

use souk_data::{Reader, args};
use souk_types::{PriceId, ProductId, VariantId};

use crate::error::Error;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The invariant, in words that do not change.
    pub invariant: &'static str,
    /// The id that breaks it.
    pub subject: String,
    /// What was found.
    pub detail: String,
}

/// The most findings of one audit.
pub const MAX_FINDINGS: usize = 1000;

#[derive(Clone, Copy)]
enum Subject {
    Product,
    Variant,
    Price,
}

/// What must never be found: its name, what a finding is, whose id the query answers, and the query.
const INVARIANTS: [(&str, &str, Subject, &str); 8] = [
    (
        "every variant has its product",
        "its product is missing",
        Subject::Variant,
        "SELECT v.variant_id AS id FROM variants v LEFT JOIN products p ON p.product_id = v.product_id
         WHERE p.product_id IS NULL",
    ),
    (
        "every price has its variant",
        "its variant is missing",
        Subject::Price,
        "SELECT r.price_id AS id FROM prices r LEFT JOIN variants v ON v.variant_id = r.variant_id
         WHERE v.variant_id IS NULL",
    ),
    (
        "every default price exists",
        "a default names a price that is missing",
        Subject::Variant,
        "SELECT d.variant_id AS id FROM default_prices d LEFT JOIN prices r ON r.price_id = d.price_id
         WHERE r.price_id IS NULL",
    ),
    (
        "a default price belongs to its variant and currency",
        "it is the default of another variant or currency",
        Subject::Price,
        "SELECT d.price_id AS id FROM default_prices d JOIN prices r ON r.price_id = d.price_id
         WHERE r.variant_id <> d.variant_id OR r.currency_code <> d.currency_code",
    ),
    (
        "a default price is not archived",
        "it is a default and archived",
        Subject::Price,
        "SELECT d.price_id AS id FROM default_prices d JOIN prices r ON r.price_id = d.price_id
         WHERE r.archive_time IS NOT NULL",
    ),
    (
        "a variant with prices in a currency has a default in it",
        "it has prices in a currency and no default",
        Subject::Variant,
        "SELECT DISTINCT r.variant_id AS id FROM prices r
         LEFT JOIN default_prices d ON d.variant_id = r.variant_id AND d.currency_code = r.currency_code
         WHERE d.price_id IS NULL",
    ),
    (
        "a price lies between 0 and 1,000,000,000,000 minor units",
        "its amount is out of range",
        Subject::Price,
        "SELECT price_id AS id FROM prices WHERE minor_units < 0 OR minor_units > 1000000000000",
    ),
    (
        "a product has at most 100 variants",
        "it has more variants",
        Subject::Product,
        "SELECT product_id AS id FROM variants GROUP BY product_id HAVING COUNT(*) > 100",
    ),
];

/// Looks for everything that must not be; returns the findings and how much was looked at.
pub async fn audit(reader: &Reader) -> Result<(Vec<Finding>, [(&'static str, i64); 4]), Error> {
    let mut findings = vec![];
    for (invariant, detail, kind, sql) in INVARIANTS {
        let left = MAX_FINDINGS - findings.len();
        for row in reader.query(&format!("{sql} LIMIT $1"), args![left as i64]).await? {
            let subject = match kind {
                Subject::Product => row.get::<ProductId>("id")?.to_string(),
                Subject::Variant => row.get::<VariantId>("id")?.to_string(),
                Subject::Price => row.get::<PriceId>("id")?.to_string(),
            };
            findings.push(Finding { invariant, subject, detail: detail.to_owned() });
        }
    }
    let count = async |table: &str| -> Result<i64, Error> {
        let row = reader.query_row(&format!("SELECT COUNT(*) AS n FROM {table}"), args![]).await?;
        Ok(row.ok_or(Error::Unreadable("no count"))?.get("n")?)
    };
    let counts = [
        ("products", count("products").await?),
        ("variants", count("variants").await?),
        ("prices", count("prices").await?),
        ("default_prices", count("default_prices").await?),
    ];
    Ok((findings, counts))
}
