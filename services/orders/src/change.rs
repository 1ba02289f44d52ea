//! A change of an order: one decision, which determines its new state, its row of history and its
//! event. Pure.

use souk_client::orders::v1::{OrderChangeCause, OrderChangeKind};
use souk_types::{FulfillmentId, RefundId, Timestamp};

use crate::actor::Actor;
use crate::error::Error;
use crate::order::{Action, Line, Order};
use crate::order_update::OrderUpdate;
use crate::part::{CancelPlan, DueCapture, Tracking};
use crate::reason::Reason;
use crate::reversal::{ReversedCapture, ReversedRefund};
use crate::step::Kind;

/// One change of an order. Each makes a new version of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A saga of this kind begins.
    Started(Kind),
    Priced(Vec<Line>),
    /// One of several payments was authorized, and another one follows.
    PaymentAuthorized,
    Placed,
    /// Money was captured.
    Captured(DueCapture),
    Rejected(Reason),
    Canceled {
        reason: Reason,
        /// When it was canceled in the world; none when a saga of another kind ended this way.
        effective_time: Option<Timestamp>,
    },
    /// Units were canceled, and others have left or are open.
    LinesCanceled(CancelPlan),
    /// A cancellation was refused, and changed nothing.
    CancelRefused,
    /// Goods have left.
    Fulfilled {
        id: FulfillmentId,
        /// Nothing is open any more.
        is_last: bool,
        effective_time: Timestamp,
    },
    /// A fulfillment was refused, and nothing left.
    FulfillmentRefused(FulfillmentId),
    FulfillmentTracked(FulfillmentId, Tracking),
    FulfillmentDelivered {
        id: FulfillmentId,
        effective_time: Timestamp,
    },
    /// Money went back.
    RefundSucceeded(RefundId),
    /// The provider took back a capture.
    PaymentReversed(ReversedCapture),
    /// The provider took back a refund that had succeeded, or a part of it.
    RefundReversed(ReversedRefund),
    /// Goods came back for nothing.
    GoodsReturned(RefundId),
    RefundFailed(RefundId),
    /// The customer must act; where.
    ActionNeeded(Action),
    /// The payment method was declined, for this reason, and another one may come.
    PaymentMethodDeclined(String),
    /// Another payment method has come.
    PaymentRetried,
    Quarantined,
    Resumed,
    /// What it says was changed, by the fields that differed.
    Updated(Box<OrderUpdate>),
    /// A customer has claimed the guest who owned it.
    CustomerChanged {
        from: String,
        to: String,
    },
}

/// Why an order changes, who asked for it, and what they noted.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    pub cause: OrderChangeCause,
    pub actor: Actor,
    /// A number of the contract's `CancelReason`; 0 unless the change is of a cancellation.
    pub cancel_reason: i64,
    pub note: String,
}

impl Cause {
    /// Returns a cause without a note.
    pub fn new(cause: OrderChangeCause, actor: Actor) -> Self {
        Cause { cause, actor, cancel_reason: 0, note: String::new() }
    }
}

impl Change {
    /// Returns the kind in the contract.
    pub fn kind(&self) -> OrderChangeKind {
        match self {
            Change::Started(Kind::Place) => OrderChangeKind::Created,
            Change::Started(Kind::Cancel | Kind::CancelLines) => OrderChangeKind::CancelStarted,
            Change::Started(Kind::Capture) => OrderChangeKind::CaptureStarted,
            Change::Started(Kind::Fulfill) => OrderChangeKind::FulfillStarted,
            Change::Started(Kind::Refund) => OrderChangeKind::RefundStarted,
            Change::Priced(_) => OrderChangeKind::Priced,
            Change::PaymentAuthorized => OrderChangeKind::PaymentAuthorized,
            Change::Placed => OrderChangeKind::Placed,
            Change::Captured(capture) if capture.is_final => OrderChangeKind::Paid,
            Change::Captured(_) => OrderChangeKind::PartiallyPaid,
            Change::Rejected(_) => OrderChangeKind::Rejected,
            Change::Canceled { .. } => OrderChangeKind::Canceled,
            Change::LinesCanceled(_) => OrderChangeKind::LinesCanceled,
            Change::CancelRefused => OrderChangeKind::CancelRefused,
            Change::Fulfilled { is_last: true, .. } => OrderChangeKind::Fulfilled,
            Change::Fulfilled { .. } => OrderChangeKind::PartiallyFulfilled,
            Change::FulfillmentRefused(_) => OrderChangeKind::FulfillRefused,
            Change::FulfillmentTracked(..) => OrderChangeKind::FulfillmentUpdated,
            Change::FulfillmentDelivered { .. } => OrderChangeKind::FulfillmentDelivered,
            Change::RefundSucceeded(_) => OrderChangeKind::RefundSucceeded,
            Change::PaymentReversed(_) => OrderChangeKind::PaymentReversed,
            Change::RefundReversed(_) => OrderChangeKind::RefundReversed,
            Change::GoodsReturned(_) => OrderChangeKind::GoodsReturned,
            Change::RefundFailed(_) => OrderChangeKind::RefundFailed,
            Change::ActionNeeded(_) => OrderChangeKind::PaymentActionRequired,
            Change::PaymentMethodDeclined(_) => OrderChangeKind::PaymentMethodDeclined,
            Change::PaymentRetried => OrderChangeKind::PaymentRetried,
            Change::Quarantined => OrderChangeKind::Quarantined,
            Change::Resumed => OrderChangeKind::Resumed,
            Change::Updated(_) => OrderChangeKind::Updated,
            Change::CustomerChanged { .. } => OrderChangeKind::CustomerChanged,
        }
    }

    /// Returns the fulfillment that it is about.
    pub fn fulfillment(&self) -> Option<FulfillmentId> {
        match self {
            Change::Fulfilled { id, .. }
            | Change::FulfillmentRefused(id)
            | Change::FulfillmentTracked(id, _)
            | Change::FulfillmentDelivered { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Returns the fields that were changed, by their names in the contract.
    pub fn updated_fields(&self) -> Vec<&'static str> {
        match self {
            Change::Updated(update) => update.fields.iter().map(|field| field.name()).collect(),
            _ => vec![],
        }
    }

    /// Returns the name that the history stores: that of the contract, in lower case and without
    /// its prefix. It never changes.
    pub fn name(&self) -> String {
        self.kind().as_str_name().trim_start_matches(KIND_PREFIX).to_lowercase()
    }

    /// Returns the kind of a change that the history stores under this name.
    pub fn kind_of(name: &str) -> OrderChangeKind {
        let name = format!("{KIND_PREFIX}{}", name.to_uppercase());
        OrderChangeKind::from_str_name(&name).unwrap_or(OrderChangeKind::Unspecified)
    }

    /// Makes the change to an order as the rules of orders have it, or says why it cannot be made.
    /// The order has the time of the change already.
    pub fn apply(&self, order: &mut Order) -> Result<(), Error> {
        match self {
            Change::Started(_) => Ok(()),
            // A total that overflows was turned into a refusal before it came here.
            Change::Priced(lines) => {
                order.price(lines.clone()).map_err(|_| Error::Unreadable("a total beyond 64 bits"))
            }
            Change::PaymentAuthorized => order.authorized(),
            Change::Placed => order.place(),
            Change::Captured(capture) => order.captured(*capture),
            Change::Rejected(reason) => order.reject(*reason),
            Change::Canceled { reason, .. } => order.cancel(*reason),
            Change::LinesCanceled(plan) => order.cancel_units(plan),
            Change::CancelRefused => {
                order.refuse_cancellation();
                Ok(())
            }
            Change::Fulfilled { id, .. } => order.fulfill(*id),
            Change::FulfillmentRefused(id) => order.refuse_fulfillment(*id),
            Change::FulfillmentTracked(id, tracking) => {
                order.track(*id, tracking, order.update_time)
            }
            Change::FulfillmentDelivered { id, effective_time } => {
                order.deliver(*id, *effective_time, order.update_time)
            }
            Change::RefundSucceeded(id) | Change::GoodsReturned(id) => {
                order.settle_refund(*id, true)
            }
            Change::RefundFailed(id) => order.settle_refund(*id, false),
            Change::PaymentReversed(reversed) => order.reverse_capture(reversed),
            Change::RefundReversed(reversed) => order.reverse_refund(reversed),
            Change::ActionNeeded(action) => order.require_action(action.clone()),
            Change::PaymentMethodDeclined(decline) => order.decline(decline.clone()),
            Change::PaymentRetried => order.retry_payment(),
            Change::Quarantined => {
                order.is_quarantined = true;
                Ok(())
            }
            Change::Resumed => {
                order.is_quarantined = false;
                Ok(())
            }
            Change::Updated(update) => order.update(update),
            Change::CustomerChanged { to, .. } => {
                order.customer.clone_from(to);
                Ok(())
            }
        }
    }
}

const KIND_PREFIX: &str = "ORDER_CHANGE_KIND_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_found_again_by_its_name() {
        for (change, name) in [
            (Change::Started(Kind::Place), "created"),
            (Change::Started(Kind::Refund), "refund_started"),
            (Change::Placed, "placed"),
            (Change::PaymentRetried, "payment_retried"),
        ] {
            assert_eq!(change.name(), name);
            assert_eq!(Change::kind_of(name), change.kind());
        }
        assert_eq!(Change::kind_of("unheard_of"), OrderChangeKind::Unspecified);
    }
}
