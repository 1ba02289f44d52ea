//! The frame of every benchmark: rounds in turn against a baseline, load at a fixed rate, and what
//! machine it was.

mod comparison;
mod environment;
mod goal;
mod latency;
mod load;

pub use comparison::{Comparison, Results};
pub use environment::{disk_sync, print_environment};
pub use goal::Goals;
pub use latency::Latencies;
pub use load::{Load, at_rate, back_to_back};
