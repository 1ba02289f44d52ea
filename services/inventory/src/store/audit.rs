//! What must hold in this database at every committed moment, and how much there is of everything.

use std::time::Duration;

use souk_data::{Reader, Row, args};
use souk_types::{ReservationId, Timestamp};

use crate::error::Error;

/// The most findings of one audit.
const MOST_FINDINGS: usize = 1000;

/// Something that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub invariant: &'static str,
    pub subject: String,
    pub detail: String,
}

/// What an audit saw.
#[derive(Debug)]
pub struct Audit {
    pub findings: Vec<Finding>,
    pub counts: Vec<(&'static str, i64)>,
}

/// **Invariant:** no stock is negative or over-promised.
const OVER_PROMISED: &str = "SELECT sku, location_id, on_hand, reserved FROM stock \
     WHERE reserved < 0 OR reserved > on_hand ORDER BY sku, location_id LIMIT $1";

/// **Invariant:** what is reserved of a stock is what reservations in state HELD (1) and COMMITTED (2) promise.
const PROMISED: &str = "SELECT sku, location_id, CAST(SUM(reserved) AS BIGINT) AS reserved, \
         CAST(SUM(promised) AS BIGINT) AS promised \
     FROM (SELECT sku, location_id, reserved, 0 AS promised FROM stock \
           UNION ALL \
           SELECT sku, location_id, 0 AS reserved, quantity AS promised FROM reservation \
           JOIN reservation_line ON reservation = number WHERE state IN (1, 2)) AS both_sides \
     GROUP BY sku, location_id HAVING SUM(reserved) <> SUM(promised) ORDER BY sku, location_id LIMIT $1";

/// **Invariant:** the movements of a stock add up to its two numbers.
const MOVED: &str = "SELECT sku, location_id, CAST(SUM(on_hand) AS BIGINT) AS on_hand, \
         CAST(SUM(reserved) AS BIGINT) AS reserved \
     FROM (SELECT sku, location_id, on_hand, reserved FROM stock \
           UNION ALL \
           SELECT sku, location_id, -on_hand_change AS on_hand, -reserved_change AS reserved FROM movement) AS both_sides \
     GROUP BY sku, location_id HAVING SUM(on_hand) <> 0 OR SUM(reserved) <> 0 ORDER BY sku, location_id LIMIT $1";

/// **Invariant:** nothing came back of a reservation that was not consumed (state 3).
const RETURNED: &str = "SELECT sku, location_id, number FROM reservation_line JOIN reservation ON reservation = number \
     WHERE returned > 0 AND state <> 3 ORDER BY number, sku, location_id LIMIT $1";

/// **Invariant:** a hold (state 1) ends when its time is over; one that does not holds stock for nothing.
const OVERDUE: &str = "SELECT reservation_id, expire_time FROM reservation WHERE state = 1 AND expire_time < $1 \
     ORDER BY expire_time, number LIMIT $2";

/// How long after its time a hold may still be there: the expiry may have been stopped with the service.
const OVERDUE_AFTER: Duration = Duration::from_secs(3600);

const COUNTS: &str = "SELECT \
     (SELECT COUNT(*) FROM stock) AS stocks, \
     (SELECT CAST(COALESCE(SUM(on_hand), 0) AS BIGINT) FROM stock) AS units_on_hand, \
     (SELECT CAST(COALESCE(SUM(reserved), 0) AS BIGINT) FROM stock) AS units_reserved, \
     (SELECT COUNT(*) FROM reservation) AS reservations, \
     (SELECT COUNT(*) FROM movement) AS movements";

/// Checks every invariant on one state of the data; reads all of it.
pub async fn run(snapshot: &Reader, now: Timestamp) -> Result<Audit, Error> {
    let mut findings = Vec::new();
    for row in wrong(snapshot, OVER_PROMISED).await? {
        let detail = format!("on_hand {}, reserved {}", number(&row, "on_hand")?, number(&row, "reserved")?);
        findings.push(finding("0 <= reserved <= on_hand", &row, detail)?);
    }
    for row in wrong(snapshot, PROMISED).await? {
        let detail = format!("reserved {}, promised {}", number(&row, "reserved")?, number(&row, "promised")?);
        findings.push(finding("reserved is what reservations promise", &row, detail)?);
    }
    for row in wrong(snapshot, MOVED).await? {
        let detail =
            format!("on_hand is off by {}, reserved by {}", number(&row, "on_hand")?, number(&row, "reserved")?);
        findings.push(finding("movements add up to the stock", &row, detail)?);
    }
    for row in wrong(snapshot, RETURNED).await? {
        let detail = format!("units came back of reservation number {}", number(&row, "number")?);
        findings.push(finding("only consumed units come back", &row, detail)?);
    }
    for row in snapshot.query(OVERDUE, args![now.minus(OVERDUE_AFTER), MOST_FINDINGS as i64]).await? {
        findings.push(Finding {
            invariant: "a hold ends when its time is over",
            subject: row.get::<ReservationId>("reservation_id")?.to_string(),
            detail: format!("its time was over at {}", row.get::<Timestamp>("expire_time")?),
        });
    }
    findings.truncate(MOST_FINDINGS);
    Ok(Audit { findings, counts: counts(snapshot).await? })
}

async fn counts(snapshot: &Reader) -> Result<Vec<(&'static str, i64)>, Error> {
    let row = snapshot.query_row(COUNTS, args![]).await?;
    let row = row.ok_or_else(|| Error::Inconsistent("a count answered nothing".to_owned()))?;
    let names = ["stocks", "units_on_hand", "units_reserved", "reservations", "movements"];
    names.into_iter().map(|name| Ok((name, number(&row, name)?))).collect()
}

async fn wrong(snapshot: &Reader, query: &str) -> Result<Vec<Row>, Error> {
    Ok(snapshot.query(query, args![MOST_FINDINGS as i64]).await?)
}

fn number(row: &Row, column: &str) -> Result<i64, Error> {
    Ok(row.get(column)?)
}

fn finding(invariant: &'static str, row: &Row, detail: String) -> Result<Finding, Error> {
    let subject = format!("{}@{}", row.get::<String>("sku")?, row.get::<String>("location_id")?);
    Ok(Finding { invariant, subject, detail })
}
