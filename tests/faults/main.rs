//! What a shop must survive: hundreds who want the last unit, and death at any moment.

mod books;
mod bus;
mod claim;
mod contention;
mod fleet;
mod import;
mod kill;
mod locations;
mod points;
mod random;
mod shopping;
mod story;
mod witness;
