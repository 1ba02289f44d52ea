//! ListRefunds: refunds by id, of one payment or of all, a page at a time.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ListRefunds;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::PaymentRpc;
use crate::error::Error;
use crate::store;

impl Handle<ListRefunds> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::ListRefundsRequest>,
    ) -> Result<pb::ListRefundsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let payment = request.payment_id()?;
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListRefunds",
            &[&request.payment_id],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|cursor| cursor.get(0)).transpose()?;

        let refunds = store::refund::list(&self.db.read(), payment, after, page.limit()).await?;

        let (refunds, next_page_token) = page.close(
            &refunds,
            |refund| vec![refund.id.into()],
            |refund| pb::PaymentRefund::from(refund),
        );
        Ok(pb::ListRefundsResponse { refunds, next_page_token })
    }
}
