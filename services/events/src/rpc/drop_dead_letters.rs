//! DropDeadLetters: forgets dead letters for good.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::DropDeadLetters;
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;
use crate::{convert, store};

/// How many one write drops when all are.
const AT_A_TIME: i64 = 500;

impl Handle<DropDeadLetters> for EventsRpc {
    async fn handle(&self, call: Call<pb::DropDeadLettersRequest>) -> Result<pb::DropDeadLettersResponse, Error> {
        let request = call.request;
        let number = self.find(&request.subscription, &call.caller).await?.number;
        // What is no name of a dead letter is not there, and dropping that is no error.
        let ids: Vec<_> = request.dead_letter_ids.iter().flat_map(|id| convert::dead_letter_id_of(id)).collect();
        let dropped = match request.dead_letter_ids.is_empty() {
            true => drop_all(self, number).await?,
            false => {
                let named = move |tx| {
                    let ids = ids.clone();
                    async move { store::dead_letter::delete(&tx, number, &ids).await }
                };
                self.0.db.write_locked(named).await?
            }
        };
        Ok(pb::DropDeadLettersResponse { dropped: i64::try_from(dropped).unwrap_or(i64::MAX) })
    }
}

/// Drops all there are, some at a time, so that the writes of others come in between.
async fn drop_all(rpc: &EventsRpc, number: i64) -> Result<u64, Error> {
    let mut dropped = 0;
    loop {
        let some = move |tx| async move { store::dead_letter::delete_oldest(&tx, number, AT_A_TIME).await };
        let count = rpc.0.db.write_locked(some).await?;
        dropped += count;
        if count < AT_A_TIME as u64 {
            return Ok(dropped);
        }
    }
}
