//! Tests of orders over real gRPC, on every engine.
