//! The RPCs: the index, one line each. The story of a method is in `rpc/<method>.rs`.

mod list_recent_entries;
mod record_entry;

use souk_chassis::reply;
use souk_client::{{package}}::v1 as pb;
use souk_client::{{package}}::v1::{{package}}_service_server::{{Name}}Service;
use souk_data::Db;
use souk_types::Clock;
use tonic::{Request, Response, Status};

/// What the methods work with.
pub struct {{Name}}Rpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) most_per_user: u64,
}

#[tonic::async_trait]
impl {{Name}}Service for {{Name}}Rpc {
    async fn record_entry(
        &self,
        request: Request<pb::RecordEntryRequest>,
    ) -> Result<Response<pb::RecordEntryResponse>, Status> {
        reply(record_entry::handle(self, request).await)
    }

    async fn list_recent_entries(
        &self,
        request: Request<pb::ListRecentEntriesRequest>,
    ) -> Result<Response<pb::ListRecentEntriesResponse>, Status> {
        reply(list_recent_entries::handle(self, request).await)
    }
}
