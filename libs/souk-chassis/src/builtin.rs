//! The services that every process offers unasked: health, reflection and, when enabled, faults. Their policies stand
//! here, since standards of others carry none.

use std::sync::Arc;
use std::time::Duration;

use souk_contract::{Caller, Criticality, Idempotency, MethodPolicy, Shape};

use crate::definition::StartError;
use crate::fault_rpc::FaultRpc;
use crate::faults::Faults;
use crate::health::{Board, HealthRpc};
use crate::pb::grpc::health::v1::health_server::HealthServer;
use crate::pb::souk::chassis::v1::fault_service_server::FaultServiceServer;
use crate::process::Rpc;

/// One built-in service.
pub(crate) struct Builtin {
    pub(crate) rpc: Arc<dyn Rpc>,
    pub(crate) methods: &'static [MethodPolicy],
}

const fn open(
    path: &'static str,
    package: &'static str,
    service: &'static str,
    method: &'static str,
    streams: (bool, bool),
) -> MethodPolicy {
    let (client_streaming, server_streaming) = streams;
    let is_streaming = client_streaming || server_streaming;
    MethodPolicy {
        path,
        package,
        service,
        method,
        callers: &[Caller::Public],
        services: &[],
        scopes: &[],
        criticality: Criticality::CriticalPlus,
        timeout: if is_streaming { MethodPolicy::UNLIMITED } else { Duration::from_secs(5) },
        idempotency: Idempotency::Unknown,
        client_streaming,
        server_streaming,
        // They name a service, a file or a symbol, or one fault.
        max_request_bytes: 4096,
        request_shape: Shape::EMPTY,
    }
}

const HEALTH: &str = "grpc.health.v1.Health";
const FAULTS: &str = "souk.chassis.v1.FaultService";
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection";
const REFLECTION_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

static HEALTH_METHODS: [MethodPolicy; 3] = [
    open("/grpc.health.v1.Health/Check", "grpc.health.v1", HEALTH, "Check", (false, false)),
    open("/grpc.health.v1.Health/List", "grpc.health.v1", HEALTH, "List", (false, false)),
    open("/grpc.health.v1.Health/Watch", "grpc.health.v1", HEALTH, "Watch", (false, true)),
];

static FAULT_METHODS: [MethodPolicy; 3] = [
    open("/souk.chassis.v1.FaultService/Inject", "souk.chassis.v1", FAULTS, "Inject", (false, false)),
    open("/souk.chassis.v1.FaultService/List", "souk.chassis.v1", FAULTS, "List", (false, false)),
    open("/souk.chassis.v1.FaultService/Clear", "souk.chassis.v1", FAULTS, "Clear", (false, false)),
];

static REFLECTION_METHODS: [MethodPolicy; 1] = [open(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1",
    REFLECTION,
    "ServerReflectionInfo",
    (true, true),
)];

static REFLECTION_ALPHA_METHODS: [MethodPolicy; 1] = [open(
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha",
    REFLECTION_ALPHA,
    "ServerReflectionInfo",
    (true, true),
)];

pub(crate) fn health(board: Board) -> Builtin {
    Builtin { rpc: Arc::new(HealthServer::new(HealthRpc::new(board))), methods: &HEALTH_METHODS }
}

pub(crate) fn faults(faults: Faults) -> Builtin {
    Builtin { rpc: Arc::new(FaultServiceServer::new(FaultRpc::new(faults))), methods: &FAULT_METHODS }
}

/// Returns both versions of reflection, since grpcurl before 1.8.8 knows v1alpha only. They list exactly `services` and
/// themselves, whatever else the descriptors describe.
pub(crate) fn reflection(services: &[&str], descriptors: &[&[u8]]) -> Result<[Builtin; 2], StartError> {
    let builder = || {
        let mut builder = tonic_reflection::server::Builder::configure();
        for name in services.iter().chain([&REFLECTION, &REFLECTION_ALPHA]) {
            builder = builder.with_service_name(*name);
        }
        for set in descriptors.iter().chain([&crate::pb::FILE_DESCRIPTOR_SET]) {
            builder = builder.register_encoded_file_descriptor_set(set);
        }
        builder
            // A client that prints a status asks for the messages of its details (google.rpc).
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
    };
    let v1 = builder().build_v1()?;
    let v1alpha = builder().build_v1alpha()?;
    Ok([
        Builtin { rpc: Arc::new(v1), methods: &REFLECTION_METHODS },
        Builtin { rpc: Arc::new(v1alpha), methods: &REFLECTION_ALPHA_METHODS },
    ])
}
