//! The first write of an operation: asks the rules, claims the slot of the payment and adds the
//! attempt, all at once.

use souk_chassis::Caller;
use souk_data::Tx;
use souk_types::{PaymentId, Timestamp};

use super::claim::Claim;
use crate::attempt::{Attempt, SYSTEM, Stage};
use crate::error::{Error, instead};
use crate::events;
use crate::payment::{Confirmation, NewCapture, NewPayment, Payment, Step};
use crate::refund::{NewRefund, Refund, RefundState};
use crate::state::State;
use crate::store;
use crate::store::payment::{Slot, SlotState};

/// What is asked of a payment.
#[derive(Clone, Debug)]
pub enum Command {
    Create(NewPayment),
    Authorize(NewPayment),
    Confirm(Confirmation),
    CompleteAction {
        approve: bool,
    },
    Capture(NewCapture),
    Void,
    Refund(NewRefund),
    /// Finishes what an earlier call left, and nothing else.
    Finish,
    /// Ends an action or an authorisation that has expired.
    Expire,
    /// Ends an action, although it has time left.
    EndAction,
    /// The provider took back what the attempt of this number did.
    Reverse(i64),
}

/// What is asked of which payment.
pub struct Request {
    pub payment: PaymentId,
    pub command: Command,
    /// Who asks for it; none when this service itself does.
    pub caller: Option<Caller>,
    pub now: Timestamp,
    /// Until when a claim is good.
    pub claimed_until: Timestamp,
}

impl Command {
    /// Returns the method of orders that does the same to a payment of an order, which only its
    /// owner may change.
    fn instead(&self) -> Option<&'static str> {
        match self {
            Command::Confirm(_) => Some(instead::PLACE),
            Command::Capture(_) => Some(instead::GET),
            Command::Void => Some(instead::CANCEL),
            Command::Refund(_) => Some(instead::REFUND),
            _ => None,
        }
    }
}

impl Request {
    /// Returns who asks for it, as it is stored.
    fn actor(&self) -> String {
        self.caller.as_ref().map_or_else(|| SYSTEM.to_owned(), Caller::key)
    }

    /// Checks that the caller may change this payment: staff no payment of an order, a service none
    /// of another service.
    fn check_open(&self, payment: &Payment) -> Result<(), Error> {
        match (&self.caller, self.command.instead()) {
            (Some(caller), Some(instead)) if !payment.is_tombstone() => {
                payment.is_open_to(caller, instead)
            }
            _ => Ok(()),
        }
    }
}

/// The outcome of the first write.
#[derive(Debug)]
pub enum Start {
    /// Nothing is left to do; the current payment.
    Done(Box<Payment>),
    /// The attempt is ours to carry out.
    Run(Box<Claim>),
    /// An earlier attempt was left without an end and is ours to finish; then the command is begun
    /// again.
    FinishFirst(Box<Claim>),
    /// An earlier attempt is in progress.
    Busy,
}

/// Begins an operation, or finds that it was done, or says why it cannot be.
pub async fn begin(tx: &Tx, request: &Request) -> Result<Start, Error> {
    let Request { payment: id, command, now, claimed_until, .. } = request;
    if let Some(start) = create(tx, request).await? {
        return Ok(start);
    }
    let (payment, before) = store::payment::lock(tx, *id).await?.ok_or(Error::NotFound(*id))?;
    request.check_open(&payment)?;
    if let Some(start) = answer_repeat(tx, &payment, command, *now).await? {
        return Ok(start);
    }
    let mut unresolved = None;
    match before.state {
        SlotState::Free => {}
        SlotState::Claimed if before.due_time.is_some_and(|due| due > *now) => {
            return Ok(Start::Busy);
        }
        SlotState::Claimed | SlotState::Left => {
            let attempt = store::attempt::get(tx, *id, payment.attempts).await?;
            let can_be_taken_back =
                attempt.kind.is_authorization() && attempt.stage != Stage::LedgerDue;
            if !(matches!(command, Command::Void) && can_be_taken_back) {
                let claim = take_up(tx, payment, attempt, before, *claimed_until).await?;
                return Ok(Start::FinishFirst(Box::new(claim)));
            }
            unresolved = Some(attempt);
        }
    }
    let step = match command {
        Command::Create(_) => Step::Nothing,
        Command::Authorize(_) => payment.clone().authorize_again(*now)?,
        Command::Confirm(new) => payment.clone().confirm(new.clone(), *now)?,
        Command::CompleteAction { approve } => payment.clone().complete_action(*approve, *now)?,
        Command::Capture(new) => payment.clone().capture(new, None, *now)?,
        Command::Void => payment.clone().void(unresolved.as_ref(), *now)?,
        Command::Refund(new) => payment.clone().refund(new, *now)?,
        Command::Finish => Step::Nothing,
        Command::Expire => payment.clone().expire(*now)?,
        Command::EndAction => payment.clone().end_action(*now)?,
        Command::Reverse(number) => {
            let before = store::attempt::get(tx, *id, *number).await?;
            payment.clone().reverse(&before, *now)?
        }
    };
    match step {
        Step::Nothing => Ok(Start::Done(Box::new(payment))),
        Step::Change(mut changed) => {
            changed.update_time = *now;
            let after = Slot::free(before.epoch + 1);
            store::payment::update(tx, &payment, &changed, before.epoch, after).await?;
            events::append_changed(tx, &changed, Some(payment.state), None, &request.actor(), *now)
                .await?;
            Ok(Start::Done(Box::new(changed)))
        }
        Step::Ask(mut asking, mut attempt) => {
            attempt.actor = request.actor();
            asking.update_time = *now;
            if let Some(mut superseded) = unresolved {
                superseded.stage = Stage::Superseded;
                store::attempt::update(tx, &superseded).await?;
            }
            if let Command::Refund(new) = command {
                insert_refund(tx, &asking, &attempt, new).await?;
            }
            let after = Slot::claimed(before.epoch + 1, *claimed_until);
            store::payment::update(tx, &payment, &asking, before.epoch, after).await?;
            insert_attempt(tx, &attempt).await?;
            let claim = Claim { payment: asking, attempt, epoch: after.epoch, is_resumed: false };
            Ok(Start::Run(Box::new(claim)))
        }
    }
}

/// Makes what the command creates, unless the id is taken: a payment, a payment in progress, or a
/// tombstone.
async fn create(tx: &Tx, request: &Request) -> Result<Option<Start>, Error> {
    let now = request.now;
    let (payment, attempt) = match &request.command {
        Command::Create(new) => (Payment::create(with_owner(tx, new).await?, now), None),
        Command::Authorize(new) => match authorize(with_owner(tx, new).await?, now)? {
            Step::Ask(payment, attempt) => (payment, Some(attempt)),
            Step::Change(payment) => (payment, None),
            Step::Nothing => return Ok(None),
        },
        Command::Void => {
            // An unknown id is rare: look first, so that no row is locked for nothing.
            if store::payment::find(tx, request.payment).await?.is_some() {
                return Ok(None);
            }
            // Only a service may void one that has not arrived yet.
            if !matches!(request.caller, Some(Caller::Service(_))) {
                return Err(Error::NotFound(request.payment));
            }
            (Payment::tombstone(request.payment, now), None)
        }
        _ => return Ok(None),
    };
    let slot = match attempt {
        Some(_) => Slot::claimed(1, request.claimed_until),
        None => Slot::free(0),
    };
    if !store::payment::insert(tx, &payment, slot).await? {
        return Ok(None);
    }
    let Some(mut attempt) = attempt else {
        events::append_changed(tx, &payment, None, None, &request.actor(), now).await?;
        return Ok(Some(Start::Done(Box::new(payment))));
    };
    attempt.actor = request.actor();
    insert_attempt(tx, &attempt).await?;
    let claim = Claim { payment, attempt, epoch: slot.epoch, is_resumed: false };
    Ok(Some(Start::Run(Box::new(claim))))
}

/// Returns what is to be created, for the customer who claimed the guest if it is a guest's.
async fn with_owner(tx: &Tx, new: &NewPayment) -> Result<NewPayment, Error> {
    let customer = match new.customer {
        Some(customer) => Some(store::guest::owner(tx, customer).await?),
        None => None,
    };
    Ok(NewPayment { customer, ..new.clone() })
}

fn authorize(new: NewPayment, now: Timestamp) -> Result<Step, Error> {
    Payment::create(new, now).confirm(Confirmation::default(), now)
}

async fn insert_attempt(tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
    match &attempt.capture {
        _ if store::attempt::insert(tx, attempt).await? => Ok(()),
        // Another payment took the id in this very moment.
        Some(capture) => Err(Error::CaptureDiffers(capture.id)),
        None => Err(Error::inconsistent("the number of an attempt was taken")),
    }
}

/// Answers a command that was carried out before, or refuses it because its key means something
/// else.
async fn answer_repeat(
    tx: &Tx,
    payment: &Payment,
    command: &Command,
    now: Timestamp,
) -> Result<Option<Start>, Error> {
    match command {
        Command::Create(new) => payment.is_repeated_by(new, false)?,
        Command::Authorize(new) => {
            if !payment.is_tombstone() && payment.state == State::Canceled {
                return Err(payment.refused());
            }
            payment.is_repeated_by(new, true)?;
        }
        // With one attempt at most there was no capture yet; that the id is not of another payment
        // shows when the attempt is added.
        Command::Capture(new) if payment.attempts > 1 => {
            let earlier = store::attempt::of_capture(tx, new.id).await?;
            let Some(earlier) = earlier else { return Ok(None) };
            let is_same = earlier.payment == payment.id && earlier.capture == Some(new.key());
            if !is_same || earlier.stage.is_final() {
                payment.clone().capture(new, Some(&earlier), now)?;
                return Ok(Some(Start::Done(Box::new(payment.clone()))));
            }
        }
        Command::Refund(new) => {
            let Some(earlier) = store::refund::find(tx, new.id).await? else { return Ok(None) };
            earlier.is_repeated_by(payment.id, new)?;
            match earlier.state {
                RefundState::Pending => {}
                RefundState::Succeeded => return Ok(Some(Start::Done(Box::new(payment.clone())))),
                RefundState::Failed => {
                    let Some(decline) = earlier.decline else {
                        let problem = format!("refund {} failed without a reason", earlier.id);
                        return Err(Error::Inconsistent(problem));
                    };
                    return Err(Error::Declined { payment: payment.id, decline });
                }
            }
        }
        _ => {}
    }
    Ok(None)
}

async fn insert_refund(
    tx: &Tx,
    payment: &Payment,
    attempt: &Attempt,
    new: &NewRefund,
) -> Result<(), Error> {
    let refund = Refund {
        id: new.id,
        payment: payment.id,
        amount: new.amount,
        state: RefundState::Pending,
        decline: None,
        attempt: attempt.number,
        create_time: attempt.create_time,
        effective_time: attempt.effective_time,
    };
    if !store::refund::insert(tx, &refund).await? {
        // Another payment took the id in this very moment.
        return Err(Error::RefundDiffers(refund.id));
    }
    Ok(())
}

/// Claims the attempt of a payment that waits to be taken up, if it still does.
pub async fn claim_left(
    tx: &Tx,
    &(id, now, claimed_until): &(PaymentId, Timestamp, Timestamp),
) -> Result<Option<Claim>, Error> {
    let Some((payment, slot)) = store::payment::lock(tx, id).await? else { return Ok(None) };
    let is_due = slot.due_time.is_some_and(|due| due <= now);
    if slot.state == SlotState::Free || !is_due {
        return Ok(None);
    }
    let attempt = store::attempt::get(tx, id, payment.attempts).await?;
    take_up(tx, payment, attempt, slot, claimed_until).await.map(Some)
}

/// Claims an attempt that was left without an end. The row of the payment is locked.
async fn take_up(
    tx: &Tx,
    payment: Payment,
    attempt: Attempt,
    before: Slot,
    claimed_until: Timestamp,
) -> Result<Claim, Error> {
    let after = Slot::claimed(before.epoch + 1, claimed_until);
    store::payment::set_slot(tx, payment.id, before.epoch, after).await?;
    Ok(Claim { payment, attempt, epoch: after.epoch, is_resumed: true })
}
