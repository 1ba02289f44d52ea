"""Go: stubs are generated, a buyer is compiled on them and places an order. What docs/clients.md says, done."""

import hashlib
import os
import shutil
import subprocess

from shop import ROOT, Shop, Tally, buf, needs, out, protos

HERE = ROOT / "tests/clients/go"
FOLDER = out("go")

tally = Tally()
go = needs(tally, "go", "https://go.dev/dl, 1.25 or newer")
sources = [file for file in sorted(HERE.rglob("*")) if file.is_file()]
stamp = hashlib.sha256(b"".join(file.read_bytes() for file in [*sources, *protos()])).hexdigest()
made, buyer, project = FOLDER / "stamp", FOLDER / "buyer", FOLDER / "project"
if not (made.exists() and made.read_text() == stamp and buyer.exists()):
    made.unlink(missing_ok=True)
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(HERE, project)
    plugins = {**os.environ, "GOBIN": str(FOLDER / "bin"), "GOFLAGS": "-mod=readonly -buildvcs=false"}
    plugins["PATH"] = f"{FOLDER / 'bin'}:{os.environ['PATH']}"
    tally.run("the plugins are built as go.mod pins them", [go, "install", "tool"], cwd=project, env=plugins)
    generate = [buf(), "generate", "--template", HERE / "buf.gen.yaml", "--output", project]
    generate += ["--path", "proto/souk", "--path", "proto/buf"]
    tally.run("stubs are generated", generate, cwd=ROOT, env=plugins)
    tally.run("every stub compiles", [go, "build", "./..."], cwd=project, env=plugins)
    tally.run("a buyer compiles", [go, "build", "-o", buyer, "."], cwd=project, env=plugins)
    tally.run("go vet finds nothing in it", [go, "vet", "."], cwd=project, env=plugins)
    if tally.failed == 0:
        made.write_text(stamp)

if tally.failed == 0:
    with Shop() as shop:
        told = tally.run("the buyer runs", [buyer, shop.address])
        tally.check("its order is placed", "ORDER_STATE_PLACED" in told or "ORDER_STATE_PAID" in told, told)
        tally.check("it is told why another is refused", "ERROR_REASON_OUT_OF_STOCK TEA-MINT-100" in told, told)
        again = subprocess.run([buyer, shop.address], capture_output=True, text=True, timeout=60)
        tally.check("sent again, it is the same order", again.stdout.split()[:1] == told.split()[:1], again.stdout)
tally.end()
