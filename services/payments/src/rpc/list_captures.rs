//! ListCaptures: captures by time, a page at a time.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ListCaptures;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::{PaymentRpc, list_scope};
use crate::convert;
use crate::error::Error;
use crate::store;
use crate::store::attempt::CaptureFilter;

impl Handle<ListCaptures> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::ListCapturesRequest>,
    ) -> Result<pb::ListCapturesResponse, Error> {
        let caller = call.caller.key();
        let request = call.request;
        let filter = CaptureFilter {
            payment: request.payment_id()?,
            states: convert::states(&request.states),
            range: convert::range(
                request.create_time_after,
                request.create_time_before,
                &request.order_by,
            )?,
        };
        let scope = list_scope(&[&request.payment_id], &request.states, &filter.range);
        let scope: Vec<&str> = scope.iter().map(String::as_str).collect();
        let page = Page::open(
            &self.db,
            &caller,
            "ListCaptures",
            &scope,
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|last| Ok::<_, Error>((last.get(0)?, last.get(1)?)));

        let captures = store::attempt::list_captures(
            &self.db.read(),
            &filter,
            after.transpose()?,
            page.limit(),
        )
        .await?;

        let (captures, next_page_token) = page.close(
            &captures,
            |one| vec![one.create_time.into(), one.id.into()],
            |one| pb::PaymentCapture::from(one),
        );
        Ok(pb::ListCapturesResponse { captures, next_page_token })
    }
}
