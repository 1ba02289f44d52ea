//! ResumeOrder: lets a quarantined order try its step again.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::OrderChangeCause;
use souk_client::orders::v1::order_service::ResumeOrder;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{OrderId, Timestamp};

use super::OrderRpc;
use crate::actor::Actor;
use crate::change::Cause;
use crate::error::Error;
use crate::order::Order;
use crate::record;
use crate::saga::{Lease, Saga};

impl Handle<ResumeOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ResumeOrderRequest>,
    ) -> Result<pb::ResumeOrderResponse, Error> {
        let id = call.request.order_id()?;

        let permit = self.sagas.permit().await;
        let actor = Actor::of(&call.caller);
        let resumed = (id, actor, self.sagas.lease(), self.clock.now());
        let (saga, order) = self.db.write(ReadCommitted, resumed, resume).await?;

        let answer = pb::ResumeOrderResponse { order: Some((&order).into()) };
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
