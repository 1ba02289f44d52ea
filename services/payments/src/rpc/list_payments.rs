//! ListPayments: payments by id, a page at a time.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ListPayments;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::PaymentRpc;
use crate::error::Error;
use crate::store;

impl Handle<ListPayments> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::ListPaymentsRequest>,
    ) -> Result<pb::ListPaymentsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListPayments",
            &[],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|cursor| cursor.get(0)).transpose()?;

        let payments = store::payment::list(&self.db.read(), after, page.limit()).await?;

        let (payments, next_page_token) = page.close(
            &payments,
            |payment| vec![payment.id.into()],
            |payment| pb::Payment::from(payment),
        );
        Ok(pb::ListPaymentsResponse { payments, next_page_token })
    }
}
