//! The worker that completes operations which were interrupted or have an unknown outcome. Any
//! number of replicas may run it.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use souk_chassis::{Context, Deadline, Drain};
use tokio::sync::{Mutex, mpsc};
use tracing::warn;

use crate::error::Error;
use crate::operation::{ClaimId, Operations};

/// How many dropped claims may wait for the worker; the leases of further ones expire.
pub const DROPPED_AT_MOST: usize = 1024;

/// How many operations are read at once, and how many of them are completed concurrently.
const AT_A_TIME: usize = 64;
const SIDE_BY_SIDE: usize = 8;

/// Longer than a provider and the ledger may take together.
const TIMEOUT: Duration = Duration::from_secs(18);

/// How long the worker stays for operations that are in progress when the process stops, and how
/// often it looks.
const LAST_WAIT: Duration = Duration::from_secs(5);
const LAST_LOOK: Duration = Duration::from_millis(10);

/// Completes operations until the process drains: dropped claims at once, the rest when due.
pub async fn run(
    operations: Operations,
    dropped: &Mutex<mpsc::Receiver<ClaimId>>,
    sweep: Duration,
    drain: Drain,
) -> Result<(), Error> {
    let mut dropped = dropped.lock().await;
    loop {
        tokio::select! {
            goes_on = drain.pause(sweep) => {
                if !goes_on {
                    return give_back(&operations, &mut dropped).await;
                }
            }
            Some(claim) = dropped.recv() => {
                let context = Context::background("payments").with_timeout(TIMEOUT);
                operations.free(claim).await?;
                report(context.scope(operations.recover(claim.payment)).await);
                continue;
            }
        }
        expire(&operations, &drain).await?;
        loop {
            let due = operations.due(AT_A_TIME).await?;
            let found = due.len();
            metrics::gauge!("souk_payments_operations_due").set(found as f64);
            stream::iter(due)
                .for_each_concurrent(SIDE_BY_SIDE, |id| {
                    let context = Context::background("payments").with_timeout(TIMEOUT);
                    let operations = &operations;
                    async move { report(context.scope(operations.recover(id)).await) }
                })
                .await;
            if found < AT_A_TIME || drain.is_draining() {
                break;
            }
        }
    }
}

/// Ends actions and authorisations that have expired.
async fn expire(operations: &Operations, drain: &Drain) -> Result<(), Error> {
    loop {
        let expired = operations.expired(AT_A_TIME).await?;
        let found = expired.len();
        stream::iter(expired)
            .for_each_concurrent(SIDE_BY_SIDE, |id| async move {
                let context = Context::background("payments").with_timeout(TIMEOUT);
                let ended = operations.expire(id, Deadline::after(TIMEOUT));
                report(context.scope(ended).await.map(|()| true));
            })
            .await;
        // One that fails is in flight, or found again at the next look.
        if found < AT_A_TIME || drain.is_draining() {
            return Ok(());
        }
    }
}

/// While the process stops: releases dropped claims, so that another replica need not wait for the
/// lease.
async fn give_back(
    operations: &Operations,
    dropped: &mut mpsc::Receiver<ClaimId>,
) -> Result<(), Error> {
    let until = tokio::time::Instant::now() + LAST_WAIT;
    loop {
        // Checked first: a dropped claim is put into the queue before it counts as gone.
        let is_any_held = operations.is_any_held();
        while let Ok(claim) = dropped.try_recv() {
            operations.free(claim).await?;
        }
        if !is_any_held || tokio::time::Instant::now() >= until {
            return Ok(());
        }
        tokio::time::sleep(LAST_LOOK).await;
    }
}

/// Unavailable upstreams are retried later; any other failure is logged.
fn report(recovered: Result<bool, Error>) {
    match recovered {
        Ok(_)
        | Err(Error::ProviderUnavailable(_) | Error::LedgerUnavailable(_) | Error::Busy(_)) => {}
        Err(error) => warn!("an operation could not be completed yet: {error}"),
    }
}
