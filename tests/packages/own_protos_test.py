"""docs/own-protos.md: a team with protos of its own, in a folder outside of this repository, follows it line by line.

Every file and every command of the page is used as it is there; beside them are programs that call the generated code. Ends with a line of
totals.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/clients"))
from shop import Tally, blocks_of, checkout, needs, out  # noqa: E402

PAGE = ROOT / "docs/own-protos.md"
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
XTASK = TARGET / "debug" / "xtask"
GENERATOR = ROOT / "clients/typescript/generator"

IN_PYTHON = """
import sys
sys.path.insert(0, "gen/python")
import protovalidate
from acme.tax.v1 import tax_service_pb2, tax_service_pb2_grpc
from souk.orders.v1.order_service_pb2_grpc import OrderServiceStub
from souk.type.v1.money_pb2 import Money
from souk_client import connect, policy_of
with connect("127.0.0.1:1", as_="user:alice") as shop:
    OrderServiceStub(shop), tax_service_pb2_grpc.TaxServiceStub(shop)
print("timeout", policy_of("/acme.tax.v1.TaxService/CalculateTax").timeout)
request = tax_service_pb2.CalculateTaxRequest(net=Money(currency_code="pounds", minor_units=1))
for wrong in (request, tax_service_pb2.CalculateTaxRequest()):
    print(*(violation.proto.rule_id for violation in protovalidate.collect_violations(wrong)))
"""

IN_GO = """
package main

import (
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"

	taxv1 "acme.example/tax/gen/acme/tax/v1"
	souk "souk.example/go"
	policyv1 "souk.example/go/souk/policy/v1"
	typev1 "souk.example/go/souk/type/v1"
)

func main() {
	shop, err := souk.Connect("127.0.0.1:1", souk.DevelopmentToken("user:alice"))
	if err != nil {
		panic(err)
	}
	taxv1.NewTaxServiceClient(shop)
	method := taxv1.File_acme_tax_v1_tax_service_proto.Services().Get(0).Methods().Get(0)
	policy := proto.GetExtension(method.Options(), policyv1.E_Method).(*policyv1.MethodPolicy)
	fmt.Println("timeout", policy.Timeout.AsDuration().Seconds())
	fmt.Println(protovalidate.Validate(&taxv1.CalculateTaxRequest{Net: &typev1.Money{CurrencyCode: "pounds"}}))
	fmt.Println(protovalidate.Validate(&taxv1.CalculateTaxRequest{}))
}
"""

IN_TYPESCRIPT = """
import { create, toJsonString } from "@bufbuild/protobuf";
import { MoneySchema } from "@souk/client/gen/souk/type/v1/money_pb.js";
import { policyOf } from "@souk/client";
import { CalculateTaxRequestSchema, TaxService } from "./gen/ts/acme/tax/v1/tax_service_pb.js";

const net = create(MoneySchema, { currencyCode: "GBP", minorUnits: 450n });
console.log(toJsonString(CalculateTaxRequestSchema, create(CalculateTaxRequestSchema, { net })));
console.log("timeout", policyOf(TaxService.method.calculateTax).timeoutMs);
"""


class Team:
    """A folder that is no part of this repository, with a checkout of it beside."""

    def __init__(self, tally, folder):
        self.tally, self.folder = tally, folder / "tax"
        self.folder.mkdir()
        checkout(folder / "souk", "clients")
        self.programs = folder / "programs"
        self.programs.mkdir()
        # Its programs come first, and those that the page installs are found.
        os.environ["PATH"] = os.pathsep.join([str(self.programs), str(self.folder / "bin"), os.environ["PATH"], "/usr/local/go/bin"])
        os.environ |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONSTRAINT": str(ROOT / "xtask/tools.txt")}
        self.blocks = {name: text for _, name, text in blocks_of(PAGE) if name}
        for language, name, text in blocks_of(PAGE):
            if language != "sh":
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def program(self, name, *command):
        """Puts a program on the team's PATH."""
        script = self.programs / name
        script.write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in command) + ' "$@"\n')
        script.chmod(0o755)

    def run(self, what, command, **environment):
        """Counts one command in the team's folder."""
        return self.tally.run(what, command, cwd=self.folder, env={**os.environ, **environment})

    def follows(self, name, **environment):
        """Runs the commands that the page has under a name."""
        return self.run(f"{name}: the commands of the page succeed", ["bash", "-euc", self.blocks[name]], **environment)


def archived(tally, folder):
    """Makes the archive twice; the team gets the second one."""
    made = []
    for _ in range(2):
        tally.run("the archive of the contract is written", [XTASK, "package", "contract"], cwd=ROOT)
        archive = max((TARGET / "packages").glob("souk-proto-*.tar.gz"), key=lambda path: path.stat().st_mtime)
        made.append(archive.read_bytes())
    tally.check("it is the same bytes each time", made[0] == made[1])
    shutil.copy(archive, folder)


def with_buf(team):
    """Lint and breaking changes concern the team's own protos only."""
    team.follows("buf")
    proto = team.folder / "proto/acme/tax/v1/tax_service.proto"
    text = proto.read_text()
    for what, command, old, new in (
        ("lint", ["buf", "lint", "proto"], "Money tax = 1;", "Money Tax = 1;"),
        ("breaking", ["bash", "-c", team.blocks["buf"].splitlines()[-1]], "Money tax = 1;", "Money tax = 2;"),
    ):
        proto.write_text(text.replace(old, new))
        done = subprocess.run(command, cwd=team.folder, capture_output=True, text=True, check=False, timeout=120)
        found = done.stdout + done.stderr
        team.tally.check(f"buf: {what} finds what is wrong in it", done.returncode != 0 and "tax_service.proto:" in found, found)
        team.tally.check(f"buf: {what} finds nothing in what it imports", "souk-proto" not in found, found)
    proto.write_text(text)
    archive = next(team.folder.glob("souk-proto-*/"))
    team.run("buf: the archive is a workspace on its own", ["buf", "build", archive, "--output", "/dev/null"])


def in_python(team):
    """The environment is made once for each list of the client's dependencies; pip then finds all of it there."""
    venv = out("own-protos") / "venv"
    if not (venv / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True, timeout=120)
    team.program("python", venv / "bin/python")
    team.follows("python")
    team.run("python: protovalidate is installed beside it", ["python", "-m", "pip", "install", "--quiet", "protovalidate"])
    output = team.run("python: it is imported beside the client and protovalidate", ["python", "-c", IN_PYTHON])
    team.tally.check("python: the options are known", "timeout 2.0\nstring.pattern\nrequired\n" in output, output)


def in_go(team):
    """What the page says of a file that is registered twice is shown too."""
    go = needs(team.tally, "go", "https://go.dev/dl, 1.25 or newer")
    team.program("protoc", out("own-protos") / "venv/bin/python", "-m", "grpc_tools.protoc")
    settings = {"GOFLAGS": "-mod=mod -buildvcs=false"}
    team.follows("go", **settings)
    (team.folder / "main.go").write_text(IN_GO)
    team.run("go: protovalidate is found", [go, "get", "buf.build/go/protovalidate"], **settings)
    output = team.run("go: it runs beside the client and protovalidate", [go, "run", "."], **settings)
    team.tally.check("go: the options are known", "timeout 2\n" in output and "net.currency_code" in output and "net: " in output, output)

    imported = "--go_out=. --go_opt=module=acme.example/tax --go_opt=Mbuf/validate/validate.proto=acme.example/tax/gen/buf/validate"
    include = "-I souk-proto-0.1.0/third_party"
    wrong = f"protoc {include} {imported} souk-proto-0.1.0/third_party/buf/validate/validate.proto"
    team.run("go: a team generates what it imports too", ["bash", "-euc", wrong])
    main = team.folder / "main.go"
    main.write_text(IN_GO.replace('taxv1 "acme', '_ "acme.example/tax/gen/buf/validate"\n\ttaxv1 "acme', 1))
    done = subprocess.run(
        [go, "run", "."], cwd=team.folder, capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **settings}
    )
    said = 'file "buf/validate/validate.proto" is already registered'
    team.tally.check("go: which ends the program, as the page says", done.returncode != 0 and said in done.stderr, done.stderr)


def in_typescript(team):
    """The client comes from the checkout, with what it needs beside it."""
    for name in ("node", "npm"):
        needs(team.tally, name, "Debian: apt-get install nodejs npm")
    if not (GENERATOR / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=GENERATOR, check=True, timeout=300)
    if not (ROOT / "node_modules/@bufbuild/protobuf").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=ROOT, check=True, timeout=600)
    subprocess.run(["npx", "tsc", "-b", "clients/typescript"], cwd=ROOT, check=True, timeout=300)
    team.program("protoc-gen-es", "node", GENERATOR / "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es")
    team.follows("node")
    modules = team.folder / "node_modules"
    modules.symlink_to(ROOT / "node_modules")
    (team.folder / "package.json").write_text('{"type": "module"}\n')
    (team.folder / "main.ts").write_text(IN_TYPESCRIPT)
    compiler = ["npx", "--no-install", "tsc", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2023"]
    team.run("node: it compiles, strictly", [*compiler, "--types", "node", "main.ts"])
    output = team.run("node: it runs beside the client", ["node", "main.js"])
    team.tally.check("node: the options are known", '"minorUnits":"450"' in output and "timeout 2000" in output, output)


def main():
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="souk-own-protos-") as folder:
        team = Team(tally, pathlib.Path(folder))
        team.program("buf", os.environ.get("SOUK_BUF", "buf"))
        archived(tally, team.folder)
        team.follows("archive")
        if tally.failed == 0:
            with_buf(team)
            in_python(team)
            in_go(team)
            in_typescript(team)
    unused = [name for language, name, _ in blocks_of(PAGE) if language == "sh" and name not in ("archive", "buf", "python", "go", "node")]
    tally.check("no commands of the page are left out", not unused and re.search("^```sh", PAGE.read_text(), re.MULTILINE), unused)
    tally.end()


if __name__ == "__main__":
    main()
