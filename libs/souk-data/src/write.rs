//! One write: a function, its input, and the result that it comes to. The engines see neither of
//! their types, so that each is compiled once and not for every write of every service.

use std::future::Future;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use crate::{Error, Reader, Tx};

/// What a write may see of others that run at the same time. On SQLite, where one write runs after
/// another, both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it. For a write whose every decision rests on
    /// rows that it locked first, in the order of their keys: by a conditional UPDATE, or by a
    /// SELECT that locks.
    ReadCommitted,
    /// As if writes ran one after another. One that loses a race runs again.
    Serializable,
}

/// What [`Db::write`](crate::Db::write) runs: an `async fn(&Tx, &I) -> Result<T, E>`, or a closure
/// of this form that captures nothing.
pub trait WriteFn<'a, I: 'a, T, E>: Send + Sync + 'static {
    /// What it returns.
    type Future: Future<Output = Result<T, E>> + Send + 'a;

    /// Starts one attempt.
    fn call(&self, tx: &'a Tx, input: &'a I) -> Self::Future;
}

impl<'a, I: 'a, T, E, F, Fut> WriteFn<'a, I, T, E> for F
where
    F: Fn(&'a Tx, &'a I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, tx: &'a Tx, input: &'a I) -> Fut {
        self(tx, input)
    }
}

/// A write as the engines see it.
pub(crate) trait Attempt: Send + Sync {
    /// Runs the function, keeps what it returned, and tells whether that was a success.
    fn run(&self, tx: Tx) -> BoxFuture<'_, bool>;
}

/// What reads one state of the data, as the engines see it: it keeps what it found, and tells
/// whether that was a success.
pub(crate) type Snapshot = Box<dyn FnOnce(Reader) -> BoxFuture<'static, bool> + Send>;

/// A write with its types. It may run several times; the last result counts.
pub(crate) struct Write<I, F, T, E> {
    input: I,
    function: F,
    result: Mutex<Option<Result<T, E>>>,
}

impl<I, F, T, E> Write<I, F, T, E> {
    pub(crate) fn new(input: I, function: F) -> Self {
        Write { input, function, result: Mutex::new(None) }
    }

    /// Returns what the function returned, now that an engine has committed it or rolled it back.
    pub(crate) fn take(&self) -> Result<T, E>
    where
        E: From<Error>,
    {
        let result = self.result.lock().take();
        result.unwrap_or_else(|| Err(Error::bug("a write was answered before it ran").into()))
    }
}

impl<I, F, T, E> Attempt for Write<I, F, T, E>
where
    I: Send + Sync,
    F: for<'a> WriteFn<'a, I, T, E>,
    T: Send,
    E: Send,
{
    fn run(&self, tx: Tx) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let result = self.function.call(&tx, &self.input).await;
            let is_ok = result.is_ok();
            *self.result.lock() = Some(result);
            is_ok
        })
    }
}
