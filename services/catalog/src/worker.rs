//! What runs besides the RPCs.

use std::time::Duration;

use souk_chassis::Drain;
use souk_data::{Db, Error};
use souk_types::Clock;

/// How often records that have served their time are deleted.
const PURGE_INTERVAL: Duration = Duration::from_secs(60);

/// Deletes idempotency records and events that have served their time, once a minute. The catalogue itself is kept.
pub async fn purge(db: Db, clock: Clock, drain: Drain) -> Result<(), Error> {
    while drain.pause(PURGE_INTERVAL).await {
        db.purge(clock.now()).await?;
    }
    Ok(())
}
