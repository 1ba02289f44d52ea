//! The worker that expires pending transfers whose timeout has passed. Any number of replicas may
//! run it.

use std::sync::Arc;

use souk_chassis::Drain;
use souk_types::Clock;

use crate::config::ExpiryConfig;
use crate::error::Error;
use crate::writer::Writer;

/// How many pending transfers one write expires at most.
const AT_A_TIME: usize = 1000;

/// Expires pending transfers that are due, until the process drains.
pub async fn run(
    writer: Arc<Writer>,
    clock: Clock,
    config: ExpiryConfig,
    drain: Drain,
) -> Result<(), Error> {
    while drain.pause(config.sweep()).await {
        sweep(&writer, &clock, &drain).await?;
    }
    Ok(())
}

async fn sweep(writer: &Writer, clock: &Clock, drain: &Drain) -> Result<(), Error> {
    while !drain.is_draining() {
        let due = writer.expire(clock.now(), AT_A_TIME as i64).await?;
        metrics::counter!("souk_ledger_transfers_due_total").increment(due as u64);
        if due < AT_A_TIME {
            return Ok(());
        }
    }
    Ok(())
}
