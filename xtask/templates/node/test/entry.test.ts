import { equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { record } from "../src/entry.js";

const ENTRY = { id: "entry_1", customerId: "customer_6hwct5gq5kb1dtg419zs3z7jba", text: "hello", createTime: new Date(0) };

test("an entry is admitted up to the limit", () => {
  equal(record(ENTRY, 4, 5), ENTRY);
  throws(() => record(ENTRY, 5, 5), /a customer may have at most 5 entries/);
});
