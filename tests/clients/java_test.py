"""Java: by the commands of docs/clients.md Maven builds the artifact of the contract, and a buyer with the official protovalidate beside
it places an order.
"""

import fcntl
import hashlib
import shutil
import subprocess
import zipfile

from shop import PAGE, ROOT, Shop, Tally, checkout, named, needs, out, protos

HERE = ROOT / "tests/clients/java"
CLIENT = ROOT / "clients/java"
FOLDER = out("java")

# A program of one's own, with the dependency of the page.
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mine</groupId>
  <artifactId>mine</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
DEPENDENCY
  </dependencies>
</project>
"""
MINE = """class Mine {
  example.souk.orders.v1.OrderServiceGrpc.OrderServiceBlockingStub orders;
  build.buf.protovalidate.Validator validator = build.buf.protovalidate.ValidatorFactory.newBuilder().build();
  com.google.rpc.ErrorInfo why;
}
"""


def build(tally, mvn):
    """Follows the page in a copy of the checkout."""
    souk, mine = FOLDER / "souk", FOLDER / "mine"
    for old in (souk, mine):
        shutil.rmtree(old, ignore_errors=True)
    checkout(souk, "clients", "proto", "tests/clients/java")
    source = mine / "src/main/java/Mine.java"
    source.parent.mkdir(parents=True)
    source.write_text(MINE)
    (mine / "pom.xml").write_text(POM.replace("DEPENDENCY", named(PAGE, "java-dependency")))
    build_of_buyer = named(PAGE, "java-buyer").splitlines()[0]
    tally.run("the artifact is built and installed", ["bash", "-euc", named(PAGE, "java-install")], cwd=souk)
    tally.run("a buyer compiles on it", ["bash", "-euc", build_of_buyer], cwd=souk)
    tally.run("a program compiles with the dependency", [mvn, "--quiet", "--batch-mode", "compile"], cwd=mine)


tally = Tally()
mvn = needs(tally, "mvn", "Debian: apt-get install maven openjdk-17-jdk-headless")
needs(tally, "javac", "Debian: apt-get install openjdk-17-jdk-headless")
sources = [PAGE, *(file for folder in (HERE, CLIENT) for file in sorted(folder.rglob("*")) if file.is_file())]
sources += [ROOT / "clients/service_config.json", *protos()]
stamp = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
made, project = FOLDER / "stamp", FOLDER / "souk/target/java"
if not (made.exists() and made.read_text() == stamp):
    made.unlink(missing_ok=True)
    # template_java_test.py installs the same artifact.
    with (FOLDER.parent / "maven.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build(tally, mvn)
    if tally.failed == 0:
        made.write_text(stamp)

if tally.failed == 0:
    jar = zipfile.ZipFile(project / "client/souk-client-0.1.0.jar").namelist()
    wanted = {"example/souk/service_config.json", "example/souk/orders/v1/Order.class", "example/souk/orders/v1/OrderServiceGrpc.class"}
    tally.check("the artifact has the contract and its service config", wanted <= set(jar), jar)
    foreign = [name for name in jar if name.endswith(".class") and not name.startswith("example/souk/")]
    tally.check("and no class of anyone else", not foreign, foreign)

    with Shop() as shop:
        buyer = ["bash", "-euc", named(PAGE, "java-buyer").splitlines()[1].replace("127.0.0.1:7300", shop.address)]
        output = tally.run("the buyer runs beside the official protovalidate", buyer, cwd=FOLDER / "souk")
        tally.check("its order is placed", "ORDER_STATE_PLACED" in output, output)
        tally.check("protovalidate knows the contract's rules", "lines[0].quantity" in output, output)
        tally.check("it is output why another is refused", "ERROR_REASON_OUT_OF_STOCK TEA-MINT-100" in output, output)
        again = subprocess.run(buyer, capture_output=True, text=True, timeout=60, cwd=FOLDER / "souk")
        tally.check("sent again, it is the same order", again.stdout.split()[:1] == output.split()[:1], again.stdout)
tally.end()
