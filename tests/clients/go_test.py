"""Go: the client's module keeps its promises, and a buyer with the official protovalidate beside it places an order."""

import json
import os
import pathlib
import subprocess
import tempfile

from shop import PAGE, ROOT, Shop, Tally, checkout, example_of, named, needs, out

CLIENT = ROOT / "clients/go"
BUYER = ROOT / "tests/clients/go"
FOLDER = out("go")

tally = Tally()
go = needs(tally, "go", "https://go.dev/dl, 1.25 or newer")
environment = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"}
for module in (CLIENT, CLIENT / "generator", BUYER):
    tally.run(f"{module.relative_to(ROOT)}: go.mod and go.sum are complete", [go, "mod", "tidy", "-diff"], cwd=module, env=environment)
gofmt = needs(tally, "gofmt", "it comes with Go")
for folder in (CLIENT, BUYER):
    tally.run(f"{folder.relative_to(ROOT)}: go vet finds nothing", [go, "vet", "./..."], cwd=folder, env=environment)
    told = tally.run(f"{folder.relative_to(ROOT)}: gofmt runs", [gofmt, "-l", folder])
    tally.check(f"{folder.relative_to(ROOT)}: it is formatted", told == "", told)
tally.run("its core keeps its promises", [go, "test", "./..."], cwd=CLIENT, env=environment)

# A new module beside a checkout of Souk, by the commands of the page.
with tempfile.TemporaryDirectory(prefix="souk-go-") as folder:
    folder = pathlib.Path(folder)
    checkout(folder / "souk", "clients/go")
    (folder / "mine").mkdir()
    (folder / "mine/main.go").write_text((BUYER / "main.go").read_text())
    go_first = {**environment, "PATH": f"{pathlib.Path(go).parent}{os.pathsep}{os.environ['PATH']}", "GOFLAGS": "-buildvcs=false"}
    tally.run("docs/clients.md: its commands succeed", ["bash", "-euc", named(PAGE, "go")], cwd=folder / "mine", env=go_first)
    tally.run("docs/clients.md: the buyer compiles in that module", [go, "vet", "."], cwd=folder / "mine", env=go_first)

# The README's example is a package of the buyer's module, which has what it needs.
example, overlay = FOLDER / "readme.go", FOLDER / "overlay.json"
example.write_text(example_of(CLIENT / "README.md", "go"))
overlay.write_text(json.dumps({"Replace": {str(BUYER / "readme/main.go"): str(example)}}))
told = tally.run("the README's example can be formatted", [gofmt, "-l", example])
tally.check("the README's example is formatted", told == "", told)
programs = {"buyer": ["."], "readme": ["-overlay", overlay, "./readme"]}
for name, what in programs.items():
    tally.run(f"{name}: it compiles", [go, "build", "-o", FOLDER / name, *what], cwd=BUYER, env=environment)

if tally.failed == 0:
    with Shop() as shop:
        told = tally.run("the buyer runs beside the official protovalidate", [FOLDER / "buyer", shop.address])
        tally.check("its order is placed", "ORDER_STATE_PLACED" in told, told)
        tally.check("protovalidate knows the contract's rules", "not sent: validation error: lines[0].quantity:" in told, told)
        tally.check("it is told why another is refused", "ERROR_REASON_OUT_OF_STOCK TEA-MINT-100" in told, told)
        again = subprocess.run([FOLDER / "buyer", shop.address], capture_output=True, text=True, timeout=60)
        tally.check("sent again, it is the same order", again.stdout.split()[:1] == told.split()[:1], again.stdout)

        told = tally.run("the README's example runs", [FOLDER / "readme"], env={**os.environ, "SOUK_ADDRESS": shop.address})
        for words in ("ORDER_STATE_PLACED", "PAYMENT_STATUS_PAID", "of TEA-MINT-100 are left"):
            tally.check(f"the README's example prints {words!r}", words in told, told)
tally.end()
