//! CompleteAction: the button on the simulated bank's page. It only records the decision in the
//! simulator's own book; payments inquires about it when the event arrives.

use souk_client::payments::simulator::v1alpha as pb;
use souk_client::payments::simulator::v1alpha::simulator_service::CompleteAction;
use souk_contract::{Call, Handle};

use super::SimulatorRpc;
use crate::error::Error;

impl Handle<CompleteAction> for SimulatorRpc {
    async fn handle(
        &self,
        call: Call<pb::CompleteActionRequest>,
    ) -> Result<pb::CompleteActionResponse, Error> {
        let request = call.request;
        let decided = self.simulator.decide(&request.redirect_uri, request.approve).await?;

        self.notify(decided.charge, call.deadline).await?;

        let return_url = decided.return_url.map_or_else(String::new, |url| url.0);
        Ok(pb::CompleteActionResponse { approved: decided.approved, return_url })
    }
}
