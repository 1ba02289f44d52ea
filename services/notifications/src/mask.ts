/** Update masks: a mask names whole fields of a resource, and none but those that can be changed; `*` is all of these. */
import type { FieldMask } from "@bufbuild/protobuf/wkt";

import { invalidField } from "./error.js";

const ALL = "*";

/** Returns the fields that a mask names. Refuses an empty mask, and a path that is not there or is a part of another. */
export function fieldsOf(mask: FieldMask | undefined, allowed: readonly string[]): ReadonlySet<string> {
  const paths = mask?.paths ?? [];
  const unknown = paths.some((path) => path !== ALL && !allowed.includes(path));
  // The text is not repeated: it could be anything.
  if (paths.length === 0 || unknown) throw invalidField("update_mask", `must name at least one of ${allowed.join(", ")}, or ${ALL}, and nothing else`);
  return new Set(paths.includes(ALL) ? allowed : paths);
}
