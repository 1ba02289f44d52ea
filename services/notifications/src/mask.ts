/** Update masks: a mask names whole fields of the request, and none but those that can be changed. */
import type { FieldMask } from "@bufbuild/protobuf/wkt";

import { invalidField } from "./error.js";

/** Returns the fields that a mask names. Refuses one that is not there, or is a part of another. */
export function fieldsOf(mask: FieldMask | undefined, allowed: readonly string[]): ReadonlySet<string> {
  const paths = mask?.paths ?? [];
  const unknown = paths.some((path) => !allowed.includes(path));
  // The text is not repeated: it could be anything.
  if (paths.length === 0 || unknown) throw invalidField("update_mask", `must name at least one of ${allowed.join(", ")}, and nothing else`);
  return new Set(paths);
}
