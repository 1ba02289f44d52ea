//! Background work. Any number of replicas may run it; each write is complete in itself and safe to
//! repeat.

use std::collections::BTreeMap;

use souk_chassis::Drain;
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::Timestamp;

use crate::config::{ExpiryConfig, RetentionConfig};
use crate::error::Error;
use crate::events;
use crate::movement::{Movement, MovementKind, Occasion, SYSTEM};
use crate::reservation::{Reservation, Step};
use crate::rpc::InventoryRpc;
use crate::state::State;
use crate::stock::{self, Stock};
use crate::stock_key::{Quantities, StockKey};
use crate::store;

/// The most holds that one write expires.
const HOLDS_AT_A_TIME: usize = 100;

/// The most reservations that one write deletes.
const DELETED_AT_A_TIME: usize = 500;

/// Ends holds whose time is over and gives their units back, until the process drains.
pub async fn expire_holds(
    inventory: InventoryRpc,
    config: ExpiryConfig,
    drain: Drain,
) -> Result<(), Error> {
    while drain.pause(config.sweep()).await {
        while !drain.is_draining() {
            let now = inventory.clock.now();
            let expired = inventory.db.write(ReadCommitted, now, expire_due).await?;
            metrics::counter!("souk_inventory_reservations_expired_total")
                .increment(expired as u64);
            if expired < HOLDS_AT_A_TIME {
                break;
            }
        }
    }
    Ok(())
}

/// Expires the holds that are due longest. Returns how many.
async fn expire_due(tx: &Tx, &now: &Timestamp) -> Result<usize, Error> {
    // A commit or release that came first has changed the state; the lock then no longer finds that
    // hold.
    let due = store::reservation::lock_due(tx, now, HOLDS_AT_A_TIME).await?;
    let mut expired: Vec<Reservation> = Vec::new();
    let mut sums = Quantities::new();
    let mut movements = Vec::new();
    for hold in due {
        let units = hold.held();
        let Step::Changed(reservation) = hold.expire(now) else { continue };
        movements.extend(Movement::of(
            MovementKind::Expired,
            &units,
            Occasion::by(SYSTEM, now).of(reservation.id),
        ));
        for (key, quantity) in units {
            *sums.entry(key).or_default() += quantity;
        }
        expired.push(reservation);
    }

    let found = store::stock::lock(tx, sums.keys()).await?;
    let after = stock::settle(MovementKind::Expired, &found, &sums, now)?;
    store::stock::record(tx, &movements, now).await?;
    store::reservation::set_state(tx, &expired).await?;
    for reservation in &expired {
        events::reservation_changed(tx, Some(State::Held), reservation, SYSTEM, now).await?;
    }
    events::stock_changed(tx, &after, &of_each(&after, &movements), now).await?;
    Ok(expired.len())
}

/// Returns for each of these stocks the last movement of it: several holds of one stock may end in
/// one write.
fn of_each(stocks: &[Stock], movements: &[Movement]) -> Vec<Movement> {
    let last: BTreeMap<&StockKey, &Movement> =
        movements.iter().map(|movement| (&movement.key, movement)).collect();
    stocks.iter().filter_map(|stock| last.get(&stock.key).copied().cloned()).collect()
}

/// Deletes reservations that were finished long enough ago, until the process drains. Movements and
/// stock are kept.
pub async fn delete_finished(
    inventory: InventoryRpc,
    config: RetentionConfig,
    drain: Drain,
) -> Result<(), Error> {
    let kept = [
        (State::Released, config.finished()),
        (State::Expired, config.finished()),
        (State::Consumed, config.consumed()),
    ];
    while drain.pause(config.sweep()).await {
        for (state, kept) in kept {
            let before = inventory.clock.now().minus(kept);
            while !drain.is_draining() {
                let deleted =
                    inventory.db.write(ReadCommitted, (state, before), delete_some).await?;
                metrics::counter!("souk_inventory_reservations_deleted_total")
                    .increment(deleted as u64);
                if deleted < DELETED_AT_A_TIME {
                    break;
                }
            }
        }
    }
    Ok(())
}

async fn delete_some(tx: &Tx, &(state, before): &(State, Timestamp)) -> Result<usize, Error> {
    store::reservation::delete_finished(tx, state, before, DELETED_AT_A_TIME).await
}
