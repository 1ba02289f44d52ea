//! The dependencies of the methods. Each method is in `rpc/<method>.rs`.

mod audit_payments;
mod authorize_payment;
mod capture_payment;
mod complete_action;
mod complete_payment_action;
mod confirm_payment_intent;
mod create_payment_intent;
mod get_payment;
mod list_charges;
mod list_payments;
mod list_refunds;
mod refund_payment;
mod repair_payment;
mod script;
mod void_payment;

use std::sync::Arc;

use souk_contract::{Caller, Handlers};
use souk_data::Db;
use souk_types::PaymentId;

use crate::error::Error;
use crate::operation::Operations;
use crate::provider::Provider;
use crate::provider::simulator::Simulator;
use crate::store;
use crate::upstream::Ledger;

/// What the methods of PaymentService work with. Cloning is cheap.
#[derive(Clone)]
pub struct PaymentRpc {
    pub db: Db,
    pub operations: Operations,
    pub provider: Arc<dyn Provider>,
    pub ledger: Ledger,
}

/// What the methods of SimulatorService work with.
pub struct SimulatorRpc {
    pub simulator: Simulator,
    /// Who is notified, as by a real provider's webhook.
    pub payments: PaymentRpc,
}

impl PaymentRpc {
    /// Checks that this caller may change the payment itself: staff may not change payments of an
    /// order, a service none of another service. A service may void one that has not arrived yet.
    pub async fn check_may_change(
        &self,
        caller: &Caller,
        id: PaymentId,
        instead: &'static str,
    ) -> Result<(), Error> {
        match store::payment::get(&self.db.read(), id).await {
            Ok(payment) if payment.is_tombstone() => Ok(()),
            Ok(payment) => payment.is_open_to(caller, instead),
            Err(Error::NotFound(_)) if matches!(caller, Caller::Service(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Handlers for PaymentRpc {
    type Error = Error;
}

impl Handlers for SimulatorRpc {
    type Error = Error;
}
