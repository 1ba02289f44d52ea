//! Where services are: those of this process, the addresses of the others, and the contract of all
//! calls between them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use souk_contract::Contract;

use crate::method::OutgoingMethod;
use crate::process::Process;
use crate::red::Calls;
use crate::remote::Endpoints;
use crate::spans::Spans;

/// Known to every channel of the process. Late bound: services are built before all of them are
/// there to be called, so that two may call each other.
pub(crate) struct Exchange {
    /// The services that run in this process.
    pub(crate) hosted: Vec<&'static str>,
    /// The others, by name.
    pub(crate) remote: HashMap<String, Arc<Endpoints>>,
    /// The key that signs this process's own tokens.
    pub(crate) identity_key: String,
    methods: OnceLock<HashMap<&'static str, Arc<OutgoingMethod>>>,
    /// Weak, since the process holds its services and these hold channels: a drained process must
    /// let its databases go.
    process: OnceLock<Weak<Process>>,
    spans: OnceLock<Option<Spans>>,
}

impl Exchange {
    pub(crate) fn new(
        hosted: Vec<&'static str>,
        remote: HashMap<String, Arc<Endpoints>>,
        identity_key: String,
    ) -> Arc<Self> {
        Arc::new(Exchange {
            hosted,
            remote,
            identity_key,
            methods: OnceLock::new(),
            process: OnceLock::new(),
            spans: OnceLock::new(),
        })
    }

    /// Sets what may be called; the first call counts.
    pub(crate) fn set_contracts<'a>(&self, contracts: impl Iterator<Item = &'a Contract>) {
        self.methods.get_or_init(|| {
            let mut methods = HashMap::new();
            // What every process serves may be called whatever the contract of the caller is.
            let own = &crate::pb::own::CONTRACT;
            for policy in contracts.chain([own]).flat_map(|contract| contract.methods) {
                methods.entry(policy.path).or_insert_with(|| {
                    Arc::new(OutgoingMethod { policy, calls: Calls::default() })
                });
            }
            methods
        });
    }

    pub(crate) fn set_process(&self, process: &Arc<Process>) {
        let _ = self.spans.set(process.spans.clone());
        let _ = self.process.set(Arc::downgrade(process));
    }

    pub(crate) fn method(&self, path: &str) -> Option<Arc<OutgoingMethod>> {
        self.methods.get()?.get(path).cloned()
    }

    pub(crate) fn methods(&self) -> impl Iterator<Item = &Arc<OutgoingMethod>> {
        self.methods.get().into_iter().flat_map(HashMap::values)
    }

    pub(crate) fn process(&self) -> Option<Arc<Process>> {
        self.process.get()?.upgrade()
    }

    pub(crate) fn spans(&self) -> Option<&Spans> {
        self.spans.get()?.as_ref()
    }
}
