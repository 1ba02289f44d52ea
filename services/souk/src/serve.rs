//! `souk serve`: some of the services, as one process of a shop that is split over several.

use clap::Args;
use souk_chassis::{Shop, StartError};

use crate::parts;
use crate::up::ProcessArgs;

/// Runs some of the services, which call the others by address
///
/// Example of a shop in two processes:
///   souk serve catalog inventory --listen 127.0.0.1:7310 --metrics-listen 127.0.0.1:7311 --data a
///   souk serve ledger payments orders --data b --upstream catalog=http://127.0.0.1:7310 --upstream inventory=http://127.0.0.1:7310
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Serve {
    /// The services to run.
    #[arg(required = true, value_name = "NAME", value_parser = parts::parse_name)]
    names: Vec<String>,
    /// The address of a service that runs elsewhere: NAME=http://ADDRESS, several addresses
    /// separated by commas.
    #[arg(long = "upstream", value_name = "NAME=URL", value_parser = parts::parse_upstream)]
    upstreams: Vec<(String, String)>,
    #[command(flatten)]
    process: ProcessArgs,
}

impl Serve {
    /// Runs the services until SIGTERM or SIGINT.
    pub async fn run(self) -> Result<(), StartError> {
        let mut options = self.process.options();
        for (name, address) in &self.upstreams {
            options = options.set(&format!("upstreams.{name}"), address);
        }
        let chosen = parts::all()
            .into_iter()
            .filter(|part| self.names.iter().any(|name| name == part.name()));
        let shop = chosen.fold(Shop::new(options), Shop::with);
        self.process.accept(&shop)?;
        let running = shop.start().await?;

        let stop = running.stop_signal()?;
        running.tell_ready()?;
        println!(
            "{} on gRPC {}, metrics on http://{}/metrics; stop with Ctrl-C",
            running.services().join(" "),
            running.addr(),
            running.metrics_addr()
        );
        stop.await;
        running.drain().await
    }
}
