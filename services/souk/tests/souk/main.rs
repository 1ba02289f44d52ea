//! The one program as a person meets it: the command line from the outside, on a folder and ports
//! of its own.

mod backup;
mod books;
mod conform;
mod data;
mod events;
mod foreign;
mod help;
mod mistakes;
mod readme;
mod reflection;
mod settings;
mod split;
mod starting;
mod support;
mod tokens;
