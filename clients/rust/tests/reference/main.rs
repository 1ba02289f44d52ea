//! What is made from the contract and committed: pages of docs/, and tables that tests of all
//! languages read. `cargo xtask gen` sets SOUK_WRITE_DOCS, with which they are written, not
//! compared.

mod descriptors;
mod events;
mod message_limits;
mod methods;
mod openapi;
mod reasons;
mod scopes;
