//! CreateLedger: adds a ledger with its currency.

use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::CreateLedger;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;

use super::LedgerRpc;
use crate::convert;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::store;

/// How often it is attempted before its failure is the response.
const ATTEMPTS: u32 = 3;

impl Handle<CreateLedger> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateLedgerRequest>,
    ) -> Result<pb::CreateLedgerResponse, Error> {
        let new = convert::new_ledger(call.request.ledger.unwrap_or_default(), self.clock.now())?;

        let mut attempt = 1;
        let ledger = loop {
            match self.db.write(ReadCommitted, new, create).await {
                // Another write took the number in the meantime; the next attempt sees it.
                Err(Error::Database(error))
                    if error.is_unique_violation() && attempt < ATTEMPTS =>
                {
                    attempt += 1
                }
                result => break result?,
            }
        };
        Ok(pb::CreateLedgerResponse { ledger: Some(ledger.into()) })
    }
}

async fn create(tx: &Tx, new: &Ledger) -> Result<Ledger, Error> {
    match store::ledger::find(tx, new.number).await? {
        Some(ledger) if ledger.currency == new.currency => Ok(ledger),
        Some(ledger) => Err(Error::LedgerExists(ledger)),
        None => {
            store::ledger::insert(tx, new).await?;
            Ok(*new)
        }
    }
}
