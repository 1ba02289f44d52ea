//! What the data layer promises, shown on a database of each test's own, on both engines where a
//! promise concerns both.

mod backup;
mod counter;
mod entity;
mod failure;
mod group;
mod history;
mod lost;
mod migrate;
mod operation;
mod order;
mod own_tables;
mod prepared;
mod request;
mod rows;
mod support;
#[cfg(feature = "unsynced-vfs")]
mod unsynced;
mod write;
