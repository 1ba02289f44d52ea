//! Payments over real gRPC, on both engines, with the simulator as provider and a scripted ledger
//! beside it.

mod concurrency;
mod crashes;
mod customers;
mod events;
mod lost_answers;
mod owner;
mod replicas;
mod support;
mod walk;

mod rpc {
    mod authorize_payment;
    mod capture_payment;
    mod check_invariants;
    mod confirm_payment;
    mod list_payments;
    mod receive_provider_event;
    mod refresh_payment;
    mod refund_payment;
    mod reverse_operation;
    mod script_charges;
    mod void_payment;
}
