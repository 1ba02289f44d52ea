//! What a shop withstands: hostile clients, forged and damaged input, races and a database that
//! goes away. Each test starts a shop as a process of its own, attacks it, and then shows that
//! others were served and that nothing was lost.
//!
//! `cargo xtask test attack` runs this program alone.

mod backup;
mod cage;
mod dump;
mod floods;
mod forged;
mod impostors;
mod messages;
mod postgres;
mod process;
mod races;
mod rows;
mod shop;
mod targets;
mod wire;
