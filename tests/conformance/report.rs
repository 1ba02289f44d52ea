//! Collects everything that went wrong, so that one run reports it all.

use tonic::Status;

use souk_testkit::{field_violations, reason_of};

use crate::shop::Rows;

/// What came, of all cases.
#[derive(Default)]
pub struct Report {
    cases: usize,
    failures: Vec<[String; 4]>,
}

impl Report {
    /// Counts a case that must be refused, in a way that `holds`.
    pub fn expect(
        &mut self,
        method: &str,
        field: &str,
        what: &str,
        came: &Result<Vec<u8>, Status>,
        holds: impl FnOnce(&Status) -> bool,
    ) {
        self.cases += 1;
        if !came.as_ref().is_err_and(holds) {
            self.fail(method, field, what, &told(came));
        }
    }

    /// Counts a case that may be answered, or refused in a way that `holds`.
    pub fn expect_or_ok(
        &mut self,
        method: &str,
        field: &str,
        what: &str,
        came: &Result<Vec<u8>, Status>,
        holds: impl FnOnce(&Status) -> bool,
    ) {
        self.cases += 1;
        if came.as_ref().is_err_and(|status| !holds(status)) {
            self.fail(method, field, what, &told(came));
        }
    }

    /// Counts a case that must be answered with an empty message.
    pub fn expect_nothing(
        &mut self,
        method: &str,
        field: &str,
        what: &str,
        came: &Result<Vec<u8>, Status>,
    ) {
        self.cases += 1;
        if !came.as_ref().is_ok_and(Vec::is_empty) {
            self.fail(method, field, what, &told(came));
        }
    }

    /// Reports every table with more or fewer rows than before.
    pub fn compare_rows(&mut self, method: &str, before: &Rows, after: &Rows) {
        for (table, rows) in after {
            let earlier = before.get(table).copied().unwrap_or_default();
            if earlier != *rows {
                self.fail(method, "(rows)", table, &format!("{earlier} rows before, {rows} after"));
            }
        }
    }

    /// Adds a failure.
    pub fn fail(&mut self, method: &str, field: &str, what: &str, came: &str) {
        self.failures.push([method, field, what, came].map(str::to_owned));
    }

    /// Says how much was looked at.
    ///
    /// # Panics
    /// When something did not come as it should; the message is a table of all of it.
    pub fn conclude(self) {
        println!("{} cases, {} failures", self.cases, self.failures.len());
        if self.failures.is_empty() {
            return;
        }
        let width = |column: usize| {
            self.failures.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        };
        let method = width(0);
        let field = width(1);
        let what = width(2);
        let rows = self
            .failures
            .iter()
            .map(|[a, b, c, d]| format!("{a:method$}  {b:field$}  {c:what$}  → {d}"));
        let table = rows.collect::<Vec<_>>().join("\n");
        panic!("{} of {} cases came otherwise:\n{table}", self.failures.len(), self.cases);
    }
}

fn told(came: &Result<Vec<u8>, Status>) -> String {
    let status = match came {
        Ok(bytes) => return format!("OK, {} bytes", bytes.len()),
        Err(status) => status,
    };
    let fields = field_violations(status);
    let fields =
        fields.iter().map(|one| format!("[{} {}]", one.field, one.description)).collect::<Vec<_>>();
    format!(
        "{:?} {} \"{}\" {}",
        status.code(),
        reason_of(status),
        status.message(),
        fields.join(" ")
    )
}
