//! The conformance suite: asks a process in any language the sentences of
//! docs/service-contract.md, started from its manifest or running at an address. It knows a service
//! by its manifest, reflection and the wire alone.

mod checks;
mod child;
mod command;
mod contract;
mod events_v1;
mod health_v1;
mod ops_v1;
mod parts;
mod plan;
mod recorder;
mod released;
mod report;
pub mod requests;
mod results;
mod running;
mod sentences;
mod stage;
mod subject;
mod token;
mod wire;

use std::path::{Path, PathBuf};

use souk_manifest::Manifest;

use crate::child::Service;
pub use crate::command::Conform;
pub use crate::report::Progress;
use crate::report::Report;
pub use crate::results::{Observation, Outcome, Results, Verdict};
pub use crate::running::Address;
pub use crate::sentences::{Selection, Sentence, all as sentences};

/// What a run needs besides what it asks.
pub struct Options {
    /// The program for `souk` in a manifest, which also has the event bus: the given one, SOUK_BIN,
    /// or the one beside this program.
    pub souk: Option<PathBuf>,
    /// The sentences that are asked.
    pub selection: Selection,
    /// Is called with a line for each part of the run.
    pub progress: Progress,
}

/// Starts the service of a manifest, and asks it.
///
/// # Errors
/// When there is nothing to ask: no manifest, no example of a read in it, no interpreter, no way to
/// make the environment.
pub async fn ask_manifest(manifest: &Path, options: Options) -> Result<Results, String> {
    let manifest = Manifest::read(manifest).map_err(|error| error.to_string())?;
    plan::prepare(&manifest).await?;
    let service = Service::new(manifest, options.souk)?;
    let name = service.manifest.name.clone();
    let mut report = Report::new(&name, options.selection, options.progress);
    if let Err(why) = plan::processes(&service, &mut report).await {
        report.stopped(&why);
    }
    Ok(report.results())
}

/// Asks the process that runs at an address what can be asked without its manifest.
pub async fn ask_address(address: &Address, options: Options) -> Results {
    let name = address.grpc.to_string();
    let mut report = Report::new(&name, options.selection, options.progress);
    if let Err(why) = running::process(address, &mut report).await {
        report.stopped(&why);
    }
    report.results()
}
