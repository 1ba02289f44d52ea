/**
 * What a webhook says and how it is signed: CloudEvents 1.0 in JSON, signed as Standard Webhooks 1.0 says
 * (HMAC-SHA256 over id, timestamp and body).
 */
import { createHmac, randomBytes } from "node:crypto";

import { fromBinary, toJson, type DescMessage, type JsonValue } from "@bufbuild/protobuf";

import { registry, type Event } from "./contract.js";
import { dateOf } from "./time.js";

const SECRET_PREFIX = "whsec_";
const SECRET_BYTES = 32;
const PROTOBUF = "application/protobuf";

/** Returns a new secret, `whsec_…`: 32 random bytes in base64. */
export function newSecret(random: (bytes: number) => Buffer = randomBytes): string {
  return SECRET_PREFIX + random(SECRET_BYTES).toString("base64");
}

/** Returns the headers of one attempt. Each secret gives a signature; a receiver takes the message when one of them is right. */
export function signedHeaders(key: string, at: Date, body: string, secrets: readonly string[]): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000).toString();
  const signatures = secrets.map((secret) => {
    const bytes = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
    return `v1,${createHmac("sha256", bytes).update(`${key}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": key, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

/** Returns the body of a webhook: the event as CloudEvents writes it in JSON. The same event gives the same bytes. Throws when it cannot be written. */
export function bodyOf(event: Event): string {
  const body: Record<string, JsonValue> = {
    specversion: "1.0",
    id: event.id,
    source: event.source,
    type: event.type,
  };
  if (event.subject !== "") body.subject = event.subject;
  if (event.time !== undefined) body.time = dateOf(event.time).toISOString();
  if (event.dataSchema !== "") body.dataschema = event.dataSchema;
  if (event.orderingKey !== "") body.partitionkey = event.orderingKey;
  for (const name of Object.keys(event.extensions).sort()) {
    // An extension never takes the place of an attribute.
    if (!(name in body) && name !== "data" && name !== "datacontenttype") body[name] = event.extensions[name] ?? "";
  }
  return JSON.stringify({ ...body, ...dataOf(event) });
}

function dataOf(event: Event): Record<string, JsonValue> {
  const type = event.dataContentType === "" ? PROTOBUF : event.dataContentType;
  const bytes = () => ({ datacontenttype: type, data_base64: Buffer.from(event.data).toString("base64") });
  if (type === "application/json") {
    try {
      return { datacontenttype: type, data: JSON.parse(Buffer.from(event.data).toString("utf8")) as JsonValue };
    } catch {
      return bytes();
    }
  }
  const schema = type === PROTOBUF ? registry.getMessage(event.type) : undefined;
  if (schema === undefined) return bytes();
  try {
    return { datacontenttype: "application/json", data: toJson(schema, fromBinary(schema as DescMessage, event.data), { registry }) };
  } catch {
    // What cannot be read here may be readable there.
    return bytes();
  }
}

/** Returns whether an endpoint of these event types gets events of `type`. */
export function isSubscribed(patterns: readonly string[], type: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type));
}
