/**
 * What a request may name beyond its form: a user's own customer, and fields that are for some kinds of callers only. The options
 * `own` and `set_by` of `souk.policy.v1` say it.
 */
import { getOption, hasOption, type DescField, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { field as fieldOption } from "@souk/client/gen/souk/policy/v1/field_pb.js";

import type { Caller } from "./caller.js";
import { KINDS, Kind, policyOf } from "./policy.js";
import { domainOf } from "./reason.js";
import { fieldNotAllowed, invalidField, otherCustomer } from "./refusal.js";

/** What a user may write for its own customer. */
const ME = "me";
const KINDS_IN_WORDS: Partial<Record<Kind, string>> = { [Kind.PUBLIC]: "everyone", [Kind.USER]: "users", [Kind.SERVICE]: "services", [Kind.STAFF]: "staff" };

/** What the contract says of the fields of a request. */
export interface Owned {
  /** The fields that lead to the customer whose things a user reaches; none where the service itself decides. */
  customer: readonly DescField[];
  /** The fields that some kinds of callers may set. */
  setBy: readonly { field: DescField; kinds: readonly Kind[] }[];
}

const known = new WeakMap<DescMethod, Owned>();

/** Returns what the contract says of the fields of a method's request. */
export function ownedOf(method: DescMethod): Owned {
  let owned = known.get(method);
  if (owned === undefined) known.set(method, (owned = read(method)));
  return owned;
}

/** Checks a request against who sent it, and writes a user's customer into it. */
export function checkOwned(method: DescMethod, caller: Caller, message: Message): void {
  const { customer, setBy } = ownedOf(method);
  if (customer.length === 0 && setBy.length === 0) return;
  const request = reflect<DescMessage>(method.input, message);
  for (const { field, kinds } of setBy) {
    if (request.isSet(field) && !kinds.includes(KINDS[caller.kind])) {
      throw fieldNotAllowed(field.name, kinds.map((kind) => KINDS_IN_WORDS[kind] ?? "").join(" and "));
    }
  }

  const [holder, field] = holderOf(request, customer);
  if (holder === undefined || field === undefined) return;
  const asked = holder.get(field) as string;
  const path = customer.map(({ name }) => name).join(".");
  if (caller.customer === "") {
    const allowed = `must be the id of a customer: \`${ME}\` is for a user, who has one`;
    if (asked === ME) throw invalidField(domainOf(method.input.file), `field ${path} ${allowed}`, [{ field: path, description: allowed }]);
    return;
  }
  if (asked !== "" && asked !== ME && asked !== caller.customer) throw otherCustomer(path);
  holder.set(field, caller.customer);
}

/** Returns the customer that a request names where the contract says whose things it reaches; empty when it names none. */
export function customerNamedIn(method: DescMethod, message: Message): string {
  const { customer } = ownedOf(method);
  if (customer.length === 0) return "";
  const [holder, field] = holderOf(reflect<DescMessage>(method.input, message), customer);
  return holder === undefined || field === undefined ? "" : (holder.get(field) as string);
}

/** Returns the message that has the last field of a path, and that field; no message when one on the way is absent. */
function holderOf(request: ReflectMessage, path: readonly DescField[]): [ReflectMessage | undefined, DescField | undefined] {
  let holder: ReflectMessage | undefined = request;
  for (const parent of path.slice(0, -1)) holder = holder?.isSet(parent) === true ? (holder.get(parent) as ReflectMessage) : undefined;
  return [holder, path.at(-1)];
}

function read(method: DescMethod): Owned {
  const names = policyOf(method)?.own.split(".") ?? [];
  const customer: DescField[] = [];
  let message: DescMessage | undefined = method.input;
  for (const name of names.at(-1) === "customer_id" ? names : []) {
    const field: DescField | undefined = message?.fields.find((one) => one.name === name);
    if (field === undefined) throw new Error(`${method.input.typeName} has no field ${names.join(".")}`);
    customer.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
  }
  const setBy = method.input.fields.flatMap((field) => {
    const kinds = hasOption(field, fieldOption) ? getOption(field, fieldOption).setBy : [];
    return kinds.length === 0 ? [] : [{ field, kinds }];
  });
  return { customer, setBy };
}
