//! What several rooms of tests share. The tests themselves are in the rooms: conformance, journeys,
//! faults, bench.

pub mod bench;
