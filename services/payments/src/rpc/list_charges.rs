//! ListCharges: the simulator's own book, as a provider's statement.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::simulator_service::ListCharges;
use souk_contract::{Call, Handle};

use super::SimulatorRpc;
use crate::convert::PagedList;
use crate::error::Error;

impl Handle<ListCharges> for SimulatorRpc {
    async fn handle(&self, call: Call<pb::ListChargesRequest>) -> Result<pb::ListChargesResponse, Error> {
        let request = call.request;
        let list = PagedList::new(self.simulator.tokens(), "charges", &call.caller, "");
        let page = list.page(request.page_size, &request.page_token)?;

        let (found, has_more) = self.simulator.charges(page.after, page.size).await?;

        let (charges, next_page_token) = list.close(&found, has_more, |charge| charge.payment);
        Ok(pb::ListChargesResponse { charges, next_page_token })
    }
}
