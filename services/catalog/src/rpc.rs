//! The RPCs of the catalogue: the index, one line each. The story of a method is in `rpc/<method>.rs`.

mod archive_price;
mod audit_catalog;
mod batch_get_variants;
mod create_price;
mod create_product;
mod create_variant;
mod get_price;
mod get_product;
mod get_variant;
mod import_products;
mod list_prices;
mod list_products;
mod resolve_prices;
mod set_default_price;
mod update_product;
mod update_variant;

use souk_chassis::reply;
use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service_server::CatalogService;
use souk_data::Db;
use souk_types::Clock;
use tonic::{Request, Response, Status, Streaming};

/// What the methods work with.
pub struct CatalogRpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

#[tonic::async_trait]
impl CatalogService for CatalogRpc {
    async fn create_product(
        &self,
        request: Request<pb::CreateProductRequest>,
    ) -> Result<Response<pb::CreateProductResponse>, Status> {
        reply(create_product::handle(self, request).await)
    }

    async fn update_product(
        &self,
        request: Request<pb::UpdateProductRequest>,
    ) -> Result<Response<pb::UpdateProductResponse>, Status> {
        reply(update_product::handle(self, request).await)
    }

    async fn get_product(
        &self,
        request: Request<pb::GetProductRequest>,
    ) -> Result<Response<pb::GetProductResponse>, Status> {
        reply(get_product::handle(self, request).await)
    }

    async fn list_products(
        &self,
        request: Request<pb::ListProductsRequest>,
    ) -> Result<Response<pb::ListProductsResponse>, Status> {
        reply(list_products::handle(self, request).await)
    }

    async fn create_variant(
        &self,
        request: Request<pb::CreateVariantRequest>,
    ) -> Result<Response<pb::CreateVariantResponse>, Status> {
        reply(create_variant::handle(self, request).await)
    }

    async fn update_variant(
        &self,
        request: Request<pb::UpdateVariantRequest>,
    ) -> Result<Response<pb::UpdateVariantResponse>, Status> {
        reply(update_variant::handle(self, request).await)
    }

    async fn get_variant(
        &self,
        request: Request<pb::GetVariantRequest>,
    ) -> Result<Response<pb::GetVariantResponse>, Status> {
        reply(get_variant::handle(self, request).await)
    }

    async fn batch_get_variants(
        &self,
        request: Request<pb::BatchGetVariantsRequest>,
    ) -> Result<Response<pb::BatchGetVariantsResponse>, Status> {
        reply(batch_get_variants::handle(self, request).await)
    }

    async fn create_price(
        &self,
        request: Request<pb::CreatePriceRequest>,
    ) -> Result<Response<pb::CreatePriceResponse>, Status> {
        reply(create_price::handle(self, request).await)
    }

    async fn get_price(&self, request: Request<pb::GetPriceRequest>) -> Result<Response<pb::GetPriceResponse>, Status> {
        reply(get_price::handle(self, request).await)
    }

    async fn list_prices(
        &self,
        request: Request<pb::ListPricesRequest>,
    ) -> Result<Response<pb::ListPricesResponse>, Status> {
        reply(list_prices::handle(self, request).await)
    }

    async fn set_default_price(
        &self,
        request: Request<pb::SetDefaultPriceRequest>,
    ) -> Result<Response<pb::SetDefaultPriceResponse>, Status> {
        reply(set_default_price::handle(self, request).await)
    }

    async fn archive_price(
        &self,
        request: Request<pb::ArchivePriceRequest>,
    ) -> Result<Response<pb::ArchivePriceResponse>, Status> {
        reply(archive_price::handle(self, request).await)
    }

    async fn import_products(
        &self,
        request: Request<Streaming<pb::ImportProductsRequest>>,
    ) -> Result<Response<pb::ImportProductsResponse>, Status> {
        reply(import_products::handle(self, request).await?)
    }

    async fn resolve_prices(
        &self,
        request: Request<pb::ResolvePricesRequest>,
    ) -> Result<Response<pb::ResolvePricesResponse>, Status> {
        reply(resolve_prices::handle(self, request).await)
    }

    async fn audit_catalog(
        &self,
        request: Request<pb::AuditCatalogRequest>,
    ) -> Result<Response<pb::AuditCatalogResponse>, Status> {
        reply(audit_catalog::handle(self, request).await)
    }
}
