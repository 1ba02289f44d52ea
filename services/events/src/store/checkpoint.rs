//! Checkpoints: the outcomes of the events of a partition, written together with its position.

use souk_data::{Error, Tx};
use souk_types::Timestamp;

use super::{dead_letter, position, retry};
use crate::window::Change;

/// One update of a partition's position.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub subscription: i64,
    pub partition: u32,
    /// The epoch of the lease under which it happened.
    pub epoch: i64,
    pub change: Change,
}

/// Writes checkpoints, where the lease still holds. Returns for each whether it does.
pub async fn write(
    tx: &Tx,
    checkpoints: &[Checkpoint],
    now: Timestamp,
) -> Result<Vec<bool>, Error> {
    let mut accepted = Vec::with_capacity(checkpoints.len());
    for checkpoint in checkpoints {
        let Checkpoint { subscription, partition, epoch, change } = checkpoint;
        let is_held =
            position::set_progress(tx, (*subscription, *partition, *epoch), &change.progress)
                .await?;
        accepted.push(is_held);
        if is_held {
            write_one(tx, checkpoint, now).await?;
        }
    }
    Ok(accepted)
}

async fn write_one(tx: &Tx, checkpoint: &Checkpoint, now: Timestamp) -> Result<(), Error> {
    let &Checkpoint { subscription, partition, ref change, .. } = checkpoint;
    let failed = change.failed.iter().filter(|(id, ..)| !id.is_requeued);
    let failed: Vec<_> = failed.map(|(id, attempts, due)| (id.offset, *attempts, *due)).collect();
    retry::set(tx, subscription, partition, &failed).await?;
    for (id, attempts, due) in change.failed.iter().filter(|(id, ..)| id.is_requeued) {
        dead_letter::fail(tx, (subscription, partition, id.offset), *attempts, *due).await?;
    }
    let ended = change.recovered.iter().chain(change.dead.iter().map(|dead| &dead.id));
    let ended: Vec<i64> = ended.filter(|id| !id.is_requeued).map(|id| id.offset).collect();
    retry::delete(tx, subscription, partition, &ended).await?;
    for id in change.recovered.iter().filter(|id| id.is_requeued) {
        dead_letter::finish(tx, (subscription, partition, id.offset), now).await?;
    }
    for dead in &change.dead {
        if dead.id.is_requeued {
            dead_letter::die_again(tx, (subscription, partition, dead.id.offset), dead, now)
                .await?;
        } else {
            dead_letter::insert(tx, subscription, partition, dead, now).await?;
        }
    }
    Ok(())
}
