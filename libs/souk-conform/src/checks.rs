//! The sentences, area by area: each file asks one area of a running process.

pub mod access;
pub mod calls;
pub mod configuration;
pub mod deadlines;
pub mod drain;
pub mod events;
pub mod frames;
pub mod health;
pub mod invariants;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod ownership;
pub mod pages;
pub mod redaction;
pub mod reflection;
pub mod start;
pub mod sweep;
pub mod trace;
pub mod validation;
pub mod writes;
