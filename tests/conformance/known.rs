//! Things that exist in the shop, put where a generated request names some: what the contract
//! cannot express.

use prost_reflect::{DynamicMessage, Kind, ReflectMessage, Value};
use souk_conform::requests::valid;

use crate::shop::{Seed, TestShop};

/// The message whose comments say what no rule does: it names lines, or an amount and then nothing
/// to restock.
const REFUND: &str = "souk.orders.v1.RefundOrderRequest";

/// Its comment says that staff release a whole reservation, which needs no key.
const RELEASE: &str = "souk.inventory.v1.ReleaseReservationRequest";

/// Their comments say that only a part of an order needs a key.
const CANCEL: &str = "souk.orders.v1.CancelOrderRequest";
const CAPTURE: &str = "souk.orders.v1.CaptureOrderRequest";
/// Its policy is required, and in no rule, since a request that leaves it out of its mask may have
/// none.
const POLICY: &str = "souk.inventory.v1.StockPolicy";
const TRACKED: i32 = 1;

/// Names of things that exist, by the name of the field that holds such a name.
pub struct Known {
    names: Vec<(&'static str, String)>,
}

impl Known {
    /// Makes an order of alice's, just paid, and knows it with all that belongs to it.
    pub async fn make(shop: &TestShop) -> Known {
        let order = shop.order_a_mug().await;
        let Seed { product_id, variant_id, price_id, .. } = shop.seed.clone();
        let names = vec![
            ("product_id", product_id),
            ("variant_id", variant_id),
            ("price_id", price_id),
            ("order_id", order.order_id),
            ("fulfillment_id", shop.order.fulfillments[0].fulfillment_id.clone()),
            ("payment_id", order.payments.into_iter().next().unwrap_or_default().payment_id),
            ("reservation_id", order.reservation_id),
        ];
        Known { names }
    }

    /// Names what exists wherever a message names what was made up, and leaves out what the field
    /// in question excludes.
    pub fn put_into(&self, mut message: DynamicMessage, field: &str) -> DynamicMessage {
        let descriptor = message.descriptor();
        if descriptor.full_name() == REFUND {
            let excluded: &[&str] =
                if field.starts_with("amount") { &["lines", "restock"] } else { &["amount"] };
            excluded.iter().for_each(|name| message.clear_field_by_name(name));
            // No order has a charge for shipping.
            message.clear_field_by_name("shipping_amount");
        }
        if descriptor.full_name() == RELEASE && !field.starts_with("lines") {
            message.clear_field_by_name("lines");
            message.clear_field_by_name("request_id");
        }
        if descriptor.full_name() == CANCEL && !field.starts_with("lines") {
            message.clear_field_by_name("lines");
            message.clear_field_by_name("request_id");
        }
        if descriptor.full_name() == CAPTURE && !field.starts_with("amount") {
            message.clear_field_by_name("amount");
            message.clear_field_by_name("request_id");
        }
        if descriptor.full_name() == POLICY && !message.has_field_by_name("policy") {
            message.set_field_by_name("policy", Value::EnumNumber(TRACKED));
        }
        for field in descriptor.fields() {
            if !message.has_field(&field) {
                continue;
            }
            let put = |value: &Value| self.put(field.name(), value);
            let value = match (field.kind(), message.get_field(&field).as_ref()) {
                (Kind::String | Kind::Message(_), Value::List(list)) => {
                    Value::List(list.iter().map(put).collect())
                }
                (Kind::String | Kind::Message(_), value) => put(value),
                _ => continue,
            };
            message.set_field(&field, value);
        }
        message
    }

    fn put(&self, field: &str, value: &Value) -> Value {
        match value {
            Value::Message(message) => Value::Message(self.put_into(message.clone(), "")),
            Value::String(text) if text.ends_with(valid::ID_SUFFIX) => {
                let known =
                    self.names.iter().find(|(name, _)| *name == field).map(|(_, id)| id.clone());
                Value::String(known.unwrap_or_else(|| text.clone()))
            }
            value => value.clone(),
        }
    }
}
