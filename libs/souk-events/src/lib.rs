//! How a Rust service tells and hears events: the relay that empties its outbox into the bus, and consumers that handle each event once.
