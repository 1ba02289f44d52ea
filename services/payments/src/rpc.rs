//! The dependencies of the methods. Each method is in `rpc/<method>.rs`.

mod authorize_payment;
mod capture_payment;
mod complete_action;
mod confirm_payment;
mod create_payment;
mod get_payment;
mod list_captures;
mod list_charges;
mod list_payments;
mod list_refunds;
mod receive_provider_event;
mod refresh_payment;
mod refund_payment;
mod repair_payment;
mod reverse_operation;
mod script_charges;
mod void_payment;

use std::collections::BTreeMap;
use std::sync::Arc;

use souk_contract::{Deadline, Handlers};
use souk_data::Db;
use souk_types::{Clock, PaymentId};

use crate::error::Error;
use crate::operation::Operations;
use crate::provider::Provider;
use crate::provider::simulator::Simulator;
use crate::store::list::Range;
use crate::upstream::Ledger;

/// What the methods of PaymentService work with. Cloning is cheap.
#[derive(Clone)]
pub struct PaymentRpc {
    pub db: Db,
    pub operations: Operations,
    pub provider: Arc<dyn Provider>,
    pub ledger: Ledger,
    pub clock: Clock,
}

/// What the methods of SimulatorService work with.
pub struct SimulatorRpc {
    pub simulator: Simulator,
    /// Who is notified, as by a real provider's webhook.
    pub payments: PaymentRpc,
}

impl PaymentRpc {
    /// Takes in an event of a provider: asks what happened to the payment that it names. An event
    /// about nothing that is known changes nothing.
    pub async fn take_in(
        &self,
        provider: &str,
        body: &[u8],
        headers: &BTreeMap<String, String>,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let name = self.provider.name();
        if provider != name {
            return Err(Error::ProviderNotFound(provider.to_owned()));
        }
        let charge = self.provider.event(body, headers, self.clock.now());
        let Some(payment) = charge.map_err(|_| Error::InvalidSignature(name))? else {
            return Ok(());
        };
        match self.operations.refresh(payment, deadline).await {
            Ok(_) | Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl SimulatorRpc {
    /// Sends payments the event that something happened to a charge, as a webhook would.
    async fn notify(&self, payment: PaymentId, deadline: Deadline) -> Result<(), Error> {
        let event = self.simulator.event_about(payment);
        let provider = self.payments.provider.name();
        let taken_in = self.payments.take_in(provider, &event.body, &event.headers, deadline).await;
        taken_in.map_err(|error| Error::EventNotTakenIn(Box::new(error)))
    }
}

impl Handlers for PaymentRpc {
    type Error = Error;
}

impl Handlers for SimulatorRpc {
    type Error = Error;
}

/// Returns what a page token of a list is bound to besides its method and caller.
fn list_scope(filter: &[&str], states: &[i32], range: &Range) -> Vec<String> {
    let mut scope: Vec<String> = filter.iter().map(|part| (*part).to_owned()).collect();
    scope.push(format!("{states:?}"));
    scope.push(format!("{range:?}"));
    scope
}
