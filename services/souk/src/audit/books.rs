//! The books of a shop, read page by page over its API.

use std::collections::{BTreeSet, HashMap};

use souk_chassis::{Channel, StartError};
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::ops::v1::invariant_service_client::InvariantServiceClient;
use souk_client::ops::v1::{AuditCount, CheckInvariantsRequest, InvariantReport};
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use tonic::{Code, Status};

use super::Finding;
use crate::connect::{Services, failure};

const PAGE_SIZE: i32 = 1000;

/// The services of a shop, as an auditor reads them.
#[derive(Clone)]
pub struct Books {
    inventory: InventoryServiceClient<Channel>,
    orders: OrderServiceClient<Channel>,
    payments: PaymentServiceClient<Channel>,
    services: Services,
}

/// The services without which a shop sells nothing; an audit without one of them fails.
const NEEDED: [&str; 5] = ["catalog", "inventory", "ledger", "orders", "payments"];

/// The service of this program that a shop can sell without. Those beside it are known by their
/// addresses.
const OPTIONAL: [&str; 1] = ["events"];

impl Books {
    /// Returns the books of these services.
    pub fn of(services: &Services) -> Self {
        Books {
            inventory: InventoryServiceClient::new(services.inventory.clone()),
            orders: OrderServiceClient::new(services.orders.clone()),
            payments: PaymentServiceClient::new(services.payments.clone()),
            services: services.clone(),
        }
    }

    /// Has every service check its own invariants: all of the shop's process, and those that have
    /// an address of their own. One that the shop can sell without is listed when it does not
    /// respond.
    pub async fn own_audits(&self) -> Result<(Vec<Finding>, Vec<(String, i64)>), StartError> {
        let elsewhere = self.services.elsewhere();
        let is_elsewhere = |name: &str| elsewhere.iter().any(|(other, _)| other == name);
        let shop = self.services.shop();
        // It may be that every service is elsewhere: nothing is at the address of the shop then, or
        // only the auditor, which has no invariants.
        let (mut reports, problem) = match check(&shop.channel, "").await {
            Ok(reports) => (reports, None),
            Err(status) if is_absent(&status) => (vec![], Some(status)),
            Err(status) => {
                return Err(failure(&format!("the audit of {}", shop.address), &status));
            }
        };
        // What is asked for elsewhere counts there.
        reports.retain(|report| !is_elsewhere(&report.service));
        for (name, place) in elsewhere {
            match check(&place.channel, name).await {
                Ok(more) => reports.extend(more),
                Err(status) if is_absent(&status) && !NEEDED.contains(&name.as_str()) => {}
                Err(status) => return Err(failure(&format!("the audit of {name}"), &status)),
            }
        }
        let is_there = |name: &str| reports.iter().any(|report| report.service == name);
        if let Some(name) = NEEDED.iter().find(|name| !is_there(name)) {
            if let Some(status) = problem {
                return Err(failure(&format!("the audit of {}", shop.address), &status));
            }
            let hint = format!("name its address: --upstream {name}=ADDR");
            let what = format!("the audit of {name}: {} does not run it; {hint}", shop.address);
            return Err(StartError::new(what));
        }
        let known = elsewhere.iter().map(|(name, _)| name.as_str()).chain(OPTIONAL);
        let absent: BTreeSet<String> =
            known.filter(|name| !is_there(name)).map(str::to_owned).collect();

        let mut findings = vec![];
        let mut counts = vec![];
        for report in reports {
            findings.extend(report.findings.into_iter().map(|found| Finding {
                invariant: found.invariant,
                subject: found.subject,
                detail: found.detail,
            }));
            let named =
                |count: AuditCount| (format!("{}: {}", report.service, count.what), count.count);
            counts.extend(report.counts.into_iter().map(named));
        }
        let absent = absent.into_iter();
        counts.extend(
            absent.map(|name| (format!("{name}: not audited, it does not respond here"), 0)),
        );
        Ok((findings, counts))
    }

    /// Completes an order that was read with only its first lines.
    pub async fn complete(&self, order: &mut orders::Order) -> Result<(), StartError> {
        let order_id = order.order_id.clone();
        let mut page_token = String::new();
        while (order.lines.len() as i64) < i64::from(order.line_count) {
            // The first lines are read again: a page needs the token of the previous one.
            let order_id = order_id.clone();
            let is_first = page_token.is_empty();
            let request =
                orders::ListOrderLinesRequest { order_id, page_size: PAGE_SIZE, page_token };
            let page = self.orders.clone().list_order_lines(request).await;
            let page = page.map_err(|status| failure("orders", &status))?.into_inner();
            if is_first {
                order.lines.clear();
            }
            order.lines.extend(page.lines);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Returns one page of orders and the token of the next.
    pub async fn orders(
        &self,
        page_token: String,
    ) -> Result<(Vec<orders::Order>, String), StartError> {
        let request =
            orders::ListOrdersRequest { page_size: PAGE_SIZE, page_token, ..Default::default() };
        let page = self
            .orders
            .clone()
            .list_orders(request)
            .await
            .map_err(|status| failure("orders", &status))?;
        let page = page.into_inner();
        Ok((page.orders, page.next_page_token))
    }

    /// Returns the current state of an order.
    pub async fn order(&self, order_id: &str) -> Result<Option<orders::Order>, StartError> {
        let request = orders::GetOrderRequest { order_id: order_id.to_owned() };
        Ok(found(self.orders.clone().get_order(request).await, "orders")?
            .and_then(|answer| answer.order))
    }

    /// Returns all payments by id.
    pub async fn payments(&self) -> Result<HashMap<String, payments::Payment>, StartError> {
        let mut all = HashMap::new();
        let mut page_token = String::new();
        loop {
            let request = payments::ListPaymentsRequest {
                page_size: PAGE_SIZE,
                page_token,
                ..Default::default()
            };
            let page = self.payments.clone().list_payments(request).await;
            let page = page.map_err(|status| failure("payments", &status))?.into_inner();
            all.extend(
                page.payments.into_iter().map(|payment| (payment.payment_id.clone(), payment)),
            );
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Returns the current state of a payment.
    pub async fn payment(&self, payment_id: &str) -> Result<Option<payments::Payment>, StartError> {
        let request = payments::GetPaymentRequest { payment_id: payment_id.to_owned() };
        Ok(found(self.payments.clone().get_payment(request).await, "payments")?
            .and_then(|answer| answer.payment))
    }

    /// Returns all reservations by id.
    pub async fn reservations(
        &self,
    ) -> Result<HashMap<String, inventory::Reservation>, StartError> {
        let mut all = HashMap::new();
        let mut page_token = String::new();
        loop {
            let request = inventory::ListReservationsRequest {
                page_size: PAGE_SIZE,
                page_token,
                ..Default::default()
            };
            let page = self.inventory.clone().list_reservations(request).await;
            let page = page.map_err(|status| failure("inventory", &status))?.into_inner();
            all.extend(page.reservations.into_iter().map(|one| (one.reservation_id.clone(), one)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Returns the current state of a reservation.
    pub async fn reservation(
        &self,
        reservation_id: &str,
    ) -> Result<Option<inventory::Reservation>, StartError> {
        let request =
            inventory::GetReservationRequest { reservation_id: reservation_id.to_owned() };
        let answer = self.inventory.clone().get_reservation(request).await;
        Ok(found(answer, "inventory")?.and_then(|answer| answer.reservation))
    }
}

/// Checks the invariants of one service of a process, or of all when the name is empty.
async fn check(process: &Channel, service: &str) -> Result<Vec<InvariantReport>, Status> {
    let request = CheckInvariantsRequest { service: service.to_owned() };
    let answer = InvariantServiceClient::new(process.clone()).check_invariants(request).await?;
    Ok(answer.into_inner().reports)
}

fn is_absent(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::Unimplemented)
}

fn found<T>(
    answer: Result<tonic::Response<T>, Status>,
    what: &str,
) -> Result<Option<T>, StartError> {
    match answer {
        Ok(response) => Ok(Some(response.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(failure(what, &status)),
    }
}
