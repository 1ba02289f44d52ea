//! Reading payments, attempts and refunds.

use souk_data::{Reader, ToArg, Tx, args};
use souk_types::{PaymentId, RefundId};

use super::Store;
use super::rows::{self, ATTEMPT_COLUMNS, PAYMENT_COLUMNS, REFUND_COLUMNS, Slot};
use crate::attempt::{Attempt, Stage};
use crate::error::Error;
use crate::payment::Payment;
use crate::refund::Refund;

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The last row of the page before.
    pub after: Option<T>,
    pub size: usize,
}

impl Store {
    /// Returns one payment.
    pub async fn payment(&self, id: PaymentId) -> Result<Payment, Error> {
        payment(&self.db.read(), id).await?.ok_or(Error::NotFound(id))
    }

    /// Returns one payment with all its attempts, as of one moment.
    pub async fn with_attempts(&self, id: PaymentId) -> Result<(Payment, Vec<Attempt>), Error> {
        self.db
            .snapshot(move |reader| async move {
                let payment = payment(&reader, id).await?.ok_or(Error::NotFound(id))?;
                Ok((payment, attempts(&reader, &[id]).await?))
            })
            .await
    }

    /// Returns whether the last thing that a payment did, before it was taken back, was to wait for its customer.
    pub async fn waited_for_its_customer(&self, id: PaymentId) -> Result<bool, Error> {
        let sql = "SELECT a.stage FROM payments p JOIN attempts a
                   ON a.payment_id = p.payment_id AND a.attempt_number = p.attempts - 1 WHERE p.payment_id = $1";
        let row = self.db.read().query_row(sql, args![id]).await?;
        Ok(row.map(|row| row.get::<i64>("stage")).transpose()? == Some(Stage::ActionRequired as i64))
    }

    /// Returns one refund.
    pub async fn refund(&self, id: RefundId) -> Result<Option<Refund>, Error> {
        refund(&self.db.read(), id).await
    }

    /// Returns payments by id, and whether more follow.
    pub async fn payments(&self, page: Page<PaymentId>) -> Result<(Vec<Payment>, bool), Error> {
        let after = page.after.map_or_else(Vec::new, PaymentId::to_bytes);
        let sql = format!("SELECT {PAYMENT_COLUMNS} FROM payments WHERE payment_id > $1 ORDER BY payment_id LIMIT $2");
        let rows = self.db.read().query(&sql, args![after, page.size as i64 + 1]).await?;
        let mut payments = Vec::with_capacity(rows.len());
        for row in &rows {
            payments.push(rows::payment_of(row)?.0);
        }
        Ok(cut(payments, page.size))
    }

    /// Returns refunds by id, of one payment or of all, and whether more follow.
    pub async fn refunds(
        &self,
        payment: Option<PaymentId>,
        page: Page<RefundId>,
    ) -> Result<(Vec<Refund>, bool), Error> {
        let after = page.after.map_or_else(Vec::new, RefundId::to_bytes);
        let limit = page.size as i64 + 1;
        let rows = match payment {
            Some(payment) => {
                let sql = format!(
                    "SELECT {REFUND_COLUMNS} FROM refunds WHERE payment_id = $1 AND refund_id > $2
                     ORDER BY refund_id LIMIT $3"
                );
                self.db.read().query(&sql, args![payment, after, limit]).await?
            }
            None => {
                let sql =
                    format!("SELECT {REFUND_COLUMNS} FROM refunds WHERE refund_id > $1 ORDER BY refund_id LIMIT $2");
                self.db.read().query(&sql, args![after, limit]).await?
            }
        };
        let refunds: Result<Vec<Refund>, Error> = rows.iter().map(rows::refund_of).collect();
        Ok(cut(refunds?, page.size))
    }

    /// Returns payments whose operation waits to be taken up, the longest waiting first.
    pub async fn due(&self, limit: usize) -> Result<Vec<PaymentId>, Error> {
        let sql = "SELECT payment_id FROM payments WHERE slot > 0 AND due_time <= $1 ORDER BY due_time LIMIT $2";
        let rows = self.db.read().query(sql, args![self.clock.now(), limit as i64]).await?;
        rows.iter().map(|row| Ok(row.get("payment_id")?)).collect()
    }
}

fn cut<T>(mut rows: Vec<T>, size: usize) -> (Vec<T>, bool) {
    let has_more = rows.len() > size;
    rows.truncate(size);
    (rows, has_more)
}

pub(super) async fn payment(reader: &Reader, id: PaymentId) -> Result<Option<Payment>, Error> {
    let sql = format!("SELECT {PAYMENT_COLUMNS} FROM payments WHERE payment_id = $1");
    let row = reader.query_row(&sql, args![id]).await?;
    row.map(|row| rows::payment_of(&row).map(|(payment, _)| payment)).transpose()
}

pub(super) async fn exists(reader: &Reader, id: PaymentId) -> Result<bool, Error> {
    Ok(reader.query_row("SELECT 1 AS one FROM payments WHERE payment_id = $1", args![id]).await?.is_some())
}

/// Returns a payment and its slot, and locks it until the end of the write.
pub(super) async fn locked_payment(tx: &Tx, id: PaymentId) -> Result<Option<(Payment, Slot)>, Error> {
    let sql = format!("SELECT {PAYMENT_COLUMNS} FROM payments WHERE payment_id = $1{}", tx.lock_rows());
    tx.query_row(&sql, args![id]).await?.as_ref().map(rows::payment_of).transpose()
}

pub(super) async fn attempt(reader: &Reader, id: PaymentId, number: i64) -> Result<Attempt, Error> {
    let sql = format!("SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE payment_id = $1 AND attempt_number = $2");
    let row = reader.query_row(&sql, args![id, number]).await?;
    rows::attempt_of(&row.ok_or(Error::Unreadable("a payment whose last attempt is missing"))?)
}

pub(super) async fn capture(reader: &Reader, id: PaymentId, request_id: &str) -> Result<Option<Attempt>, Error> {
    let sql = format!("SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE payment_id = $1 AND request_id = $2");
    reader.query_row(&sql, args![id, request_id]).await?.as_ref().map(rows::attempt_of).transpose()
}

pub(super) async fn refund(reader: &Reader, id: RefundId) -> Result<Option<Refund>, Error> {
    let sql = format!("SELECT {REFUND_COLUMNS} FROM refunds WHERE refund_id = $1");
    reader.query_row(&sql, args![id]).await?.as_ref().map(rows::refund_of).transpose()
}

/// Returns all attempts of these payments, by payment and number.
pub(super) async fn attempts(reader: &Reader, payments: &[PaymentId]) -> Result<Vec<Attempt>, Error> {
    if payments.is_empty() {
        return Ok(vec![]);
    }
    let args: Vec<_> = payments.iter().map(ToArg::to_arg).collect();
    let sql = format!(
        "SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE payment_id IN {} ORDER BY payment_id, attempt_number",
        souk_data::placeholders(1, 1, payments.len())
    );
    reader.query(&sql, &args).await?.iter().map(rows::attempt_of).collect()
}
