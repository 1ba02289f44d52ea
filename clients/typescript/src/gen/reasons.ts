// Made by `cargo xtask gen`: the reasons of every package.
import type { DescEnum } from "@bufbuild/protobuf";

import { ErrorReasonSchema as souk_catalog_v1 } from "./souk/catalog/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_events_v1 } from "./souk/events/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_inventory_v1 } from "./souk/inventory/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_ledger_v1 } from "./souk/ledger/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_notifications_v1 } from "./souk/notifications/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_operations_v1 } from "./souk/operations/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_ops_v1 } from "./souk/ops/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_orders_v1 } from "./souk/orders/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_payments_simulator_v1alpha } from "./souk/payments/simulator/v1alpha/error_reason_pb.js";
import { ErrorReasonSchema as souk_payments_v1 } from "./souk/payments/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_policy_v1 } from "./souk/policy/v1/error_reason_pb.js";
import { ErrorReasonSchema as souk_wishlists_v1 } from "./souk/wishlists/v1/error_reason_pb.js";

export const REASONS: readonly DescEnum[] = [
  souk_catalog_v1,
  souk_events_v1,
  souk_inventory_v1,
  souk_ledger_v1,
  souk_notifications_v1,
  souk_operations_v1,
  souk_ops_v1,
  souk_orders_v1,
  souk_payments_simulator_v1alpha,
  souk_payments_v1,
  souk_policy_v1,
  souk_wishlists_v1,
];
