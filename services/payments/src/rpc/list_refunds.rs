//! ListRefunds: refunds by id, of one payment or of all, a page at a time.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ListRefunds;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert::PagedList;
use crate::error::Error;

impl Handle<ListRefunds> for PaymentRpc {
    async fn handle(&self, call: Call<pb::ListRefundsRequest>) -> Result<pb::ListRefundsResponse, Error> {
        let request = call.request;
        let payment = request.payment_id()?;
        let list = PagedList::new(self.store.tokens(), "refunds", &call.caller, &request.payment_id);
        let page = list.page(request.page_size, &request.page_token)?;

        let (found, has_more) = self.store.refunds(payment, page).await?;

        let (refunds, next_page_token) = list.close(&found, has_more, |refund| refund.id);
        Ok(pb::ListRefundsResponse { refunds, next_page_token })
    }
}
