//! The {{name}} service over real gRPC, on both engines. `rpc/<method>.rs` holds what one method
//! promises, `events.rs` what is consumed.

mod events;
mod support;

mod rpc {
    mod list_recent_entries;
    mod record_entry;
}
