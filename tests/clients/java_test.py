"""Java: Maven generates stubs, compiles a buyer on them, and it places an order. What docs/clients.md says, done."""

import hashlib
import os
import shutil
import subprocess

from shop import ROOT, Shop, Tally, needs, out, protos

HERE = ROOT / "tests/clients/java"
FOLDER = out("java")

tally = Tally()
mvn = needs(tally, "mvn", "Debian: apt-get install maven openjdk-17-jdk-headless")
needs(tally, "javac", "Debian: apt-get install openjdk-17-jdk-headless")
sources = [file for file in sorted(HERE.rglob("*")) if file.is_file()]
stamp = hashlib.sha256(b"".join(file.read_bytes() for file in [*sources, *protos()])).hexdigest()
made, project = FOLDER / "stamp", FOLDER / "project"
if not (made.exists() and made.read_text() == stamp):
    made.unlink(missing_ok=True)
    shutil.rmtree(project, ignore_errors=True)
    command = [mvn, "--quiet", "--batch-mode", "--file", HERE / "pom.xml"]
    command += [f"-Dsouk.proto={ROOT / 'proto'}", f"-Dsouk.out={project}"]
    tally.run("stubs are generated, and a buyer compiles", [*command, "prepare-package"], cwd=HERE)
    if tally.failed == 0:
        made.write_text(stamp)

if tally.failed == 0:
    buyer = ["java", "-cp", f"{project / 'classes'}{os.pathsep}{project / 'lib'}/*", "Buyer"]
    with Shop() as shop:
        told = tally.run("the buyer runs", [*buyer, shop.address])
        tally.check("its order is placed", "ORDER_STATE_PLACED" in told or "ORDER_STATE_PAID" in told, told)
        tally.check("it is told why another is refused", "ERROR_REASON_OUT_OF_STOCK TEA-MINT-100" in told, told)
        again = subprocess.run([*buyer, shop.address], capture_output=True, text=True, timeout=60)
        tally.check("sent again, it is the same order", again.stdout.split()[:1] == told.split()[:1], again.stdout)
tally.end()
