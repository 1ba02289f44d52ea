//! What a service is made of, in the order in which a reader wants to know it: RPCs, workers,
//! readiness.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use souk_contract::{Contract, PublicError, Server};

use crate::drain::Drain;
use crate::invariants::{Check, Report, check};

/// One service, assembled: what [`Definition`](crate::Definition)'s `build` returns.
pub struct Service {
    pub(crate) contract: &'static Contract,
    pub(crate) servers: Vec<Server>,
    /// Those that other services of the process serve as well.
    pub(crate) shared: Vec<Server>,
    pub(crate) invariants: Option<Check>,
    pub(crate) workers: Vec<Worker>,
    pub(crate) ready: Vec<Ready>,
}

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
pub(crate) type Ready = Arc<dyn Fn() -> Outcome + Send + Sync>;

pub(crate) struct Worker {
    pub(crate) name: &'static str,
    pub(crate) run: Arc<dyn Fn(Drain) -> Outcome + Send + Sync>,
}

impl Service {
    /// Starts with the contract that the RPCs, and the calls to upstreams, are held to.
    pub fn new(contract: &'static Contract) -> Self {
        Service {
            contract,
            servers: Vec::new(),
            shared: Vec::new(),
            invariants: None,
            workers: Vec::new(),
            ready: Vec::new(),
        }
    }

    /// Adds a gRPC service of the contract: `.rpc(order_service::server(orders))`.
    #[must_use]
    pub fn rpc(mut self, server: Server) -> Self {
        self.servers.push(server);
        self
    }

    /// Adds a gRPC service that several services of a process serve, such as
    /// `souk.operations.v1.OperationService`: the process offers it once, and a call goes to the
    /// service that its request names in field 1, or to all of them when it names none. Its methods
    /// have no streams.
    #[must_use]
    pub fn shared(mut self, server: Server) -> Self {
        self.shared.push(server);
        self
    }

    /// Sets what checks the invariants of the service: a function that reads its records, on one
    /// state of the data, and reports what does not hold and how much there was. The process
    /// offers it as `souk.ops.v1.InvariantService`. A service with RPCs does not start without it.
    #[must_use]
    pub fn invariants<F, Fut, E>(mut self, find: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Report, E>> + Send + 'static,
        E: PublicError + Send + Sync + 'static,
    {
        self.invariants = Some(check(find));
        self
    }

    /// Returns the contract of the service.
    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// Adds a task that runs from the start until the drain, which it must heed, and is waited for.
    ///
    /// When it fails or panics it is logged and started again, later every time. It returns `()` or
    /// a `Result`; ending well is not a failure and it is not started again.
    #[must_use]
    pub fn worker<F, Fut>(mut self, name: &'static str, run: F) -> Self
    where
        F: Fn(Drain) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Ended> + Send + 'static,
    {
        let run = Arc::new(move |drain| -> Outcome {
            let work = run(drain);
            Box::pin(async move { work.await.ended() })
        });
        self.workers.push(Worker { name, run });
        self
    }

    /// Adds what must succeed for the service to count as healthy; it is asked every second.
    #[must_use]
    pub fn ready<F, Fut>(mut self, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Ended> + Send + 'static,
    {
        self.ready.push(Arc::new(move || -> Outcome {
            let check = check();
            Box::pin(async move { check.await.ended() })
        }));
        self
    }
}

/// How a worker or a check ended: `()` or `Ok` is well, `Err` says what is wrong.
pub trait Ended {
    /// Returns what is wrong, if anything.
    #[allow(clippy::missing_errors_doc)]
    fn ended(self) -> Result<(), String>;
}

impl Ended for () {
    fn ended(self) -> Result<(), String> {
        Ok(())
    }
}

impl<T, E: Display> Ended for Result<T, E> {
    fn ended(self) -> Result<(), String> {
        self.map(|_| ()).map_err(|error| format!("{error:#}"))
    }
}
