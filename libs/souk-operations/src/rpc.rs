//! souk.operations.v1.OperationService for the operations of one service.

use std::time::Duration;

use souk_chassis::{Caller, Context, Drain};
use souk_client::operations::v1 as pb;
use souk_client::operations::v1::operation_service::{
    CancelOperation, GetOperation, ListOperations, WaitOperation,
};
use souk_contract::{Call, Deadline, FieldError, Handle, Handlers, MethodPolicy};
use souk_data::operation::{self, Model};
use souk_data::page::Page;
use souk_data::{Db, Isolation, Tx};
use souk_types::{Clock, OperationId, Timestamp};

use crate::convert::answer;
use crate::error::Error;

/// How long WaitOperation waits unless the caller says.
const WAIT: Duration = Duration::from_secs(30);
/// How long before the caller's deadline it responds.
const MARGIN: Duration = Duration::from_millis(500);
/// How often it looks when nothing says that there is something new: another replica may carry the
/// operation out.
const POLL: Duration = Duration::from_millis(500);
/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What the methods work with.
pub(crate) struct OperationRpc {
    pub(crate) service: String,
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) drain: Drain,
    /// Of the methods that start operations.
    pub(crate) policies: Vec<&'static MethodPolicy>,
}

impl Handlers for OperationRpc {
    type Error = Error;
}

impl OperationRpc {
    /// Returns the methods that a caller may call, and so the operations that it may see.
    fn methods(&self, caller: &Caller) -> Vec<&'static str> {
        let context = Context::current();
        let scopes = context.as_ref().map(Context::scopes).unwrap_or_default();
        let mine = self.policies.iter().filter(|policy| policy.admit(caller, scopes).is_ok());
        mine.map(|policy| policy.path).collect()
    }

    /// Returns an operation that the caller may see.
    async fn find(&self, methods: &[&str], id: OperationId) -> Result<Model, Error> {
        let found = operation::find(&self.db.read(), id).await?;
        found.filter(|one| methods.contains(&one.method.as_str())).ok_or(Error::NotFound(id))
    }

    fn answer(&self, operation: &Model) -> Result<Option<pb::Operation>, Error> {
        Ok(Some(answer(&self.service, operation)?))
    }
}

fn id(text: &str) -> Result<OperationId, Error> {
    Ok(text.parse().map_err(|error| FieldError::new("operation_id", error))?)
}

impl Handle<GetOperation> for OperationRpc {
    async fn handle(
        &self,
        call: Call<pb::GetOperationRequest>,
    ) -> Result<pb::GetOperationResponse, Error> {
        let methods = self.methods(&call.caller);
        let found = self.find(&methods, id(&call.request.operation_id)?).await?;
        Ok(pb::GetOperationResponse { operation: self.answer(&found)? })
    }
}

impl Handle<ListOperations> for OperationRpc {
    async fn handle(
        &self,
        call: Call<pb::ListOperationsRequest>,
    ) -> Result<pb::ListOperationsResponse, Error> {
        let methods = self.methods(&call.caller);
        let request = call.request;
        let page = Page::open(
            &self.db,
            &call.caller.key(),
            "ListOperations",
            &[],
            request.page_size,
            &request.page_token,
        )?;
        let after = match &page.after {
            Some(cursor) => Some(cursor.get(0)?),
            None => None,
        };
        let limit = page.limit();
        let list = move |snapshot| {
            let methods = methods.clone();
            async move { operation::list(&snapshot, &methods, after, limit).await }
        };
        let mut found = Vec::new();
        for operation in self.db.snapshot(list).await? {
            let mut operation = (operation.operation_id, answer(&self.service, &operation)?);
            if let Some(pb::operation::Result::Response(_)) = operation.1.result {
                operation.1.result = None;
            }
            found.push(operation);
        }
        let (operations, next_page_token) =
            page.close(&found, |(id, _)| vec![(*id).into()], |(_, operation)| operation.clone());
        Ok(pb::ListOperationsResponse { operations, next_page_token })
    }
}

impl Handle<WaitOperation> for OperationRpc {
    async fn handle(
        &self,
        call: Call<pb::WaitOperationRequest>,
    ) -> Result<pb::WaitOperationResponse, Error> {
        let methods = self.methods(&call.caller);
        let id = id(&call.request.operation_id)?;
        let asked = call.request.timeout.and_then(|timeout| timeout.try_into().ok());
        let remaining = call.deadline.remaining().saturating_sub(MARGIN);
        let until = Deadline::after(asked.unwrap_or(WAIT).min(remaining));
        let mut commits = self.db.committed();
        loop {
            commits.mark_unchanged();
            let found = self.find(&methods, id).await?;
            if found.done_time.is_some() || until.has_passed() || self.drain.is_draining() {
                return Ok(pb::WaitOperationResponse { operation: self.answer(&found)? });
            }
            let pause = POLL.min(until.remaining());
            tokio::select! {
                _ = tokio::time::timeout(pause, commits.changed()) => {}
                () = self.drain.started() => {}
            }
            tokio::time::sleep(PAUSE.min(until.remaining())).await;
        }
    }
}

impl Handle<CancelOperation> for OperationRpc {
    async fn handle(
        &self,
        call: Call<pb::CancelOperationRequest>,
    ) -> Result<pb::CancelOperationResponse, Error> {
        let methods = self.methods(&call.caller);
        let id = id(&call.request.operation_id)?;
        self.find(&methods, id).await?;
        let now = self.clock.now();
        self.db.write(Isolation::ReadCommitted, (id, now), cancel).await?;
        let found = self.find(&methods, id).await?;
        Ok(pb::CancelOperationResponse { operation: self.answer(&found)? })
    }
}

async fn cancel(tx: &Tx, &(id, now): &(OperationId, Timestamp)) -> Result<(), Error> {
    Ok(operation::cancel(tx, id, now).await?)
}
