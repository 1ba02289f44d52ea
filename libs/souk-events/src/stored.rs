//! What every service with a database does: it is ready while the database is, publishes its
//! events, and deletes expired rows.

use souk_chassis::{Drain, Host, Service, StartError};
use souk_data::{DataConfig, Db, Error, Schema};
use souk_types::Clock;

use crate::relay;

/// Opens the database of a service, which migrates it.
///
/// # Errors
/// When it cannot be opened or migrated.
pub async fn open(host: &Host, config: &DataConfig, schema: &Schema) -> Result<Db, StartError> {
    Ok(Db::open(config, host.data_dir(), schema, host.clock()).await?)
}

/// Gives a service what belongs to a database.
pub trait Stored {
    /// Adds the readiness of a database, the relay that publishes its events, and the worker that
    /// deletes idempotency records and sent events that have served their time.
    #[must_use]
    fn database(self, host: &Host, db: &Db) -> Self;
}

impl Stored for Service {
    fn database(self, host: &Host, db: &Db) -> Self {
        let clock = host.clock();
        let purged = db.clone();
        let pinged = db.clone();
        self.worker("relay", relay(host, db.clone()))
            .worker("retention", move |drain| purge(purged.clone(), clock.clone(), drain))
            .ready(move || {
                let db = pinged.clone();
                async move { db.ping().await }
            })
    }
}

async fn purge(db: Db, clock: Clock, drain: Drain) -> Result<(), Error> {
    while drain.pause(db.purge_interval()).await {
        db.purge(clock.now()).await?;
    }
    Ok(())
}
