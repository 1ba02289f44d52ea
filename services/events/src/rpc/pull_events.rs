//! PullEvents: delivers the next events of a subscription in one response.

use std::time::Duration;

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::PullEvents;
use souk_contract::{Call, Deadline, Handle};

use super::EventsRpc;
use crate::access::Reader;
use crate::convert;
use crate::delivery::{Limits, PULL_BYTES};
use crate::error::Error;

/// How many events a pull returns when the caller does not say.
const DEFAULT_EVENTS: usize = 100;

/// The longest wait for an event, and what is left of the caller's deadline for the answer.
const MAX_WAIT: Duration = Duration::from_secs(60);
const ANSWER_TIME: Duration = Duration::from_millis(500);

impl Handle<PullEvents> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::PullEventsRequest>,
    ) -> Result<pb::PullEventsResponse, Error> {
        let Call { request, caller, deadline } = call;
        let reader = Reader::of_call(&caller);
        let found = self.find(&request.subscription_id, &caller).await?;
        found.check_consumer(&caller.key())?;
        reader.check(&found.settings.event_types)?;

        let asked = usize::try_from(request.max_events).ok().filter(|most| *most > 0);
        let limits = Limits {
            messages: asked.unwrap_or(DEFAULT_EVENTS),
            bytes: PULL_BYTES,
            ack_deadline: convert::duration(request.ack_deadline),
        };
        let wait = wait_of(convert::duration(request.max_wait), deadline);
        let consumer = self.0.delivery.join(found, limits).await;
        let deliveries = tokio::select! {
            pulled = consumer.pull() => pulled?,
            () = tokio::time::sleep(wait) => Vec::new(),
            () = self.0.drain.started() => Vec::new(),
        };
        Ok(pb::PullEventsResponse { deliveries })
    }
}

/// Returns how long to wait for the first event.
fn wait_of(max_wait: Option<Duration>, deadline: Deadline) -> Duration {
    let left = deadline.remaining();
    let answer_time = ANSWER_TIME.min(left / 4);
    max_wait.unwrap_or(MAX_WAIT).min(MAX_WAIT).min(left - answer_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_comes_before_the_callers_deadline() {
        let wait = |max_wait: Option<u64>, seconds| {
            let deadline = Deadline::after(Duration::from_secs(seconds));
            wait_of(max_wait.map(Duration::from_secs), deadline).as_millis()
        };
        assert!((4_400..=4_500).contains(&wait(None, 5)), "{}", wait(None, 5));
        assert!((700..=750).contains(&wait(None, 1)), "{}", wait(None, 1));
        assert_eq!(wait(Some(2), 5), 2_000);
        assert_eq!(wait(None, 3600), 60_000);
        assert_eq!(wait(None, 0), 0);
    }
}
