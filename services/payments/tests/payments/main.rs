//! Tests of payments over gRPC.
