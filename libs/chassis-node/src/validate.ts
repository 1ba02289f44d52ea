/** The field rules of the contract (buf.validate), checked by the official library before a method sees a request. */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";

import type { Refusal } from "./error.js";
import { domainOf } from "./reason.js";
import { invalidField, type FieldViolation } from "./refusal.js";
import { impossibleTimes } from "./times.js";

/** The most violations that are reported of one request. */
const MOST_VIOLATIONS = 16;

const validator = createValidator();

/** Throws INVALID_ARGUMENT with the path of each field that breaks a rule. */
export function validate<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  const times = impossibleTimes(schema, message, MOST_VIOLATIONS);
  if (times.length > 0) throw refusal(schema, times, times.length);
  const result = validator.validate(schema, message);
  if (result.kind === "valid") return;
  // A rule that cannot be evaluated is a mistake in the contract.
  if (result.kind === "error") throw result.error;
  const violations = result.violations.slice(0, MOST_VIOLATIONS).map((violation) => ({
    field: pathToString(violation.field),
    description: violation.message,
  }));
  throw refusal(schema, violations, result.violations.length);
}

function refusal(schema: DescMessage, violations: FieldViolation[], all: number): Refusal {
  const [first] = violations;
  const more = all > 1 ? ` (and ${all - 1} more)` : "";
  const what = first?.field === "" ? "request" : `field ${first?.field}`;
  return invalidField(domainOf(schema.file), `${what} ${first?.description}${more}`, violations);
}
