//! Following claims: what a guest paid becomes the payments of the customer who claims the guest.
//!
//! The event of a claim writes one row. A worker then gives the payments over, some in each write,
//! so that a guest with many payments holds nothing up; whatever dies goes on from that row. A
//! payment that is created later under the guest's id is the customer's from the beginning
//! ([`store::guest::owner`]).

use std::time::Duration;

use souk_chassis::{Drain, Host};
use souk_client::orders::v1::GuestClaimed;
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Tx};
use souk_events::{Delivery, HandlerError, Subscription};
use souk_types::{Clock, CustomerId, Timestamp};

use crate::error::Error;
use crate::store;

/// The lasting subscription on the bus, and the name of its part of the inbox.
const SUBSCRIPTION: &str = "payments";

/// How many guests are read at once, and how many payments one write gives over.
const GUESTS_AT_A_TIME: i64 = 64;
const PAYMENTS_AT_A_TIME: i64 = 200;

/// How long after a claim its guest is looked at again: a write that began before the claim, and so
/// did not see it, may have added a payment since. A database ends such a write sooner.
const LAST_LOOK: Duration = Duration::from_secs(5 * 60);

/// Returns the consumer of claims.
pub fn consumer(host: &Host, db: Db, clock: Clock) -> Subscription {
    Subscription::new(host, db, clock.clone(), SUBSCRIPTION)
        .from_the_beginning()
        .on("souk.orders.v1.GuestClaimed", move |tx, event| guest_claimed(tx, event, clock.now()))
}

/// Records a claim. A guest is claimed once: the first claim holds.
async fn guest_claimed(
    tx: Tx,
    event: Delivery<GuestClaimed>,
    now: Timestamp,
) -> Result<(), HandlerError> {
    let GuestClaimed { guest_customer_id, customer_id, .. } = event.message;
    let (Ok(guest), Ok(customer)) = (guest_customer_id.parse(), customer_id.parse()) else {
        return Err(HandlerError::Poison("the event names no guest and customer".to_owned()));
    };
    if guest == customer {
        return Err(HandlerError::Poison("the event names one customer twice".to_owned()));
    }
    store::guest::insert(&tx, guest, customer, now).await.map_err(handler_error)?;
    let holder = store::guest::owner(&tx, guest).await.map_err(handler_error)?;
    if holder == customer {
        Ok(())
    } else {
        Err(HandlerError::Poison(format!("{guest} was claimed by another customer before")))
    }
}

/// Gives payments of claimed guests over until the process drains.
pub async fn give_over(db: Db, clock: Clock, sweep: Duration, drain: Drain) -> Result<(), Error> {
    while drain.pause(sweep).await {
        let now = clock.now();
        for guest in store::guest::due(&db.read(), now, GUESTS_AT_A_TIME).await? {
            while !drain.is_draining() && db.write(ReadCommitted, (guest, now), give_some).await? {}
        }
    }
    Ok(())
}

/// Gives some payments of a guest over. Returns whether there may be more.
async fn give_some(tx: &Tx, &(guest, now): &(CustomerId, Timestamp)) -> Result<bool, Error> {
    // Only the holder of the lock gives this guest's payments over.
    let Some(claim) = store::guest::lock(tx, guest).await? else { return Ok(false) };
    if claim.due_time.is_none_or(|due| due > now) {
        return Ok(false);
    }
    let given =
        store::payment::give_over(tx, guest, claim.customer_id, now, PAYMENTS_AT_A_TIME).await?;
    if given == PAYMENTS_AT_A_TIME as u64 {
        return Ok(true);
    }
    let last_look = claim.create_time.plus(LAST_LOOK);
    store::guest::set_due(tx, guest, (now < last_look).then_some(last_look)).await?;
    Ok(false)
}

fn handler_error(error: Error) -> HandlerError {
    match error {
        Error::Database(error) => HandlerError::Database(error),
        other => HandlerError::Poison(other.to_string()),
    }
}
