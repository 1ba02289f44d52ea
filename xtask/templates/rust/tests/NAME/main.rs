//! The {{name}} service over real gRPC, on both engines. `rpc/<method>.rs` has what the contract
//! promises for a method, `events.rs` what is consumed.

mod events;
mod support;

mod rpc {
    mod list_recent_entries;
    mod record_entry;
}
