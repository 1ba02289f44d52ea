//! ListPayments: payments by id, a page at a time.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ListPayments;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert::PagedList;
use crate::error::Error;

impl Handle<ListPayments> for PaymentRpc {
    async fn handle(&self, call: Call<pb::ListPaymentsRequest>) -> Result<pb::ListPaymentsResponse, Error> {
        let request = call.request;
        let list = PagedList::new(self.store.tokens(), "payments", &call.caller, "");
        let page = list.page(request.page_size, &request.page_token)?;

        let (found, has_more) = self.store.payments(page).await?;

        let (payments, next_page_token) = list.close(&found, has_more, |payment| payment.id);
        Ok(pb::ListPaymentsResponse { payments, next_page_token })
    }
}
