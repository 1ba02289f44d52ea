//! The events service over real gRPC, on both databases.
