/** The part of the contract that this service speaks, and a registry of all of it for what it only passes on. */
import { createRegistry } from "@bufbuild/protobuf";

import { file_souk_catalog_v1_events } from "@souk/client/gen/souk/catalog/v1/events_pb.js";
import { file_souk_inventory_v1_events } from "@souk/client/gen/souk/inventory/v1/events_pb.js";
import { file_souk_orders_v1_events } from "@souk/client/gen/souk/orders/v1/events_pb.js";
import { file_souk_payments_v1_events } from "@souk/client/gen/souk/payments/v1/events_pb.js";
import { file_souk_wishlists_v1_events } from "@souk/client/gen/souk/wishlists/v1/events_pb.js";

export * from "@souk/client/gen/souk/notifications/v1/notification_delivery_pb.js";
export * from "@souk/client/gen/souk/notifications/v1/error_reason_pb.js";
export * from "@souk/client/gen/souk/notifications/v1/in_app_message_pb.js";
export * from "@souk/client/gen/souk/notifications/v1/notification_pb.js";
export * from "@souk/client/gen/souk/notifications/v1/notification_service_pb.js";
export * from "@souk/client/gen/souk/notifications/v1/notification_preferences_pb.js";
export * from "@souk/client/gen/souk/notifications/v1/webhook_endpoint_pb.js";
export { EventSchema, type Event } from "@souk/client/gen/souk/events/v1/event_pb.js";
export { StockChangedSchema } from "@souk/client/gen/souk/inventory/v1/events_pb.js";
export {
  GuestClaimedSchema,
  OrderCanceledSchema,
  OrderFulfilledSchema,
  OrderFulfillmentDeliveredSchema,
  OrderFulfillmentUpdatedSchema,
  OrderLinesCanceledSchema,
  OrderPaidSchema,
  OrderPartiallyFulfilledSchema,
  OrderPaymentReversedSchema,
  OrderPlacedSchema,
  OrderRefundReversedSchema,
  OrderRefundedSchema,
  OrderRejectedSchema,
} from "@souk/client/gen/souk/orders/v1/events_pb.js";
export { ErrorReason as OrderErrorReason } from "@souk/client/gen/souk/orders/v1/error_reason_pb.js";
export { OrderService } from "@souk/client/gen/souk/orders/v1/order_service_pb.js";
export {
  FulfillmentState,
  OrderClosureReason,
  OrderSchema,
  OrderState,
  RefundState,
  type Fulfillment,
  type FulfillmentLine,
  type Order,
  type Tracking,
} from "@souk/client/gen/souk/orders/v1/order_pb.js";
export { PaymentChangedSchema, PaymentRefundedSchema } from "@souk/client/gen/souk/payments/v1/events_pb.js";
export { DeclineCode, PaymentRefundState, PaymentState, type Payment } from "@souk/client/gen/souk/payments/v1/payment_pb.js";
export { MoneySchema, type Money } from "@souk/client/gen/souk/type/v1/money_pb.js";
export { WishlistItemPriceReducedSchema, WishlistItemRestockedSchema } from "@souk/client/gen/souk/wishlists/v1/events_pb.js";
export { WishlistService } from "@souk/client/gen/souk/wishlists/v1/wishlist_service_pb.js";

/** The messages that an event may carry, for their JSON. A service that begins to publish is added here. */
export const registry = createRegistry(
  file_souk_catalog_v1_events,
  file_souk_inventory_v1_events,
  file_souk_orders_v1_events,
  file_souk_payments_v1_events,
  file_souk_wishlists_v1_events,
);
