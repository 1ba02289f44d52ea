//! `souk up`: the whole shop in one process.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use souk_chassis::{Options, Running, Shop, StartError};

use crate::data::{self, Follower, Owner};
use crate::foreign::{self, Company, Foreign};
use crate::services_file::ServicesFile;
use crate::token::parse_scope;
use crate::{ephemeral, parts, say, seed};

/// Runs the whole shop in this process, with nothing else installed.
///
/// Every service has its own SQLite database in the data folder, and calls its upstreams in the
/// same process. The first start fills the shop with a small catalogue. Stop it with Ctrl-C; start
/// it again and everything is there.
#[derive(Args)]
pub struct Up {
    /// Services to leave out, separated by commas. Calls that need them fail with UNAVAILABLE.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    without: Vec<String>,
    /// A folder of services in other languages, one folder each, beside the shop's own, which are
    /// those in "services" if it exists, else those of the package that this program was installed
    /// from; more than once for several. An empty one leaves out the shop's own.
    #[arg(long, value_name = "DIR")]
    services_dir: Vec<String>,
    /// The scopes that a service of another team is granted; more than once for several services.
    /// Its manifest lists those that it asks for, docs/reference/scopes.md what they allow. It
    /// keeps them in later starts, until another --grant replaces them; NAME= takes all away.
    #[arg(long, value_name = "NAME=SCOPE,…", value_parser = parse_grant)]
    grant: Vec<(String, Vec<String>)>,
    /// Leaves the catalogue empty on the first start.
    #[arg(long)]
    no_seed: bool,
    /// Runs a shop for a test: its data is in a temporary folder that is deleted when it stops, and
    /// it listens on free ports, also its services in other languages.
    #[arg(long, conflicts_with_all = ["data", "accept_data", "listen", "metrics_listen"])]
    ephemeral: bool,
    /// Prints one line of JSON when the shop serves, for programs: its addresses, its services, and
    /// development tokens of a user, a guest, a service and each role of the staff.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    process: ProcessArgs,
}

// What `up` and `serve` have in common. Not a doc comment: clap would print it instead of theirs.
#[derive(Args)]
pub struct ProcessArgs {
    /// The folder of the databases; souk-data by default. Created if it does not exist.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Databases to accept once although they differ from the ones last used here: missing, older,
    /// or another shop's. Data that they lack is lost. Names as in the error of the refused start,
    /// or "all".
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    accept_data: Vec<String>,
    /// The address for gRPC, 127.0.0.1:7300 by default; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The address for /metrics, /healthz and /readyz over HTTP, 127.0.0.1:7301 by default.
    #[arg(long, value_name = "ADDR")]
    metrics_listen: Option<SocketAddr>,
    /// A configuration file (TOML); `souk settings` prints one. Every setting can also come from
    /// the environment: SOUK__LOG__LEVEL=debug, ORDERS__DATA__URL=postgres://…
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Written once the shop serves: two lines, `grpc=ADDRESS` and `metrics=ADDRESS`.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl ProcessArgs {
    /// Returns the options of a process with these arguments.
    pub fn options(&self) -> Options {
        let mut options = Options::new("souk");
        if let Some(file) = &self.config {
            options = options.file(file);
        }
        if let Some(file) = &self.ready_file {
            options = options.set("server.ready_file", file.display());
        }
        for (key, address) in
            [("server.listen", self.listen), ("server.metrics_listen", self.metrics_listen)]
        {
            if let Some(address) = address {
                options = options.set(key, address);
            }
        }
        match &self.data {
            Some(data) => options.set("data_dir", data.display()),
            None => options,
        }
    }
}

impl ProcessArgs {
    /// Makes the start accept the databases of `--accept-data`. Returns the data folder.
    pub fn accept(&self, shop: &Shop) -> Result<PathBuf, StartError> {
        let data = shop.data_dir()?;
        data::accept(&data, &self.accept_data)?;
        Ok(data)
    }
}

impl Up {
    /// Runs the shop until SIGTERM or SIGINT.
    pub async fn run(self) -> Result<(), StartError> {
        let is_in = |name: &str| !self.without.iter().any(|without| without == name);
        let mut foreign = foreign::search(&self.services_dir, self.ephemeral)?;
        foreign::grant(&mut foreign, &self.grant)?;
        self.check_without(&foreign)?;
        foreign.retain(|one| is_in(one.name()));
        let temporary = if self.ephemeral { Some(ephemeral::folder()?) } else { None };
        let options = match &temporary {
            Some(folder) => ephemeral::options(self.process.options(), folder),
            None => self.process.options(),
        };
        let options = foreign.iter().fold(options, |options, one| one.as_upstream(options));
        let present = parts::all().into_iter().filter(|part| is_in(part.name()));
        let shop = present.fold(Shop::new(options), Shop::with);
        let data = self.process.accept(&shop)?;
        let mut known = ServicesFile::read(&data)?;
        for one in &mut foreign {
            one.remember(&known);
        }
        let others: Vec<Owner> = foreign.iter().filter_map(Foreign::owner).collect();
        data::check(&data, &others)?;
        let running = shop.start().await?;

        let has = |name| running.services().contains(&name);
        if !self.no_seed && has("catalog") && has("inventory") {
            seed::plant(&running).await?;
        }
        let foreign: Vec<Foreign> =
            foreign.into_iter().map(|one| one.beside(running.addr())).collect();
        let entries = foreign.iter().filter_map(Foreign::entry).collect();
        known.started(reachable(running.addr()), entries);
        known.write(&data)?;
        foreign::announce(&foreign, &running);
        let stop = running.stop_signal()?;
        running.tell_ready()?;
        if self.json {
            let beside: Vec<_> = foreign.iter().map(Foreign::as_json).collect();
            say(ephemeral::line(&running, &beside));
        } else {
            println!("{}", self.welcome(&running, &foreign));
        }
        let company = Company::start(foreign, &running)?;
        let following = tokio::spawn(Follower::new(&data, others).run(running.drain_signal()));

        stop.await;
        // They stop first: their last work may need the shop.
        company.stop().await;
        running.drain().await?;
        // What they wrote last.
        if let Ok(follower) = following.await {
            follower.look_in_thread().await;
        }
        match temporary {
            Some(folder) => Ok(folder.close()?),
            None => Ok(()),
        }
    }

    /// Refuses unknown names in `--without`, before anything is bound or written.
    fn check_without(&self, foreign: &[Foreign]) -> Result<(), StartError> {
        let mut names = parts::names();
        names.extend(foreign.iter().map(Foreign::name));
        match self.without.iter().find(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let allowed =
                    format!("is not a service of this shop; choose from {}", names.join(", "));
                Err(StartError::configuration("--without", name, &allowed))
            }
        }
    }

    fn welcome(&self, running: &Running, foreign: &[Foreign]) -> String {
        let address = running.addr();
        let metrics = running.metrics_addr();
        let company: String = foreign.iter().map(Foreign::welcome).collect();
        let services = running.services().join(" ");
        let missing = match self.without.is_empty() {
            true => String::new(),
            false => format!(
                "  left out  {} (calls that need them fail with UNAVAILABLE)\n",
                self.without.join(" ")
            ),
        };
        let data = running.data_dir().display();
        let from_here = reachable(address);
        let pages = reachable(metrics);
        let buying = if address.ip().is_loopback() {
            buying(address)
        } else {
            BEYOND_THIS_MACHINE.to_owned()
        };
        format!(
            r#"
Souk is open: one process, data in {data}

  gRPC      {address}  {services}
{company}{missing}  metrics   http://{pages}/metrics

Look around with grpcurl:

  grpcurl -plaintext {from_here} list
  grpcurl -plaintext {from_here} souk.catalog.v1.CatalogService/ListProducts

{buying}
Stop with Ctrl-C."#
        )
    }
}

/// Reads NAME=SCOPE,… for clap.
fn parse_grant(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, scopes) = text.split_once('=').ok_or("must be NAME=SCOPE,…")?;
    let scopes = scopes
        .split(',')
        .filter(|_| !scopes.is_empty())
        .map(|scope| parse_scope(scope).map_err(|why| format!("{scope:?} {why}")))
        .collect::<Result<_, _>>()?;
    Ok((name.to_owned(), scopes))
}

/// Returns the address at which a client on this machine reaches a listener.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let mut address = listener;
    if listener.ip().is_unspecified() {
        address.set_ip(if listener.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}

fn buying(address: SocketAddr) -> String {
    // `cargo run` sets the variable.
    let souk = if std::env::var_os("CARGO").is_some() { "cargo souk" } else { "souk" };
    format!(
        r#"Buy something, as the user alice:

  TOKEN=$({souk} token --as user:alice)
  grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d '{{
      "request_id": "my-first-order", "currency_code": "GBP", "payment_method": "tok_approved",
      "lines": [{{"sku": "{sku}", "quantity": 2}}]
    }}' {address} souk.orders.v1.OrderService/PlaceOrder

Then check the books: {souk} audit --to {address}"#,
        sku = seed::EXAMPLE_SKU,
    )
}

/// What a shop that other machines can reach does not allow.
const BEYOND_THIS_MACHINE: &str = "\
Other machines can reach this shop, so it refuses development tokens: anonymous calls work, buying and `souk audit` do not.
Listen on 127.0.0.1 to try them.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_over_loopback() {
        let reached = |listener: &str| reachable(listener.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:7300"), "127.0.0.1:7300");
        assert_eq!(reached("[::]:7300"), "[::1]:7300");
        assert_eq!(reached("10.1.2.3:7300"), "10.1.2.3:7300");
    }
}
