//! The table of everything that a process serves, built once at the start.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::warn;

use crate::builtin::{self, Builtin};
use crate::faults::Faults;
use crate::health::Board;
use crate::method::{Framed, Method};
use crate::red::Calls;
use crate::service::Service;
use crate::start_error::StartError;

/// Makes the table of all methods that are served: the services' own, and what every process
/// offers.
pub(crate) fn table(
    services: &[(&'static str, Service)],
    board: &Board,
    faults: &Faults,
    is_loopback: bool,
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
    let mut builtins = vec![builtin::health(board.clone())];
    let has_faults = faults.is_enabled() && is_loopback;
    if has_faults {
        names.push("souk.chassis.v1.FaultService");
        builtins.push(builtin::faults(faults.clone()));
    } else if faults.is_enabled() {
        warn!("faults.enabled is set, but fault injection works on loopback addresses only");
    }
    builtins.extend(builtin::reflection(&names, &descriptors, has_faults)?);
    for Builtin { rpc, methods } in builtins {
        for policy in methods {
            let calls = Calls::default();
            let method =
                Method { policy, owner: "chassis", rpc: rpc.clone(), calls, is_background: true };
            table.insert(policy.path, Arc::new(method));
        }
    }
    Ok(table)
}
