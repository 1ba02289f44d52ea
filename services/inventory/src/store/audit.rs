//! The invariants of this database in every committed state, and the number of rows checked.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{Condition, FromQueryResult, QueryOrder, QuerySelect, raw_sql};
use souk_chassis::Report;
use souk_data::{Db, Reader};
use souk_types::Timestamp;

use super::{movement, reservation, stock};
use crate::error::Error;
use crate::state::State;

/// How long after its time a hold may still be there: the expiry may have been stopped with the
/// service.
const OVERDUE_AFTER: Duration = Duration::from_secs(3600);

/// Two numbers of a stock that differ.
#[derive(FromQueryResult)]
struct Difference {
    sku: String,
    location_id: String,
    first: i64,
    second: i64,
}

/// The units of all stocks.
#[derive(FromQueryResult)]
struct Units {
    on_hand: Option<i64>,
    reserved: Option<i64>,
}

/// Checks the invariants of this database on one state of the data.
pub async fn check(db: Db, now: Timestamp) -> Result<Report, Error> {
    db.snapshot(move |snapshot| async move { run(&snapshot, now).await }).await
}

/// Checks every invariant on one state of the data; reads all of it.
async fn run(snapshot: &Reader, now: Timestamp) -> Result<Report, Error> {
    let mut report = Report::default();
    over_promised(snapshot, &mut report).await?;
    limits(snapshot, &mut report).await?;
    promised(snapshot, &mut report).await?;
    moved(snapshot, &mut report).await?;
    returned(snapshot, &mut report).await?;
    overdue(snapshot, now, &mut report).await?;
    count(snapshot, &mut report).await?;
    Ok(report)
}

/// **Invariant:** no stock is negative or promised beyond its limit.
async fn over_promised(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    use stock::{Column, Entity};
    let is_wrong = Condition::any()
        .add(Column::Reserved.lt(0))
        .add(Column::OnHand.lt(0))
        .add(Expr::cust("reserved > on_hand + backorder_limit"));
    let wrong =
        Entity::find().filter(is_wrong).order_by_asc(Column::Sku).limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        let limit = row.backorder_limit;
        let detail = format!("on_hand {}, reserved {}, limit {limit}", row.on_hand, row.reserved);
        let subject = format!("{}@{}", row.sku, row.location_id);
        report.add("0 <= reserved <= on_hand + backorder_limit", subject, detail);
    }
    Ok(())
}

/// **Invariant:** units may be promised beyond those on hand as the policy of the sku says (3 is
/// BACKORDER), at its location.
async fn limits(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    // SQL, since what either side lacks must show too.
    let wrong = Difference::find_by_statement(raw_sql!(
        Postgres,
        "SELECT sku, location_id, CAST(SUM(of_stock) AS BIGINT) AS first, CAST(SUM(of_policy) AS BIGINT) AS second
         FROM (SELECT sku, location_id, backorder_limit AS of_stock, 0 AS of_policy FROM stock
               UNION ALL
               SELECT sku, backorder_location_id AS location_id, 0 AS of_stock, backorder_limit AS of_policy
               FROM stock_policy WHERE policy = 3) AS both_sides
         GROUP BY sku, location_id HAVING SUM(of_stock) <> SUM(of_policy) ORDER BY sku, location_id LIMIT 1000"
    ));
    for row in wrong.all(snapshot).await? {
        let detail = format!("the stock has {}, the policy says {}", row.first, row.second);
        let subject = format!("{}@{}", row.sku, row.location_id);
        report.add("backorder limits are those of the policies", subject, detail);
    }
    Ok(())
}

/// **Invariant:** what is reserved of a stock is what reservations in state HELD (1) and COMMITTED
/// (2) still promise.
async fn promised(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    // SQL, since what either side lacks must show too.
    let wrong = Difference::find_by_statement(raw_sql!(
        Postgres,
        "SELECT sku, location_id, CAST(SUM(reserved) AS BIGINT) AS first, CAST(SUM(promised) AS BIGINT) AS second
         FROM (SELECT sku, location_id, reserved, 0 AS promised FROM stock
               UNION ALL
               SELECT sku, location_id, 0 AS reserved, quantity - consumed - released AS promised FROM reservation
               JOIN reservation_line ON reservation = number
               WHERE state IN (1, 2) AND is_untracked = 0) AS both_sides
         GROUP BY sku, location_id HAVING SUM(reserved) <> SUM(promised) ORDER BY sku, location_id LIMIT 1000"
    ));
    for row in wrong.all(snapshot).await? {
        let detail = format!("reserved {}, promised {}", row.first, row.second);
        report.add(
            "reserved is what reservations promise",
            format!("{}@{}", row.sku, row.location_id),
            detail,
        );
    }
    Ok(())
}

/// **Invariant:** the movements of a stock add up to its two numbers.
async fn moved(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    // SQL, for the same reason.
    let wrong = Difference::find_by_statement(raw_sql!(
        Postgres,
        "SELECT sku, location_id, CAST(SUM(on_hand) AS BIGINT) AS first, CAST(SUM(reserved) AS BIGINT) AS second
         FROM (SELECT sku, location_id, on_hand, reserved FROM stock
               UNION ALL
               SELECT sku, location_id, -on_hand_change AS on_hand, -reserved_change AS reserved FROM movement)
              AS both_sides
         GROUP BY sku, location_id HAVING SUM(on_hand) <> 0 OR SUM(reserved) <> 0
         ORDER BY sku, location_id LIMIT 1000"
    ));
    for row in wrong.all(snapshot).await? {
        let detail = format!("on_hand is off by {}, reserved by {}", row.first, row.second);
        report.add(
            "movements add up to the stock",
            format!("{}@{}", row.sku, row.location_id),
            detail,
        );
    }
    Ok(())
}

/// **Invariant:** no more came back of a reservation than left.
async fn returned(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    for line in reservation::returned_without_leaving(snapshot, Report::MAX_FINDINGS).await? {
        let detail = format!("units came back of reservation number {}", line.reservation);
        report.add(
            "only consumed units come back",
            format!("{}@{}", line.sku, line.location_id),
            detail,
        );
    }
    Ok(())
}

/// **Invariant:** a hold ends when its time is over; one that does not holds stock for nothing.
async fn overdue(snapshot: &Reader, now: Timestamp, report: &mut Report) -> Result<(), Error> {
    use reservation::{Column, Entity};
    let overdue = Entity::find()
        .filter(Column::State.eq(State::Held))
        .filter(Column::ExpireTime.lt(now.minus(OVERDUE_AFTER)))
        .order_by_asc(Column::ExpireTime)
        .limit(Report::MAX_FINDINGS);
    for hold in overdue.all(snapshot).await? {
        let detail = format!("its time was over at {}", hold.expire_time);
        report.add("a hold ends when its time is over", hold.reservation_id, detail);
    }
    Ok(())
}

async fn count(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    use stock::Column;
    let units = stock::Entity::find()
        .select_only()
        .column_as(Column::OnHand.sum().cast_as("BIGINT"), "on_hand")
        .column_as(Column::Reserved.sum().cast_as("BIGINT"), "reserved");
    let units = units.into_model::<Units>().one(snapshot).await?;
    let units = units.unwrap_or(Units { on_hand: None, reserved: None });
    report.count("stocks", stock::Entity::find().count(snapshot).await? as i64);
    report.count("units_on_hand", units.on_hand.unwrap_or(0));
    report.count("units_reserved", units.reserved.unwrap_or(0));
    report.count("reservations", reservation::Entity::find().count(snapshot).await? as i64);
    report.count("movements", movement::Entity::find().count(snapshot).await? as i64);
    Ok(())
}
