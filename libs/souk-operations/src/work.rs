//! The worker that carries operations out, a step at a time.

use std::future::Future;
use std::time::Duration;

use souk_chassis::Drain;
use souk_contract::{PublicError, status};
use souk_data::operation::{self, Ending};
use souk_data::{Db, Isolation, Tx};
use souk_types::{Clock, OperationId, Timestamp};
use tracing::error;

use crate::error::Error;

/// How often to look when nothing says that there is something new: another replica may have
/// started an operation.
const POLL: Duration = Duration::from_secs(1);
/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Carries out the operations that a method starts, the oldest first, until the drain: takes the
/// same step of the oldest one until that is done.
///
/// `step` is one transaction, which reads how far the operation is, does what is next, and says so
/// with [`operation::advance`] or [`operation::finish`]. Several replicas may try the same step;
/// one of them succeeds. A step that fails in a way that may pass is an error of the worker, which
/// the chassis starts again; any other error is what the operation ends with.
///
/// # Errors
/// What a step failed with, or the database.
pub async fn carry_out<S, Fut, E>(
    db: Db,
    clock: Clock,
    method: &'static str,
    drain: Drain,
    step: S,
) -> Result<(), E>
where
    S: Fn(OperationId) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: PublicError + From<souk_data::Error> + Send + 'static,
{
    let mut commits = db.committed();
    while !drain.is_draining() {
        commits.mark_unchanged();
        let Some(next) = operation::next(&db.read(), method).await? else {
            tokio::select! {
                _ = tokio::time::timeout(POLL, commits.changed()) => {}
                () = drain.started() => {}
            }
            drain.pause(PAUSE).await;
            continue;
        };
        let id = next.operation_id;
        match step(id).await {
            Ok(()) => {}
            Err(failure) if may_pass(&failure) => return Err(failure),
            Err(failure) => {
                error!(operation.id = %id, "operation {id} failed: {failure}");
                let ending = ending_of(&failure);
                db.write(Isolation::ReadCommitted, (id, ending, clock.now()), finish).await?;
            }
        }
    }
    Ok(())
}

/// Returns what an operation ends with that someone canceled.
pub fn canceled(id: OperationId) -> Ending {
    ending_of(&Error::Canceled(id))
}

fn ending_of(failure: &dyn PublicError) -> Ending {
    Ending::Error(status(failure).details().to_vec())
}

fn may_pass(failure: &dyn PublicError) -> bool {
    use tonic::Code::{Aborted, DeadlineExceeded, ResourceExhausted, Unavailable};
    let code = failure.refusal().code();
    [Aborted, DeadlineExceeded, ResourceExhausted, Unavailable].contains(&code)
}

async fn finish(
    tx: &Tx,
    (id, ending, now): &(OperationId, Ending, Timestamp),
) -> Result<(), souk_data::Error> {
    operation::finish(tx, *id, ending, *now).await
}
