//! ListQuarantinedOrders: what waits for STAFF, and why.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListQuarantinedOrders;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{Filter, Quarantined};

impl Handle<ListQuarantinedOrders> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ListQuarantinedOrdersRequest>,
    ) -> Result<pb::ListQuarantinedOrdersResponse, Error> {
        let request = call.request;
        let list = convert::PagedList::new(self.store.tokens(), &call.caller, "quarantined", &Filter::default());
        let page = list.page(request.page_size, &request.page_token)?;

        let (waiting, has_more) = self.store.quarantined(page).await?;

        let mut orders: Vec<_> = waiting.iter().map(describe).collect();
        let has_more = souk_data::page::fit(&mut orders) || has_more;
        let last = orders.len().checked_sub(1).filter(|_| has_more).map(|last| waiting[last].order.id);
        Ok(pb::ListQuarantinedOrdersResponse { orders, next_page_token: list.next_token(last) })
    }
}

fn describe(waiting: &Quarantined) -> pb::QuarantinedOrder {
    pb::QuarantinedOrder {
        order: Some((&waiting.order).into()),
        step: format!("{}.{}", waiting.kind.name(), waiting.step.name()),
        attempts: waiting.attempts as i32,
        failure: waiting.failure.clone(),
    }
}
