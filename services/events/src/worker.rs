//! Background work besides delivery. Any number of replicas may run it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use souk_chassis::Drain;
use souk_data::Db;
use souk_data::Isolation::ReadCommitted;
use souk_types::Clock;

use crate::backlog;
use crate::config::RetentionConfig;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::log::Log;
use crate::store;

/// How long the service stores that a requeued dead letter was handled. Within this time, requeuing
/// it again changes nothing.
const REQUEUED_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How often the gauges are set.
const MEASURE_INTERVAL: Duration = Duration::from_secs(5);

/// The most subscriptions that have gauges.
const MEASURED: i64 = 1000;

/// What runs by itself works with the same as the methods.
#[derive(Clone)]
pub struct Worker {
    pub db: Db,
    pub log: Arc<dyn Log>,
    pub delivery: Delivery,
    pub clock: Clock,
}

impl Worker {
    /// Deletes expired events, until the process drains.
    pub async fn delete_old(self, config: RetentionConfig, drain: Drain) -> Result<(), Error> {
        while drain.pause(config.sweep()).await {
            let purged = self.log.purge().await?;
            metrics::counter!("souk_events_log_purged_total").increment(purged);
            let before = self.clock.now().minus(REQUEUED_KEPT);
            self.db.write(ReadCommitted, before, store::dead_letter::purge).await?;
            self.db.purge(self.clock.now()).await?;
        }
        Ok(())
    }

    /// Sets the gauges of every subscription, until the process drains.
    pub async fn measure(self, drain: Drain) -> Result<(), Error> {
        let Worker { db, log, delivery, clock } = self;
        let mut known = HashMap::<String, i64>::new();
        while drain.pause(MEASURE_INTERVAL).await {
            let subscriptions = store::subscription::list(&db.read(), None, "", MEASURED).await?;
            // What was deleted has no lag.
            for (name, _) in known
                .extract_if(|_, number| !subscriptions.iter().any(|found| found.number == *number))
            {
                set_gauges(&name, [0.0; 4]);
            }
            let bounds = backlog::bounds(&*log).await?;
            for subscription in subscriptions {
                let backlog = backlog::of(&db, &bounds, &delivery, subscription.number).await?;
                let oldest =
                    backlog::oldest_age(&*log, &delivery, &clock, subscription.number, &backlog)
                        .await?;
                let values = [
                    backlog.lag as f64,
                    backlog.outstanding as f64,
                    backlog.dead_letters as f64,
                    oldest.as_secs_f64(),
                ];
                set_gauges(&subscription.name, values);
                known.insert(subscription.name, subscription.number);
            }
        }
        Ok(())
    }
}

fn set_gauges(subscription: &str, [lag, outstanding, dead_letters, oldest]: [f64; 4]) {
    let gauge =
        |name: &'static str| metrics::gauge!(name, "subscription" => subscription.to_owned());
    gauge("souk_events_subscription_lag").set(lag);
    gauge("souk_events_subscription_outstanding").set(outstanding);
    gauge("souk_events_subscription_dead_letters").set(dead_letters);
    gauge("souk_events_subscription_oldest_unacked_seconds").set(oldest);
}
