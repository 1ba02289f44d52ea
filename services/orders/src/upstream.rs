//! All calls of orders to its upstreams, and what each response means for the saga.
//!
//! **Invariant:** a response is a success only if it has the requested id, lines and amount, and a
//! refusal only if its reason is one that this step can fail with. Any other outcome is unknown,
//! and the call is repeated.

mod catalog;
mod in_step;
mod inventory;
mod payments;
mod response;

use std::pin::Pin;
use std::time::Duration;

use souk_chassis::{Channel, Context, Host};
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_data::Db;
use tonic::Request;

use crate::answer::Answer;
use crate::error::Error;
use crate::order::{Order, Refund};
use crate::saga::Saga;
use crate::step::Step;

/// The upstreams of orders.
#[derive(Clone)]
pub struct Upstream {
    catalog: CatalogServiceClient<Channel>,
    inventory: InventoryServiceClient<Channel>,
    payments: PaymentServiceClient<Channel>,
    db: Db,
    hold: Duration,
}

/// How long a step may take; a second step follows it within the lease.
const STEP_TIMEOUT: Duration = Duration::from_secs(8);

impl Upstream {
    /// Returns the way to the upstreams; stock is held for `hold`.
    pub fn new(host: &Host, db: Db, hold: Duration) -> Self {
        Upstream {
            catalog: CatalogServiceClient::new(host.channel("catalog")),
            inventory: InventoryServiceClient::new(host.channel("inventory")),
            payments: PaymentServiceClient::new(host.channel("payments")),
            db,
            hold,
        }
    }

    /// Makes the call of the saga's present step. Only this service's own database makes it fail;
    /// whatever an upstream does is a response.
    pub async fn perform(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let context = Context::current()
            .unwrap_or_else(|| Context::background("orders"))
            .with_timeout(STEP_TIMEOUT);
        // Each step is compiled for itself, and not all of them into one.
        let step: Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + '_>> = match saga.step
        {
            Step::Price => Box::pin(self.price(saga, order)),
            Step::Authorize => Box::pin(self.authorize(saga, order)),
            Step::Reserve => Box::pin(async { Ok(self.reserve(saga, order).await) }),
            Step::Commit => Box::pin(async { Ok(self.commit(saga, order).await) }),
            Step::Capture => Box::pin(async { Ok(self.capture(saga, order).await) }),
            Step::Void => Box::pin(async { Ok(self.void(saga, order).await) }),
            Step::Release => Box::pin(async { Ok(self.release(saga, order).await) }),
            Step::Consume => Box::pin(async { Ok(self.consume(saga, order).await) }),
            Step::PayBack => Box::pin(async { Ok(self.pay_back(saga, order).await) }),
            Step::TakeBack => Box::pin(async { Ok(self.take_back(saga, order).await) }),
        };
        context.scope(step).await
    }
}

/// Puts the lease's epoch on a call, so that a trace shows which replica made it.
fn leased<T>(saga: &Saga, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("souk-lease-epoch", saga.epoch.into());
    request
}

fn refund_of<'a>(saga: &Saga, order: &'a Order) -> &'a Refund {
    let refund = saga.refund.and_then(|id| order.refund(id));
    refund.expect("a refund saga names a refund of its order")
}
