//! The events service over real gRPC, on both databases. `rpc/<method>.rs` holds what one method
//! promises; the others, what must hold whatever is called in whatever order.

mod child;
mod handled;
mod support;

mod rpc {
    mod check_invariants;
    mod dead_letters;
    mod list_events;
    mod publish_events;
    mod pull_events;
    mod seek_subscription;
    mod subscribe;
    mod subscriptions;
}

mod access;
mod delivery;
mod killed;
mod lag;
mod replicas;
