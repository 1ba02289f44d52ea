//! What customers and staff do, over several services.

mod action;
mod bus;
mod customer;
mod long;
mod payments;
mod sale;
mod shops;
mod upgrade;
