//! Runs a closure that never waits: its future is polled once, in place.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::Error;

/// Runs the future to its end in one poll. One that is pending then waited for something other than
/// its own statements, and one that panicked left its work half done; both are errors, and the
/// caller undoes what was written.
pub(crate) fn run_once<T, Fut>(start: impl FnOnce() -> Fut) -> Result<T, Error>
where
    Fut: Future<Output = T>,
{
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let future = pin!(start());
        future.poll(&mut Context::from_waker(Waker::noop()))
    }));
    match polled {
        Ok(Poll::Ready(result)) => Ok(result),
        Ok(Poll::Pending) => Err(Error::Pending),
        Err(_) => Err(Error::Panicked),
    }
}
