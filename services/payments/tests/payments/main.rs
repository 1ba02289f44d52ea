//! Payments over real gRPC, on both engines, with the simulator as provider and a scripted ledger
//! beside it.

mod concurrency;
mod crashes;
mod lost_answers;
mod owner;
mod replicas;
mod support;
mod walk;

mod rpc {
    mod audit_payments;
    mod authorize_payment;
    mod capture_payment;
    mod complete_payment_action;
    mod confirm_payment_intent;
    mod list_payments;
    mod refund_payment;
    mod script;
    mod void_payment;
}
