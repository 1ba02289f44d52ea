//! The events service: the event bus of the shop. It keeps events in a log and delivers them to subscriptions.

mod config;
mod error;
mod log;
mod store;
