//! The final report: the result, the four services side by side, and where they disagree.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use souk_chassis::StartError;

use super::books::Books;
use super::figures::{self, Figures, Outcome, Sources};
use super::plan::Plan;

/// The result and what it rests on. As JSON it has the judge's fields, in its order, and `services`
/// behind them.
#[derive(Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub result: Outcome,
    services: Services,
    #[serde(skip)]
    file: Option<Figures>,
}

/// The figures of each service.
#[derive(Serialize)]
struct Services {
    orders: Figures,
    payments: Figures,
    ledger: Figures,
    inventory: Figures,
}

impl Report {
    /// Puts the report together. `is_whole` says that the whole file was carried out, so that the
    /// services must also agree with it, and not only with each other.
    pub fn of(plan: &Plan, books: &Books, is_whole: bool) -> Report {
        let Books { orders, payments, ledger, inventory } = books;
        let result = Outcome::of(plan, &Sources { orders, payments, ledger, inventory });
        let services = Services {
            orders: orders.figures(),
            payments: payments.figures(),
            ledger: ledger.figures(),
            inventory: inventory.figures(),
        };
        Report { result, services, file: is_whole.then(|| figures::of_plan(plan).figures()) }
    }

    /// Writes the JSON.
    pub fn write(&self, path: &Path) -> Result<(), StartError> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(path, text)
            .map_err(|error| StartError::new(format!("cannot write {}: {error}", path.display())))
    }

    /// Returns the table of the services' figures for a person.
    pub fn table(&self) -> String {
        let columns = self.columns();
        let mut text = format!("{:<16}", "");
        for (name, _) in &columns {
            let _ = write!(text, "{name:>14}");
        }
        // The digests are compared like the figures, but not printed.
        let rows = self
            .services
            .orders
            .named()
            .into_iter()
            .filter(|(name, _)| !name.starts_with("sha256"));
        for (row, (name, _)) in rows.enumerate() {
            let _ = write!(text, "\n{name:<16}");
            for (_, figures) in &columns {
                let value = figures.named()[row].1.clone().unwrap_or_else(|| "-".to_owned());
                let _ = write!(text, "{value:>14}");
            }
        }
        text
    }

    /// Returns every disagreement, in one sentence each.
    pub fn disagreements(&self) -> Vec<String> {
        figures::disagreements(&self.columns())
    }

    fn columns(&self) -> Vec<(&'static str, Figures)> {
        let services = &self.services;
        let mut columns = vec![
            ("orders", services.orders.clone()),
            ("payments", services.payments.clone()),
            ("ledger", services.ledger.clone()),
            ("inventory", services.inventory.clone()),
        ];
        columns.extend(self.file.clone().map(|file| ("file", file)));
        columns
    }
}
