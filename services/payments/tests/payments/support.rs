//! A payments service under test with its upstreams, and short ways to say what is asked of it.

use std::fs::File;
use std::time::Duration;

use souk_chassis::Caller;
use souk_client::ops::v1::InvariantReport;
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::types::v1::Money;
use souk_contract::customer_of;
use souk_testkit::{CallerChannel, Engine, TestDb, TestService, TestServiceBuilder, eventually};
use souk_types::{CaptureId, Clock, OrderId, PaymentId, RefundId, Timestamp};
use tonic::Status;

pub use pb::{DeclineCode, PaymentState as State};
pub use simulator::{SimulatedOperation, SimulatedOutcome};

pub use ledger::{FakeLedger, Mood};

#[path = "support/ledger.rs"]
mod ledger;

/// Time enough for anything that must happen at all.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running service, its scripted ledger, and a client that calls as the orders service.
pub struct TestPayments {
    pub service: TestService,
    pub ledger: FakeLedger,
    pub payments: PaymentServiceClient<CallerChannel>,
    pub simulator: SimulatorServiceClient<CallerChannel>,
}

pub fn gbp(minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: "GBP".into(), minor_units })
}

pub fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().expect("an amount").minor_units
}

/// Returns authorised, captured, refunded; a payment that was voided before it arrived has none.
pub fn amounts(payment: &pb::Payment) -> (i64, i64, i64) {
    if payment.amount.is_none() {
        assert_eq!(payment.state(), State::Canceled);
        return (0, 0, 0);
    }
    (minor(&payment.authorized), minor(&payment.captured), minor(&payment.refunded))
}

pub fn new_id() -> String {
    PaymentId::new(Timestamp::from_micros(1)).to_string()
}

pub fn new_refund_id() -> String {
    RefundId::new(Timestamp::from_micros(1)).to_string()
}

/// Returns the id of the customer who signs in by this name.
pub fn customer(name: &str) -> String {
    customer_of(&format!("user:{name}")).to_string()
}

/// Returns the request to authorise 100 pence for a new payment.
pub fn authorization(token: &str) -> pb::AuthorizePaymentRequest {
    pb::AuthorizePaymentRequest {
        payment_id: new_id(),
        order_id: OrderId::new(Timestamp::from_micros(1)).to_string(),
        customer_id: customer("alice"),
        amount: gbp(100),
        payment_method: token.into(),
        ..Default::default()
    }
}

/// Returns the id of a capture of a payment, which a test calls by a name.
pub fn capture_id(payment_id: &str, name: &str) -> String {
    CaptureId::derive(payment_id.as_bytes(), name).to_string()
}

pub fn capture(
    payment_id: &str,
    name: &str,
    part: Option<i64>,
    is_final: bool,
) -> pb::CapturePaymentRequest {
    pb::CapturePaymentRequest {
        payment_id: payment_id.into(),
        capture_id: capture_id(payment_id, name),
        amount: part.and_then(gbp),
        final_capture: is_final,
        effective_time: None,
    }
}

pub fn refund(payment_id: &str, refund_id: &str, amount: i64) -> pb::RefundPaymentRequest {
    pb::RefundPaymentRequest {
        payment_id: payment_id.into(),
        refund_id: refund_id.into(),
        amount: gbp(amount),
        effective_time: None,
    }
}

/// Returns the request to take a capture back.
pub fn reversal(capture_id: String) -> simulator::ReverseOperationRequest {
    use simulator::reverse_operation_request::Operation;
    simulator::ReverseOperationRequest { operation: Some(Operation::CaptureId(capture_id)) }
}

/// Returns the request to take a refund back.
pub fn returned(refund_id: &str) -> simulator::ReverseOperationRequest {
    use simulator::reverse_operation_request::Operation;
    simulator::ReverseOperationRequest { operation: Some(Operation::RefundId(refund_id.into())) }
}

/// Returns where the customer confirms a payment.
pub fn action(payment: &pb::Payment) -> String {
    payment.action.as_ref().expect("an action").redirect_uri.clone()
}

/// Returns why a payment was declined.
pub fn decline(payment: &pb::Payment) -> Option<DeclineCode> {
    payment.decline.as_ref().map(pb::PaymentDecline::code)
}

fn builder(engine: Engine, ledger: &FakeLedger) -> TestServiceBuilder {
    TestService::builder(payments::definition(), engine)
        .upstream("ledger", &ledger.url())
        .set("faults.enabled", "true")
        .set("recovery.sweep_milliseconds", "20")
        .set("recovery.retry_milliseconds", "20")
        .set("simulator.slow_milliseconds", "200")
}

impl TestPayments {
    /// Starts the service; what was left without an end is finished soon. The provider's book is a
    /// SQLite file, as it is by default.
    pub async fn start(engine: Engine) -> Self {
        let ledger = FakeLedger::start().await;
        TestPayments::of(builder(engine, &ledger).start().await, ledger)
    }

    /// Starts the service so that nothing is finished unless a call does it.
    pub async fn start_without_recovery(engine: Engine) -> Self {
        TestPayments::with(engine, &[("recovery.sweep_milliseconds", "60000")]).await
    }

    /// Starts the service with other settings, and with the provider's book on the engine too.
    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let ledger = FakeLedger::start().await;
        let builder = builder(engine, &ledger).database("simulator.data.url");
        let builder =
            settings.iter().fold(builder, |builder, (key, value)| builder.set(*key, *value));
        TestPayments::of(builder.start().await, ledger)
    }

    /// Starts the service beside others, or on other data.
    pub async fn over(engine: Engine, settings: &[(&str, &str)]) -> Self {
        TestPayments::over_with_clock(engine, settings, &Clock::system()).await
    }

    /// As [`TestPayments::over`], on a clock that the test moves.
    pub async fn over_with_clock(engine: Engine, settings: &[(&str, &str)], clock: &Clock) -> Self {
        let ledger = FakeLedger::start().await;
        let builder = builder(engine, &ledger).clock(clock);
        let builder =
            settings.iter().fold(builder, |builder, (key, value)| builder.set(*key, *value));
        TestPayments::of(builder.start().await, ledger)
    }

    /// Calls a service that was started otherwise.
    pub fn of(service: TestService, ledger: FakeLedger) -> Self {
        let payments =
            PaymentServiceClient::new(service.channel_as(&Caller::Service("orders".into())));
        let simulator =
            SimulatorServiceClient::new(service.channel_as(&Caller::Staff("ann".into())));
        TestPayments { service, ledger, payments, simulator }
    }

    /// Stops the service and waits until its databases are released: closing connections may hold
    /// them for a moment.
    pub async fn stop(&mut self) {
        self.service.stop().await;
        for file in self.service.databases().iter().filter_map(TestDb::file) {
            eventually(PATIENCE, || async {
                File::open(&file).is_ok_and(|held| held.try_lock().is_ok())
            })
            .await;
        }
    }

    /// Stops and starts the service on the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.service.restart().await;
        self.payments =
            PaymentServiceClient::new(self.service.channel_as(&Caller::Service("orders".into())));
        self.simulator =
            SimulatorServiceClient::new(self.service.channel_as(&Caller::Staff("ann".into())));
    }

    pub async fn authorize(
        &self,
        request: &pb::AuthorizePaymentRequest,
    ) -> Result<pb::Payment, Status> {
        let answer = self.payments.clone().authorize_payment(request.clone()).await?;
        Ok(answer.into_inner().payment.expect("a payment"))
    }

    /// Authorises 100 pence and returns the payment's id.
    pub async fn authorized(&self, token: &str) -> String {
        let request = authorization(token);
        let payment = self.authorize(&request).await.expect("it is approved");
        assert_eq!(payment.state(), State::RequiresCapture);
        request.payment_id
    }

    /// Authorises and captures 100 pence and returns the payment's id.
    pub async fn captured(&self, token: &str) -> String {
        let id = self.authorized(token).await;
        let payment =
            self.capture(capture(&id, "whole", None, true)).await.expect("it is captured");
        assert_eq!(payment.state(), State::Succeeded);
        id
    }

    pub async fn capture(&self, request: pb::CapturePaymentRequest) -> Result<pb::Payment, Status> {
        let answer = self.payments.clone().capture_payment(request).await?;
        Ok(answer.into_inner().payment.expect("a payment"))
    }

    pub async fn void(&self, payment_id: &str) -> Result<pb::Payment, Status> {
        let request = pb::VoidPaymentRequest { payment_id: payment_id.into() };
        let answer = self.payments.clone().void_payment(request).await?;
        Ok(answer.into_inner().payment.expect("a payment"))
    }

    pub async fn refund(
        &self,
        request: pb::RefundPaymentRequest,
    ) -> Result<pb::RefundPaymentResponse, Status> {
        Ok(self.payments.clone().refund_payment(request).await?.into_inner())
    }

    /// Decides at the bank, as the customer does who follows the link.
    pub async fn decide(&self, payment_id: &str, approve: bool) -> Result<bool, Status> {
        let redirect_uri = action(&self.get(payment_id).await);
        let request = simulator::CompleteActionRequest { redirect_uri, approve };
        Ok(self.simulator.clone().complete_action(request).await?.into_inner().approved)
    }

    /// Decides at the bank where something is to be decided, and has payments ask what was.
    pub async fn complete_action(
        &self,
        payment_id: &str,
        approve: bool,
    ) -> Result<pb::Payment, Status> {
        let get = pb::GetPaymentRequest { payment_id: payment_id.into() };
        let payment =
            self.payments.clone().get_payment(get).await?.into_inner().payment.expect("a payment");
        if payment.action.is_some() {
            self.decide(payment_id, approve).await?;
        }
        self.refresh(payment_id).await
    }

    pub async fn refresh(&self, payment_id: &str) -> Result<pb::Payment, Status> {
        let request = pb::RefreshPaymentRequest { payment_id: payment_id.into() };
        let answer = self.payments.clone().refresh_payment(request).await?;
        Ok(answer.into_inner().payment.expect("a payment"))
    }

    pub async fn confirm(&self, payment_id: &str, token: &str) -> Result<pb::Payment, Status> {
        let request = pb::ConfirmPaymentRequest {
            payment_id: payment_id.into(),
            payment_method: token.into(),
            return_url: String::new(),
        };
        let answer = self.payments.clone().confirm_payment(request).await?;
        Ok(answer.into_inner().payment.expect("a payment"))
    }

    pub async fn get(&self, payment_id: &str) -> pb::Payment {
        let request = pb::GetPaymentRequest { payment_id: payment_id.into() };
        let answer = self.payments.clone().get_payment(request).await.expect("it is known");
        answer.into_inner().payment.expect("a payment")
    }

    /// Waits until nothing of the payment is in flight.
    pub async fn settled(&self, payment_id: &str) -> pb::Payment {
        eventually(PATIENCE, || async {
            let payment = self.get(payment_id).await;
            (!payment.in_flight).then_some(payment)
        })
        .await
    }

    /// Makes the next operations on a payment come out like this.
    pub async fn script(
        &self,
        payment_id: &str,
        operation: SimulatedOperation,
        outcomes: &[SimulatedOutcome],
    ) {
        let request = simulator::ScriptChargesRequest {
            request_id: new_id(),
            target: Some(simulator::script_charges_request::Target::PaymentId(payment_id.into())),
            outcomes: outcomes.iter().map(|outcome| *outcome as i32).collect(),
            operation: operation as i32,
        };
        self.simulator.clone().script_charges(request).await.expect("a script");
    }

    /// Returns the provider's line of a payment.
    pub async fn charge(&self, payment_id: &str) -> Option<simulator::Charge> {
        let request = simulator::ListChargesRequest { page_size: 1000, page_token: String::new() };
        let charges = self
            .simulator
            .clone()
            .list_charges(request)
            .await
            .expect("the book")
            .into_inner()
            .charges;
        charges.into_iter().find(|charge| charge.payment_id == payment_id)
    }

    pub async fn audit(&self) -> InvariantReport {
        self.service.invariants().await
    }

    /// Asserts that payments, ledger and the provider's book agree.
    pub async fn agree(&self) {
        let audit = self.audit().await;
        assert_eq!(audit.findings, vec![]);
        let count = |what: &str| {
            audit.counts.iter().find(|count| count.what == what).map_or(0, |count| count.count)
        };
        assert_eq!(count("payments in flight"), 0);
        assert!(count("payments") > 0, "something was looked at");
    }
}
