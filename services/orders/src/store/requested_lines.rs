//! The lines of a request, as an order keeps them until its prices are frozen: a JSON array in one
//! column.

use prost::Message;
use serde::{Deserialize, Serialize};
use souk_client::orders::v1 as pb;

use crate::error::Error;
use crate::order::{Item, RequestedLine};

const UNREADABLE: Error = Error::Unreadable("the lines of an order");

/// Either the sku or the price is given.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_id: Option<String>,
    quantity: i64,
}

/// Writes the lines as they are stored.
pub fn encode(lines: &[RequestedLine]) -> Vec<u8> {
    let stored = lines.iter().map(|line| {
        let (sku, price_id) = match &line.item {
            Item::Sku(sku) => (Some(sku.clone()), None),
            Item::Price(id) => (None, Some(id.to_string())),
        };
        Stored { sku, price_id, quantity: line.quantity }
    });
    serde_json::to_vec(&stored.collect::<Vec<_>>()).expect("texts and numbers are JSON")
}

/// Reads the lines as they are stored; none when they are no longer kept.
pub fn decode(stored: Option<&[u8]>) -> Result<Vec<RequestedLine>, Error> {
    let lines = match stored {
        None => vec![],
        Some(json) if json.starts_with(b"[") => {
            serde_json::from_slice(json).map_err(|_| UNREADABLE)?
        }
        Some(message) => of_a_message(message)?,
    };
    let lines = lines.into_iter().map(|line: Stored| {
        let item = match (line.sku, line.price_id) {
            (Some(sku), _) => Item::Sku(sku),
            (None, Some(id)) => Item::Price(id.parse().map_err(|_| UNREADABLE)?),
            (None, None) => return Err(UNREADABLE),
        };
        Ok(RequestedLine { item, quantity: line.quantity })
    });
    lines.collect()
}

/// Reads what earlier versions stored: the request as a message. It never begins with a bracket,
/// which would be a group of field 11.
fn of_a_message(message: &[u8]) -> Result<Vec<Stored>, Error> {
    use pb::place_order_line::Item as Wire;
    let request = pb::PlaceOrderRequest::decode(message).map_err(|_| UNREADABLE)?;
    let lines = request.lines.into_iter().map(|line| {
        let (sku, price_id) = match line.item {
            Some(Wire::Sku(sku)) => (Some(sku), None),
            Some(Wire::PriceId(id)) => (None, Some(id)),
            None => (None, None),
        };
        Stored { sku, price_id, quantity: line.quantity.into() }
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use souk_types::{PriceId, Timestamp};

    use super::*;

    fn lines() -> Vec<RequestedLine> {
        let price = PriceId::new(Timestamp::from_micros(1));
        vec![
            RequestedLine { item: Item::Sku("85123A".to_owned()), quantity: 6 },
            RequestedLine { item: Item::Price(price), quantity: 1 },
        ]
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let lines = lines();
        assert_eq!(decode(Some(&encode(&lines))).unwrap(), lines);
        assert_eq!(decode(Some(&encode(&[]))).unwrap(), []);
        assert_eq!(decode(None).unwrap(), []);
    }

    #[test]
    fn lines_of_an_order_that_an_earlier_version_took_are_read() {
        use pb::place_order_line::Item as Wire;
        let item = |line: &RequestedLine| match &line.item {
            Item::Sku(sku) => Wire::Sku(sku.clone()),
            Item::Price(id) => Wire::PriceId(id.to_string()),
        };
        let lines = lines();
        let message = pb::PlaceOrderRequest {
            lines: lines
                .iter()
                .map(|line| pb::PlaceOrderLine {
                    item: Some(item(line)),
                    quantity: line.quantity as i32,
                })
                .collect(),
            ..Default::default()
        };
        assert_eq!(decode(Some(&message.encode_to_vec())).unwrap(), lines);
    }

    #[test]
    fn what_is_neither_is_an_error() {
        for wrong in
            [&b"[{\"quantity\":1}]"[..], b"[", b"\xff", b"[{\"price_id\":\"x\",\"quantity\":1}]"]
        {
            assert!(matches!(decode(Some(wrong)), Err(Error::Unreadable(_))), "{wrong:?}");
        }
    }
}
