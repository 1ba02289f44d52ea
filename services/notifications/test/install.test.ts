/** What the first start of the service installs runs on the oldest Node.js that the shop allows, so that npm warns of nothing. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "./support.js";

const OLDEST = 20;

interface Lock {
  packages: Record<string, { engines?: { node?: string } }>;
}

test("no package that is installed asks for a newer Node.js than the shop", async () => {
  const { packages } = JSON.parse(await readFile(join(ROOT, "../../package-lock.json"), "utf8")) as Lock;
  const ranges = Object.entries(packages).flatMap(([name, { engines }]) => (engines?.node === undefined ? [] : [[name, engines.node] as const]));
  assert.ok(ranges.length > 10);
  for (const [name, range] of ranges) {
    const admits = range.split("||").some((part) => {
      const [, sign = "", major = "0"] = /(>=|\^|~|>)?\s*v?([0-9]+)/.exec(part) ?? [];
      return sign.startsWith(">") ? Number(major) <= OLDEST : Number(major) === OLDEST;
    });
    assert.ok(admits, `${name} asks for ${range}`);
  }
});
