//! SettleOrder: ends the step that a quarantined order waits for, because STAFF has seen to it by hand.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::SettleOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::error::Error;

impl Handle<SettleOrder> for OrderRpc {
    async fn handle(&self, call: Call<pb::SettleOrderRequest>) -> Result<pb::SettleOrderResponse, Error> {
        let request = call.request;
        let id = request.order_id()?;

        let place = self.sagas.place().await;
        let (saga, order) = self.sagas.settle(id, request.note).await?;

        let answer = pb::SettleOrderResponse { order: Some((&order).into()) };
        self.changes.tell(id);
        if let Some(saga) = saga {
            self.sagas.start(place, saga, order);
        }
        Ok(answer)
    }
}
