//! ListQuarantinedOrders: what waits for STAFF, and why.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListQuarantinedOrders;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::OrderRpc;
use crate::error::Error;
use crate::store;
use crate::store::order::QuarantinedOrder;

impl Handle<ListQuarantinedOrders> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ListQuarantinedOrdersRequest>,
    ) -> Result<pb::ListQuarantinedOrdersResponse, Error> {
        let caller = call.caller.key();
        let request = call.request;
        let page = Page::open(
            &self.db,
            &caller,
            "ListQuarantinedOrders",
            &[],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|cursor| cursor.get(0)).transpose()?;

        let waiting = store::order::list_quarantined(&self.db.read(), after, page.limit()).await?;

        let (orders, next_page_token) =
            page.close(&waiting, |waiting| vec![waiting.order.id.into()], describe);
        Ok(pb::ListQuarantinedOrdersResponse { orders, next_page_token })
    }
}

fn describe(waiting: &QuarantinedOrder) -> pb::QuarantinedOrder {
    let QuarantinedOrder { order, saga, failure } = waiting;
    pb::QuarantinedOrder {
        order: Some(order.into()),
        step: format!("{}.{}", saga.kind.name(), saga.step.name()),
        attempt_count: saga.attempts as i32,
        failure: failure.clone(),
    }
}
