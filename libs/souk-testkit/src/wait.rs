//! Waiting for something to become true, with a limit and without a fixed sleep.

use std::{
    fmt::Debug,
    future::Future,
    time::{Duration, Instant},
};

use souk_types::Backoff;

/// The first pause between two polls; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What a poll can return: `bool`, `Option<T>` or `Result<T, E>`.
pub trait Answer {
    /// What was waited for.
    type Value;

    /// Returns the value, or what there was instead.
    fn settle(self) -> Result<Self::Value, String>;
}

impl Answer for bool {
    type Value = ();

    fn settle(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("it is still false".into()) }
    }
}

impl<T> Answer for Option<T> {
    type Value = T;

    fn settle(self) -> Result<T, String> {
        self.ok_or_else(|| "there is still nothing".into())
    }
}

impl<T, E: Debug> Answer for Result<T, E> {
    type Value = T;

    fn settle(self) -> Result<T, String> {
        self.map_err(|error| format!("the last response was {error:?}"))
    }
}

/// Polls until the result is true, `Some` or `Ok`, and returns its content.
///
/// # Panics
/// When `limit` has passed; the message has the last result and the caller's line.
#[track_caller]
pub fn eventually<F, A>(
    limit: Duration,
    mut look: impl FnMut() -> F,
) -> impl Future<Output = A::Value>
where
    F: Future<Output = A>,
    A: Answer,
{
    let asked_at = std::panic::Location::caller();
    async move {
        let start = Instant::now();
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            match look().await.settle() {
                Ok(value) => return value,
                Err(instead) if start.elapsed() >= limit => {
                    panic!("waited {limit:?} at {asked_at}, and {instead}");
                }
                Err(_) => tokio::time::sleep(backoff.next_pause()).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn waiting_ends_as_soon_as_the_answer_is_there() {
        let looks = Cell::new(0);
        let value = eventually(Duration::from_secs(5), || async {
            looks.set(looks.get() + 1);
            (looks.get() == 3).then_some("third")
        })
        .await;
        assert_eq!((value, looks.get()), ("third", 3));
    }

    #[tokio::test]
    #[should_panic(expected = "the last response was \"no\"")]
    async fn waiting_gives_up_at_its_limit_and_tells_the_last_answer() {
        eventually(Duration::from_millis(5), || async { Err::<(), _>("no") }).await;
    }
}
