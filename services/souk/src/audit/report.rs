//! One audit of a shop and what it found.

use std::time::Duration;

use souk_chassis::StartError;

use super::books::Books;
use super::compare::{self, Finding};
use crate::connect::Services;

/// How often differences are checked again.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// What an audit found.
pub struct Report {
    pub findings: Vec<Finding>,
    /// What was checked: a name and how many.
    pub counts: Vec<(String, i64)>,
}

/// Audits a shop: each service by itself, then all of them together. Differences that an order in
/// progress may explain are checked again until they are gone or `patience` is over.
pub async fn audit(services: &Services, patience: Duration) -> Result<Report, StartError> {
    let books = Books::of(services);
    let (mut findings, mut counts) = books.own_audits().await?;
    let (mut suspects, compared) = compare::all(&books).await?;
    counts.push(("orders compared with stock and payments".to_owned(), compared));

    let until = tokio::time::Instant::now() + patience;
    while !suspects.is_empty() && tokio::time::Instant::now() < until {
        tokio::time::sleep(LOOK_INTERVAL).await;
        suspects = compare::again(&books, suspects).await?;
    }
    findings.extend(suspects.into_iter().flat_map(|suspect| suspect.findings));
    Ok(Report { findings, counts })
}
