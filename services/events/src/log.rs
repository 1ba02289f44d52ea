//! The log under the bus: append, and read from a position, per partition. Three engines keep it; what is delivered to
//! whom and how often is none of its business.
