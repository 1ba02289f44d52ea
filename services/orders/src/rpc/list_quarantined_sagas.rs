//! ListQuarantinedSagas: what waits for STAFF, and why.

use souk_client::ops::v1 as pb;
use souk_client::ops::v1::SagaState;
use souk_client::ops::v1::saga_service::ListQuarantinedSagas;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::{SagaError, SagaRpc, describe};
use crate::error::Error;
use crate::store;

impl Handle<ListQuarantinedSagas> for SagaRpc {
    async fn handle(
        &self,
        call: Call<pb::ListQuarantinedSagasRequest>,
    ) -> Result<pb::ListQuarantinedSagasResponse, SagaError> {
        let caller = call.caller.key();
        let request = call.request;
        let (sagas, next_page_token) = self.quarantined(&caller, &request).await?;
        Ok(pb::ListQuarantinedSagasResponse { sagas, next_page_token })
    }
}

impl SagaRpc {
    async fn quarantined(
        &self,
        caller: &str,
        request: &pb::ListQuarantinedSagasRequest,
    ) -> Result<(Vec<pb::Saga>, String), Error> {
        let page = Page::open(
            &self.db,
            caller,
            "ListQuarantinedSagas",
            &[],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|cursor| cursor.get(0)).transpose()?;

        let waiting =
            store::order_list::list_quarantined(&self.db.read(), after, page.limit()).await?;

        Ok(page.close(
            &waiting,
            |waiting| vec![waiting.order.id.into()],
            |waiting| pb::Saga {
                state: SagaState::Quarantined.into(),
                failure: waiting.failure.clone(),
                ..describe(&waiting.saga)
            },
        ))
    }
}
