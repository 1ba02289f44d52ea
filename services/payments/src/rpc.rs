//! The RPCs of payments: the index, one line each. The story of a method is in `rpc/<method>.rs`.

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

use souk_chassis::{Caller, reply};
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_server::PaymentService;
use souk_client::payments::v1::simulator_service_server::SimulatorService;
use souk_types::PaymentId;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::operation::Operations;
use crate::provider::Provider;
use crate::provider::simulator::Simulator;
use crate::store::Store;
use crate::upstream::Ledger;

/// What the methods of PaymentService work with. Cloning is cheap.
#[derive(Clone)]
pub struct PaymentRpc {
    pub(crate) store: Store,
    pub(crate) operations: Operations,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) ledger: Ledger,
}

/// What the methods of SimulatorService work with.
pub struct SimulatorRpc {
    pub(crate) simulator: Simulator,
    /// Who is told, as by the notification of a real provider.
    pub(crate) payments: PaymentRpc,
}

impl PaymentRpc {
    /// Checks that this caller may change the payment itself: staff may not change what belongs to an order, nor what nobody made.
    pub(crate) async fn check_may_change(
        &self,
        caller: &Caller,
        id: PaymentId,
        instead: &'static str,
    ) -> Result<(), Error> {
        match caller {
            Caller::Staff(_) => self.store.payment(id).await?.is_open_to_staff(instead),
            _ => Ok(()),
        }
    }
}

#[tonic::async_trait]
impl PaymentService for PaymentRpc {
    async fn create_payment_intent(
        &self,
        request: Request<pb::CreatePaymentIntentRequest>,
    ) -> Result<Response<pb::CreatePaymentIntentResponse>, Status> {
        reply(create_payment_intent::handle(self, request).await)
    }

    async fn confirm_payment_intent(
        &self,
        request: Request<pb::ConfirmPaymentIntentRequest>,
    ) -> Result<Response<pb::ConfirmPaymentIntentResponse>, Status> {
        reply(confirm_payment_intent::handle(self, request).await)
    }

    async fn authorize_payment(
        &self,
        request: Request<pb::AuthorizePaymentRequest>,
    ) -> Result<Response<pb::AuthorizePaymentResponse>, Status> {
        reply(authorize_payment::handle(self, request).await)
    }

    async fn complete_payment_action(
        &self,
        request: Request<pb::CompletePaymentActionRequest>,
    ) -> Result<Response<pb::CompletePaymentActionResponse>, Status> {
        reply(complete_payment_action::handle(self, request).await)
    }

    async fn capture_payment(
        &self,
        request: Request<pb::CapturePaymentRequest>,
    ) -> Result<Response<pb::CapturePaymentResponse>, Status> {
        reply(capture_payment::handle(self, request).await)
    }

    async fn void_payment(
        &self,
        request: Request<pb::VoidPaymentRequest>,
    ) -> Result<Response<pb::VoidPaymentResponse>, Status> {
        reply(void_payment::handle(self, request).await)
    }

    async fn refund_payment(
        &self,
        request: Request<pb::RefundPaymentRequest>,
    ) -> Result<Response<pb::RefundPaymentResponse>, Status> {
        reply(refund_payment::handle(self, request).await)
    }

    async fn get_payment(
        &self,
        request: Request<pb::GetPaymentRequest>,
    ) -> Result<Response<pb::GetPaymentResponse>, Status> {
        reply(get_payment::handle(self, request).await)
    }

    async fn list_payments(
        &self,
        request: Request<pb::ListPaymentsRequest>,
    ) -> Result<Response<pb::ListPaymentsResponse>, Status> {
        reply(list_payments::handle(self, request).await)
    }

    async fn list_refunds(
        &self,
        request: Request<pb::ListRefundsRequest>,
    ) -> Result<Response<pb::ListRefundsResponse>, Status> {
        reply(list_refunds::handle(self, request).await)
    }

    async fn repair_payment(
        &self,
        request: Request<pb::RepairPaymentRequest>,
    ) -> Result<Response<pb::RepairPaymentResponse>, Status> {
        reply(repair_payment::handle(self, request).await)
    }

    async fn audit_payments(
        &self,
        request: Request<pb::AuditPaymentsRequest>,
    ) -> Result<Response<pb::AuditPaymentsResponse>, Status> {
        reply(audit_payments::handle(self, request).await)
    }
}

#[tonic::async_trait]
impl SimulatorService for SimulatorRpc {
    async fn script(&self, request: Request<pb::ScriptRequest>) -> Result<Response<pb::ScriptResponse>, Status> {
        reply(script::handle(self, request).await)
    }

    async fn complete_action(
        &self,
        request: Request<pb::CompleteActionRequest>,
    ) -> Result<Response<pb::CompleteActionResponse>, Status> {
        reply(complete_action::handle(self, request).await)
    }

    async fn list_charges(
        &self,
        request: Request<pb::ListChargesRequest>,
    ) -> Result<Response<pb::ListChargesResponse>, Status> {
        reply(list_charges::handle(self, request).await)
    }
}
