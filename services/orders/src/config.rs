//! The settings. `config.default.toml` has the defaults and documents each field.

use std::time::Duration;

use serde::Deserialize;
use souk_data::DataConfig;

/// The settings of the orders service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The orders database.
    pub data: DataConfig,
    /// How orders are driven.
    pub saga: SagaConfig,
}

/// How orders are driven.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SagaConfig {
    /// The most sagas that this replica has in progress, 1 to 100,000.
    pub max_under_way: usize,
    /// How long a replica may be silent before another takes its sagas over, in seconds.
    pub lease_seconds: u64,
    /// How long an order is tried to be placed before it is given up, in seconds.
    pub give_up_seconds: u64,
    /// How long a customer who has not paid yet is waited for, in seconds; less than
    /// `hold_seconds`.
    pub payment_seconds: u64,
    /// How long stock is held while an order is being placed, in seconds; more than
    /// `give_up_seconds`.
    pub hold_seconds: u64,
    /// How often this replica polls for sagas that no replica drives, in milliseconds.
    pub sweep_milliseconds: u64,
}

impl SagaConfig {
    /// Returns how long a customer who has not paid yet is waited for.
    pub fn time_to_pay(&self) -> Duration {
        Duration::from_secs(self.payment_seconds)
    }

    /// Returns the first setting that cannot work: its key, its value, and what is allowed.
    pub fn problem(&self) -> Option<(&'static str, String, &'static str)> {
        let at_least_one =
            |key, value: u64| (value == 0).then(|| (key, value.to_string(), "must be at least 1"));
        if !(1..=100_000).contains(&self.max_under_way) {
            return Some((
                "orders.saga.max_under_way",
                self.max_under_way.to_string(),
                "must be 1 to 100000",
            ));
        }
        at_least_one("orders.saga.lease_seconds", self.lease_seconds)
            .or_else(|| at_least_one("orders.saga.give_up_seconds", self.give_up_seconds))
            .or_else(|| at_least_one("orders.saga.sweep_milliseconds", self.sweep_milliseconds))
            .or_else(|| {
                let fits = self.hold_seconds > self.give_up_seconds && self.hold_seconds <= 86_400;
                let allowed = "must be more than saga.give_up_seconds and at most 86400";
                (!fits)
                    .then(|| ("orders.saga.hold_seconds", self.hold_seconds.to_string(), allowed))
            })
            .or_else(|| {
                let fits = (1..self.hold_seconds).contains(&self.payment_seconds);
                let allowed = "must be at least 1 and less than saga.hold_seconds";
                (!fits).then(|| {
                    ("orders.saga.payment_seconds", self.payment_seconds.to_string(), allowed)
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_may_not_take_longer_than_stock_is_held() {
        let of = |payment_seconds| SagaConfig {
            max_under_way: 1,
            lease_seconds: 30,
            give_up_seconds: 60,
            payment_seconds,
            hold_seconds: 600,
            sweep_milliseconds: 500,
        };
        assert_eq!(of(540).problem(), None);
        assert_eq!(of(540).time_to_pay(), Duration::from_secs(540));
        for wrong in [0, 600, 601, u64::MAX] {
            assert_eq!(
                of(wrong).problem().map(|(key, ..)| key),
                Some("orders.saga.payment_seconds"),
                "{wrong}"
            );
        }
    }
}
