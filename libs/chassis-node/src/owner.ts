/** Whose a type of event is: the service of its package, which alone publishes it. */
import type { Event } from "@souk/client/gen/souk/events/v1/event_pb.js";

/** What the `source` of a service's events begins with; its name follows. */
const SERVICES = "/services/";

/**
 * Returns the service that owns a type of event: the last segment of its package that is not a version, with `-` for each `_`.
 * Undefined when the type has no such segment, and so no owner.
 *
 * `souk.orders.v1.OrderPlaced` belongs to `orders`, `acme.gift_cards.v2.Issued` to `gift-cards`.
 */
export function ownerOf(type: string): string | undefined {
  const segments = type.split(".").slice(0, -1);
  return segments.findLast((segment) => !/^v[0-9][0-9A-Za-z]*$/.test(segment))?.replaceAll("_", "-");
}

/**
 * Returns whether an event says that it comes from the owner of its type. The bus sets `source` from the identity of the
 * publisher; an event that another program wrote to a broker has the source that this program chose.
 */
export function isFromOwner({ source, type }: Pick<Event, "source" | "type">): boolean {
  const owner = ownerOf(type);
  return owner !== undefined && source === `${SERVICES}${owner}`;
}
