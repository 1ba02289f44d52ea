//! What the data layer promises, shown on a database of each test's own, on both engines where a promise concerns both.

mod backup;
mod entity;
mod failure;
mod group;
mod history;
mod lost;
mod migrate;
mod own_tables;
mod request;
mod support;
#[cfg(feature = "unsynced-vfs")]
mod unsynced;
mod write;
