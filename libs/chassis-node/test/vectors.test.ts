import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createRegistry, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";

import { file_souk_fixture_v1_fixture } from "./gen/souk/fixture/v1/fixture_pb.js";

interface Case {
  message: string;
  value: JsonValue;
  violations: { field: string; rule: string }[];
}

test("the official library finds in the shared vectors what the generated Rust validators find", () => {
  const cases = JSON.parse(readFileSync(new URL("../../../../tests/contract/vectors.json", import.meta.url), "utf8")) as Case[];
  const registry = createRegistry(file_souk_fixture_v1_fixture);
  const validator = createValidator();
  ok(cases.length > 100);
  for (const { message, value, violations } of cases) {
    const schema = registry.getMessage(message);
    ok(schema !== undefined, message);
    const result = validator.validate(schema, fromJson(schema, value, { registry }));
    ok(result.kind !== "error", `${message}: ${String(result.error)}`);
    const found = (result.violations ?? []).map(({ field, ruleId }) => `${pathToString(field)} ${ruleId}`).sort();
    deepEqual(found, violations.map(({ field, rule }) => `${field} ${rule}`).sort(), `${message} ${JSON.stringify(value)}`);
  }
});
