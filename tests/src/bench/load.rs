//! Load in two forms: callers back to back, which finds the highest rate, and arrivals at a fixed
//! rate, which shows how long callers would wait at that rate.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::Latencies;

/// The most operations in progress at once in [`at_rate`]; beyond it an arrival is turned away and
/// counted.
const MOST_UNDER_WAY: usize = 10_000;

/// What came of a load.
pub struct Load {
    /// Operations that succeeded, a second.
    pub rate: f64,
    /// How long the successful ones took; with [`at_rate`] from the moment each was due.
    pub latencies: Latencies,
    /// Operations that failed or were turned away.
    pub failed: usize,
}

/// Runs `callers` side by side for `duration`, each starting its next operation when the last has
/// ended.
///
/// `operation` gets its number and returns whether it succeeded.
pub async fn back_to_back<F>(
    callers: usize,
    duration: Duration,
    operation: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Load
where
    F: Future<Output = bool> + Send,
{
    let number = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let operation = operation.clone();
        let number = number.clone();
        tasks.spawn(async move {
            let mut outcomes = Vec::new();
            while start.elapsed() < duration {
                let began = Instant::now();
                let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let succeeded = operation(number).await;
                outcomes.push(succeeded.then(|| began.elapsed()));
            }
            outcomes
        });
    }
    let outcomes = tasks.join_all().await.concat();
    summarise(outcomes, start.elapsed())
}

/// Starts operations at a fixed rate for `duration`, whether earlier ones have ended or not.
///
/// A latency counts from the moment the operation was due, so that a stall is seen by everyone it
/// delays.
pub async fn at_rate<F>(
    per_second: f64,
    duration: Duration,
    operation: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Load
where
    F: Future<Output = bool> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MOST_UNDER_WAY));
    let count = (per_second * duration.as_secs_f64()) as u64;
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    let mut outcomes = Vec::with_capacity(count as usize);
    for number in 0..count {
        let due = start + Duration::from_secs_f64(number as f64 / per_second);
        tokio::time::sleep_until(due.into()).await;
        let Ok(place) = places.clone().try_acquire_owned() else {
            outcomes.push(None);
            continue;
        };
        let operation = operation(number);
        tasks.spawn(async move {
            let succeeded = operation.await;
            drop(place);
            succeeded.then(|| due.elapsed())
        });
    }
    outcomes.extend(tasks.join_all().await);
    summarise(outcomes, start.elapsed())
}

fn summarise(outcomes: Vec<Option<Duration>>, took: Duration) -> Load {
    let all = outcomes.len();
    let succeeded: Vec<Duration> = outcomes.into_iter().flatten().collect();
    let failed = all - succeeded.len();
    Load {
        rate: succeeded.len() as f64 / took.as_secs_f64(),
        latencies: Latencies::new(succeeded),
        failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fixed_rate_does_not_wait_for_slow_operations() {
        let load = at_rate(200.0, Duration::from_millis(100), |number| async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            number % 2 == 0
        })
        .await;
        assert_eq!((load.latencies.count(), load.failed), (10, 10));
        // One after another they would have taken 20 times half a second.
        assert!(
            load.latencies.percentile(100.0) < Duration::from_secs(5),
            "{}",
            load.latencies.summary()
        );
    }

    #[tokio::test]
    async fn callers_back_to_back_stop_in_time() {
        let load = back_to_back(4, Duration::from_millis(50), |_| async {
            tokio::task::yield_now().await;
            true
        })
        .await;
        assert!(load.rate > 0.0 && load.failed == 0);
    }
}
