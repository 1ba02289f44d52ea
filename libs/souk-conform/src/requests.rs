//! Requests that are made from the rules of the contract alone: valid ones, and every way in which
//! one can be wrong.

pub mod broken;
pub mod owned;
pub mod rules;
pub mod valid;
