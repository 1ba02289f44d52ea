//! CompleteAction: the button on the simulated bank's page. It only records the decision in the
//! simulator's own book; payments inquires about it.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::simulator_service::CompleteAction;
use souk_contract::{Call, Handle};

use super::{SimulatorRpc, complete_payment_action};
use crate::error::Error;

impl Handle<CompleteAction> for SimulatorRpc {
    async fn handle(
        &self,
        call: Call<pb::CompleteActionRequest>,
    ) -> Result<pb::CompleteActionResponse, Error> {
        let request = call.request;
        let (payment, approved) =
            self.simulator.decide(&request.action_url, request.approve).await?;

        match complete_payment_action::go_on(&self.payments, payment, approved, call.deadline).await
        {
            // The holder of the link does not learn the state of the payment.
            Ok(_) | Err(Error::Declined { .. } | Error::State { .. }) => {
                Ok(pb::CompleteActionResponse { approved })
            }
            // The decision is in the book; the same call finishes what follows from it.
            Err(error) => Err(error),
        }
    }
}
