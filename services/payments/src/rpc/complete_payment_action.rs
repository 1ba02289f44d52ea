//! CompletePaymentAction: asks the provider what the customer decided at the action url, and
//! continues.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::CompletePaymentAction;
use souk_contract::{Call, Caller, Deadline, Handle};
use souk_types::PaymentId;

use super::PaymentRpc;
use crate::error::Error;
use crate::operation::Command;
use crate::payment::Payment;
use crate::state::State;
use crate::store;

impl Handle<CompletePaymentAction> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::CompletePaymentActionRequest>,
    ) -> Result<pb::CompletePaymentActionResponse, Error> {
        let id = call.request.payment_id()?;
        let before = store::payment::get(&self.db.read(), id).await?;
        if let Caller::User(user) = &call.caller
            && before.customer != *user
        {
            return Err(Error::NotFound(id));
        }

        // The caller's claim does not count: anyone could claim that the bank approved.
        let payment = match self.provider.decision(id).await? {
            Some(approved) => go_on(self, id, approved, call.deadline).await?,
            None => undecided(self, before).await?,
        };

        match &payment.decline {
            Some(decline)
                if call.request.approve && payment.state == State::RequiresPaymentMethod =>
            {
                Err(Error::Declined { payment: id, decline: decline.clone() })
            }
            _ => Ok(pb::CompletePaymentActionResponse { payment: Some((&payment).into()) }),
        }
    }
}

/// Goes on with what the customer decided at the provider.
pub async fn go_on(
    rpc: &PaymentRpc,
    id: PaymentId,
    approved: bool,
    deadline: Deadline,
) -> Result<Payment, Error> {
    match rpc
        .operations
        .carry_out(id, Command::CompleteAction { approve: approved }, deadline)
        .await
    {
        Err(Error::State { state: State::Canceled, .. })
            if waited_for_its_customer(rpc, id).await? =>
        {
            Err(Error::ActionExpired(id))
        }
        ended => ended,
    }
}

/// Answers for a payment of which the provider knows no decision.
async fn undecided(rpc: &PaymentRpc, payment: Payment) -> Result<Payment, Error> {
    match payment.state {
        State::RequiresAction => Err(Error::ActionNotCompleted(payment.id)),
        State::Processing => Err(Error::Busy(payment.id)),
        State::RequiresCapture | State::Succeeded => Ok(payment),
        State::RequiresPaymentMethod if payment.decline.is_some() => Ok(payment),
        State::Canceled if waited_for_its_customer(rpc, payment.id).await? => {
            Err(Error::ActionExpired(payment.id))
        }
        State::Canceled | State::RequiresPaymentMethod | State::RequiresConfirmation => {
            Err(payment.refused())
        }
    }
}

async fn waited_for_its_customer(rpc: &PaymentRpc, id: PaymentId) -> Result<bool, Error> {
    store::attempt::waited_for_its_customer(&rpc.db.read(), id).await
}
