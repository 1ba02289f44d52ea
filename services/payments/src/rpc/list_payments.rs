//! ListPayments: payments by time, a page at a time.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ListPayments;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::{PaymentRpc, list_scope};
use crate::convert;
use crate::error::Error;
use crate::store;
use crate::store::payment::Filter;

impl Handle<ListPayments> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::ListPaymentsRequest>,
    ) -> Result<pb::ListPaymentsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let filter = Filter {
            order: request.order_id()?,
            customer: convert::customer(&request.customer_id)?,
            reference: some(&request.reference),
            provider_reference: some(&request.provider_reference),
            states: convert::states(&request.states),
            range: convert::range(
                request.create_time_after,
                request.create_time_before,
                &request.order_by,
            )?,
        };
        let scope = list_scope(
            &[
                &request.order_id,
                &request.customer_id,
                &request.reference,
                &request.provider_reference,
            ],
            &request.states,
            &filter.range,
        );
        let scope: Vec<&str> = scope.iter().map(String::as_str).collect();
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListPayments",
            &scope,
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|last| Ok::<_, Error>((last.get(0)?, last.get(1)?)));

        let payments =
            store::payment::list(&self.db.read(), &filter, after.transpose()?, page.limit())
                .await?;

        let (payments, next_page_token) = page.close(
            &payments,
            |one| vec![one.create_time.into(), one.id.into()],
            |one| convert::for_caller(&caller, one),
        );
        Ok(pb::ListPaymentsResponse { payments, next_page_token })
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
