//! A catalogue under test, and short ways to say what is asked of it.

use std::sync::atomic::{AtomicU32, Ordering};

use prost::Message as _;
use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::operation::{import_products, import_stream};
use souk_client::operations::v1::operation::Result as Ending;
use souk_client::operations::v1::operation_service_client::OperationServiceClient;
use souk_client::operations::v1::{
    CancelOperationRequest, GetOperationRequest, Operation, WaitOperationRequest,
};
use souk_client::ops::v1::InvariantReport;
use souk_client::types::v1::Money;
use souk_testkit::{CallerChannel, Engine, TestService};
use tonic::Status;

pub use tonic::Code;

pub type Client = CatalogServiceClient<CallerChannel>;

/// A running catalogue, a client of the shop's staff, and an anonymous one.
pub struct TestCatalog {
    pub service: TestService,
    pub staff: Client,
    pub public: Client,
}

impl TestCatalog {
    pub async fn start(engine: Engine) -> Self {
        let service = TestService::builder(catalog::definition(), engine).start().await;
        let client = |caller: &Caller| CatalogServiceClient::new(service.channel_as(caller));
        let staff = client(&Caller::Staff("ann".into()));
        let public = client(&Caller::Anonymous);
        TestCatalog { service, staff, public }
    }

    pub fn client(&self, caller: &Caller) -> Client {
        CatalogServiceClient::new(self.service.channel_as(caller))
    }

    /// Makes an active product.
    pub async fn product(&self, title: &str) -> pb::Product {
        self.product_in(title, pb::ProductState::Active).await
    }

    /// Makes a product, and brings it into a state.
    pub async fn product_in(&self, title: &str, state: pb::ProductState) -> pb::Product {
        let made = self.staff.clone().create_product(new_product(title)).await;
        let product = made.unwrap().into_inner().product.unwrap();
        match state {
            pb::ProductState::Draft => product,
            pb::ProductState::Active => self.publish(&product).await.unwrap(),
            pb::ProductState::Archived => self.archive_product(&product).await.unwrap(),
            pb::ProductState::Unspecified => panic!("no product is in no state"),
        }
    }

    pub async fn publish(&self, product: &pb::Product) -> Result<pb::Product, Status> {
        let request = pb::PublishProductRequest {
            request_id: request_id(),
            product_id: product.product_id.clone(),
            ..Default::default()
        };
        Ok(self.staff.clone().publish_product(request).await?.into_inner().product.unwrap())
    }

    pub async fn archive_product(&self, product: &pb::Product) -> Result<pb::Product, Status> {
        let request = pb::ArchiveProductRequest {
            request_id: request_id(),
            product_id: product.product_id.clone(),
            ..Default::default()
        };
        Ok(self.staff.clone().archive_product(request).await?.into_inner().product.unwrap())
    }

    pub async fn restore(&self, product: &pb::Product) -> Result<pb::Product, Status> {
        let request = pb::RestoreProductRequest {
            request_id: request_id(),
            product_id: product.product_id.clone(),
            ..Default::default()
        };
        Ok(self.staff.clone().restore_product(request).await?.into_inner().product.unwrap())
    }

    /// Reads a variant by its sku, as everyone.
    pub async fn variant_of(&self, sku: &str) -> pb::Variant {
        let variant = Some(pb::get_variant_request::Variant::Sku(sku.into()));
        let request = pb::GetVariantRequest { variant };
        self.public.clone().get_variant(request).await.unwrap().into_inner().variant.unwrap()
    }

    pub async fn clear_default(
        &self,
        variant: &pb::Variant,
        currency: &str,
        channel: &str,
    ) -> Result<pb::Variant, Status> {
        let request = pb::ClearDefaultPriceRequest {
            request_id: request_id(),
            variant_id: variant.variant_id.clone(),
            currency_code: currency.into(),
            channel: channel.into(),
        };
        Ok(self.staff.clone().clear_default_price(request).await?.into_inner().variant.unwrap())
    }

    /// Brings a variant into a state.
    pub async fn set_variant(
        &self,
        variant: &pb::Variant,
        state: pb::VariantState,
    ) -> Result<pb::Variant, Status> {
        let mut staff = self.staff.clone();
        let request_id = request_id();
        let variant_id = variant.variant_id.clone();
        let etag = String::new();
        let variant = match state {
            pb::VariantState::Active => {
                let request = pb::EnableVariantRequest { request_id, variant_id, etag };
                staff.enable_variant(request).await?.into_inner().variant
            }
            pb::VariantState::Disabled => {
                let request = pb::DisableVariantRequest { request_id, variant_id, etag };
                staff.disable_variant(request).await?.into_inner().variant
            }
            pb::VariantState::Archived => {
                let request = pb::ArchiveVariantRequest { request_id, variant_id, etag };
                staff.archive_variant(request).await?.into_inner().variant
            }
            pb::VariantState::Unspecified => panic!("no variant is in no state"),
        };
        Ok(variant.unwrap())
    }

    pub async fn variant(&self, product: &pb::Product, sku: &str) -> pb::Variant {
        let request = create_variant(new_variant(product, sku));
        let response = self.staff.clone().create_variant(request).await;
        response.unwrap().into_inner().variant.unwrap()
    }

    pub async fn price(&self, variant: &pb::Variant, currency: &str, minor: i64) -> pb::Price {
        let request = create_price(new_price(variant, currency, minor));
        let response = self.staff.clone().create_price(request).await;
        response.unwrap().into_inner().price.unwrap()
    }

    /// Makes an active product with one variant at one price in GBP.
    pub async fn on_sale(
        &self,
        title: &str,
        sku: &str,
        minor: i64,
    ) -> (pb::Product, pb::Variant, pb::Price) {
        let product = self.product(title).await;
        let variant = self.variant(&product, sku).await;
        let price = self.price(&variant, "GBP", minor).await;
        (product, variant, price)
    }

    pub async fn update(&self, request: pb::UpdateProductRequest) -> Result<pb::Product, Status> {
        let response = self.staff.clone().update_product(request).await?;
        Ok(response.into_inner().product.unwrap())
    }

    /// Imports items under an id of their own, and waits for their results.
    pub async fn import(
        &self,
        items: Vec<pb::ImportedProduct>,
    ) -> Result<Vec<pb::ImportResult>, Status> {
        let staff = self.service.channel_as(&Caller::Staff("ann".into()));
        import_products(staff, &request_id(), items).await
    }

    /// Starts an import.
    pub async fn start_import(
        &self,
        request_id: &str,
        items: Vec<pb::ImportedProduct>,
    ) -> Result<Operation, Status> {
        let stream = tokio_stream::iter(import_stream(request_id, items));
        let response = self.staff.clone().import_products(stream).await?;
        Ok(response.into_inner().operation.unwrap())
    }

    /// Returns a client for what goes on after its call.
    pub fn operations(&self, caller: &Caller) -> OperationServiceClient<CallerChannel> {
        OperationServiceClient::new(self.service.channel_as(caller))
    }

    pub fn staff_channel(&self) -> CallerChannel {
        self.service.channel_as(&Caller::Staff("ann".into()))
    }

    /// Waits until an operation is done.
    pub async fn done(&self, operation: &Operation) -> Operation {
        loop {
            let request = WaitOperationRequest {
                service: operation.service.clone(),
                operation_id: operation.operation_id.clone(),
                timeout: None,
            };
            let mut operations = OperationServiceClient::new(self.staff_channel());
            let found = operations.wait_operation(request).await.unwrap();
            let operation = found.into_inner().operation.unwrap();
            if operation.done {
                return operation;
            }
        }
    }

    pub async fn cancel(&self, operation: &Operation) -> Operation {
        let request = CancelOperationRequest {
            service: operation.service.clone(),
            operation_id: operation.operation_id.clone(),
        };
        let mut operations = OperationServiceClient::new(self.staff_channel());
        operations.cancel_operation(request).await.unwrap().into_inner().operation.unwrap()
    }

    /// Stops the service, and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.service.restart().await;
        self.staff = self.client(&Caller::Staff("ann".into()));
        self.public = self.client(&Caller::Anonymous);
    }

    /// Waits until an import has done something, or is done.
    pub async fn progress(&self, operation: &Operation) -> Operation {
        loop {
            let request = GetOperationRequest {
                service: operation.service.clone(),
                operation_id: operation.operation_id.clone(),
            };
            let ann = Caller::Staff("ann".into());
            let found = self.operations(&ann).get_operation(request).await;
            let operation = found.unwrap().into_inner().operation.unwrap();
            if operation.done || progress_of(&operation).done_count > 0 {
                return operation;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Creates a price and says who may buy at it.
    pub async fn price_for(
        &self,
        audience: pb::PriceAudience,
        variant: &pb::Variant,
        minor: i64,
    ) -> pb::Price {
        let price = pb::Price { audience: audience.into(), ..new_price(variant, "GBP", minor) };
        let request = create_price(price);
        self.staff.clone().create_price(request).await.unwrap().into_inner().price.unwrap()
    }

    pub async fn archive(&self, price: &pb::Price) -> pb::Price {
        let price_id = price.price_id.clone();
        let request = pb::ArchivePriceRequest { request_id: request_id(), price_id };
        self.staff.clone().archive_price(request).await.unwrap().into_inner().price.unwrap()
    }

    /// Resolves as a shopper.
    pub async fn resolve(
        &self,
        items: Vec<pb::ResolveItem>,
        currency: &str,
    ) -> Result<Vec<pb::ResolvedPrice>, Status> {
        resolve_as(&self.public, items, currency).await
    }

    /// Returns all prices of a sku, archived ones too, as staff sees them: the latest effective
    /// time first.
    pub async fn prices(&self, sku: &str) -> Vec<pb::Price> {
        let variant = Some(pb::list_prices_request::Variant::Sku(sku.into()));
        let request = pb::ListPricesRequest { variant, show_archived: true, ..Default::default() };
        self.staff.clone().list_prices(request).await.unwrap().into_inner().prices
    }

    pub async fn audit(&self) -> InvariantReport {
        self.service.invariants().await
    }

    /// How many events wait in the outbox.
    pub async fn events(&self) -> i64 {
        self.service.row_counts().await["0.souk_outbox"]
    }

    /// Checks that every invariant still holds, and stops.
    pub async fn finish(mut self) {
        let audit = self.audit().await;
        assert!(audit.findings.is_empty(), "{:?}", audit.findings);
        self.service.stop().await;
    }
}

/// A caller of each kind that sees what is on offer only.
pub fn shoppers() -> [Caller; 2] {
    [Caller::Anonymous, Caller::user("eve")]
}

/// A caller of each kind that sees all.
pub fn insiders() -> [Caller; 2] {
    [Caller::Service("orders".into()), Caller::Staff("ann".into())]
}

pub async fn resolve_as(
    client: &Client,
    items: Vec<pb::ResolveItem>,
    currency: &str,
) -> Result<Vec<pb::ResolvedPrice>, Status> {
    resolve_for(client, items, currency, "").await
}

pub async fn resolve_for(
    client: &Client,
    items: Vec<pb::ResolveItem>,
    currency: &str,
    channel: &str,
) -> Result<Vec<pb::ResolvedPrice>, Status> {
    let request =
        pb::ResolvePricesRequest { items, currency_code: currency.into(), channel: channel.into() };
    Ok(client.clone().resolve_prices(request).await?.into_inner().prices)
}

/// Returns how far an import is.
pub fn progress_of(operation: &Operation) -> pb::ImportProductsMetadata {
    let metadata = operation.metadata.as_ref().unwrap();
    assert_eq!(metadata.type_url, "type.googleapis.com/souk.catalog.v1.ImportProductsMetadata");
    pb::ImportProductsMetadata::decode(metadata.value.as_slice()).unwrap()
}

/// Returns the results of an import that is done.
pub fn results_of(operation: &Operation) -> Vec<pb::ImportResult> {
    let Some(Ending::Response(response)) = &operation.result else { panic!("{operation:?}") };
    assert_eq!(response.type_url, "type.googleapis.com/souk.catalog.v1.ImportProductsResult");
    pb::ImportProductsResult::decode(response.value.as_slice()).unwrap().results
}

/// Returns an id that no other request has.
pub fn request_id() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    format!("request-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

pub fn money(currency: &str, minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: currency.into(), minor_units })
}

/// Asks for a product with this title.
pub fn new_product(title: &str) -> pb::CreateProductRequest {
    create_product(pb::Product { title: title.into(), ..Default::default() })
}

pub fn create_product(product: pb::Product) -> pb::CreateProductRequest {
    pb::CreateProductRequest { request_id: request_id(), product: Some(product) }
}

pub fn create_variant(variant: pb::Variant) -> pb::CreateVariantRequest {
    pb::CreateVariantRequest { request_id: request_id(), variant: Some(variant) }
}

pub fn create_price(price: pb::Price) -> pb::CreatePriceRequest {
    pb::CreatePriceRequest { request_id: request_id(), price: Some(price) }
}

pub fn update_product(product: pb::Product, paths: &[&str]) -> pb::UpdateProductRequest {
    pb::UpdateProductRequest {
        request_id: request_id(),
        product: Some(product),
        update_mask: mask(paths),
    }
}

pub fn update_variant(variant: pb::Variant, paths: &[&str]) -> pb::UpdateVariantRequest {
    pb::UpdateVariantRequest {
        request_id: request_id(),
        variant: Some(variant),
        update_mask: mask(paths),
    }
}

pub fn new_variant(product: &pb::Product, sku: &str) -> pb::Variant {
    pb::Variant { product_id: product.product_id.clone(), sku: sku.into(), ..Default::default() }
}

pub fn new_price(variant: &pb::Variant, currency: &str, minor: i64) -> pb::Price {
    pb::Price {
        variant_id: variant.variant_id.clone(),
        unit_price: money(currency, minor),
        ..Default::default()
    }
}

pub fn by_sku(sku: &str) -> pb::ResolveItem {
    pb::ResolveItem { item: Some(pb::resolve_item::Item::Sku(sku.into())) }
}

pub fn by_price(id: &str) -> pb::ResolveItem {
    pb::ResolveItem { item: Some(pb::resolve_item::Item::PriceId(id.into())) }
}

pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

/// An id of the right form that nothing has.
pub fn unknown(prefix: &str) -> String {
    format!("{prefix}_01h455vb4pex5vsknk084sn02q")
}

/// Checks code and reason of a refusal, and returns it.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = result.expect_err("the call is refused");
    assert_eq!(
        (status.code(), souk_testkit::reason_of(&status).as_str()),
        (code, reason),
        "{status:?}"
    );
    status
}
