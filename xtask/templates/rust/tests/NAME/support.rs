//! One {{name}} service under test, and short ways to call it.

use souk_chassis::Caller;
use souk_client::{{package}}::v1::{self as pb, {{package}}_service_client::{{Name}}ServiceClient};
use souk_testkit::{CallerChannel, Engine, TestService, TestServiceBuilder};
use souk_types::{Clock, Timestamp};
use tonic::Status;

/// The time at which every test starts.
pub const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// A running service whose clock stands still.
pub struct {{Name}} {
    service: TestService,
}

impl {{Name}} {
    /// Starts it with this limit of entries for a customer.
    pub async fn start(engine: Engine, most_per_customer: u32) -> Self {
        {{Name}} { service: Self::builder(engine, most_per_customer).start().await }
    }

    /// Starts it beside an event bus.
    pub async fn start_beside(bus: &str, engine: Engine, most_per_customer: u32) -> Self {
        {{Name}} {
            service: Self::builder(engine, most_per_customer).upstream("events", bus).start().await,
        }
    }

    fn builder(engine: Engine, most_per_customer: u32) -> TestServiceBuilder {
        TestService::builder({{package}}::definition(), engine)
            .clock(&Clock::manual(START))
            .set("entries.most_per_customer", most_per_customer.to_string())
    }

    /// Records an entry of a customer.
    pub async fn record(
        &self,
        user: &str,
        request_id: &str,
        text: &str,
    ) -> Result<pb::Entry, Status> {
        let request = pb::RecordEntryRequest {
            request_id: request_id.into(),
            text: text.into(),
            ..Default::default()
        };
        let answer = self.client_of(user).record_entry(request).await?;
        Ok(answer.into_inner().entry.expect("the entry"))
    }

    /// Returns the texts of a customer's newest entries.
    pub async fn recent(&self, user: &str, max_entries: i32) -> Vec<String> {
        let request = pb::ListRecentEntriesRequest { max_entries, ..Default::default() };
        let answer = self.client_of(user).list_recent_entries(request).await.unwrap();
        answer.into_inner().entries.into_iter().map(|entry| entry.text).collect()
    }

    /// Returns how many events wait for the bus.
    pub async fn events_in_outbox(&self) -> i64 {
        let counts = self.service.row_counts().await;
        counts.iter().filter(|(table, _)| table.ends_with("outbox")).map(|(_, rows)| rows).sum()
    }

    /// Checks its invariants, which must hold, and stops it.
    pub async fn end(mut self) {
        assert_eq!(self.service.invariants().await.findings, []);
        self.service.stop().await;
    }

    fn client_of(&self, user: &str) -> {{Name}}ServiceClient<CallerChannel> {
        {{Name}}ServiceClient::new(self.service.channel_as(&Caller::user(user)))
    }
}
