//! ListDeadLetters: what a subscription could not finish, oldest first, a page at a time.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::ListDeadLetters;
use souk_contract::{Call, Handle};
use souk_data::page::Page;
use souk_types::Timestamp;

use super::EventsRpc;
use crate::access::Reader;
use crate::error::Error;
use crate::{convert, store};

/// How many a page has when the caller does not say: few, since each holds its event.
const DEFAULT_SIZE: i32 = 20;

/// Before everything that was ever stored: time, partition and offset.
const START: (Timestamp, i64, i64) = (Timestamp::from_micros(i64::MIN), -1, -1);

impl Handle<ListDeadLetters> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::ListDeadLettersRequest>,
    ) -> Result<pb::ListDeadLettersResponse, Error> {
        let Call { request, caller, .. } = call;
        let found = self.find(&request.subscription_id, &caller).await?;
        Reader::of_call(&caller).check(&found.settings.event_types)?;
        let number = found.number.to_string();
        let size = if request.page_size > 0 { request.page_size } else { DEFAULT_SIZE };
        let page = Page::open(
            &self.0.db,
            &caller.key(),
            "ListDeadLetters",
            &[&number],
            size,
            &request.page_token,
        )?;
        let after = match &page.after {
            Some(cursor) => (cursor.get(0)?, cursor.get(1)?, cursor.get(2)?),
            None => START,
        };

        let letters =
            store::dead_letter::list(&self.0.db.read(), found.number, after, page.limit()).await?;

        let (dead_letters, next_page_token) = page.close(
            &letters,
            |letter| {
                let partition = i64::from(letter.id.partition);
                vec![letter.create_time.into(), partition.into(), letter.id.offset.into()]
            },
            |letter| convert::dead_letter(&found.name, letter),
        );
        Ok(pb::ListDeadLettersResponse { dead_letters, next_page_token })
    }
}
