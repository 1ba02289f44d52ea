//! ReverseOperation: the simulator takes back a capture, or returns the money of a refund.

use souk_client::payments::simulator::v1alpha as pb;
use souk_client::payments::simulator::v1alpha::simulator_service::ReverseOperation;
use souk_contract::{Call, Handle};

use super::SimulatorRpc;
use crate::convert::{self, Reversed};
use crate::error::Error;
use crate::provider::Provider as _;
use crate::store;

impl Handle<ReverseOperation> for SimulatorRpc {
    async fn handle(
        &self,
        call: Call<pb::ReverseOperationRequest>,
    ) -> Result<pb::ReverseOperationResponse, Error> {
        // The simulator knows operations by the keys that payments gave them.
        let reader = self.payments.db.read();
        let attempt = match convert::reversed(call.request.operation)? {
            Reversed::Capture(id) => store::attempt::of_capture(&reader, id).await?,
            Reversed::Refund(id) => match store::refund::find(&reader, id).await? {
                Some(refund) => {
                    Some(store::attempt::get(&reader, refund.payment, refund.attempt).await?)
                }
                None => None,
            },
        };
        let attempt = attempt.ok_or(Error::OperationNotFound)?;
        self.simulator.reverse(attempt.id()).await?;

        self.notify(attempt.payment, call.deadline).await?;

        let charge = self.simulator.charge(attempt.payment).await?;
        Ok(pb::ReverseOperationResponse { charge: charge.as_ref().map(Into::into) })
    }
}
