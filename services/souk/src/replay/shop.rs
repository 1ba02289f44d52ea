//! The shop as the replay sees it: the clients of its services, and calls that outlive its
//! restarts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use souk_chassis::{Channel, StartError};
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_client::operations::v1::operation_service_client::OperationServiceClient;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_types::Backoff;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// How long a shop may be unreachable: killed, restarting or overloaded.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long another step of an order may be in progress: after a kill its lease must expire first,
/// and an order that cannot continue is given up after a minute.
const UNDER_WAY_PATIENCE: Duration = Duration::from_secs(180);
/// How long the first call waits for a response.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The services of a running shop.
#[derive(Clone)]
pub struct Shop {
    pub catalog: CatalogServiceClient<Channel>,
    pub inventory: InventoryServiceClient<Channel>,
    pub orders: OrderServiceClient<Channel>,
    pub payments: PaymentServiceClient<Channel>,
    pub ledger: LedgerServiceClient<Channel>,
    pub operations: OperationServiceClient<Channel>,
}

/// Counts the calls that had to be repeated, over the whole run.
static REPEATED: AtomicU64 = AtomicU64::new(0);

impl Shop {
    /// Returns the shop behind a channel, once it has responded.
    ///
    /// # Errors
    /// When nothing responds at `address`, or the orders service does not.
    pub async fn open(channel: &Channel, address: &str) -> Result<Shop, StartError> {
        let shop = Shop {
            catalog: CatalogServiceClient::new(channel.clone()),
            inventory: InventoryServiceClient::new(channel.clone()),
            orders: OrderServiceClient::new(channel.clone()),
            payments: PaymentServiceClient::new(channel.clone()),
            ledger: LedgerServiceClient::new(channel.clone()),
            operations: OperationServiceClient::new(channel.clone()),
        };
        let first = pb::ListOrdersRequest { page_size: 1, ..Default::default() };
        let answer = persist_for(FIRST_PATIENCE, FIRST_PATIENCE, || {
            let mut orders = shop.orders.clone();
            let first = first.clone();
            async move { orders.list_orders(first).await }
        });
        match answer.await {
            Ok(_) => Ok(shop),
            Err(status) => {
                let code = status.code();
                let message = status.message();
                let hint = "`souk up` starts a shop on 127.0.0.1:7300";
                Err(StartError::new(format!(
                    "no shop responds at {address}: {code:?}: {message}; {hint}"
                )))
            }
        }
    }
}

/// Retries a call until it succeeds or is refused: failures during a restart of the shop are waited
/// out.
///
/// # Errors
/// A refusal, or the last failure when the shop was unreachable for a minute.
pub async fn persist<T, Answer>(call: impl FnMut() -> Answer) -> Result<T, Status>
where
    Answer: Future<Output = Result<Response<T>, Status>>,
{
    persist_for(PATIENCE, UNDER_WAY_PATIENCE, call).await
}

async fn persist_for<T, Answer>(
    patience: Duration,
    under_way: Duration,
    mut call: impl FnMut() -> Answer,
) -> Result<T, Status>
where
    Answer: Future<Output = Result<Response<T>, Status>>,
{
    let started = Instant::now();
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let status = match call().await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) => status,
        };
        let limit = match status.code() {
            Code::Aborted => under_way,
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => patience,
            _ => return Err(status),
        };
        if is_given_up(&status) || started.elapsed() > limit {
            return Err(status);
        }
        REPEATED.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(backoff.next_pause()).await;
    }
}

/// Returns how many calls were repeated so far.
pub fn repeated() -> u64 {
    REPEATED.load(Ordering::Relaxed)
}

/// Returns whether an order was given up because an upstream was unreachable; nothing is held or
/// charged, and the same request id always returns this.
pub fn is_given_up(status: &Status) -> bool {
    let reason = reason(status);
    reason == pb::ErrorReason::GaveUp.as_str_name()
        || reason == pb::ErrorReason::ReservationExpired.as_str_name()
}

/// Returns whether the request id was already used for something else.
pub fn is_other(status: &Status) -> bool {
    reason(status) == souk_contract::common::REQUEST_ID_REUSED.name
}

/// Describes the failure of a call in one line.
pub fn refusal(what: &str, status: &Status) -> StartError {
    let code = status.code();
    let reason = reason(status);
    let message = status.message();
    StartError::new(format!("{what}: {code:?} {reason}: {message}"))
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}
