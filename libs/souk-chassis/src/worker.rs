//! Keeps background work running: restarts failed workers with a backoff, and waits for them at the
//! drain.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use souk_types::Backoff;
use tokio::time::Instant;
use tracing::{error, info};

use crate::call::panic_text;
use crate::drain::Drain;
use crate::service::Worker;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A worker that ran this long before failing restarts after the first pause.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// Runs a worker until it ends well or the process drains.
pub(crate) async fn keep_running(service: &'static str, worker: Worker, drain: Drain) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let started = Instant::now();
        let outcome = AssertUnwindSafe((worker.run)(drain.clone())).catch_unwind().await;
        let failure = match outcome {
            Ok(Ok(())) => {
                if !drain.is_draining() {
                    info!(
                        service,
                        worker = worker.name,
                        "worker {service}/{} has finished",
                        worker.name
                    );
                }
                return;
            }
            Ok(Err(error)) => error,
            Err(panic) => panic_text(panic.as_ref()),
        };
        if drain.is_draining() {
            error!(
                service,
                worker = worker.name,
                "worker {service}/{} failed while stopping: {failure}",
                worker.name
            );
            return;
        }
        if started.elapsed() >= HEALTHY_AFTER {
            backoff.reset();
        }
        let pause = backoff.next_pause();
        metrics::counter!("souk_worker_failures_total", "service" => service, "worker" => worker.name).increment(1);
        error!(
            service,
            worker = worker.name,
            "worker {service}/{} failed and restarts in {pause:?}: {failure}",
            worker.name
        );
        if !drain.pause(pause).await {
            return;
        }
    }
}
