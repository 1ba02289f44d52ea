//! The RPCs of inventory: the index. The story of a method is in `rpc/<method>.rs`.

mod adjust_stock;
mod audit_inventory;
mod batch_get_stock;
mod commit_reservation;
mod consume_reservation;
mod create_location;
mod get_reservation;
mod list_locations;
mod list_movements;
mod list_reservations;
mod list_stock;
mod receive_stock;
mod release_reservation;
mod repair_stock;
mod reserve;
mod return_stock;

use souk_chassis::reply;
use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service_server::InventoryService;
use souk_data::Db;
use souk_types::Clock;
use tonic::{Request, Response, Status};

/// What the methods work with.
pub struct InventoryRpc {
    pub db: Db,
    pub clock: Clock,
}

#[tonic::async_trait]
impl InventoryService for InventoryRpc {
    async fn create_location(
        &self,
        request: Request<pb::CreateLocationRequest>,
    ) -> Result<Response<pb::CreateLocationResponse>, Status> {
        reply(create_location::handle(self, request).await)
    }

    async fn list_locations(
        &self,
        request: Request<pb::ListLocationsRequest>,
    ) -> Result<Response<pb::ListLocationsResponse>, Status> {
        reply(list_locations::handle(self, request).await)
    }

    async fn receive_stock(
        &self,
        request: Request<pb::ReceiveStockRequest>,
    ) -> Result<Response<pb::ReceiveStockResponse>, Status> {
        reply(receive_stock::handle(self, request).await)
    }

    async fn adjust_stock(
        &self,
        request: Request<pb::AdjustStockRequest>,
    ) -> Result<Response<pb::AdjustStockResponse>, Status> {
        reply(adjust_stock::handle(self, request).await)
    }

    async fn batch_get_stock(
        &self,
        request: Request<pb::BatchGetStockRequest>,
    ) -> Result<Response<pb::BatchGetStockResponse>, Status> {
        reply(batch_get_stock::handle(self, request).await)
    }

    async fn list_stock(
        &self,
        request: Request<pb::ListStockRequest>,
    ) -> Result<Response<pb::ListStockResponse>, Status> {
        reply(list_stock::handle(self, request).await)
    }

    async fn reserve(&self, request: Request<pb::ReserveRequest>) -> Result<Response<pb::ReserveResponse>, Status> {
        reply(reserve::handle(self, request).await)
    }

    async fn commit_reservation(
        &self,
        request: Request<pb::CommitReservationRequest>,
    ) -> Result<Response<pb::CommitReservationResponse>, Status> {
        reply(commit_reservation::handle(self, request).await)
    }

    async fn release_reservation(
        &self,
        request: Request<pb::ReleaseReservationRequest>,
    ) -> Result<Response<pb::ReleaseReservationResponse>, Status> {
        reply(release_reservation::handle(self, request).await)
    }

    async fn consume_reservation(
        &self,
        request: Request<pb::ConsumeReservationRequest>,
    ) -> Result<Response<pb::ConsumeReservationResponse>, Status> {
        reply(consume_reservation::handle(self, request).await)
    }

    async fn return_stock(
        &self,
        request: Request<pb::ReturnStockRequest>,
    ) -> Result<Response<pb::ReturnStockResponse>, Status> {
        reply(return_stock::handle(self, request).await)
    }

    async fn get_reservation(
        &self,
        request: Request<pb::GetReservationRequest>,
    ) -> Result<Response<pb::GetReservationResponse>, Status> {
        reply(get_reservation::handle(self, request).await)
    }

    async fn list_reservations(
        &self,
        request: Request<pb::ListReservationsRequest>,
    ) -> Result<Response<pb::ListReservationsResponse>, Status> {
        reply(list_reservations::handle(self, request).await)
    }

    async fn list_movements(
        &self,
        request: Request<pb::ListMovementsRequest>,
    ) -> Result<Response<pb::ListMovementsResponse>, Status> {
        reply(list_movements::handle(self, request).await)
    }

    async fn repair_stock(
        &self,
        request: Request<pb::RepairStockRequest>,
    ) -> Result<Response<pb::RepairStockResponse>, Status> {
        reply(repair_stock::handle(self, request).await)
    }

    async fn audit_inventory(
        &self,
        request: Request<pb::AuditInventoryRequest>,
    ) -> Result<Response<pb::AuditInventoryResponse>, Status> {
        reply(audit_inventory::handle(self, request).await)
    }
}
