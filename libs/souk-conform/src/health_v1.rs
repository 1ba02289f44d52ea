//! The messages of `grpc.health.v1`, as far as they are asked for.

use std::collections::HashMap;

/// The request of Check and Watch.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HealthCheckRequest {
    /// The full name of a gRPC service; empty for the whole process.
    #[prost(string, tag = "1")]
    pub service: String,
}

/// The response of Check, and each message of Watch.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HealthCheckResponse {
    /// A [`ServingStatus`].
    #[prost(enumeration = "ServingStatus", tag = "1")]
    pub status: i32,
}

/// The response of List.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HealthListResponse {
    /// The status of each service, by its full name.
    #[prost(map = "string, message", tag = "1")]
    pub statuses: HashMap<String, HealthCheckResponse>,
}

/// Whether a service can do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ServingStatus {
    /// No status.
    Unknown = 0,
    /// It can.
    Serving = 1,
    /// It cannot.
    NotServing = 2,
    /// There is no such service.
    ServiceUnknown = 3,
}
