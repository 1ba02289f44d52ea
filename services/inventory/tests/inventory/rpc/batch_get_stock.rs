//! What BatchGetStock promises.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

on_each_engine! {
    async fn stock_comes_in_the_order_asked_and_what_is_not_there_is_said(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("cup", 1), ("mug", 2), ("jar", 3)]).await;
        let skus = ["mug", "moon", "cup", "mug"].map(String::from).to_vec();
        let request = pb::BatchGetStockRequest { skus, location_id: "main".into() };
        let answer = inventory.orders().batch_get_stock(request).await.unwrap().into_inner();
        assert_eq!(answer.missing_skus, ["moon"]);
        let stock = answer.stock;

        let told: Vec<_> = stock.iter().map(|stock| (stock.sku.as_str(), stock.on_hand)).collect();
        assert_eq!(told, [("mug", 2), ("cup", 1), ("mug", 2)]);
        inventory.end().await;
    }

    async fn stock_of_another_location_is_left_out(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 2)]).await;
        let request = pb::BatchGetStockRequest { skus: vec!["mug".into()], location_id: "north".into() };
        let answer = inventory.orders().batch_get_stock(request).await.unwrap().into_inner();
        assert_eq!((answer.stock, answer.missing_skus), (vec![], vec!["mug".to_owned()]));
        inventory.end().await;
    }
}
