//! The last write of an operation, and the ones that leave it for later. Each is refused to whoever was overtaken.

use souk_data::{Engine, args};
use souk_types::{PaymentId, Timestamp};

use super::rows::{self, Slot};
use super::{CLAIMED, Claim, FREE, LEFT, Store};
use crate::attempt::{Attempt, Kind, Stage};
use crate::error::Error;
use crate::events;
use crate::payment::Payment;
use crate::refund::RefundState;

impl Store {
    /// Puts the end of an attempt down: the payment, the attempt, the refund if it is one, the event. The slot is free again.
    pub async fn record(&self, mut payment: Payment, attempt: Attempt, epoch: i64) -> Result<Payment, Error> {
        let now = self.clock.now();
        payment.update_time = now;
        self.db
            .write_locked(move |tx| {
                let (payment, attempt) = (payment.clone(), attempt.clone());
                async move {
                    let slot = Slot { state: FREE, epoch, due_time: None };
                    if !rows::update_payment(&tx, &payment, slot, epoch).await? {
                        return Err(Error::LeaseLost(payment.id));
                    }
                    rows::update_attempt(&tx, &attempt).await?;
                    if let Some(refund) = attempt.refund {
                        let state = match attempt.stage {
                            Stage::Succeeded => RefundState::Succeeded,
                            _ => RefundState::Failed,
                        };
                        let sql = "UPDATE refunds SET state = $1 WHERE refund_id = $2";
                        tx.execute(sql, args![state as i64, refund]).await?;
                        events::append_refunded(&tx, &payment, &attempt, state, now).await?;
                    } else if attempt.kind != Kind::Capture || attempt.stage == Stage::Succeeded {
                        events::append_changed(&tx, &payment, now).await?;
                    }
                    Ok(payment)
                }
            })
            .await
    }

    /// Leaves an attempt without an end, to be taken up at `due_time` or by the next call.
    pub async fn leave(&self, claim: &Claim, stage: Stage, fee: i64, due_time: Timestamp) -> Result<(), Error> {
        let (id, epoch) = (claim.payment.id, claim.epoch);
        let attempt = Attempt { stage, fee, tries: claim.attempt.tries.saturating_add(1), ..claim.attempt.clone() };
        self.db
            .write_locked(move |tx| {
                let attempt = attempt.clone();
                async move {
                    let sql = "UPDATE payments SET slot = $1, due_time = $2 WHERE payment_id = $3 AND epoch = $4 AND slot = $5";
                    if tx.execute(sql, args![LEFT, due_time, id, epoch, CLAIMED]).await? == 0 {
                        return Err(Error::LeaseLost(id));
                    }
                    rows::update_attempt(&tx, &attempt).await
                }
            })
            .await
    }

    /// Gives a claim back whose holder is gone; nothing happens when it has ended or was overtaken.
    pub async fn free_claim(&self, id: PaymentId, epoch: i64) -> Result<(), Error> {
        let now = self.clock.now();
        self.db
            .write_locked(move |tx| async move {
                let sql =
                    "UPDATE payments SET slot = $1, due_time = $2 WHERE payment_id = $3 AND epoch = $4 AND slot = $5";
                tx.execute(sql, args![LEFT, now, id, epoch, CLAIMED]).await?;
                Ok(())
            })
            .await
    }

    /// Gives all claims back at the start. Only on SQLite, where no other process can have the file open: whoever held one is gone.
    pub async fn free_all_claims(&self) -> Result<(), Error> {
        if self.db.engine() != Engine::Sqlite {
            return Ok(());
        }
        let now = self.clock.now();
        self.db
            .write_locked(move |tx| async move {
                // The index holds the few rows whose slot is not free.
                let sql = "UPDATE payments SET slot = $1, due_time = $2 WHERE slot > 0 AND slot = $3";
                tx.execute(sql, args![LEFT, now, CLAIMED]).await?;
                Ok(())
            })
            .await
    }
}
