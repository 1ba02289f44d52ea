/** All errors, each with its reason and its metadata. Codes are those of the contract. */
import { refusals, type Refusal } from "@souk/chassis";
import { ErrorReason as Reason, ErrorReasonSchema } from "@souk/client/gen/souk/{{package}}/v1/error_reason_pb.js";

const refuse = refusals(ErrorReasonSchema);

/** The customer has as many entries as a customer may have. */
export function tooManyEntries(most: number): Refusal {
  return refuse(Reason.TOO_MANY_ENTRIES, `a customer may have at most ${most} entries`, { most: String(most) });
}
