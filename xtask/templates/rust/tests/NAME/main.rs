//! The {{name}} service over real gRPC, on both engines. `rpc/<method>.rs` holds what one method promises.

mod support;

mod rpc {
    mod list_recent_entries;
    mod record_entry;
}
