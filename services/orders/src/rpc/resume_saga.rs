//! ResumeSaga: lets the saga of a quarantined order try its step again.

use souk_client::ops::v1 as pb;
use souk_client::ops::v1::saga_service::ResumeSaga;
use souk_client::orders::v1::OrderChangeCause;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{OrderId, Timestamp};

use super::{SagaError, SagaRpc, describe, order_id};
use crate::actor::Actor;
use crate::change::Cause;
use crate::error::Error;
use crate::order::Order;
use crate::record;
use crate::saga::{Lease, Saga};

impl Handle<ResumeSaga> for SagaRpc {
    async fn handle(
        &self,
        call: Call<pb::ResumeSagaRequest>,
    ) -> Result<pb::ResumeSagaResponse, SagaError> {
        let id = order_id(&call.request.saga_id)?;

        let permit = self.sagas.permit().await;
        let actor = Actor::of(&call.caller);
        let resumed = (id, actor, self.sagas.lease(), self.clock.now());
        let (saga, order) = self.db.write(ReadCommitted, resumed, resume).await?;

        let answer = pb::ResumeSagaResponse { saga: Some(describe(&saga)) };
        self.watchers.wake(id);
        self.sagas.start(permit, saga, order);
        Ok(answer)
    }
}

async fn resume(
    tx: &Tx,
    (id, actor, lease, now): &(OrderId, Actor, Lease, Timestamp),
) -> Result<(Saga, Order), Error> {
    let cause = Cause::new(OrderChangeCause::Repair, actor.clone());
    record::leave_quarantine(tx, *id, "resumed", &cause, lease, *now).await
}
