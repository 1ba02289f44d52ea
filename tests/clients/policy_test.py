"""Timeouts and retries of calls: each client reads from its descriptors what the contract says."""

import json
import os
import shutil
import subprocess
import sys

from shop import ROOT, Tally, buf

IN_PYTHON = """
import importlib, json, pathlib, souk
for root in souk.__path__:
    for file in pathlib.Path(root).glob("**/*_service_pb2.py"):
        importlib.import_module(".".join(("souk", *file.relative_to(root).with_suffix("").parts)))
from souk_client.policy import policy_of, service_config
configs = json.loads(service_config())["methodConfig"]
retried = {f"{name['service']}/{name['method']}" for config in configs for name in config["name"]}
paths = json.load(open(0))
told = {path: [policy_of("/" + path).timeout, policy_of("/" + path).is_repeatable] for path in paths}
print(json.dumps({"table": told, "retried": sorted(retried), "policies": [config["retryPolicy"] for config in configs]}))
"""

IN_TYPESCRIPT = """
import { readdirSync } from "node:fs";
import { policyOf } from "@souk/client";
const gen = new URL("dist/src/gen/", `file://${process.cwd()}/`);
const files = readdirSync(gen, { recursive: true }).filter((name) => /^souk.*_service_pb\\.js$/.test(name));
const table = {};
for (const file of files) {
  for (const service of Object.values(await import(new URL(file, gen))).filter(({ kind }) => kind === "service")) {
    for (const method of service.methods) {
      const { timeoutMs, isRepeatable } = policyOf(method);
      table[`${service.typeName}/${method.name}`] = [timeoutMs === undefined ? null : timeoutMs / 1000, isRepeatable];
    }
  }
}
console.log(JSON.stringify(table));
"""


def contract():
    """Returns the table as buf reads it from proto/: of neither client."""
    image = subprocess.run([buf(), "build", "-o", "-#format=json"], cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=120)
    table = {}
    for file in json.loads(image.stdout)["file"]:
        if not file.get("package", "").startswith("souk."):
            continue
        for service in file.get("service", []):
            for method in service["method"]:
                options = method["options"]
                timeout = options["[souk.policy.v1.method]"].get("timeout")
                is_safe = options.get("idempotencyLevel", "IDEMPOTENCY_UNKNOWN") != "IDEMPOTENCY_UNKNOWN"
                is_stream = method.get("clientStreaming", False) or method.get("serverStreaming", False)
                path = f"{file['package']}.{service['name']}/{method['name']}"
                table[path] = [None if timeout is None else float(timeout.removesuffix("s")), is_safe and not is_stream]
    return table


tally = Tally()
wanted = contract()
tally.check("the contract has methods of either kind", {repeated for _, repeated in wanted.values()} == {True, False}, wanted)

environment = {**os.environ, "PYTHONPATH": str(ROOT / "clients/python/src")}
told = subprocess.run(
    [sys.executable, "-c", IN_PYTHON], input=json.dumps(list(wanted)), env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=120
)
python = json.loads(told.stdout)
tally.check("Python reads the contract's table", python["table"] == wanted, python["table"])
tally.check("gRPC is told to retry these methods and no other", python["retried"] == sorted(p for p in wanted if wanted[p][1]), python["retried"])
policy = {"maxAttempts": 3, "initialBackoff": "0.025s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}
tally.check("and as Rust does", all(one == policy for one in python["policies"]), python["policies"])

groups = json.loads((ROOT / "clients/service_config.json").read_text())["methodConfig"]
committed = {
    f"{name['service']}/{name['method']}": [float(group["timeout"].removesuffix("s")) if "timeout" in group else None, "retryPolicy" in group]
    for group in groups
    for name in group["name"]
}
# A method with neither deadline nor retries needs no entry.
promised = {path: promise for path, promise in wanted.items() if promise != [None, False]}
tally.check("clients/service_config.json is the contract's table", committed == promised, committed)
tally.check("and retries as Rust does", all(group.get("retryPolicy", policy) == policy for group in groups), groups)

if not shutil.which("npm"):
    raise SystemExit("Node.js 20 with npm is needed (Debian: apt-get install nodejs npm)")
if not (ROOT / "node_modules/@bufbuild/protobuf").exists():
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
tally.run("the TypeScript client compiles", ["npx", "tsc", "-b", "clients/typescript"], cwd=ROOT)
node = tally.run(
    "TypeScript's table can be read", ["node", "--input-type=module", "-e", IN_TYPESCRIPT], cwd=ROOT / "clients/typescript"
)
tally.check("TypeScript reads the contract's table", json.loads(node) == wanted, node)
tally.end()
