//! ListProducts: products by title, a page at a time.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use souk_data::args;
use souk_types::Timestamp;
use tonic::Request;

use super::CatalogRpc;
use crate::convert::{self, PagedList};
use crate::error::Error;
use crate::store::products::{self, Filter};

pub async fn handle(
    rpc: &CatalogRpc,
    request: Request<pb::ListProductsRequest>,
) -> Result<pb::ListProductsResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let updated_after = request.updated_after.map(Timestamp::try_from).transpose();
    let filter = Filter {
        audience: convert::audience(&caller),
        state: convert::state(request.state),
        title_prefix: request.title_prefix,
        updated_after: updated_after.map_err(|_| Error::Time {
            field: "updated_after".to_owned(),
            text: "must lie between the years 1 and 9999",
        })?,
    };
    let bound_to = [
        filter.state.map(|state| state.to_string()).unwrap_or_default(),
        filter.title_prefix.clone(),
        filter.updated_after.map(|time| time.as_micros().to_string()).unwrap_or_default(),
    ];
    let list = PagedList::new(rpc.db.page_tokens(), "ListProducts", &caller, bound_to);
    let (cursor, size) = list.page(request.page_size, &request.page_token)?;
    let after = cursor.map(|cursor| Ok::<_, Error>((cursor.get(0)?, cursor.get(1)?))).transpose()?;

    // A filter may pass over many rows, which must not be done in a thread that serves others.
    let rows = rpc
        .db
        .snapshot(move |reader| {
            let (filter, after) = (filter.clone(), after.clone());
            async move { products::list(&reader, &filter, after, size + 1).await }
        })
        .await?;

    let (products, next_page_token) = list.cut(&rows, size, |list, last| {
        let (key, id) = products::position(last);
        list.token(args![key, id])
    });
    Ok(pb::ListProductsResponse { products, next_page_token })
}
