//! What runs besides the RPCs and the sagas.

use std::time::Duration;

use souk_chassis::Drain;
use souk_data::{Db, Error};
use souk_types::Clock;

/// How often records that have served their time are deleted.
const PURGE_INTERVAL: Duration = Duration::from_secs(60);

/// Deletes sent events, once a minute. Orders, refunds and the journal are kept.
pub async fn purge(db: Db, clock: Clock, drain: Drain) -> Result<(), Error> {
    while drain.pause(PURGE_INTERVAL).await {
        db.purge(clock.now()).await?;
    }
    Ok(())
}
