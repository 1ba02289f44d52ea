//! ResumeOrder: lets a quarantined order try its step again.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ResumeOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::error::Error;

impl Handle<ResumeOrder> for OrderRpc {
    async fn handle(&self, call: Call<pb::ResumeOrderRequest>) -> Result<pb::ResumeOrderResponse, Error> {
        let id = call.request.order_id()?;

        let place = self.sagas.place().await;
        let (saga, order) = self.store.resume(id, self.sagas.lease(), self.clock.now()).await?;

        let answer = pb::ResumeOrderResponse { order: Some((&order).into()) };
        self.changes.tell(id);
        self.sagas.start(place, saga, order);
        Ok(answer)
    }
}
