//! Script: tells the simulator what its next operations come to.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::simulator_service::Script;
use souk_contract::{Call, Handle};
use souk_data::RequestKey;

use super::SimulatorRpc;
use crate::convert;
use crate::error::Error;

impl Handle<Script> for SimulatorRpc {
    async fn handle(&self, call: Call<pb::ScriptRequest>) -> Result<pb::ScriptResponse, Error> {
        let mut request = call.request;
        let request_id = std::mem::take(&mut request.request_id);
        let key = RequestKey::new(call.caller.key(), "/souk.payments.v1.SimulatorService/Script", request_id, &request);
        let operation = convert::operation(request.operation);
        let outcomes = convert::outcomes(&request.outcomes)?;
        let target = convert::target(request.target)?;

        self.simulator.script(key, target, operation, outcomes).await?;

        Ok(pb::ScriptResponse {})
    }
}
