//! Calls to the ledger: the only upstream of payments.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_chassis::{Channel, Host};
use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_types::{AccountId, Currency, PaymentId, TransferId};
use tonic::{Code, Status};

use crate::error::Error;
use crate::transfers::{self, Account, Form, Transfer};

/// The ledger. Cloning is cheap.
#[derive(Clone)]
pub struct Ledger {
    client: LedgerServiceClient<Channel>,
    /// The currencies that this process has made sure to have their ledger and accounts.
    prepared: Arc<Mutex<HashSet<Currency>>>,
}

/// The posted and pending sums of one account, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub debits_posted: i64,
    pub credits_posted: i64,
    pub credits_pending: i64,
}

/// A transfer as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerTransfer {
    pub id: TransferId,
    pub debit: String,
    pub credit: String,
    pub amount: i64,
    pub is_pending: bool,
    /// Whether the amount of a pending transfer is still set aside.
    pub is_held: bool,
    pub resolves: Option<TransferId>,
}

/// The most transfers that one look-up asks for.
const LOOKUP_AT_ONCE: usize = 4000;

impl Ledger {
    /// Returns the way to the ledger.
    pub fn new(host: &Host) -> Self {
        let client = LedgerServiceClient::new(host.channel("ledger"));
        Ledger { client, prepared: Arc::default() }
    }

    /// Sees to it that these transfers are in the ledger, once however often it is called. Ledgers
    /// and accounts are made before they are first needed: the ledger permanently refuses the id of
    /// a transfer between accounts that are not there.
    ///
    /// # Errors
    /// When the ledger does not answer (it may have created them) or refuses one of them (then it
    /// has created none of its chain).
    pub async fn post(&self, transfers: &[Transfer]) -> Result<(), Error> {
        let (payment, currency) = match transfers.first() {
            Some(first) => (first.payment, first.currency),
            None => return Ok(()),
        };
        self.prepare(payment, currency).await?;
        match self.create(transfers).await? {
            Some(refusal) => {
                Err(Error::LedgerRefused { payment, refusal: refusal.as_str_name().to_owned() })
            }
            None => Ok(()),
        }
    }

    /// Makes the ledger and the accounts of a currency, unless this process has done so.
    async fn prepare(&self, payment: PaymentId, currency: Currency) -> Result<(), Error> {
        if self.prepared.lock().contains(&currency) {
            return Ok(());
        }
        let ledger = pb::Ledger {
            ledger: transfers::ledger(currency),
            currency_code: currency.to_string(),
            ..Default::default()
        };
        let request = pb::CreateLedgerRequest { ledger: Some(ledger) };
        self.client.clone().create_ledger(request).await.map_err(failed)?;
        self.create_accounts(payment, currency).await?;
        self.prepared.lock().insert(currency);
        Ok(())
    }

    /// Returns the most informative refusal, if any of the transfers was refused.
    async fn create(
        &self,
        transfers: &[Transfer],
    ) -> Result<Option<pb::CreateTransferStatus>, Error> {
        use pb::CreateTransferStatus as S;
        let request =
            pb::CreateTransfersRequest { transfers: transfers.iter().map(wire).collect() };
        let response =
            self.client.clone().create_transfers(request).await.map_err(failed)?.into_inner();
        let is_ours = |(result, transfer): (&pb::CreateTransferResult, &Transfer)| {
            let is_decided = result.status() != S::Unspecified;
            is_decided
                && result.amount == transfer.amount
                && result.transfer_id == transfer.id.to_string()
        };
        if response.results.len() != transfers.len()
            || !response.results.iter().zip(transfers).all(is_ours)
        {
            return self.inquire(transfers).await.map(|()| None);
        }
        let refused = response.results.iter().map(pb::CreateTransferResult::status);
        let mut refused =
            refused.filter(|status| !matches!(status, S::Created | S::Exists)).peekable();
        let any = refused.peek().copied();
        Ok(refused.find(|status| *status != S::LinkedEventFailed).or(any))
    }

    /// Looks whether the ledger holds exactly these transfers, after a response that was none about
    /// them.
    async fn inquire(&self, transfers: &[Transfer]) -> Result<(), Error> {
        let ids: Vec<TransferId> = transfers.iter().map(|transfer| transfer.id).collect();
        let recorded = self.transfers(&ids).await?;
        let is_there = |transfer: &Transfer| {
            recorded.iter().any(|recorded| {
                recorded.id == transfer.id
                    && recorded.amount == transfer.amount
                    && recorded.is_pending == (transfer.form == Form::Pending)
                    && recorded.debit == transfer.debit.id(transfer.currency).to_string()
                    && recorded.credit == transfer.credit.id(transfer.currency).to_string()
            })
        };
        if transfers.iter().all(is_there) { Ok(()) } else { Err(Error::LedgerUnanswered) }
    }

    async fn create_accounts(&self, payment: PaymentId, currency: Currency) -> Result<(), Error> {
        use pb::CreateAccountStatus as S;
        let accounts = Account::ALL.into_iter().map(|account| pb::NewAccount {
            account_id: account.id(currency).to_string(),
            ledger: transfers::ledger(currency),
            code: account.code(),
            flags: None,
            user_data: format!("{currency} {}", account.name()),
        });
        let request = pb::CreateAccountsRequest { accounts: accounts.collect() };
        let response = self.client.clone().create_accounts(request).await.map_err(failed)?;
        let results = response.into_inner().results;
        if results.len() != Account::ALL.len() {
            return Err(Error::LedgerUnanswered);
        }
        let mut statuses = results.iter().map(pb::CreateAccountResult::status);
        match statuses.find(|status| !matches!(status, S::Created | S::Exists)) {
            Some(S::Unspecified) => Err(Error::LedgerUnanswered),
            Some(refusal) => {
                Err(Error::LedgerRefused { payment, refusal: refusal.as_str_name().to_owned() })
            }
            None => Ok(()),
        }
    }

    /// Returns which of these transfers the ledger has, in the order asked.
    pub async fn transfers(&self, ids: &[TransferId]) -> Result<Vec<LedgerTransfer>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(LOOKUP_AT_ONCE) {
            let request = pb::LookupTransfersRequest {
                transfer_ids: chunk.iter().map(TransferId::to_string).collect(),
            };
            let response =
                self.client.clone().lookup_transfers(request).await.map_err(failed)?.into_inner();
            for transfer in response.transfers {
                let transfer = recorded(transfer)?;
                if !chunk.contains(&transfer.id) {
                    return Err(Error::LedgerUnexpected(format!(
                        "transfer {} was not requested",
                        transfer.id
                    )));
                }
                found.push(transfer);
            }
        }
        Ok(found)
    }

    /// Returns the balance of an account; none when there is no such account.
    pub async fn balance(&self, account: AccountId) -> Result<Option<Balance>, Error> {
        let request = pb::LookupAccountsRequest { account_ids: vec![account.to_string()] };
        let response =
            self.client.clone().lookup_accounts(request).await.map_err(failed)?.into_inner();
        let account = account.to_string();
        Ok(response.accounts.iter().find(|found| found.account_id == account).map(|account| {
            Balance {
                debits_posted: account.debits_posted,
                credits_posted: account.credits_posted,
                credits_pending: account.credits_pending,
            }
        }))
    }
}

/// Distinguishes temporary failures from those that need an operator.
fn failed(status: Status) -> Error {
    match status.code() {
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::Unimplemented => {
            Error::LedgerUnexpected(format!("{:?}: {}", status.code(), status.message()))
        }
        _ => Error::LedgerUnavailable(status),
    }
}

fn wire(transfer: &Transfer) -> pb::NewTransfer {
    let mut flags = pb::TransferFlags { linked: transfer.is_linked, ..Default::default() };
    let pending_id = match transfer.form {
        Form::Single => String::new(),
        Form::Pending => {
            flags.pending = true;
            String::new()
        }
        Form::Post(pending) => {
            flags.post_pending_transfer = true;
            pending.to_string()
        }
        Form::Void(pending) => {
            flags.void_pending_transfer = true;
            pending.to_string()
        }
    };
    pb::NewTransfer {
        transfer_id: transfer.id.to_string(),
        debit_account_id: transfer.debit.id(transfer.currency).to_string(),
        credit_account_id: transfer.credit.id(transfer.currency).to_string(),
        amount: transfer.amount,
        pending_id,
        user_data: transfer.payment.to_string(),
        timeout_seconds: 0,
        ledger: transfers::ledger(transfer.currency),
        code: transfer.code as u32,
        flags: Some(flags),
        effective_time: Some(transfer.effective_time.into()),
    }
}

fn recorded(transfer: pb::Transfer) -> Result<LedgerTransfer, Error> {
    let flags = transfer.flags.unwrap_or_default();
    let id = |text: &str| {
        text.parse::<TransferId>()
            .map_err(|error| Error::LedgerUnexpected(format!("{text}: {error}")))
    };
    Ok(LedgerTransfer {
        id: id(&transfer.transfer_id)?,
        is_pending: flags.pending,
        is_held: transfer.pending_state() == pb::PendingState::Pending,
        resolves: (!transfer.pending_id.is_empty())
            .then(|| id(&transfer.pending_id))
            .transpose()?,
        debit: transfer.debit_account_id,
        credit: transfer.credit_account_id,
        amount: transfer.amount,
    })
}
