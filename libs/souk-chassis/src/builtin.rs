//! The services that every process offers: health and reflection. Their policies are here, because
//! third-party standards have none.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use souk_contract::{CallerKind, Criticality, Grant, Idempotency, MethodPolicy, Shape};
use tonic_reflection::pb::{v1, v1alpha};

use crate::health::{Board, HealthRpc};
use crate::method::Rpc;
use crate::pb::grpc::health::v1::health_server::HealthServer;
use crate::reflection::{Index, Reflection};
use crate::start_error::StartError;

/// One built-in service.
pub(crate) struct Builtin {
    pub(crate) rpc: Arc<dyn Rpc>,
    pub(crate) methods: &'static [MethodPolicy],
}

const fn open(
    path: &'static str,
    domain: &'static str,
    service: &'static str,
    method: &'static str,
    streams: (bool, bool),
) -> MethodPolicy {
    let (client_streaming, server_streaming) = streams;
    let is_streaming = client_streaming || server_streaming;
    MethodPolicy {
        path,
        domain,
        service,
        method,
        grants: &[Grant { caller: CallerKind::Public, scopes: &[], excludes_guests: false }],
        own: "",
        reasons: &[],
        criticality: Criticality::CriticalPlus,
        timeout: if is_streaming { MethodPolicy::UNLIMITED } else { Duration::from_secs(5) },
        idempotency: Idempotency::Unknown,
        client_streaming,
        server_streaming,
        // They name a service, a file or or a symbol.
        max_request_bytes: 4096,
        request_shape: Shape::EMPTY,
    }
}

const HEALTH: &str = "grpc.health.v1.Health";
/// The file that describes FaultService, which reflection hides while it is off.
const FAULTS_FILE: &str = "souk/ops/v1/fault_service.proto";
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection";
const REFLECTION_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

static HEALTH_METHODS: [MethodPolicy; 3] = [
    open("/grpc.health.v1.Health/Check", "grpc.health", HEALTH, "Check", (false, false)),
    open("/grpc.health.v1.Health/List", "grpc.health", HEALTH, "List", (false, false)),
    open("/grpc.health.v1.Health/Watch", "grpc.health", HEALTH, "Watch", (false, true)),
];

static REFLECTION_METHODS: [MethodPolicy; 1] = [open(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection",
    REFLECTION,
    "ServerReflectionInfo",
    (true, true),
)];

static REFLECTION_ALPHA_METHODS: [MethodPolicy; 1] = [open(
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "grpc.reflection",
    REFLECTION_ALPHA,
    "ServerReflectionInfo",
    (true, true),
)];

pub(crate) fn health(board: Board) -> Builtin {
    Builtin { rpc: Arc::new(HealthServer::new(HealthRpc::new(board))), methods: &HEALTH_METHODS }
}

/// Returns both versions of reflection, since grpcurl before 1.8.8 knows v1alpha only. They list
/// exactly `services` and themselves, whatever else the descriptors describe, and what is added to
/// `index` later.
pub(crate) fn reflection(
    services: &[&str],
    descriptors: &[&[u8]],
    faults: bool,
    index: &Arc<RwLock<Index>>,
) -> Result<[Builtin; 2], StartError> {
    let services: Vec<&str> =
        services.iter().copied().chain([REFLECTION, REFLECTION_ALPHA]).collect();
    let ours: [&[u8]; 5] = [
        crate::pb::FILE_DESCRIPTOR_SET,
        crate::pb::own::FILE_DESCRIPTOR_SET,
        // A client that prints a status asks for the messages of its details (google.rpc).
        tonic_types::pb::FILE_DESCRIPTOR_SET,
        v1::FILE_DESCRIPTOR_SET,
        v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let all: Vec<&[u8]> = descriptors.iter().copied().chain(ours).collect();
    *index.write() = Index::new(&services, &all, (!faults).then_some(FAULTS_FILE))?;
    let reflection = Reflection(index.clone());
    let v1alpha =
        v1alpha::server_reflection_server::ServerReflectionServer::new(reflection.clone());
    let v1 = v1::server_reflection_server::ServerReflectionServer::new(reflection);
    Ok([
        Builtin { rpc: Arc::new(v1), methods: &REFLECTION_METHODS },
        Builtin { rpc: Arc::new(v1alpha), methods: &REFLECTION_ALPHA_METHODS },
    ])
}
