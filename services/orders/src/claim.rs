//! Claims of guests: every order of a guest becomes the claiming customer's, some at a time, so
//! that a guest with thousands of orders delays no one and a crash loses nothing.

use std::time::Duration;

use souk_chassis::{Deadline, Drain};
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::OrderChangeCause;
use souk_data::Isolation::ReadCommitted;
use souk_data::outbox::{self, NewEvent};
use souk_data::{Db, Error as DataError, Tx};
use souk_types::{Clock, OrderId, Timestamp};

use crate::actor::Actor;
use crate::change::{Cause, Change};
use crate::error::Error;
use crate::store::guest_claim::Model as Claim;
use crate::watchers::Watchers;
use crate::{record, store};

/// How many orders one write changes.
const ORDERS_AT_ONCE: i64 = 20;

/// How long a call waits for an order of which a step is in progress.
const PAUSE: Duration = Duration::from_millis(50);

/// What is left of the deadline for answering once waiting is over.
const TIME_TO_ANSWER: Duration = Duration::from_millis(100);

/// How often open claims are taken up.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long an order may be in the making that does not know of the claim: no write of PlaceOrder
/// takes longer, because the database ends it.
const SETTLED_AFTER: Duration = Duration::from_secs(120);

/// A guest that a customer claims.
#[derive(Clone, Debug)]
pub struct NewClaim {
    pub guest: String,
    pub customer: String,
    pub actor: Actor,
    pub now: Timestamp,
}

/// Carries claims out; a cheap handle.
#[derive(Clone)]
pub struct Claims {
    db: Db,
    clock: Clock,
    watchers: Watchers,
}

impl Claims {
    /// Returns what carries out the claims of this database.
    pub fn new(db: Db, clock: Clock, watchers: Watchers) -> Self {
        Claims { db, clock, watchers }
    }

    /// Records a claim, or finds it.
    pub async fn begin(&self, new: NewClaim) -> Result<Claim, Error> {
        self.db.write(ReadCommitted, new, begin).await
    }

    /// Gives the guest's orders to the customer, unless a step of one is in progress or time is up.
    /// Returns whether none is left.
    pub async fn carry_out(
        &self,
        claim: &Claim,
        time_is_up: impl Fn() -> bool,
    ) -> Result<bool, Error> {
        let mut after = None;
        let mut has_busy = false;
        loop {
            if time_is_up() {
                return Ok(false);
            }
            let batch = Batch { claim: claim.clone(), after, now: self.clock.now() };
            let moved = self.db.write(ReadCommitted, batch, move_some).await?;
            for id in moved.orders {
                self.watchers.wake(id);
            }
            has_busy |= moved.has_busy;
            after = moved.last;
            if after.is_none() {
                return Ok(!has_busy);
            }
        }
    }

    /// Carries out claims until none of the guest's orders can be left, or the deadline is near.
    pub async fn finish(
        &self,
        claim: &Claim,
        deadline: Deadline,
        drain: &Drain,
    ) -> Result<(), Error> {
        let time_is_up = || deadline.remaining() <= TIME_TO_ANSWER || drain.is_draining();
        while !self.carry_out(claim, time_is_up).await? && !time_is_up() {
            tokio::time::sleep(PAUSE.min(deadline.remaining())).await;
        }
        Ok(())
    }

    /// Carries out what calls have left open, until the drain.
    pub async fn run(self, drain: Drain) -> Result<(), Error> {
        while !drain.is_draining() {
            for claim in store::guest_claim::open(&self.db.read()).await? {
                let is_settled = self.clock.now() >= claim.create_time.plus(SETTLED_AFTER);
                if self.carry_out(&claim, || drain.is_draining()).await? && is_settled {
                    let end = (claim.guest_customer_id, self.clock.now());
                    self.db.write(ReadCommitted, end, store::guest_claim::end).await?;
                }
            }
            drain.pause(INTERVAL).await;
        }
        Ok(())
    }
}

async fn begin(tx: &Tx, new: &NewClaim) -> Result<Claim, Error> {
    let NewClaim { guest, customer, actor, now } = new;
    let claim = Claim {
        guest_customer_id: guest.clone(),
        customer_id: customer.clone(),
        actor: actor.0.clone(),
        order_count: store::order::count_of_customer(tx, guest).await?,
        create_time: *now,
        done_time: None,
    };
    if !store::guest_claim::insert(tx, &claim).await? {
        let earlier = store::guest_claim::of_guest(tx, guest).await?;
        let earlier =
            earlier.ok_or_else(|| DataError::bug("a claim that conflicts must be there"))?;
        if earlier.customer_id != *customer {
            return Err(Error::GuestClaimed);
        }
        return Ok(earlier);
    }
    let event = pb::GuestClaimed {
        guest_customer_id: guest.clone(),
        customer_id: customer.clone(),
        claim_time: Some((*now).into()),
        actor: actor.into(),
    };
    outbox::append(tx, NewEvent::new(&event, *now)).await?;
    Ok(claim)
}

struct Batch {
    claim: Claim,
    after: Option<OrderId>,
    now: Timestamp,
}

struct Moved {
    orders: Vec<OrderId>,
    has_busy: bool,
    /// The last order of the batch; none when there are no more.
    last: Option<OrderId>,
}

/// Gives some of a guest's orders to the customer.
async fn move_some(tx: &Tx, batch: &Batch) -> Result<Moved, Error> {
    let Batch { claim, after, now } = batch;
    let guest = &claim.guest_customer_id;
    let ids = store::order::of_customer(tx, guest, *after, ORDERS_AT_ONCE).await?;
    let mut moved = Moved { orders: vec![], has_busy: false, last: None };
    if ids.len() as i64 == ORDERS_AT_ONCE {
        moved.last = ids.last().copied();
    }
    let cause = Cause::new(OrderChangeCause::ClaimGuestOrders, Actor(claim.actor.clone()));
    for id in ids {
        // What drives its saga writes the order as it has read it.
        if !store::saga::lock_at_rest(tx, id, *now).await? {
            moved.has_busy = true;
            continue;
        }
        let mut order = store::order::get(tx, id).await?;
        if order.customer != *guest {
            continue;
        }
        let change = Change::CustomerChanged { from: guest.clone(), to: claim.customer_id.clone() };
        record::change(tx, &mut order, &change, &cause, *now).await?;
        moved.orders.push(id);
    }
    Ok(moved)
}
