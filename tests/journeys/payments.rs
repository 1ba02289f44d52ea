//! Money over the real ledger: what the chart of accounts promises, races on PostgreSQL and SQLite,
//! and the program killed at every boundary of a payment.

use std::time::Duration;

use ::payments::{Account, FAULT_POINTS, ledger_account};
use souk_chassis::{Caller, Options, Running, Shop};
use souk_client::ledger::v1 as ledger;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_client::ops::v1 as ops;
use souk_client::ops::v1::fault_service_client::FaultServiceClient;
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::types::v1::Money;
use souk_contract::customer_of;
use souk_testkit::{
    CallerChannel, ChildShop, Engine, TestDb, check_invariants, connect_as, eventually,
    on_each_engine,
};
use souk_types::{CaptureId, OrderId, PaymentId, RefundId, Timestamp};
use tonic::{Code, Status};

/// Time enough for anything that must happen at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// The clients of a till: one that calls payments, and one that checks the books.
#[derive(Clone)]
struct Till {
    payments: PaymentServiceClient<CallerChannel>,
    simulator: SimulatorServiceClient<CallerChannel>,
    ledger: LedgerServiceClient<CallerChannel>,
    faults: FaultServiceClient<CallerChannel>,
    /// As staff.
    channel: CallerChannel,
}

fn gbp(minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: "GBP".into(), minor_units })
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().expect("an amount").minor_units
}

fn amounts(payment: &pb::Payment) -> (i64, i64, i64) {
    (minor(&payment.authorized), minor(&payment.captured), minor(&payment.refunded))
}

fn authorization(token: &str, amount: i64) -> pb::AuthorizePaymentRequest {
    let now = Timestamp::from_micros(1);
    pb::AuthorizePaymentRequest {
        payment_id: PaymentId::new(now).to_string(),
        order_id: OrderId::new(now).to_string(),
        customer_id: customer_of("user:alice").to_string(),
        amount: gbp(amount),
        payment_method: token.into(),
        ..Default::default()
    }
}

fn capture(
    payment_id: &str,
    name: &str,
    part: Option<i64>,
    is_final: bool,
) -> pb::CapturePaymentRequest {
    pb::CapturePaymentRequest {
        payment_id: payment_id.into(),
        capture_id: CaptureId::derive(payment_id.as_bytes(), name).to_string(),
        amount: part.and_then(gbp),
        final_capture: is_final,
        effective_time: None,
    }
}

impl Till {
    fn at(url: &str) -> Till {
        let orders = Caller::Service("orders".into());
        let staff = Caller::Staff("ann".into());
        Till {
            payments: PaymentServiceClient::new(connect_as(url, &orders)),
            simulator: SimulatorServiceClient::new(connect_as(url, &staff)),
            ledger: LedgerServiceClient::new(connect_as(url, &staff)),
            faults: FaultServiceClient::new(connect_as(url, &staff)),
            channel: connect_as(url, &staff),
        }
    }

    async fn authorize(
        &self,
        request: &pb::AuthorizePaymentRequest,
    ) -> Result<pb::Payment, Status> {
        Ok(self
            .payments
            .clone()
            .authorize_payment(request.clone())
            .await?
            .into_inner()
            .payment
            .unwrap())
    }

    async fn capture(&self, request: pb::CapturePaymentRequest) -> Result<pb::Payment, Status> {
        Ok(self.payments.clone().capture_payment(request).await?.into_inner().payment.unwrap())
    }

    async fn void(&self, payment_id: &str) -> Result<pb::Payment, Status> {
        let request = pb::VoidPaymentRequest { payment_id: payment_id.into() };
        Ok(self.payments.clone().void_payment(request).await?.into_inner().payment.unwrap())
    }

    async fn refund(
        &self,
        payment_id: &str,
        refund_id: &str,
        amount: i64,
    ) -> Result<pb::Payment, Status> {
        let payment_id = payment_id.to_owned();
        let refund_id = refund_id.to_owned();
        let request = pb::RefundPaymentRequest {
            payment_id,
            refund_id,
            amount: gbp(amount),
            effective_time: None,
        };
        Ok(self.payments.clone().refund_payment(request).await?.into_inner().payment.unwrap())
    }

    /// Approves as the customer does who follows the link, and has payments ask what was decided.
    async fn approve(&self, payment_id: &str) -> Result<pb::Payment, Status> {
        let get = pb::GetPaymentRequest { payment_id: payment_id.into() };
        let payment = self.payments.clone().get_payment(get).await?.into_inner().payment.unwrap();
        if let Some(action) = payment.action {
            let redirect_uri = action.redirect_uri;
            let request = simulator::CompleteActionRequest { redirect_uri, approve: true };
            self.simulator.clone().complete_action(request).await?;
        }
        let request = pb::RefreshPaymentRequest { payment_id: payment_id.into() };
        Ok(self.payments.clone().refresh_payment(request).await?.into_inner().payment.unwrap())
    }

    /// Has the provider return the money of a refund.
    async fn reverse(&self, payment_id: &str, refund_id: &str) -> Result<pb::Payment, Status> {
        use simulator::reverse_operation_request::Operation;
        let operation = Some(Operation::RefundId(refund_id.to_owned()));
        let request = simulator::ReverseOperationRequest { operation };
        self.simulator.clone().reverse_operation(request).await?;
        let get = pb::GetPaymentRequest { payment_id: payment_id.into() };
        Ok(self.payments.clone().get_payment(get).await?.into_inner().payment.unwrap())
    }

    async fn settled(&self, payment_id: &str) -> pb::Payment {
        eventually(PATIENCE, || async {
            let request = pb::GetPaymentRequest { payment_id: payment_id.into() };
            let answer = self.payments.clone().get_payment(request).await.ok()?.into_inner();
            answer.payment.filter(|payment| !payment.in_flight)
        })
        .await
    }

    async fn operations(&self, payment_id: &str) -> i32 {
        let request = simulator::ListChargesRequest { page_size: 1000, page_token: String::new() };
        let charges =
            self.simulator.clone().list_charges(request).await.unwrap().into_inner().charges;
        charges
            .into_iter()
            .find(|charge| charge.payment_id == payment_id)
            .map_or(0, |charge| charge.operation_count)
    }

    /// Returns debits and credits, posted, of an account in pounds.
    async fn balance(&self, account: Account) -> (i64, i64) {
        let account_ids = vec![ledger_account(account, "GBP".parse().unwrap()).to_string()];
        let request = ledger::LookupAccountsRequest { account_ids };
        let accounts =
            self.ledger.clone().lookup_accounts(request).await.unwrap().into_inner().accounts;
        accounts.first().map_or((0, 0), |account| (account.debits_posted, account.credits_posted))
    }

    /// Asserts that payments, ledger and the provider's book agree, and that the ledger agrees with
    /// itself.
    async fn agree(&self) {
        let audit = check_invariants(self.channel.clone(), "payments").await.unwrap();
        assert_eq!(audit.findings, vec![]);
        let count = |what: &str| {
            audit.counts.iter().find(|count| count.what == what).map_or(0, |count| count.count)
        };
        assert_eq!(count("payments in flight"), 0);
        assert!(count("payments") > 0);
        let audit = check_invariants(self.channel.clone(), "ledger").await.unwrap();
        assert_eq!(audit.findings, vec![]);
    }
}

/// Payments and the ledger as one program, on databases of their own.
struct OneProgram {
    running: Option<Running>,
    till: Till,
    _databases: Vec<TestDb>,
    _folder: tempfile::TempDir,
}

impl OneProgram {
    async fn start(engine: Engine) -> OneProgram {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new("souk")
            .environment(&[])
            .set("server.listen", "127.0.0.1:0")
            .set("server.metrics_listen", "127.0.0.1:0")
            .set("log.level", "warn")
            .set("data_dir", folder.path().display())
            .set("payments.recovery.sweep_milliseconds", "20")
            .set("payments.recovery.retry_milliseconds", "20")
            .set("payments.simulator.fee_basis_points", "140");
        let mut databases = Vec::new();
        for key in ["payments.data.url", "payments.simulator.data.url", "ledger.data.url"] {
            let database = TestDb::new(engine).await;
            options = options.set(key, database.url());
            databases.push(database);
        }
        let shop = Shop::new(options).with(ledger_service()).with(::payments::definition());
        let running = shop.start().await.unwrap_or_else(|error| panic!("{error}"));
        let till = Till::at(&format!("http://{}", running.addr()));
        OneProgram { running: Some(running), till, _databases: databases, _folder: folder }
    }

    async fn stop(mut self) {
        self.running.take().unwrap().drain().await.unwrap();
    }
}

fn ledger_service() -> souk_chassis::Definition {
    ::ledger::definition()
}

fn new_refund_id() -> String {
    RefundId::new(Timestamp::from_micros(1)).to_string()
}

on_each_engine! {
    async fn the_worked_example_of_the_chart_of_accounts_comes_out_to_the_penny(engine: Engine) {
        let shop = OneProgram::start(engine).await;
        let till = shop.till.clone();
        let request = authorization("tok_approved", 10_000);
        till.authorize(&request).await.unwrap();
        till.capture(capture(&request.payment_id, "shipped", Some(6_000), true)).await.unwrap();
        let payment = till.refund(&request.payment_id, &new_refund_id(), 2_000).await.unwrap();

        assert_eq!((amounts(&payment), minor(&payment.fees)), ((6_000, 6_000, 2_000), 84));
        assert_eq!(till.balance(Account::ProviderReceivable).await, (6_000, 84 + 2_000));
        assert_eq!(till.balance(Account::Sales).await, (2_000, 6_000));
        assert_eq!(till.balance(Account::ProviderFees).await, (84, 0));
        till.agree().await;
        shop.stop().await;
    }

    async fn every_way_through_a_payment_leaves_the_books_in_agreement(engine: Engine) {
        let shop = OneProgram::start(engine).await;
        let till = shop.till.clone();

        let parts = authorization("tok_approved", 10_000);
        till.authorize(&parts).await.unwrap();
        for (request_id, part) in [("a", 3_000), ("b", 2_500)] {
            till.capture(capture(&parts.payment_id, request_id, Some(part), false)).await.unwrap();
        }
        assert_eq!(amounts(&till.void(&parts.payment_id).await.unwrap()), (5_500, 5_500, 0));

        for token in ["tok_lost_after", "tok_lost_before"] {
            let lost = authorization(token, 700);
            assert_eq!(till.authorize(&lost).await.unwrap_err().code(), Code::Unavailable);
            assert_eq!(amounts(&till.settled(&lost.payment_id).await), (700, 0, 0));
            assert_eq!(till.operations(&lost.payment_id).await, 1);
            let taken_back = authorization(token, 800);
            till.authorize(&taken_back).await.unwrap_err();
            assert_eq!(till.void(&taken_back.payment_id).await.unwrap().state(), pb::PaymentState::Canceled);
        }
        till.authorize(&authorization("tok_declined", 100)).await.unwrap_err();
        let action = authorization("tok_requires_action", 900);
        till.authorize(&action).await.unwrap();
        till.approve(&action.payment_id).await.unwrap();
        let free = authorization("tok_approved", 0);
        till.authorize(&free).await.unwrap();
        till.capture(capture(&free.payment_id, "a", None, true)).await.unwrap();
        till.agree().await;
        shop.stop().await;
    }

    async fn of_a_capture_and_a_void_at_once_one_wins_in_all_three_books(engine: Engine) {
        let shop = OneProgram::start(engine).await;
        let till = shop.till.clone();
        for _ in 0..20 {
            let request = authorization("tok_approved", 100);
            till.authorize(&request).await.unwrap();
            let id = &request.payment_id;
            let (captured, voided) = tokio::join!(till.capture(capture(id, "a", None, true)), till.void(id));
            assert!(captured.is_ok() != voided.is_ok(), "{captured:?} {voided:?}");
            assert_eq!(till.operations(id).await, 2);
        }
        till.agree().await;
        shop.stop().await;
    }
}

/// Carries out the operation of a fault point, or repeats it: the same call both times.
async fn operate(
    till: &Till,
    operation: &str,
    request: &pb::AuthorizePaymentRequest,
    refund_id: &str,
) -> Result<pb::Payment, Status> {
    let id = &request.payment_id;
    match operation {
        "authorize" => till.authorize(request).await,
        "complete_action" => till.approve(id).await,
        "capture" => till.capture(capture(id, "a", Some(60), true)).await,
        "void" => till.void(id).await,
        "refund" => till.refund(id, refund_id, 30).await,
        "reverse" => till.reverse(id, refund_id).await,
        other => panic!("no scenario for {other}"),
    }
}

/// Returns what an operation comes to.
fn outcome(operation: &str) -> (pb::PaymentState, (i64, i64, i64)) {
    use pb::PaymentState::{Canceled, RequiresCapture, Succeeded};
    match operation {
        "authorize" | "complete_action" => (RequiresCapture, (100, 0, 0)),
        "capture" => (Succeeded, (60, 60, 0)),
        "void" => (Canceled, (0, 0, 0)),
        "reverse" => (Succeeded, (100, 100, 0)),
        _ => (Succeeded, (100, 100, 30)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_boundary_of_a_payment_nothing_is_lost_and_nobody_is_charged_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = ChildShop::serve(&["ledger", "payments"], folder.path())
        .argument("--metrics-listen=127.0.0.1:0")
        .environment("SOUK__FAULTS__ENABLED", "true")
        .environment("PAYMENTS__RECOVERY__SWEEP_MILLISECONDS", "20")
        .start()
        .await;
    for point in FAULT_POINTS {
        let operation = point.split('.').nth(1).unwrap();
        // Once the caller repeats its call, and once it does not.
        for is_repeated in [true, false] {
            let till = Till::at(&shop.url());
            let token =
                if operation == "complete_action" { "tok_requires_action" } else { "tok_approved" };
            let request = authorization(token, 100);
            let refund_id = new_refund_id();
            if operation != "authorize" {
                till.authorize(&request).await.unwrap();
            }
            if operation == "refund" || operation == "reverse" {
                till.capture(capture(&request.payment_id, "whole", None, true)).await.unwrap();
            }
            if operation == "reverse" {
                till.refund(&request.payment_id, &refund_id, 30).await.unwrap();
            }
            let before = till.operations(&request.payment_id).await;
            let crash = ops::fault::Effect::Action(ops::FaultAction::CrashBefore.into());
            let fault = ops::Fault {
                target: (*point).to_owned(),
                key: request.payment_id.clone(),
                fail_count: 1,
                effect: Some(crash),
                ..Default::default()
            };
            let request_id = format!("{point}/{}", request.payment_id);
            let fault = ops::InjectFaultRequest { request_id, fault: Some(fault) };
            till.faults.clone().inject_fault(fault).await.unwrap();
            operate(&till, operation, &request, &refund_id).await.expect_err("it was killed");
            shop.exited(PATIENCE).await;
            shop.restart().await;

            let till = Till::at(&shop.url());
            if is_repeated {
                operate(&till, operation, &request, &refund_id)
                    .await
                    .unwrap_or_else(|error| panic!("{point}: {error}"));
            }
            let payment = till.settled(&request.payment_id).await;
            assert_eq!((payment.state(), amounts(&payment)), outcome(operation), "{point}");
            // A reversal is the provider's own; nobody asks for it.
            let asked = i32::from(operation != "reverse");
            assert_eq!(
                till.operations(&request.payment_id).await,
                before + asked,
                "{point}: the provider did it once"
            );
        }
    }
    Till::at(&shop.url()).agree().await;
}
