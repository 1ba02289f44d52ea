//! One file a method, named as the method.

mod cancel_order;
mod capture_order;
mod claim_guest_orders;
mod create_fulfillment;
mod create_order_link;
mod fulfillments;
mod list_order_history;
mod list_order_lines;
mod list_orders;
mod partial_payments;
mod place_order;
mod refund_order;
mod retry_payment;
mod update_order;
mod watch_order;
