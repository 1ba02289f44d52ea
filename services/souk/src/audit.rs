//! `souk audit`: checks that orders, payments, accounts and stock of a running shop agree.

mod books;
mod compare;
pub mod report;

use std::time::Duration;

use clap::Args;
use souk_chassis::StartError;

use crate::connect::ShopArgs;
use crate::say;

pub use books::Books;
pub use compare::Finding;
pub use report::audit;

/// Checks that orders, payments, accounts and stock agree in a running shop.
///
/// Every service checks its own invariants, also one in another language, then the services are
/// compared with each other.
/// Differences that an order in progress may explain are checked again after it had time to finish.
/// Exits with 1 and lists each violation if anything is wrong.
#[derive(Args)]
pub struct Audit {
    #[command(flatten)]
    shop: ShopArgs,
    /// How long a difference between two services may last while an order is in progress, in
    /// seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = LONGEST_DEADLINE.as_secs())]
    patience: u64,
}

/// The longest time that an order may legitimately be in progress: by then its placement is given
/// up, and the calls that undo it have reached their deadline.
pub const LONGEST_DEADLINE: Duration = Duration::from_secs(90);

impl Audit {
    /// Audits once and prints the result.
    pub async fn run(self) -> Result<(), StartError> {
        let services = self.shop.services("audit")?;
        let report = audit(&services, Duration::from_secs(self.patience)).await?;
        for (what, count) in &report.counts {
            say(format_args!("{count:>12}  {what}"));
        }
        if report.findings.is_empty() {
            say("every invariant holds");
            return Ok(());
        }
        for finding in &report.findings {
            say(format_args!(
                "BROKEN {}  {}: {}",
                finding.invariant, finding.subject, finding.detail
            ));
        }
        Err(StartError::new(format!("{} invariants do not hold", report.findings.len())))
    }
}
