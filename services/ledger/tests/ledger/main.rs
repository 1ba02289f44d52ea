//! The ledger over real gRPC, on both engines, and its rules against an independent model.

mod concurrency;
mod expiry;
mod model;
mod model_walk;
mod support;
mod trouble;

mod rpc {
    mod check_invariants;
    mod create_accounts;
    mod create_ledger;
    mod create_transfers;
    mod get_account_balance;
    mod get_trial_balance;
    mod list_account_transfers;
    mod list_accounts;
    mod list_transfers;
    mod lookup_accounts;
    mod lookup_transfers;
}
