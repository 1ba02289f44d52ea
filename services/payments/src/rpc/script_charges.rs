//! ScriptCharges: decides what the next operations of the simulator come to.

use souk_client::payments::simulator::v1alpha as pb;
use souk_client::payments::simulator::v1alpha::simulator_service::ScriptCharges;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::SimulatorRpc;
use crate::convert;
use crate::error::Error;
use crate::provider::simulator::{Operation, Outcome, Target, book};

impl Handle<ScriptCharges> for SimulatorRpc {
    async fn handle(
        &self,
        mut call: Call<pb::ScriptChargesRequest>,
    ) -> Result<pb::ScriptChargesResponse, Error> {
        let once = RequestKey::of::<ScriptCharges>(&mut call);
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
) -> Result<pb::ScriptChargesResponse, Error> {
    book::script::append(tx, target, *operation, outcomes).await?;
    Ok(pb::ScriptChargesResponse {})
}
