//! What the audit reads.

use souk_data::{Reader, args};
use souk_types::{Currency, PaymentId};

use super::rows::{self, PAYMENT_COLUMNS, REFUND_COLUMNS};
use super::{Page, Store, read};
use crate::attempt::Attempt;
use crate::error::Error;
use crate::payment::Payment;
use crate::refund::Refund;

/// A payment with everything that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    pub payment: Payment,
    pub attempts: Vec<Attempt>,
    pub refunds: Vec<Refund>,
}

/// The sums over all payments of one currency, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    pub currency: Currency,
    pub held: i64,
    pub captured: i64,
    pub refunded: i64,
    pub fees: i64,
}

impl Store {
    /// Returns payments with their attempts and refunds, by id, on one state of the data.
    pub async fn audited(&self, page: Page<PaymentId>) -> Result<Vec<Audited>, Error> {
        self.db
            .snapshot(move |reader| async move {
                let after = page.after.map_or_else(Vec::new, PaymentId::to_bytes);
                let sql = format!(
                    "SELECT {PAYMENT_COLUMNS} FROM payments WHERE payment_id > $1 ORDER BY payment_id LIMIT $2"
                );
                let rows = reader.query(&sql, args![after, page.size as i64]).await?;
                let mut payments = Vec::with_capacity(rows.len());
                for row in &rows {
                    payments.push(rows::payment_of(row)?.0);
                }
                with_parts(&reader, payments).await
            })
            .await
    }

    /// Returns one payment with its attempts and refunds.
    pub async fn audited_one(&self, id: PaymentId) -> Result<Option<Audited>, Error> {
        self.db
            .snapshot(move |reader| async move {
                let payments = read::payment(&reader, id).await?.into_iter().collect();
                Ok(with_parts(&reader, payments).await?.pop())
            })
            .await
    }

    /// Returns the sums over all payments by currency, and none while any operation is in flight.
    pub async fn totals(&self) -> Result<Option<Vec<Totals>>, Error> {
        self.db
            .snapshot(|reader| async move {
                let sql = "SELECT COUNT(*) AS in_flight FROM payments WHERE slot > 0";
                let row = reader.query_row(sql, args![]).await?;
                if row.map_or(Ok(0), |row| row.get::<i64>("in_flight"))? > 0 {
                    return Ok(None);
                }
                let sql = "SELECT currency_code, CAST(SUM(authorized_minor - captured_minor) AS BIGINT) AS held,
                               CAST(SUM(captured_minor) AS BIGINT) AS captured,
                               CAST(SUM(refunded_minor) AS BIGINT) AS refunded, CAST(SUM(fees_minor) AS BIGINT) AS fees
                           FROM payments WHERE order_id IS NOT NULL GROUP BY currency_code ORDER BY currency_code";
                let rows = reader.query(sql, args![]).await?;
                let totals: Result<Vec<Totals>, Error> = rows
                    .iter()
                    .map(|row| {
                        let currency: String = row.get("currency_code")?;
                        Ok(Totals {
                            currency: currency.parse().map_err(|_| Error::Unreadable("a currency"))?,
                            held: row.get("held")?,
                            captured: row.get("captured")?,
                            refunded: row.get("refunded")?,
                            fees: row.get("fees")?,
                        })
                    })
                    .collect();
                totals.map(Some)
            })
            .await
    }
}

async fn with_parts(reader: &Reader, payments: Vec<Payment>) -> Result<Vec<Audited>, Error> {
    let ids: Vec<PaymentId> = payments.iter().map(|payment| payment.id).collect();
    let mut attempts = read::attempts(reader, &ids).await?.into_iter().peekable();
    let mut refunds = refunds_of(reader, &payments).await?.into_iter().peekable();
    let mut audited = Vec::with_capacity(payments.len());
    for payment in payments {
        let mut parts = Audited { attempts: vec![], refunds: vec![], payment };
        while let Some(attempt) = attempts.next_if(|attempt| attempt.payment == parts.payment.id) {
            parts.attempts.push(attempt);
        }
        while let Some(refund) = refunds.next_if(|refund| refund.payment == parts.payment.id) {
            parts.refunds.push(refund);
        }
        audited.push(parts);
    }
    Ok(audited)
}

/// Returns the refunds of payments, by payment.
async fn refunds_of(reader: &Reader, payments: &[Payment]) -> Result<Vec<Refund>, Error> {
    let (Some(first), Some(last)) = (payments.first(), payments.last()) else { return Ok(vec![]) };
    let sql = format!(
        "SELECT {REFUND_COLUMNS} FROM refunds WHERE payment_id >= $1 AND payment_id <= $2 ORDER BY payment_id, refund_id"
    );
    reader.query(&sql, args![first.id, last.id]).await?.iter().map(rows::refund_of).collect()
}
