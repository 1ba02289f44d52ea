//! Which services can do their work: kept on a board, reported over grpc.health.v1 (Check, List,
//! Watch) and /readyz.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, stream};
use tokio::sync::watch;
use tonic::{Code, Request, Response, Status};
use tracing::{info, warn};

use crate::drain::Drain;
use crate::pb::grpc::health::v1 as pb;
use crate::pb::grpc::health::v1::health_check_response::ServingStatus;
use crate::pb::grpc::health::v1::health_server::Health;
use crate::refusal;
use crate::service::Ready;

/// How often each service is asked whether it is ready.
const EVERY: Duration = Duration::from_secs(1);
/// A check that takes longer counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// The status of every gRPC service of the process, by full name.
#[derive(Clone)]
pub(crate) struct Board(
    watch::Sender<BTreeMap<&'static str, bool>>,
    Arc<Mutex<BTreeMap<&'static str, String>>>,
);

impl Board {
    /// Starts with every service not serving.
    pub(crate) fn new(names: impl Iterator<Item = &'static str>) -> Self {
        Board(watch::Sender::new(names.map(|name| (name, false)).collect()), Arc::default())
    }

    /// Says why a service is not ready, or that nothing is wrong with it.
    fn explain(&self, service: &'static str, why: Option<&String>) {
        let mut reasons = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => reasons.insert(service, why.clone()),
            None => reasons.remove(service),
        };
    }

    /// Returns a line for each service that said why it is not ready.
    pub(crate) fn reasons(&self) -> String {
        let reasons = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        reasons.iter().map(|(service, why)| format!("{service}: {why}\n")).collect()
    }

    fn set(&self, names: &[&'static str], is_serving: bool) -> bool {
        self.0.send_if_modified(|statuses| {
            let mut is_modified = false;
            for name in names {
                is_modified |= statuses.insert(name, is_serving) != Some(is_serving);
            }
            is_modified
        })
    }

    /// Says of everything that it does not serve; the drain begins with it.
    pub(crate) fn stop(&self) {
        self.0.send_modify(|statuses| {
            statuses.values_mut().for_each(|is_serving| *is_serving = false)
        });
    }

    /// Returns whether every service serves.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.borrow().values().all(|is_serving| *is_serving)
    }

    fn status(&self, name: &str) -> Option<ServingStatus> {
        let is_serving = match name {
            "" => self.is_ready(),
            name => *self.0.borrow().get(name)?,
        };
        Some(if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing })
    }
}

/// Asks a service whether it is ready, once and then all the time until the drain.
pub(crate) async fn follow(
    service: &'static str,
    names: Vec<&'static str>,
    ready: Vec<Ready>,
    board: Board,
    drain: Drain,
) {
    loop {
        let checked = tokio::time::timeout(CHECK_TIMEOUT, check_all(&ready));
        let outcome =
            checked.await.unwrap_or_else(|_| Err(format!("no response within {CHECK_TIMEOUT:?}")));
        if drain.is_draining() {
            return;
        }
        board.explain(service, outcome.as_ref().err());
        if board.set(&names, outcome.is_ok()) {
            match outcome {
                Ok(()) => info!(service, "{service} is ready"),
                Err(why) => warn!(service, "{service} is not ready: {why}"),
            }
        }
        if !drain.pause(EVERY).await {
            return;
        }
    }
}

async fn check_all(ready: &[Ready]) -> Result<(), String> {
    for check in ready {
        check().await?;
    }
    Ok(())
}

/// Answers grpc.health.v1.
pub(crate) struct HealthRpc(Board);

impl HealthRpc {
    pub(crate) fn new(board: Board) -> Self {
        HealthRpc(board)
    }
}

fn answer(status: ServingStatus) -> pb::HealthCheckResponse {
    pb::HealthCheckResponse { status: status.into() }
}

#[tonic::async_trait]
impl Health for HealthRpc {
    async fn check(
        &self,
        request: Request<pb::HealthCheckRequest>,
    ) -> Result<Response<pb::HealthCheckResponse>, Status> {
        let name = &request.get_ref().service;
        match self.0.status(name) {
            Some(status) => Ok(Response::new(answer(status))),
            None => {
                let message = format!("no service {name} runs here");
                Err(refusal::status(Code::NotFound, "ERROR_REASON_UNIMPLEMENTED", message, &[]))
            }
        }
    }

    async fn list(
        &self,
        _request: Request<pb::HealthListRequest>,
    ) -> Result<Response<pb::HealthListResponse>, Status> {
        let names: Vec<&'static str> = self.0.0.borrow().keys().copied().chain([""]).collect();
        let statuses: HashMap<String, pb::HealthCheckResponse> = names
            .into_iter()
            .filter_map(|name| Some((name.to_string(), answer(self.0.status(name)?))))
            .collect();
        Ok(Response::new(pb::HealthListResponse { statuses }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<pb::HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<pb::HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let name = request.into_inner().service;
        let start = (self.0.clone(), self.0.0.subscribe(), None);
        let changes = stream::unfold(start, move |(board, mut changes, last)| {
            let name = name.clone();
            async move {
                loop {
                    changes.mark_unchanged();
                    let status = board.status(&name).unwrap_or(ServingStatus::ServiceUnknown);
                    if last != Some(status) {
                        return Some((Ok(answer(status)), (board, changes, Some(status))));
                    }
                    changes.changed().await.ok()?;
                }
            }
        });
        Ok(Response::new(Box::pin(changes)))
    }
}
