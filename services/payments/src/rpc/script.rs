//! Script: tells the simulator what its next operations come to.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use souk_data::RequestKey;
use tonic::Request;

use super::SimulatorRpc;
use crate::convert;
use crate::error::Error;

pub async fn handle(rpc: &SimulatorRpc, request: Request<pb::ScriptRequest>) -> Result<pb::ScriptResponse, Error> {
    let caller = Caller::of(&request).key();
    let mut request = request.into_inner();
    let request_id = std::mem::take(&mut request.request_id);
    let key = RequestKey::new(caller, "/souk.payments.v1.SimulatorService/Script", request_id, &request);
    let operation = convert::operation(request.operation);
    let outcomes = convert::outcomes(&request.outcomes)?;
    let target = convert::target(request.target)?;

    rpc.simulator.script(key, target, operation, outcomes).await?;

    Ok(pb::ScriptResponse {})
}
