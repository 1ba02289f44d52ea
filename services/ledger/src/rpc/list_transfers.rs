//! ListTransfers: the transfers of all accounts, newest or oldest first.

use sea_orm::sea_query::Order;
use souk_client::ledger::v1 as pb;
use souk_client::ledger::v1::ledger_service::ListTransfers;
use souk_contract::{Call, Handle};
use souk_data::Reader;
use souk_data::page::{self, Cursor};
use souk_types::Timestamp;

use super::LedgerRpc;
use crate::convert;
use crate::error::Error;
use crate::store;
use crate::store::ledger::Currencies;
use crate::store::list::Position;
use crate::store::transfer::Model;

/// How many transfers a page has when the caller does not say.
const DEFAULT_PAGE_SIZE: usize = 100;

impl Handle<ListTransfers> for LedgerRpc {
    async fn handle(
        &self,
        call: Call<pb::ListTransfersRequest>,
    ) -> Result<pb::ListTransfersResponse, Error> {
        let caller = call.caller.key();
        let request = call.request;
        let filter = convert::filter(&request)?;
        let order = if request.order_by == "create_time" { Order::Asc } else { Order::Desc };

        let parts = filter.scope();
        let direction = format!("{order:?}");
        let mut scope = vec!["ListTransfers", &caller, &direction];
        scope.extend(parts.iter().map(String::as_str));
        let tokens = self.db.page_tokens();
        let after = tokens.open(&scope, &request.page_token)?.as_ref().map(read).transpose()?;

        let reader = self.db.read();
        let limit = page_size(request.page_size);
        let found = store::list::all(&reader, &filter, &order, after, limit).await?;
        let positions: Vec<Position> = found.rows.iter().map(store::list::position).collect();
        let mut transfers = shown(&reader, found.rows).await?;
        let next = if page::fit(&mut transfers) {
            Some(positions[transfers.len() - 1])
        } else {
            found.next
        };
        let token = |(time, sequence): Position| {
            tokens.issue(&scope, &[time.as_micros().into(), sequence.into()])
        };
        let next_page_token = next.map(token).unwrap_or_default();
        Ok(pb::ListTransfersResponse { transfers, next_page_token })
    }
}

fn read(cursor: &Cursor) -> Result<Position, souk_data::Error> {
    Ok((Timestamp::from_micros(cursor.get(0)?), cursor.get(1)?))
}

/// Returns how many transfers a page has; 0 means the default.
pub(super) fn page_size(asked: i32) -> usize {
    usize::try_from(asked).ok().filter(|size| *size > 0).unwrap_or(DEFAULT_PAGE_SIZE)
}

/// Returns transfers as they are shown.
pub(super) async fn shown(reader: &Reader, rows: Vec<Model>) -> Result<Vec<pb::Transfer>, Error> {
    let listed = store::transfer::listed(reader, rows).await?;
    let ledgers = listed.iter().map(|listed| listed.transfer.ledger);
    let currencies = Currencies::of(reader, ledgers).await?;
    Ok(listed.into_iter().map(|listed| currencies.transfer(listed)).collect())
}
