//! The first write of an operation: the rules are asked, the slot of the payment is claimed and the attempt is put down, all at once.

use souk_data::{Tx, args};
use souk_types::{PaymentId, Timestamp};

use super::rows::{self, Slot};
use super::{CLAIMED, Claim, FREE, LEFT, Store, read};
use crate::attempt::{Attempt, Method, Stage};
use crate::error::Error;
use crate::events;
use crate::payment::{CaptureWish, NewPayment, Payment, Step};
use crate::refund::{Refund, RefundState, RefundWish};
use crate::state::State;

/// What is asked of a payment.
#[derive(Clone, Debug)]
pub enum Command {
    Create(NewPayment),
    Authorize(NewPayment),
    Confirm(Option<Method>),
    CompleteAction { approve: bool },
    Capture(CaptureWish),
    Void,
    Refund(RefundWish),
}

/// What became of the first write.
#[derive(Debug)]
pub enum Begun {
    /// There is nothing more to do; the payment as it stands.
    Settled(Box<Payment>),
    /// The attempt is ours to carry out.
    Started(Box<Claim>),
    /// An earlier attempt was left without an end and is ours to finish; then the command is begun again.
    Unfinished(Box<Claim>),
    /// Somebody is at work on an earlier attempt.
    Busy,
}

impl Store {
    /// Begins an operation, or finds that it was done, or says why it cannot be.
    pub async fn begin(&self, id: PaymentId, command: Command) -> Result<Begun, Error> {
        let store = self.clone();
        let now = self.clock.now();
        self.db
            .write_locked(move |tx| {
                let (store, command) = (store.clone(), command.clone());
                async move { store.begin_in(&tx, id, command, now).await }
            })
            .await
    }

    async fn begin_in(&self, tx: &Tx, id: PaymentId, command: Command, now: Timestamp) -> Result<Begun, Error> {
        if let Some(begun) = self.begin_new(tx, id, &command, now).await? {
            return Ok(begun);
        }
        let (payment, slot) = read::locked_payment(tx, id).await?.ok_or(Error::NotFound(id))?;
        if let Some(begun) = answer_repeat(tx, &payment, &command, now).await? {
            return Ok(begun);
        }
        let mut unresolved = None;
        match slot.state {
            FREE => {}
            CLAIMED if slot.due_time.is_some_and(|due| due > now) => return Ok(Begun::Busy),
            _ => {
                let attempt = read::attempt(tx, id, payment.attempts).await?;
                let can_be_taken_back = attempt.kind.is_authorization() && attempt.stage != Stage::LedgerDue;
                if !(matches!(command, Command::Void) && can_be_taken_back) {
                    return Ok(Begun::Unfinished(Box::new(self.claim_in(tx, payment, attempt, slot, now).await?)));
                }
                unresolved = Some(attempt);
            }
        }
        let step = match &command {
            Command::Create(_) => Step::Nothing,
            Command::Authorize(_) => payment.clone().authorize_again(now)?,
            Command::Confirm(method) => payment.clone().confirm(method.clone(), now)?,
            Command::CompleteAction { approve } => payment.clone().complete_action(*approve, now)?,
            Command::Capture(wish) => payment.clone().capture(wish, None, now)?,
            Command::Void => payment.clone().void(unresolved.as_ref(), now)?,
            Command::Refund(wish) => payment.clone().refund(wish, now)?,
        };
        match step {
            Step::Nothing => Ok(Begun::Settled(Box::new(payment))),
            Step::Change(mut changed) => {
                changed.update_time = now;
                let slot = Slot { state: FREE, epoch: slot.epoch + 1, due_time: None };
                rows::update_payment(tx, &changed, slot, slot.epoch - 1).await?;
                events::append_changed(tx, &changed, now).await?;
                Ok(Begun::Settled(Box::new(changed)))
            }
            Step::Ask(mut asking, attempt) => {
                asking.update_time = now;
                if let Some(mut superseded) = unresolved {
                    superseded.stage = Stage::Superseded;
                    rows::update_attempt(tx, &superseded).await?;
                }
                if let Command::Refund(wish) = &command {
                    insert_refund(tx, &asking, &attempt, wish).await?;
                }
                let claimed = self.claimed(slot.epoch + 1, now);
                rows::update_payment(tx, &asking, claimed, slot.epoch).await?;
                rows::insert_attempt(tx, &attempt).await?;
                let claim = Claim { payment: asking, attempt, epoch: claimed.epoch, is_resumed: false };
                Ok(Begun::Started(Box::new(claim)))
            }
        }
    }

    /// Makes what the command creates, unless the id is taken: a payment, a payment under way, or a tombstone.
    async fn begin_new(
        &self,
        tx: &Tx,
        id: PaymentId,
        command: &Command,
        now: Timestamp,
    ) -> Result<Option<Begun>, Error> {
        let (payment, attempt) = match command {
            Command::Create(new) => (Payment::create(new.clone(), now), None),
            Command::Authorize(new) => match Payment::create(new.clone(), now).confirm(None, now)? {
                Step::Ask(payment, attempt) => (payment, Some(attempt)),
                Step::Change(payment) => (payment, None),
                Step::Nothing => return Ok(None),
            },
            // An unknown id is rare: look first, so that no row is locked for nothing.
            Command::Void if !read::exists(tx, id).await? => (Payment::tombstone(id, now), None),
            _ => return Ok(None),
        };
        let slot = match attempt {
            Some(_) => self.claimed(1, now),
            None => Slot { state: FREE, epoch: 0, due_time: None },
        };
        if !rows::insert_payment(tx, &payment, slot).await? {
            return Ok(None);
        }
        let Some(attempt) = attempt else {
            events::append_changed(tx, &payment, now).await?;
            return Ok(Some(Begun::Settled(Box::new(payment))));
        };
        rows::insert_attempt(tx, &attempt).await?;
        Ok(Some(Begun::Started(Box::new(Claim { payment, attempt, epoch: slot.epoch, is_resumed: false }))))
    }

    fn claimed(&self, epoch: i64, now: Timestamp) -> Slot {
        Slot { state: CLAIMED, epoch, due_time: Some(now.plus(self.lease)) }
    }

    /// Claims an attempt that was left without an end. The row of the payment is locked.
    pub(super) async fn claim_in(
        &self,
        tx: &Tx,
        payment: Payment,
        attempt: Attempt,
        slot: Slot,
        now: Timestamp,
    ) -> Result<Claim, Error> {
        let claimed = self.claimed(slot.epoch + 1, now);
        tx.execute(
            "UPDATE payments SET slot = $1, epoch = $2, due_time = $3 WHERE payment_id = $4 AND epoch = $5",
            args![claimed.state, claimed.epoch, claimed.due_time, payment.id, slot.epoch],
        )
        .await?;
        Ok(Claim { payment, attempt, epoch: claimed.epoch, is_resumed: true })
    }

    /// Claims the attempt of a payment that waits to be taken up, if it still does.
    pub async fn claim_left(&self, id: PaymentId) -> Result<Option<Claim>, Error> {
        let store = self.clone();
        let now = self.clock.now();
        self.db
            .write_locked(move |tx| {
                let store = store.clone();
                async move {
                    let Some((payment, slot)) = read::locked_payment(&tx, id).await? else { return Ok(None) };
                    let is_due = slot.due_time.is_some_and(|due| due <= now);
                    if !(matches!(slot.state, CLAIMED | LEFT) && is_due) {
                        return Ok(None);
                    }
                    let attempt = read::attempt(&tx, id, payment.attempts).await?;
                    store.claim_in(&tx, payment, attempt, slot, now).await.map(Some)
                }
            })
            .await
    }
}

/// Answers a command that was carried out before, or refuses it because its key means something else.
async fn answer_repeat(tx: &Tx, payment: &Payment, command: &Command, now: Timestamp) -> Result<Option<Begun>, Error> {
    match command {
        Command::Create(new) => payment.is_repeated_by(new, false)?,
        Command::Authorize(new) => {
            if !payment.is_tombstone() && payment.state == State::Canceled {
                return Err(payment.refused());
            }
            payment.is_repeated_by(new, true)?;
        }
        // With one attempt at most there was no capture yet.
        Command::Capture(wish) if payment.attempts > 1 => {
            let Some(before) = read::capture(tx, payment.id, &wish.request_id).await? else { return Ok(None) };
            if before.capture != Some(wish.key()) || before.stage.is_final() {
                payment.clone().capture(wish, Some(&before), now)?;
                return Ok(Some(Begun::Settled(Box::new(payment.clone()))));
            }
        }
        Command::Refund(wish) => {
            let Some(before) = read::refund(tx, wish.id).await? else { return Ok(None) };
            before.is_repeated_by(payment.id, wish)?;
            match before.state {
                RefundState::Pending => {}
                RefundState::Succeeded => return Ok(Some(Begun::Settled(Box::new(payment.clone())))),
                RefundState::Failed => {
                    let attempt = read::attempt(tx, payment.id, before.attempt).await?;
                    let decline = attempt.decline.ok_or(Error::Unreadable("a failed refund without a reason"))?;
                    return Err(Error::Declined { payment: payment.id, decline });
                }
            }
        }
        _ => {}
    }
    Ok(None)
}

async fn insert_refund(tx: &Tx, payment: &Payment, attempt: &Attempt, wish: &RefundWish) -> Result<(), Error> {
    let refund = Refund {
        id: wish.id,
        payment: payment.id,
        amount: wish.amount,
        state: RefundState::Pending,
        attempt: attempt.number,
        create_time: attempt.create_time,
        effective_time: attempt.effective_time,
    };
    let inserted = tx
        .execute(
            "INSERT INTO refunds (refund_id, payment_id, currency_code, amount_minor, state, attempt_number, create_time,
                 effective_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (refund_id) DO NOTHING",
            args![
                refund.id,
                refund.payment,
                refund.amount.currency.as_str(),
                refund.amount.minor,
                refund.state as i64,
                refund.attempt,
                refund.create_time,
                refund.effective_time,
            ],
        )
        .await?;
    // Another payment took the id in this very moment.
    if inserted == 1 { Ok(()) } else { Err(Error::RefundDiffers(refund.id)) }
}
