//! The books of a shop, read page by page over its API.

use std::collections::HashMap;

use souk_chassis::{Channel, StartError};
use souk_client::catalog::v1 as catalog;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::events::v1 as events;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::ledger::v1 as ledger;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_client::notifications::v1 as notifications;
use souk_client::notifications::v1::notification_service_client::NotificationServiceClient;
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::recommendations::v1 as recommendations;
use souk_client::recommendations::v1::recommendation_service_client::RecommendationServiceClient;
use tonic::{Code, Status};

use super::Finding;
use crate::connect::{Services, failure};

const PAGE_SIZE: i32 = 1000;

/// The services of a shop, as an auditor reads them.
#[derive(Clone)]
pub struct Books {
    catalog: CatalogServiceClient<Channel>,
    inventory: InventoryServiceClient<Channel>,
    ledger: LedgerServiceClient<Channel>,
    orders: OrderServiceClient<Channel>,
    payments: PaymentServiceClient<Channel>,
    events: EventServiceClient<Channel>,
    recommendations: RecommendationServiceClient<Channel>,
    notifications: NotificationServiceClient<Channel>,
}

/// Asks one service for its own audit and takes findings and counts from the response.
macro_rules! own_audit {
    ($client:expr, $method:ident, $request:expr, $name:literal, $findings:ident, $counts:ident) => {
        let answer = $client.clone().$method($request).await;
        let answer = answer
            .map_err(|status| failure(concat!("the audit of ", $name), &status))?
            .into_inner();
        take_audit!(answer, $name, $findings, $counts);
    };
}

/// The same for a service that the shop can sell without: if it does not run it is listed, and the
/// audit does not fail.
macro_rules! audit_if_there {
    ($client:expr, $method:ident, $request:expr, $name:literal, $findings:ident, $counts:ident) => {
        match $client.clone().$method($request).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                take_audit!(answer, $name, $findings, $counts);
            }
            Err(status) if matches!(status.code(), Code::Unavailable | Code::Unimplemented) => {
                $counts.push((
                    concat!($name, ": not audited, it does not respond here").to_owned(),
                    0,
                ));
            }
            Err(status) => return Err(failure(concat!("the audit of ", $name), &status)),
        }
    };
}

macro_rules! take_audit {
    ($answer:ident, $name:literal, $findings:ident, $counts:ident) => {
        $findings.extend($answer.findings.into_iter().map(|found| Finding {
            invariant: found.invariant,
            subject: found.subject,
            detail: found.detail,
        }));
        $counts.extend(
            $answer
                .counts
                .into_iter()
                .map(|counted| (format!("{}: {}", $name, counted.what), counted.count)),
        );
    };
}

impl Books {
    /// Returns the books of these services.
    pub fn of(services: &Services) -> Self {
        Books {
            catalog: CatalogServiceClient::new(services.catalog.clone()),
            inventory: InventoryServiceClient::new(services.inventory.clone()),
            ledger: LedgerServiceClient::new(services.ledger.clone()),
            orders: OrderServiceClient::new(services.orders.clone()),
            payments: PaymentServiceClient::new(services.payments.clone()),
            events: EventServiceClient::new(services.events.clone()),
            recommendations: RecommendationServiceClient::new(services.recommendations.clone()),
            notifications: NotificationServiceClient::new(services.notifications.clone()),
        }
    }

    /// Has every service audit its own database; optional services only where they run.
    pub async fn own_audits(&self) -> Result<(Vec<Finding>, Vec<(String, i64)>), StartError> {
        let mut findings = vec![];
        let mut counts = vec![];
        own_audit!(
            self.catalog,
            audit_catalog,
            catalog::AuditCatalogRequest {},
            "catalog",
            findings,
            counts
        );
        own_audit!(
            self.inventory,
            audit_inventory,
            inventory::AuditInventoryRequest {},
            "inventory",
            findings,
            counts
        );
        own_audit!(
            self.ledger,
            audit_ledger,
            ledger::AuditLedgerRequest {},
            "ledger",
            findings,
            counts
        );
        own_audit!(
            self.payments,
            audit_payments,
            payments::AuditPaymentsRequest {},
            "payments",
            findings,
            counts
        );
        own_audit!(
            self.orders,
            audit_orders,
            orders::AuditOrdersRequest {},
            "orders",
            findings,
            counts
        );
        audit_if_there!(
            self.events,
            audit_events,
            events::AuditEventsRequest {},
            "events",
            findings,
            counts
        );
        let request = recommendations::AuditRecommendationsRequest {};
        audit_if_there!(
            self.recommendations,
            audit_recommendations,
            request,
            "recommendations",
            findings,
            counts
        );
        let request = notifications::AuditNotificationsRequest {};
        audit_if_there!(
            self.notifications,
            audit_notifications,
            request,
            "notifications",
            findings,
            counts
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
