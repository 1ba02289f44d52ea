//! Script: sets the outcomes of the simulator's next operations.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::simulator_service::Script;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::SimulatorRpc;
use crate::convert;
use crate::error::Error;
use crate::provider::simulator::{Operation, Outcome, Target, book};

impl Handle<Script> for SimulatorRpc {
    async fn handle(&self, mut call: Call<pb::ScriptRequest>) -> Result<pb::ScriptResponse, Error> {
        let once = RequestKey::of::<Script>(&mut call);
        let request = call.request;
        let operation = convert::operation(request.operation);
        let outcomes = convert::outcomes(&request.outcomes)?;
        let target = convert::target(request.target)?;

        self.simulator
            .db
            .write_once(once, Serializable, (target, operation, outcomes), script)
            .await
    }
}

async fn script(
    tx: &Tx,
    (target, operation, outcomes): &(Target, Option<Operation>, Vec<Outcome>),
) -> Result<pb::ScriptResponse, Error> {
    book::script::append(tx, target, *operation, outcomes).await?;
    Ok(pb::ScriptResponse {})
}
