//! A catalogue under test, and short ways to say what is asked of it.

use std::sync::atomic::{AtomicU32, Ordering};

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
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

    pub async fn product_in(&self, title: &str, state: pb::ProductState) -> pb::Product {
        let request = pb::CreateProductRequest {
            request_id: request_id(),
            title: title.into(),
            state: state.into(),
            ..Default::default()
        };
        self.staff.clone().create_product(request).await.unwrap().into_inner().product.unwrap()
    }

    pub async fn variant(&self, product: &pb::Product, sku: &str) -> pb::Variant {
        let response = self.staff.clone().create_variant(new_variant(product, sku)).await;
        response.unwrap().into_inner().variant.unwrap()
    }

    pub async fn price(&self, variant: &pb::Variant, currency: &str, minor: i64) -> pb::Price {
        let response = self.staff.clone().create_price(new_price(variant, currency, minor)).await;
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

    pub async fn import(
        &self,
        items: Vec<pb::ImportedProduct>,
    ) -> Result<Vec<pb::ImportResult>, Status> {
        let items =
            items.into_iter().map(|product| pb::ImportProductsRequest { product: Some(product) });
        let response = self
            .staff
            .clone()
            .import_products(tokio_stream::iter(items.collect::<Vec<_>>()))
            .await?;
        Ok(response.into_inner().results)
    }

    /// Creates a price and says who may buy at it.
    pub async fn price_for(
        &self,
        audience: pb::PriceAudience,
        variant: &pb::Variant,
        minor: i64,
    ) -> pb::Price {
        let request = pb::CreatePriceRequest {
            audience: audience.into(),
            ..new_price(variant, "GBP", minor)
        };
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

    /// Returns all prices of a sku, as staff sees them.
    pub async fn prices(&self, sku: &str) -> Vec<pb::Price> {
        let variant = Some(pb::list_prices_request::Variant::Sku(sku.into()));
        let request = pb::ListPricesRequest { variant, ..Default::default() };
        self.staff.clone().list_prices(request).await.unwrap().into_inner().prices
    }

    pub async fn audit(&self) -> pb::AuditCatalogResponse {
        self.staff.clone().audit_catalog(pb::AuditCatalogRequest {}).await.unwrap().into_inner()
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
    [Caller::Anonymous, Caller::User("eve".into())]
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
    let request = pb::ResolvePricesRequest { items, currency_code: currency.into() };
    Ok(client.clone().resolve_prices(request).await?.into_inner().prices)
}

/// Returns an id that no other request has.
pub fn request_id() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    format!("request-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

pub fn money(currency: &str, minor_units: i64) -> Option<Money> {
    Some(Money { currency_code: currency.into(), minor_units })
}

pub fn new_variant(product: &pb::Product, sku: &str) -> pb::CreateVariantRequest {
    pb::CreateVariantRequest {
        request_id: request_id(),
        product_id: product.product_id.clone(),
        sku: sku.into(),
        ..Default::default()
    }
}

pub fn new_price(variant: &pb::Variant, currency: &str, minor: i64) -> pb::CreatePriceRequest {
    pb::CreatePriceRequest {
        request_id: request_id(),
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
