//! ListDeadLetters: what a subscription could not finish, oldest first, a page at a time.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::ListDeadLetters;
use souk_contract::{Call, Handle};
use souk_data::args;

use super::EventsRpc;
use crate::error::Error;
use crate::{convert, store};

/// How many a page has when the caller does not say, and how many bytes in any case; one is always on it.
const USUAL_SIZE: usize = 20;
const MAX_BYTES: usize = 3 << 20;

impl Handle<ListDeadLetters> for EventsRpc {
    async fn handle(&self, call: Call<pb::ListDeadLettersRequest>) -> Result<pb::ListDeadLettersResponse, Error> {
        let Call { request, caller, .. } = call;
        let found = self.find(&request.subscription, &caller).await?;
        let size = usize::try_from(request.page_size).ok().filter(|size| *size > 0).unwrap_or(USUAL_SIZE);
        let (tokens, key, number) = (self.0.db.page_tokens(), caller.key(), found.number.to_string());
        let scope = ["ListDeadLetters", key.as_str(), number.as_str()];
        let after = match tokens.open(&scope, &request.page_token)? {
            Some(cursor) => (cursor.get(0)?, cursor.get(1)?, cursor.get(2)?),
            None => (i64::MIN, -1, -1),
        };

        let (letters, is_more) =
            store::dead_letter::list(&self.0.db.read(), found.number, after, size, MAX_BYTES).await?;

        let next_page_token = match letters.last() {
            Some(last) if is_more => tokens.issue(&scope, args![last.create_time, last.partition, last.entry.offset]),
            _ => String::new(),
        };
        let dead_letters = letters.into_iter().map(|letter| convert::dead_letter(&found.name, letter)).collect();
        Ok(pb::ListDeadLettersResponse { dead_letters, next_page_token })
    }
}
