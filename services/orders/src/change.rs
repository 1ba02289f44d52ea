//! A change of an order: one decision, which determines its new state, its row of history and its
//! event. Pure.

use souk_types::{RefundId, Timestamp};

use crate::error::Error;
use crate::order::{Line, Order};
use crate::reason::Reason;
use crate::step::Kind;

/// One change of an order. Each makes a new version of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A saga of this kind begins.
    Started(Kind),
    Priced(Vec<Line>),
    Placed,
    Paid,
    Rejected(Reason),
    Canceled {
        reason: Reason,
        /// When it was canceled in the world; none when a saga of another kind ended this way.
        effective_time: Option<Timestamp>,
    },
    Fulfilled {
        effective_time: Timestamp,
    },
    /// Money went back.
    RefundSucceeded(RefundId),
    /// Goods came back for nothing.
    GoodsReturned(RefundId),
    RefundFailed(RefundId),
    /// The customer must act; where.
    ActionNeeded(String),
    Quarantined,
    Resumed,
}

impl Change {
    /// The name of [`Change::Fulfilled`].
    pub const FULFILLED: &str = "fulfilled";

    /// Returns the name that the history stores and WatchOrder sends. It never changes.
    pub fn name(&self) -> &'static str {
        match self {
            Change::Started(Kind::Place) => "created",
            Change::Started(Kind::Cancel) => "cancel_started",
            Change::Started(Kind::Fulfill) => "fulfill_started",
            Change::Started(Kind::Refund) => "refund_started",
            Change::Priced(_) => "priced",
            Change::Placed => "placed",
            Change::Paid => "paid",
            Change::Rejected(_) => "rejected",
            Change::Canceled { .. } => "canceled",
            Change::Fulfilled { .. } => Change::FULFILLED,
            Change::RefundSucceeded(_) => "refund_succeeded",
            Change::GoodsReturned(_) => "goods_returned",
            Change::RefundFailed(_) => "refund_failed",
            Change::ActionNeeded(_) => "action_needed",
            Change::Quarantined => "quarantined",
            Change::Resumed => "resumed",
        }
    }

    /// Makes the change to an order as the rules of orders have it, or says why it cannot be made.
    pub fn apply(&self, order: &mut Order) -> Result<(), Error> {
        match self {
            Change::Started(_) => Ok(()),
            // A total that overflows was turned into a refusal before it came here.
            Change::Priced(lines) => {
                order.price(lines.clone()).map_err(|_| Error::Unreadable("a total beyond 64 bits"))
            }
            Change::Placed => order.place(),
            Change::Paid => order.pay(),
            Change::Rejected(reason) => order.reject(*reason),
            Change::Canceled { reason, .. } => order.cancel(*reason),
            Change::Fulfilled { .. } => order.fulfill(),
            Change::RefundSucceeded(id) | Change::GoodsReturned(id) => {
                order.settle_refund(*id, true)
            }
            Change::RefundFailed(id) => order.settle_refund(*id, false),
            Change::ActionNeeded(url) => {
                order.action_url = Some(url.clone());
                Ok(())
            }
            Change::Quarantined => {
                order.is_quarantined = true;
                Ok(())
            }
            Change::Resumed => {
                order.is_quarantined = false;
                Ok(())
            }
        }
    }
}
