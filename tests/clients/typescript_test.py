"""The TypeScript client: the tests of its core, and its README's example and a long journey against a shop."""

import os
import shutil
import subprocess

from shop import ROOT, Shop, Tally, example_of

CLIENT = ROOT / "clients/typescript"
JOURNEY = ROOT / "tests/clients/typescript"

tally = Tally()
if not shutil.which("npm"):
    raise SystemExit("Node.js 20 with npm is needed (Debian: apt-get install nodejs npm)")
if not (ROOT / "node_modules/@bufbuild/protobuf").exists():
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
tally.run("it compiles, strictly", ["npx", "tsc", "-b", "clients/typescript"], cwd=ROOT)
tally.run("the journey compiles, strictly", ["npx", "tsc", "-b", JOURNEY], cwd=ROOT)
tally.run("its core keeps its promises", ["node", "--test", "dist/test/"], cwd=CLIENT)

with Shop() as shop:
    # Beside node_modules, so that packages are found as in a project that has installed them.
    example = CLIENT / "dist" / "readme.mjs"
    example.write_text(example_of(CLIENT / "README.md", "js"))
    told = tally.run("the README's example runs", ["node", example], cwd=CLIENT, env={**os.environ, "SOUK_ADDRESS": shop.address})
    for wanted in ["PLACED", " 11.80 GBP", "PAID PAID", "of TEA-MINT-100 are left"]:
        tally.check(f"it prints {wanted!r}", wanted in told, told)

    told = tally.run("a guest buys, pays, cancels, returns and signs in", ["node", JOURNEY / "dist/journey.mjs", shop.address])
    tally.check("the journey comes to its end", "COMPLETED PARTIALLY_REFUNDED PARTIALLY_RETURNED" in told, told)
    tally.run("the shop's audit is clean", shop.audit())
tally.end()
