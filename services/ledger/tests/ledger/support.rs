//! A ledger under test, and short ways to say what is asked of it.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_client::ops::v1::InvariantReport;
use souk_testkit::{CallerChannel, Engine, TestService};
use souk_types::{AccountId, Clock, Timestamp, TransferId};

pub use souk_client::ledger::v1::CreateAccountStatus as AccountStatus;
pub use souk_client::ledger::v1::CreateTransferStatus as Status;

pub type Client = LedgerServiceClient<CallerChannel>;

/// The ledger of pounds.
pub const GBP: u32 = 826;

/// The ledger of dollars.
pub const USD: u32 = 840;

/// A running ledger and a client that calls as the payments service.
pub struct TestLedger {
    pub service: TestService,
    pub client: Client,
}

impl TestLedger {
    /// Starts a ledger with the accounts `a` and `b` without limits, `debt` and `asset` with them.
    pub async fn start(engine: Engine) -> Self {
        TestLedger::of(&Clock::system(), engine).await
    }

    /// Starts a ledger that goes by a clock of its own, which the test moves.
    pub async fn start_with_clock(engine: Engine) -> (Self, Clock) {
        let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
        (TestLedger::of(&clock, engine).await, clock)
    }

    /// Starts a ledger whose SQLite file cannot grow beyond `max_bytes`.
    pub async fn start_with_room(max_bytes: u64) -> Self {
        let builder = TestService::builder(ledger::definition(), Engine::Sqlite);
        TestLedger::started(builder.set("data.max_bytes", max_bytes.to_string()).start().await)
            .await
    }

    async fn of(clock: &Clock, engine: Engine) -> Self {
        let builder = TestService::builder(ledger::definition(), engine);
        let builder = builder.clock(clock).set("expiry.sweep_milliseconds", "20");
        TestLedger::started(builder.start().await).await
    }

    async fn started(service: TestService) -> Self {
        let client = client(&service, &Caller::Service("payments".into()));
        let ledger = TestLedger { service, client };
        ledger.create_ledger(GBP, "GBP").await;
        ledger.create_ledger(USD, "USD").await;
        let limited = |debits, credits| {
            Some(pb::AccountFlags {
                debits_must_not_exceed_credits: debits,
                credits_must_not_exceed_debits: credits,
                ..Default::default()
            })
        };
        let accounts = vec![
            new_account("a"),
            new_account("b"),
            pb::NewAccount { flags: limited(true, false), ..new_account("debt") },
            pb::NewAccount { flags: limited(false, true), ..new_account("asset") },
        ];
        assert_eq!(ledger.create_accounts(accounts).await, [AccountStatus::Created; 4]);
        ledger
    }

    pub async fn create_ledger(&self, ledger: u32, currency_code: &str) -> pb::Ledger {
        let currency_code = currency_code.into();
        let ledger = pb::Ledger { ledger, currency_code, ..Default::default() };
        let request = pb::CreateLedgerRequest { ledger: Some(ledger) };
        let created = self.client.clone().create_ledger(request).await.unwrap().into_inner();
        created.ledger.expect("the answer holds the ledger")
    }

    pub async fn create_accounts(&self, accounts: Vec<pb::NewAccount>) -> Vec<AccountStatus> {
        let answer = self
            .client
            .clone()
            .create_accounts(pb::CreateAccountsRequest { accounts })
            .await
            .unwrap();
        answer.into_inner().results.iter().map(pb::CreateAccountResult::status).collect()
    }

    pub async fn create(&self, transfers: Vec<pb::NewTransfer>) -> Vec<Status> {
        create(&self.client, transfers).await
    }

    pub async fn account(&self, name: &str) -> pb::Account {
        let request = pb::LookupAccountsRequest { account_ids: vec![account(name)] };
        let found =
            self.client.clone().lookup_accounts(request).await.unwrap().into_inner().accounts;
        found.into_iter().next().expect("the account exists")
    }

    /// Debits pending and posted, credits pending and posted, in minor units.
    pub async fn sums(&self, name: &str) -> (i64, i64, i64, i64) {
        let account = self.account(name).await;
        (
            account.debits_pending,
            account.debits_posted,
            account.credits_pending,
            account.credits_posted,
        )
    }

    pub async fn transfer(&self, name: &str) -> Option<pb::Transfer> {
        let request = pb::LookupTransfersRequest { transfer_ids: vec![transfer_id(name)] };
        self.client
            .clone()
            .lookup_transfers(request)
            .await
            .unwrap()
            .into_inner()
            .transfers
            .into_iter()
            .next()
    }

    pub async fn audit(&self) -> InvariantReport {
        self.service.invariants().await
    }

    /// Audits the ledger, which must find nothing, and stops it.
    pub async fn finish(mut self) {
        assert_eq!(self.audit().await.findings, []);
        self.service.stop().await;
    }
}

pub fn client(service: &TestService, caller: &Caller) -> Client {
    LedgerServiceClient::new(service.channel_as(caller)).max_decoding_message_size(64 << 20)
}

pub async fn create(client: &Client, transfers: Vec<pb::NewTransfer>) -> Vec<Status> {
    let answer =
        client.clone().create_transfers(pb::CreateTransfersRequest { transfers }).await.unwrap();
    answer.into_inner().results.iter().map(pb::CreateTransferResult::status).collect()
}

pub fn account(name: &str) -> String {
    AccountId::derive(b"test", name).to_string()
}

pub fn transfer_id(name: &str) -> String {
    TransferId::derive(b"test", name).to_string()
}

pub fn new_account(name: &str) -> pb::NewAccount {
    pb::NewAccount {
        account_id: account(name),
        ledger: GBP,
        code: 1,
        user_data: name.into(),
        ..Default::default()
    }
}

/// A single transfer.
pub fn transfer(name: &str, debit: &str, credit: &str, amount: i64) -> pb::NewTransfer {
    pb::NewTransfer {
        transfer_id: transfer_id(name),
        debit_account_id: account(debit),
        credit_account_id: account(credit),
        amount,
        ledger: GBP,
        code: 1,
        ..Default::default()
    }
}

/// A pending transfer from `a` to `b`.
pub fn pending(name: &str, amount: i64, timeout_seconds: u32) -> pb::NewTransfer {
    pb::NewTransfer {
        timeout_seconds,
        flags: Some(pb::TransferFlags { pending: true, ..Default::default() }),
        ..transfer(name, "a", "b", amount)
    }
}

/// Posts a pending transfer; 0 posts the whole.
pub fn post(name: &str, pending: &str, amount: i64) -> pb::NewTransfer {
    pb::NewTransfer {
        transfer_id: transfer_id(name),
        pending_id: transfer_id(pending),
        amount,
        flags: Some(pb::TransferFlags { post_pending_transfer: true, ..Default::default() }),
        ..Default::default()
    }
}

/// Voids a pending transfer.
pub fn void(name: &str, pending: &str) -> pb::NewTransfer {
    let flags = Some(pb::TransferFlags { void_pending_transfer: true, ..Default::default() });
    pb::NewTransfer { flags, ..post(name, pending, 0) }
}

/// Joins a transfer to the next one.
pub fn linked(mut transfer: pb::NewTransfer) -> pb::NewTransfer {
    transfer.flags.get_or_insert_default().linked = true;
    transfer
}

/// How long a test waits for what happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(60);
