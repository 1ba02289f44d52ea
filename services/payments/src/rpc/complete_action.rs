//! CompleteAction: the button on the simulated bank's page. It decides in the simulator's own book alone; payments asks for it.

use souk_chassis::Deadline;
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::{SimulatorRpc, complete_payment_action};
use crate::error::Error;

pub async fn handle(
    rpc: &SimulatorRpc,
    request: Request<pb::CompleteActionRequest>,
) -> Result<pb::CompleteActionResponse, Error> {
    let deadline = Deadline::of(&request);
    let request = request.into_inner();

    let (payment, approved) = rpc.simulator.decide(&request.action_url, request.approve).await?;

    match complete_payment_action::go_on(&rpc.payments, payment, approved, deadline).await {
        // What becomes of the payment is not told to whoever has the link.
        Ok(_) | Err(Error::Declined { .. } | Error::State { .. }) => Ok(pb::CompleteActionResponse { approved }),
        // The decision is in the book; the same call finishes what follows from it.
        Err(error) => Err(error),
    }
}
