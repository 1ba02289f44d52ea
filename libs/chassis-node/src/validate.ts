/** The field rules of the contract (buf.validate), checked by the official library before a method sees a request. */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";

import { invalidField } from "./refusal.js";

/** More are not told of one request. */
const MOST_VIOLATIONS = 16;

const validator = createValidator();

/** Throws INVALID_ARGUMENT with the path of each field that breaks a rule. */
export function validate<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  const result = validator.validate(schema, message);
  if (result.kind === "valid") return;
  // A rule that cannot be evaluated is a mistake in the contract.
  if (result.kind === "error") throw result.error;
  const violations = result.violations.slice(0, MOST_VIOLATIONS).map((violation) => ({
    field: pathToString(violation.field),
    description: violation.message,
  }));
  const [first] = violations;
  const more = result.violations.length > 1 ? ` (and ${result.violations.length - 1} more)` : "";
  const what = first?.field === "" ? "request" : `field ${first?.field}`;
  throw invalidField(schema.file.proto.package, `${what} ${first?.description}${more}`, violations);
}
