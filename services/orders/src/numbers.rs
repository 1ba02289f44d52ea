//! The numbers of new orders. A replica takes them in blocks, so that an order costs no write of
//! its own for it; what a replica has left when it stops is a gap.

use std::ops::Range;
use std::sync::Arc;

use souk_data::Db;
use souk_data::Isolation::ReadCommitted;
use tokio::sync::Mutex;

use crate::error::Error;
use crate::store;

/// The first block; each later one is twice as large, up to [`LARGEST_BLOCK`]. A small shop has
/// small gaps, and a large one few writes.
const FIRST_BLOCK: i64 = 8;
const LARGEST_BLOCK: i64 = 1024;

/// Gives out numbers; a cheap handle.
#[derive(Clone)]
pub struct Numbers {
    db: Db,
    block: Arc<Mutex<Block>>,
}

struct Block {
    left: Range<i64>,
    next_length: i64,
}

impl Numbers {
    /// Returns the numbers of this database.
    pub fn new(db: Db) -> Self {
        let block = Block { left: 0..0, next_length: FIRST_BLOCK };
        Numbers { db, block: Arc::new(Mutex::new(block)) }
    }

    /// Returns a number that no other order has.
    pub async fn next(&self) -> Result<i64, Error> {
        let mut block = self.block.lock().await;
        if let Some(number) = block.left.next() {
            return Ok(number);
        }
        let length = block.next_length;
        let first = self.db.write(ReadCommitted, length, store::order_number::take).await?;
        block.left = first + 1..first + length;
        block.next_length = (length * 2).min(LARGEST_BLOCK);
        Ok(first)
    }
}
