"""docs/clients.md: every command in it is run, here or by the script of its language."""

import os
import subprocess

from shop import PAGE, Shop, Tally, blocks_of, named, program

# The blocks of the other scripts, which take `named(PAGE, …)`.
ELSEWHERE = {"go", "java-install", "java-dependency", "java-buyer"}
# What a reader has: cargo in the checkout, and grpcurl.
PROGRAMS = """
cargo() { [ "$1" = souk ] && shift && "$SOUK_UNDER_TEST" "$@"; }
grpcurl() { "$SOUK_GRPCURL" "$@"; }
"""

tally = Tally()
names = [name for _, name, _ in blocks_of(PAGE)]
tally.check("every block of code is run", sorted(names) == sorted(ELSEWHERE | {"token"}), names)
scripts = "".join(script.read_text() for script in sorted((PAGE.parents[1] / "tests/clients").glob("*_test.py")))
unused = [name for name in ELSEWHERE if f'named(PAGE, "{name}")' not in scripts]
tally.check("by a script that takes it from the page", not unused, unused)

with Shop() as shop:
    script = PROGRAMS + named(PAGE, "token").replace("127.0.0.1:7300", shop.address)
    environment = {"SOUK_GRPCURL": "grpcurl", **os.environ, "SOUK_UNDER_TEST": program()}
    output = tally.run("a token of the program is accepted", ["bash", "-euc", script], env=environment)
    tally.check("alice has no orders yet", output.split() == ["{", "}"], output)
    without = script.replace("Bearer $TOKEN", "Bearer no")
    refused = subprocess.run(["bash", "-euc", without], env=environment, capture_output=True, text=True, timeout=60)
    tally.check("and no other text is", "Unauthenticated" in refused.stderr, refused.stderr)
tally.end()
