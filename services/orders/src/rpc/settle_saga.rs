//! SettleSaga: ends the step that a quarantined order waits for, because STAFF has seen to it by
//! hand.

use souk_client::ops::v1 as pb;
use souk_client::ops::v1::saga_service::SettleSaga;
use souk_client::orders::v1::OrderChangeCause;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{OrderId, Timestamp};

use super::{SagaError, SagaRpc, describe, order_id, step_name};
use crate::actor::Actor;
use crate::answer::{Answer, Outcome};
use crate::change::Cause;
use crate::drive::Sagas;
use crate::error::Error;
use crate::order::Order;
use crate::record::{self, Entry, Record};
use crate::saga::{Progress, Saga};

/// A step that STAFF has done by hand, and the lease to continue with.
struct Settlement {
    order: OrderId,
    /// The step that STAFF has done, which must still be the one that waits.
    step: String,
    note: String,
    actor: Actor,
    sagas: Sagas,
    now: Timestamp,
}

impl Handle<SettleSaga> for SagaRpc {
    async fn handle(
        &self,
        call: Call<pb::SettleSagaRequest>,
    ) -> Result<pb::SettleSagaResponse, SagaError> {
        let request = call.request;
        let id = order_id(&request.saga_id)?;

        let permit = self.sagas.permit().await;
        let settlement = Settlement {
            order: id,
            step: request.step,
            note: request.note,
            actor: Actor::of(&call.caller),
            sagas: self.sagas.clone(),
            now: self.clock.now(),
        };
        let (saga, order) = self.db.write(ReadCommitted, settlement, settle).await?;

        let answer = pb::SettleSagaResponse { saga: Some(describe(&saga)) };
        self.watchers.wake(id);
        if saga.progress != Progress::Ended {
            self.sagas.start(permit, saga, order);
        }
        Ok(answer)
    }
}

/// Ends the step as if it had succeeded.
async fn settle(tx: &Tx, settlement: &Settlement) -> Result<(Saga, Order), Error> {
    let Settlement { order: id, step, note, actor, sagas, now } = settlement;
    let lease = sagas.lease();
    let cause = Cause { note: note.clone(), ..Cause::new(OrderChangeCause::Repair, actor.clone()) };
    let why = format!("settled: {note}");
    let (saga, order) = record::leave_quarantine(tx, *id, &why, &cause, &lease, *now).await?;
    if step_name(&saga) != *step {
        return Err(Error::NotQuarantined(*id));
    }

    let answer = Answer::of(Outcome::Done);
    let decision = sagas.decide(&saga, &order, &answer);
    let outcome = answer.outcome.name();
    let entry = Entry { saga, order, outcome, failure: None, decision, lease, now: *now };
    match record::decision(tx, &entry).await? {
        Record::Written(saga, order) => Ok((saga, *order)),
        Record::CancelRequested(_) => Err(Error::Busy(*id)),
    }
}
