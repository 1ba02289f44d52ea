"""Java: Maven builds the artifact of the contract, and a buyer with the official protovalidate beside it places an order."""

import hashlib
import os
import shutil
import subprocess
import zipfile

from shop import ROOT, Shop, Tally, needs, out, protos

HERE = ROOT / "tests/clients/java"
CLIENT = ROOT / "clients/java"
FOLDER = out("java")

tally = Tally()
mvn = needs(tally, "mvn", "Debian: apt-get install maven openjdk-17-jdk-headless")
needs(tally, "javac", "Debian: apt-get install openjdk-17-jdk-headless")
sources = [file for folder in (HERE, CLIENT) for file in sorted(folder.rglob("*")) if file.is_file()]
sources += [ROOT / "clients/service_config.json", *protos()]
stamp = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
made, project = FOLDER / "stamp", FOLDER / "project"
if not (made.exists() and made.read_text() == stamp):
    made.unlink(missing_ok=True)
    shutil.rmtree(project, ignore_errors=True)
    command = [mvn, "--quiet", "--batch-mode", "--file", HERE / "pom.xml", f"-Dsouk.out={project}", "package"]
    tally.run("the artifact is built, and a buyer compiles on it", command, cwd=HERE)
    if tally.failed == 0:
        made.write_text(stamp)

if tally.failed == 0:
    jar = zipfile.ZipFile(project / "client/souk-client-0.1.0.jar").namelist()
    wanted = {"example/souk/service_config.json", "example/souk/orders/v1/Order.class", "example/souk/orders/v1/OrderServiceGrpc.class"}
    tally.check("the artifact has the contract and its service config", wanted <= set(jar), jar)
    foreign = [name for name in jar if name.endswith(".class") and not name.startswith("example/souk/")]
    tally.check("and no class of anyone else", not foreign, foreign)

    buyer = ["java", "-cp", f"{project / 'buyer/classes'}{os.pathsep}{project / 'buyer/lib'}/*", "Buyer"]
    with Shop() as shop:
        told = tally.run("the buyer runs beside the official protovalidate", [*buyer, shop.address])
        tally.check("its order is placed", "ORDER_STATE_PLACED" in told, told)
        tally.check("protovalidate knows the contract's rules", "lines[0].quantity" in told, told)
        tally.check("it is told why another is refused", "ERROR_REASON_OUT_OF_STOCK TEA-MINT-100" in told, told)
        again = subprocess.run([*buyer, shop.address], capture_output=True, text=True, timeout=60)
        tally.check("sent again, it is the same order", again.stdout.split()[:1] == told.split()[:1], again.stdout)
tally.end()
