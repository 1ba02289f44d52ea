//! What customers and staff do, over several services.

mod action;
mod bus;
mod customer;
mod long;
mod payments;
mod reversals;
mod sale;
mod shops;
mod split;
mod upgrade;
