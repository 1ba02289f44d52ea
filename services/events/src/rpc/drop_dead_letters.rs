//! DropDeadLetters: deletes dead letters.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::DropDeadLetters;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;

use super::EventsRpc;
use crate::dead_letter::DeadLetterId;
use crate::error::Error;
use crate::store;

/// How many one write deletes when all are dropped.
const AT_A_TIME: u64 = 500;

impl Handle<DropDeadLetters> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::DropDeadLettersRequest>,
    ) -> Result<pb::DropDeadLettersResponse, Error> {
        let request = call.request;
        let number = self.find(&request.subscription_id, &call.caller).await?.number;
        let dropped = if request.dead_letter_ids.is_empty() {
            drop_all(self, number).await?
        } else {
            // Text that is no id names what is not there, and dropping that is no error.
            let ids: Vec<_> =
                request.dead_letter_ids.iter().filter_map(|id| DeadLetterId::parse(id)).collect();
            self.0.db.write(ReadCommitted, (number, ids), store::dead_letter::delete).await?
        };
        Ok(pb::DropDeadLettersResponse {
            dropped_count: i64::try_from(dropped).unwrap_or(i64::MAX),
        })
    }
}

/// Drops all there are, some at a time, so that the writes of others come in between.
async fn drop_all(rpc: &EventsRpc, number: i64) -> Result<u64, Error> {
    let mut dropped = 0;
    loop {
        let count = rpc
            .0
            .db
            .write(ReadCommitted, (number, AT_A_TIME), store::dead_letter::delete_oldest)
            .await?;
        dropped += count;
        if count < AT_A_TIME {
            return Ok(dropped);
        }
    }
}
