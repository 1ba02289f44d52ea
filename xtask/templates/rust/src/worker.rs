//! What runs by itself. Any number of replicas may run it; each write is complete in itself and safe to repeat.

use std::time::Duration;

use souk_chassis::Drain;
use souk_data::Db;
use souk_types::Clock;

use crate::config::RetentionConfig;
use crate::error::Error;

/// Deletes idempotency records that were kept long enough, until the process drains.
pub async fn purge(db: Db, clock: Clock, config: RetentionConfig, drain: Drain) -> Result<(), Error> {
    while drain.pause(Duration::from_secs(config.sweep_seconds)).await {
        db.purge(clock.now()).await?;
    }
    Ok(())
}
