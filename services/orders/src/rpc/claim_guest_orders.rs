//! ClaimGuestOrders: makes what a guest bought the orders of the user who it turned out to be.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ClaimGuestOrders;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::actor::Actor;
use crate::claim::NewClaim;
use crate::error::Error;
use crate::store;

impl Handle<ClaimGuestOrders> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ClaimGuestOrdersRequest>,
    ) -> Result<pb::ClaimGuestOrdersResponse, Error> {
        let guest = self.tokens.verify(&call.request.guest_token).map_err(Error::GuestToken)?;
        let guest = match guest {
            Caller::User(user) if user.is_guest => user.customer.to_string(),
            _ => return Err(Error::GuestToken("is not the token of a guest".to_owned())),
        };
        let customer = call.request.customer_id;
        if guest == customer {
            // The guest has signed in under its own customer, who owns the orders already.
            let order_count = store::order::count_of_customer(&self.db.read(), &guest).await?;
            return Ok(response(order_count));
        }
        let actor = Actor::of(&call.caller);
        let new = NewClaim { guest, customer, actor, now: self.clock.now() };
        let claim = self.claims.begin(new).await?;

        self.claims.finish(&claim, call.deadline, &self.drain).await?;
        Ok(response(claim.order_count))
    }
}

fn response(order_count: i64) -> pb::ClaimGuestOrdersResponse {
    pb::ClaimGuestOrdersResponse { order_count: i32::try_from(order_count).unwrap_or(i32::MAX) }
}
