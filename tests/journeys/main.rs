//! What customers and staff do, over several services.

mod payments;
