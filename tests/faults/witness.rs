//! A clerk who keeps writing while processes die, and knows what was acknowledged.

use std::time::Duration;

use crate::shopping::{Addresses, Desk};

/// What the clerk receives, one unit a delivery.
const SKU: &str = "WITNESS";

/// The pause between two deliveries: they are there to be cut off, not to fill the disk.
const PAUSE: Duration = Duration::from_millis(5);

/// Deliveries that were booked, and how many of them were acknowledged.
pub struct Witness {
    begun: i64,
    acknowledged: i64,
}

impl Witness {
    /// Books the first delivery.
    pub async fn hired(addresses: &Addresses) -> Witness {
        Desk::of_staff(addresses).stock_up(SKU, 1).await;
        Witness { begun: 1, acknowledged: 1 }
    }

    /// Books deliveries until `killing` is over. One that was cut off is booked again under its
    /// key.
    pub async fn writes_during(
        &mut self,
        addresses: &Addresses,
        killing: impl Future<Output = ()>,
    ) {
        let mut desk = Desk::of_staff(addresses);
        let writing = async {
            loop {
                self.begun = self.acknowledged + 1;
                if desk.receive(SKU, &self.begun.to_string(), 1).await.is_ok() {
                    self.acknowledged = self.begun;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = killing => {}
            () = writing => unreachable!("it never ends"),
        }
    }

    /// Checks that every delivery that was acknowledged is there, and none of them twice.
    ///
    /// # Panics
    /// When units are missing or too many.
    pub async fn is_remembered(&self, addresses: &Addresses, after: &str) {
        let on_hand = i64::from(Desk::of_staff(addresses).stock(SKU).await.on_hand);
        let acknowledged = self.acknowledged;
        let begun = self.begun;
        assert!(
            (acknowledged..=begun).contains(&on_hand),
            "{after}: {acknowledged} deliveries of one unit were acknowledged, {begun} begun, and {on_hand} units are there"
        );
    }
}
