//! The table of everything that a process serves, built once at the start.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;
use souk_contract::MethodPolicy;
use tracing::warn;

use crate::builtin::{self, Builtin};
use crate::fault_rpc;
use crate::faults::Faults;
use crate::health::Board;
use crate::invariants;
use crate::method::{Framed, Method};
use crate::pb::own;
use crate::red::Calls;
use crate::reflection::Index;
use crate::service::Service;
use crate::shared::Shared;
use crate::start_error::StartError;

/// Makes the table of all methods that are served: the services' own, and what every process
/// offers.
pub(crate) fn table(
    services: &[(&'static str, Service)],
    board: &Board,
    faults: &Faults,
    is_loopback: bool,
    index: &Arc<RwLock<Index>>,
) -> Result<HashMap<&'static str, Arc<Method>>, StartError> {
    let mut table = HashMap::new();
    let mut names = vec!["grpc.health.v1.Health"];
    let mut descriptors: Vec<&[u8]> = Vec::new();
    for (owner, service) in services {
        if !descriptors.iter().any(|known| std::ptr::eq(*known, service.contract.descriptors)) {
            descriptors.push(service.contract.descriptors);
        }
        for server in &service.servers {
            let name = server.name();
            names.push(name);
            for (method, rpc) in server.clone().methods() {
                let Some(policy) = service.contract.method(&format!("/{name}/{method}")) else {
                    return Err(StartError::new(format!(
                        "{owner}: {name}/{method} is not in its contract"
                    )));
                };
                let calls = Calls::default();
                let method = Method {
                    policy,
                    owner,
                    rpc: Arc::new(Framed(rpc)),
                    calls,
                    is_background: false,
                };
                if table.insert(policy.path, Arc::new(method)).is_some() {
                    return Err(StartError::new(format!(
                        "{owner}: {} is registered twice",
                        policy.path
                    )));
                }
            }
        }
    }
    shared(services, &mut names, &mut table)?;
    let mut builtins = vec![builtin::health(board.clone())];
    let has_faults = faults.is_enabled() && is_loopback;
    if has_faults {
        fault_methods(faults, &mut names, &mut table)?;
    } else if faults.is_enabled() {
        warn!("faults.enabled is set, but fault injection works on loopback addresses only");
    }
    builtins.extend(builtin::reflection(&names, &descriptors, has_faults, index)?);
    for Builtin { rpc, methods } in builtins {
        for policy in methods {
            let calls = Calls::default();
            let method = Method { policy, owner: "", rpc: rpc.clone(), calls, is_background: true };
            table.insert(policy.path, Arc::new(method));
        }
    }
    Ok(table)
}

/// Adds the methods that inject faults.
fn fault_methods(
    faults: &Faults,
    names: &mut Vec<&'static str>,
    table: &mut HashMap<&'static str, Arc<Method>>,
) -> Result<(), StartError> {
    let server = fault_rpc::server(faults.clone());
    let name = server.name();
    names.push(name);
    for (method, rpc) in server.methods() {
        let policy = own::CONTRACT.method(&format!("/{name}/{method}"));
        let policy = policy.ok_or_else(|| StartError::new(format!("{name} has no contract")))?;
        let calls = Calls::default();
        let rpc = Arc::new(Framed(rpc));
        let method = Method { policy, owner: "", rpc, calls, is_background: false };
        table.insert(policy.path, Arc::new(method));
    }
    Ok(())
}

/// Adds the methods that several services serve, each once.
fn shared(
    services: &[(&'static str, Service)],
    names: &mut Vec<&'static str>,
    table: &mut HashMap<&'static str, Arc<Method>>,
) -> Result<(), StartError> {
    let mut all: BTreeMap<&'static str, (&'static MethodPolicy, Shared)> = BTreeMap::new();
    for (owner, service) in services {
        if service.invariants.is_none() && !service.servers.is_empty() {
            let what = "says nothing of its invariants (Service::invariants)";
            return Err(StartError::new(format!("{owner}: {what}")));
        }
        let check = service.invariants.clone().map(|check| invariants::server(owner, check));
        for server in service.shared.iter().chain(&check) {
            let name = server.name();
            if !names.contains(&name) {
                names.push(name);
            }
            for (method, server) in server.clone().methods() {
                let path = format!("/{name}/{method}");
                let contracts = [service.contract, &own::CONTRACT];
                let policy = contracts.iter().find_map(|contract| contract.method(&path));
                let policy = policy.ok_or_else(|| {
                    StartError::new(format!("{owner}: {name}/{method} is not in its contract"))
                })?;
                if policy.client_streaming || policy.server_streaming {
                    let what = "has streams, and cannot be served by several services";
                    return Err(StartError::new(format!("{owner}: {} {what}", policy.path)));
                }
                let (_, by_service) =
                    all.entry(policy.path).or_insert_with(|| (policy, Shared::new(policy.domain)));
                if !by_service.add(owner, server) {
                    let what = "is registered twice";
                    return Err(StartError::new(format!("{owner}: {} {what}", policy.path)));
                }
            }
        }
    }
    for (path, (policy, by_service)) in all {
        let calls = Calls::default();
        let rpc = Arc::new(by_service);
        let method = Method { policy, owner: "", rpc, calls, is_background: false };
        if table.insert(path, Arc::new(method)).is_some() {
            return Err(StartError::new(format!("{path} is served by one service alone, too")));
        }
    }
    Ok(())
}
