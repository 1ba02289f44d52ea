//! What drives a connection comes after those who use it, so that what they have to say goes out together.
//!
//! Tokio runs the task that was woken last first. So a connection would write each request by itself, right after the caller that
//! made it and before the others that are ready too; and a write to a socket costs as much as all else that happens to a small call.

use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::task::Poll;

/// Runs the driver of a connection: whenever it is woken, tasks that are ready run first.
pub(crate) async fn batched<F: Future>(driver: F) -> F::Output {
    let mut driver = pin!(driver);
    loop {
        tokio::task::yield_now().await;
        let mut is_woken = false;
        let output = poll_fn(|task| match mem::replace(&mut is_woken, true) {
            false => driver.as_mut().poll(task).map(Some),
            true => Poll::Ready(None),
        });
        if let Some(output) = output.await {
            return output;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn what_was_ready_when_the_driver_is_woken_is_there_when_it_runs() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let batches = Arc::new(Mutex::new(Vec::new()));
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let seen = batches.clone();
        let driver = async move {
            let mut batch = Vec::new();
            while receiver.recv_many(&mut batch, 100).await > 0 {
                seen.lock().unwrap().push(batch.len());
                batch.clear();
            }
        };
        runtime.block_on(async {
            let driver = tokio::spawn(batched(driver));
            tokio::spawn(async move {
                for number in 0..10 {
                    let sender = sender.clone();
                    tokio::spawn(async move { sender.send(number) });
                }
            });
            driver.await.unwrap();
        });
        assert_eq!(*batches.lock().unwrap(), [10]);
    }
}
