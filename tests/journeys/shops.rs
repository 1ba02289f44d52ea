//! Whole shops of real processes, in the forms that a shop can have, with some goods in them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use souk_chassis::Caller;
use souk_client::catalog::v1 as catalog;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::operation::import_products;
use souk_client::types::v1::Money;
use souk_testkit::{CallerChannel, ChildShop, Engine, TestDb, connect_as};
use tokio::process::Command;

/// The services, each after those that it calls.
const SERVICES: [&str; 5] = ["catalog", "inventory", "ledger", "payments", "orders"];

/// The databases, by the environment variable that says where they are.
const DATABASES: [&str; 6] = [
    "CATALOG__DATA__URL",
    "INVENTORY__DATA__URL",
    "LEDGER__DATA__URL",
    "PAYMENTS__DATA__URL",
    "PAYMENTS__SIMULATOR__DATA__URL",
    "ORDERS__DATA__URL",
];

/// What the shop sells: sku, price in pence, units received.
pub const GOODS: [(&str, i64, i64); 2] = [("LAMP-BRASS", 4_999, 10), ("RUG-RED", 12_900, 10)];

/// A shop of one process, or of one a service, or of several replicas a service.
pub struct Shop {
    /// Where each replica of a service is.
    urls: BTreeMap<&'static str, Vec<String>>,
    // Processes end before their databases and their folder go.
    _processes: Vec<ChildShop>,
    _databases: Vec<TestDb>,
    _folder: tempfile::TempDir,
}

impl Shop {
    /// Starts all services in one process.
    pub async fn in_one_process(engine: Engine) -> Shop {
        Shop::in_one_process_with(engine, &[]).await
    }

    /// Starts all services in one process, with these variables of its environment.
    pub async fn in_one_process_with(engine: Engine, environment: &[(&str, &str)]) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(engine).await;
        let mut shop = on(ChildShop::up(folder.path()).argument("--no-seed"), &databases);
        for (name, value) in environment {
            shop = shop.environment(*name, *value);
        }
        let shop = shop.start().await;
        let urls = SERVICES.map(|service| (service, vec![shop.url()])).into();
        Shop { urls, _processes: vec![shop], _databases: databases, _folder: folder }
    }

    /// Starts every service in a process of its own, or in several (on PostgreSQL).
    pub async fn split(engine: Engine, replicas: usize) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(engine).await;
        let mut urls = BTreeMap::<_, Vec<String>>::new();
        let mut processes = vec![];
        for service in SERVICES {
            for replica in 0..replicas {
                let place = folder.path().join(format!("{service}-{replica}"));
                let mut process = on(ChildShop::serve(&[service], &place), &databases);
                for (upstream, at) in urls.iter().filter(|(upstream, _)| **upstream != service) {
                    process = process.argument(format!("--upstream={upstream}={}", at.join(",")));
                }
                let process = process.start().await;
                urls.entry(service).or_default().push(process.url());
                processes.push(process);
            }
        }
        Shop { urls, _processes: processes, _databases: databases, _folder: folder }
    }

    /// Returns a connection to the first replica of a service.
    pub fn channel(&self, service: &str, caller: &Caller) -> CallerChannel {
        connect_as(&self.urls[service][0], caller)
    }

    /// Returns a connection to the last replica of a service, another process than the first when
    /// there are several.
    pub fn last_channel(&self, service: &str, caller: &Caller) -> CallerChannel {
        connect_as(self.urls[service].last().unwrap(), caller)
    }

    /// Puts [`GOODS`] on sale.
    pub async fn open(self) -> Shop {
        let staff = Caller::Staff("ann".to_owned());
        let products = GOODS.map(|(sku, minor_units, _)| catalog::ImportedProduct {
            product: Some(catalog::Product {
                external_key: sku.to_owned(),
                title: sku.to_owned(),
                ..Default::default()
            }),
            variants: vec![catalog::ImportedVariant {
                variant: Some(catalog::Variant { sku: sku.to_owned(), ..Default::default() }),
                prices: vec![catalog::Price {
                    unit_price: Some(Money { currency_code: "GBP".to_owned(), minor_units }),
                    is_default: true,
                    ..Default::default()
                }],
            }],
            ..Default::default()
        });
        let channel = self.channel("catalog", &staff);
        let imported = import_products(channel, "goods", products).await.unwrap();
        assert!(imported.iter().all(|result| result.error.is_none()), "{imported:?}");

        let item = |(sku, _, quantity): (&str, i64, i64)| inventory::ReceivedItem {
            sku: sku.to_owned(),
            location_id: String::new(),
            quantity: quantity.try_into().unwrap(),
        };
        let request = inventory::ReceiveStockRequest {
            request_id: "delivery".to_owned(),
            items: GOODS.map(item).to_vec(),
            effective_time: None,
        };
        let mut stock = InventoryServiceClient::new(self.channel("inventory", &staff));
        stock.receive_stock(request).await.unwrap();
        self
    }

    /// Returns units on hand and reserved of a sku.
    pub async fn stock(&self, sku: &str) -> (i64, i64) {
        let mut client = InventoryServiceClient::new(
            self.last_channel("inventory", &Caller::Staff("ann".to_owned())),
        );
        let request = inventory::BatchGetStockRequest {
            skus: vec![sku.to_owned()],
            location_id: String::new(),
        };
        let stock = client.batch_get_stock(request).await.unwrap().into_inner().stock;
        (stock[0].on_hand.into(), stock[0].reserved.into())
    }

    /// Asserts that `souk audit` finds nothing wrong.
    pub async fn audit(&self) {
        let mut command = Command::new(program());
        command.args(["audit", "--patience", "30"]).stdin(Stdio::null()).kill_on_drop(true);
        for (service, urls) in &self.urls {
            command.arg(format!("--upstream={service}={}", urls[0]));
        }
        let output = command.output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    }
}

async fn databases(engine: Engine) -> Vec<TestDb> {
    let mut databases = vec![];
    for _ in DATABASES {
        databases.push(TestDb::new(engine).await);
    }
    databases
}

/// Sets the databases of a process, and a low log level.
fn on(process: ChildShop, databases: &[TestDb]) -> ChildShop {
    let settings = DATABASES.iter().zip(databases);
    settings.fold(process.environment("SOUK__LOG__LEVEL", "warn"), |process, (name, database)| {
        process.environment(*name, database.url())
    })
}

fn program() -> PathBuf {
    std::env::var_os("SOUK_BIN").map_or_else(
        || std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("souk"),
        PathBuf::from,
    )
}
