//! `souk replay`: sells a real retailer's invoices through the API, and reads the result back from
//! the services.

mod books;
mod figures;
mod file;
mod plan;
mod progress;
mod report;
mod sell;
mod shop;
mod supply;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use souk_chassis::StartError;

use crate::{connect, say};
use books::Books;
use file::Source;
use plan::Plan;
use progress::Progress;
use report::Report;
use sell::{Rate, Seller};
use shop::Shop;
use supply::Goods;

/// Sells a real retailer's invoices through the API and checks the result to the penny.
///
/// FILE is "Online Retail" of the UCI Machine Learning Repository or a file like it: the columns
/// InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice and CustomerID, as .csv or
/// .csv.xz. Product codes become the catalogue, each invoice becomes one order at the prices and
/// the time of the file, whose goods are received first, and each cancellation a refund of the
/// earlier lines it matches. Every other line is counted by reason.
///
/// The shop may be stopped or killed meanwhile; the replay waits a minute for it. The replay itself
/// may be stopped and restarted: nothing is sold twice, and a finished replay changes nothing when
/// it runs again.
///
/// At the end it reads the figures back from orders, payments, ledger and inventory. It exits with
/// 1 when any two disagree, or when the shop refuses something.
#[derive(Args)]
pub struct Replay {
    /// The file of invoices: .csv or .csv.xz.
    file: PathBuf,
    /// The address of the shop.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7300")]
    to: String,
    /// Orders per second, or `max` for as many as the shop can handle.
    #[arg(long, value_name = "N", default_value = "max")]
    rate: Rate,
    /// How many customers are served side by side. The orders of one customer follow each other.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// Begins with this invoice; earlier ones were already replayed.
    #[arg(long, value_name = "INVOICE")]
    from_invoice: Option<String>,
    /// Writes the result as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Lists the lines of the file with this reason, and sends nothing.
    #[arg(long, value_name = "REASON")]
    explain: Option<String>,
}

/// Where the time went.
#[derive(Default)]
struct Times(Vec<(&'static str, Duration)>);

impl Times {
    fn add(&mut self, what: &'static str, since: Instant) {
        self.0.push((what, since.elapsed()));
    }
}

impl Replay {
    /// Replays the file.
    ///
    /// # Errors
    /// When the file cannot be read, the shop cannot be reached or refuses something, or two
    /// services disagree.
    pub async fn run(self) -> Result<(), StartError> {
        let mut times = Times::default();
        let started = Instant::now();
        let source = Source::open(&self.file)?;
        let plan = Plan::of(&source.rows()?)
            .map_err(|error| error.during(&self.file.display().to_string()))?;
        if let Some(reason) = &self.explain {
            return explain(&source, &plan, reason);
        }
        let first = self.first_order(&plan)?;
        times.add("reading the file", started);
        tell_contents(&plan);

        let shop = Shop::open(&connect::to(&self.to, "replay")?, &self.to).await?;
        let plan = Arc::new(plan);
        let seller = self.sell(&shop, &plan, first, &mut times).await?;

        let started = Instant::now();
        eprintln!("reading back from orders, payments, ledger and inventory");
        let books = Books::read(&shop, &plan).await?;
        times.add("reading back", started);
        tell_times(&times, &seller);
        self.conclude(&Report::of(&plan, &books, first == 0))
    }

    fn first_order(&self, plan: &Plan) -> Result<usize, StartError> {
        let Some(invoice) = &self.from_invoice else {
            return Ok(0);
        };
        let found = plan.orders.iter().position(|order| order.invoice == *invoice);
        found.ok_or_else(|| {
            StartError::configuration("--from-invoice", invoice, "must be an invoice of an order")
        })
    }

    async fn sell(
        &self,
        shop: &Shop,
        plan: &Arc<Plan>,
        first: usize,
        times: &mut Times,
    ) -> Result<Arc<Seller>, StartError> {
        let started = Instant::now();
        let prices = supply::list_products(shop, plan).await?;
        eprintln!(
            "{} products at {} prices are in the catalogue",
            plan.products.len(),
            prices.len()
        );
        times.add("the catalogue", started);

        let started = Instant::now();
        let goods = Goods::of(shop).await?;
        times.add("looking for goods received before", started);

        let started = Instant::now();
        let progress = Progress::of("orders", plan.orders.len() - first);
        let shop = shop.clone();
        let plan = plan.clone();
        let seller = Arc::new(Seller::new(shop, plan, prices, goods, progress.clone()));
        let reporter = progress.report();
        let sold = seller.sell_all(first, self.rate, usize::from(self.concurrency)).await;
        drop(reporter);
        sold?;
        times.add("selling", started);
        Ok(seller)
    }

    fn conclude(&self, report: &Report) -> Result<(), StartError> {
        say(report.table());
        if let Some(path) = &self.report {
            report.write(path)?;
        }
        match report.disagreements().as_slice() {
            [] => {
                say("all agree, to the penny");
                Ok(())
            }
            found => {
                for sentence in found {
                    say(format_args!("DISAGREE {sentence}"));
                }
                Err(StartError::new(format!(
                    "the services disagree on {} figures: {}",
                    found.len(),
                    found[0]
                )))
            }
        }
    }
}

fn tell_contents(plan: &Plan) {
    let refunds: usize = plan.orders.iter().map(|order| order.refunds.len()).sum();
    eprintln!("{} lines: {} sold in {} orders", plan.lines, plan.sale_lines(), plan.orders.len());
    let taken_back = plan.returns_whole + plan.returns_part.len() as u64;
    eprintln!("{taken_back:>12}  returned, in {refunds} refunds");
    for (reason, lines) in plan.reasons() {
        eprintln!("{:>12}  {reason}", lines.len());
    }
}

fn tell_times(times: &Times, seller: &Seller) {
    eprintln!("where the time went:");
    for (what, time) in &times.0 {
        eprintln!("{:>10.1} s  {what}", time.as_secs_f64());
    }
    let calls = [
        ("receiving the goods of", &seller.receiving),
        ("placing", &seller.placing),
        ("fulfilling", &seller.fulfilling),
        ("refunding", &seller.refunding),
    ];
    for (what, spent) in calls {
        let (calls, mean) = spent.calls_and_mean();
        eprintln!("{mean:>10.1} ms {what} one of {calls}, on average");
    }
    match shop::repeated() {
        0 => {}
        calls => eprintln!(
            "{calls:>10}    calls were retried: another step was in progress, or the shop was unreachable"
        ),
    }
}

fn explain(source: &Source, plan: &Plan, reason: &str) -> Result<(), StartError> {
    let reasons = plan.reasons();
    let Some((_, lines)) = reasons.iter().find(|(name, _)| *name == reason) else {
        let names: Vec<&str> = reasons.iter().map(|(name, _)| *name).collect();
        let allowed = format!("the reasons of this file are: {}", names.join(", "));
        return Err(StartError::configuration("--explain", reason, &allowed));
    };
    for line in source.quote(lines)? {
        say(line);
    }
    Ok(())
}
