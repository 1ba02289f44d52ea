//! ListCharges: the simulator's own book, as a provider's statement.

use souk_client::payments::simulator::v1alpha as pb;
use souk_client::payments::simulator::v1alpha::simulator_service::ListCharges;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::SimulatorRpc;
use crate::error::Error;
use crate::provider::simulator::book;

impl Handle<ListCharges> for SimulatorRpc {
    async fn handle(
        &self,
        call: Call<pb::ListChargesRequest>,
    ) -> Result<pb::ListChargesResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let db = &self.simulator.db;
        let page = Page::open(
            db,
            &caller.key(),
            "ListCharges",
            &[],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|cursor| cursor.get(0)).transpose()?;

        let charges = book::charge::list(&db.read(), after, page.limit()).await?;

        let (charges, next_page_token) = page.close(
            &charges,
            |charge| vec![charge.payment.into()],
            |charge| pb::Charge::from(charge),
        );
        Ok(pb::ListChargesResponse { charges, next_page_token })
    }
}
