//! The dependencies of the methods. Each method is in `rpc/<method>.rs`.

mod cancel_order;
mod capture_order;
mod claim_guest_orders;
mod create_fulfillment;
mod create_order_link;
mod get_fulfillment;
mod get_linked_order;
mod get_order;
mod list_fulfillments;
mod list_order_history;
mod list_order_lines;
mod list_orders;
mod list_quarantined_sagas;
mod mark_fulfillment_delivered;
mod place_order;
mod refund_order;
mod resume_saga;
mod retry_payment;
mod settle_saga;
mod update_fulfillment;
mod update_order;
mod watch_order;

use souk_chassis::Drain;
use souk_chassis::identity::Tokens;
use souk_client::ops::v1 as ops;
use souk_client::ops::v1::{ErrorReason, SagaState};
use souk_contract::{FieldError, Handlers, PublicError, Reason as _, Refusal};
use souk_data::Db;
use souk_types::{Clock, OrderId};

use crate::claim::Claims;
use crate::drive::Sagas;
use crate::error::Error;
use crate::numbers::Numbers;
use crate::saga::{Progress, Saga};
use crate::watchers::Watchers;

/// What the methods work with.
pub struct OrderRpc {
    pub(crate) db: Db,
    pub(crate) sagas: Sagas,
    pub(crate) claims: Claims,
    pub(crate) tokens: Tokens,
    pub(crate) numbers: Numbers,
    pub(crate) watchers: Watchers,
    pub(crate) clock: Clock,
    pub(crate) drain: Drain,
}

impl Handlers for OrderRpc {
    type Error = Error;
}

/// What the methods of souk.ops.v1.SagaService work with.
pub struct SagaRpc {
    pub(crate) db: Db,
    pub(crate) sagas: Sagas,
    pub(crate) watchers: Watchers,
    pub(crate) clock: Clock,
}

impl Handlers for SagaRpc {
    type Error = SagaError;
}

/// The name of this service among those that have sagas.
const SERVICE: &str = "orders";

/// What a method of SagaService fails with: the same as any other, with reasons of `souk.ops`.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SagaError(#[from] Error);

impl PublicError for SagaError {
    fn refusal(&self) -> Refusal {
        let of =
            |reason: ErrorReason, id: &OrderId| reason.with("service", SERVICE).with("saga_id", id);
        match &self.0 {
            Error::NotFound(id) => of(ErrorReason::SagaNotFound, id),
            Error::Busy(id) => of(ErrorReason::SagaBusy, id),
            other => other.refusal(),
        }
    }
}

impl From<souk_data::Error> for SagaError {
    fn from(error: souk_data::Error) -> Self {
        SagaError(error.into())
    }
}

/// Reads the id of a saga: that of its order.
fn order_id(saga_id: &str) -> Result<OrderId, Error> {
    let id = saga_id.parse::<OrderId>();
    id.map_err(|error| FieldError::new("saga_id", error).into())
}

/// Returns how the contract names the step that comes next: `place.capture`.
fn step_name(saga: &Saga) -> String {
    format!("{}.{}", saga.kind.name(), saga.step.name())
}

/// Describes a saga as it is now.
fn describe(saga: &Saga) -> ops::Saga {
    let state = match saga.progress {
        Progress::Running => SagaState::Running,
        Progress::Quarantined => SagaState::Quarantined,
        Progress::Ended => SagaState::Ended,
    };
    ops::Saga {
        service: SERVICE.to_owned(),
        saga_id: saga.order.to_string(),
        state: state.into(),
        step: step_name(saga),
        attempt_count: saga.attempts as i32,
        failure: String::new(),
    }
}
