"""The packages for PyPI and npm: `cargo xtask package` builds them, and the programs in them run where neither Rust nor this project is.

They are built from the programs of the last test build. Ends with a line of totals.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/clients"))
from shop import Tally  # noqa: E402

TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
PACKAGES = TARGET / "packages"
MANIFESTS = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(ROOT.glob("services/*/souk.service.toml"))]
# The services in other languages, and the program that each needs.
OTHERS = {manifest["name"]: manifest["prepare"]["needs"] for manifest in MANIFESTS if manifest["language"] != "rust"}
# What a line of the conformance suite looks like for a sentence that holds.
HOLDS = re.compile(r"^ *holds +C-HEALTH-", re.MULTILINE)


def only(pattern):
    """Returns the package with such a name that was built last."""
    found = sorted(PACKAGES.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"{PACKAGES} has no file like {pattern}")
    return found[-1]


class Installed:
    """A shop from an installed package, in a folder and with a cache of its own, for as long as the block lasts."""

    def __init__(self, folder, home, command):
        self.folder, self.home, self.ready = folder, home, folder / "ready"
        self.cache = folder / "cache"
        free = {f"{name.replace('-', '_').upper()}__SERVER__{key}": "127.0.0.1:0" for name in OTHERS for key in ("LISTEN", "METRICS_LISTEN")}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO")}
        self.environment |= {"XDG_CACHE_HOME": str(self.cache), "SOUK__LOG__LEVEL": "warn", **free}
        listen = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--ready-file", self.ready]
        self.command = [*command, "up", "--data", folder / "data", *listen]

    def __enter__(self):
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env=self.environment, cwd=self.home, start_new_session=True
            )
        until = time.monotonic() + 60
        while not self.ready.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise SystemExit(f"{self.command[0]} up did not start:\n{self.said()}")
            time.sleep(0.05)
        self.address = re.search(r"^grpc=(.*)$", self.ready.read_text(), re.MULTILINE)[1]
        return self

    def said(self):
        """Returns all that it has printed."""
        return self.log.read_text(errors="replace")

    def serves(self):
        """Returns whether something accepts connections where it served, soon after it was asked to stop."""
        host, _, port = self.address.rpartition(":")
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as connection:
                if connection.connect_ex((host, int(port))) != 0:
                    return False
            time.sleep(0.1)
        return True

    def __exit__(self, *_):
        if self.process.poll() is None:
            # As a terminal does with Ctrl-C: a signal to npx alone would not reach the shop.
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return False


def calls(tally, how, shop):
    """Calls the shop once, and looks at what it says of the services in other languages."""
    call = [os.environ.get("SOUK_GRPCURL", "grpcurl"), "-plaintext", shop.address, "souk.catalog.v1.CatalogService/ListProducts"]
    output = tally.run(f"{how}: the shop can be called", call)
    tally.check(f"{how}: it has its catalogue", "Anatolian kilim" in output, output)
    said = shop.said()
    for name, needed in OTHERS.items():
        if shutil.which(needed):
            tally.check(f"{how}: {name} is being prepared", f"{name} (being prepared" in said, said)
        copied = list(shop.cache.glob(f"souk/*/services/{name}/souk.service.toml"))
        tally.check(f"{how}: {name} is in the user's cache", len(copied) == 1, copied)
    tally.check(f"{how}: what it prints names the installed program", "$(souk token --as user:alice)" in said, said)


def asks(tally, how, conform, shop):
    """Asks the running shop a part of the contract with an installed conformance program."""
    command = [*conform, "--only", "C-HEALTH", shop.address]
    output = tally.run(f"{how}: the conformance program asks a service", command, env=shop.environment, cwd=shop.home)
    tally.check(f"{how}: and reports what holds", HOLDS.search(output) is not None, output)
    tally.run(f"{how}: it has its help", [*conform, "--help"], env=shop.environment, cwd=shop.home)


def contents(tally):
    """Compares what is in the packages; returns them."""
    wheels = [only("souk-*.whl"), only("souk_conform-*.whl")]
    tarballs = [only("souk-cli-*.tgz"), only("souk-conform-*.tgz")]
    shared = "share/souk/"
    names = zipfile.ZipFile(wheels[0]).namelist()
    in_wheel = {name.split(shared, 1)[1] for name in names if shared in name}
    with tarfile.open(tarballs[0]) as archive:
        in_npm = {name.split(shared, 1)[1] for name in archive.getnames() if shared in name}
    tally.check("both packages of the shop carry the same services", in_wheel == in_npm, sorted(in_wheel ^ in_npm))
    built = [name for name in in_wheel if re.search(r"(^|/)(node_modules|\.venv|dist|__pycache__|build)/", name)]
    tally.check("and nothing that was built from them", in_wheel and not built, built)
    for wheel in wheels:
        output = tally.run(f"{wheel.name}: auditwheel reads it", [sys.executable, "-m", "auditwheel", "show", wheel])
        oldest = re.search(r'following platform tag: "manylinux_2_(\d+)_x86_64"', " ".join(output.split()))
        claimed = re.search(r"manylinux_2_(\d+)_x86_64", wheel.name)
        is_true = oldest and claimed and int(oldest[1]) <= int(claimed[1])
        tally.check(f"{wheel.name}: the platform that its name claims is true", is_true, output)
        licences = {name.rsplit("/", 1)[-1] for name in zipfile.ZipFile(wheel).namelist() if "/licenses/" in name}
        tally.check(f"{wheel.name}: it has the licences", licences == {"LICENSE", "THIRD-PARTY.txt"}, licences)
    return wheels, tarballs


def main():
    tally = Tally()
    tally.run("the packages are built", [TARGET / "debug" / "xtask", "package", "programs", "--profile", "dev"], cwd=ROOT)
    if tally.failed:
        tally.end()
    wheels, tarballs = contents(tally)
    with tempfile.TemporaryDirectory(prefix="souk-packages-", ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        venv, project = folder / "venv", folder / "project"
        tally.run("a fresh Python environment is made", [sys.executable, "-m", "venv", venv])
        install = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
        tally.run("pip installs both wheels", [*install, *wheels])
        project.mkdir()
        (project / "package.json").write_text("{}\n")
        npm = ["npm", "install", "--offline", "--no-audit", "--no-fund", *tarballs]
        tally.run("npm installs both packages", npm, cwd=project)
        if tally.failed:
            tally.end()
        npx = ["npx", "--no-install"]
        ways = {
            "pip": (folder, [venv / "bin/souk"], [venv / "bin/souk-conform"]),
            "npx": (project, [*npx, "@souk/cli"], [*npx, "@souk/conform"]),
        }
        for how, (home, souk, conform) in ways.items():
            (folder / how).mkdir()
            with Installed(folder / how, home, souk) as shop:
                calls(tally, how, shop)
                asks(tally, how, conform, shop)
            tally.check(f"{how}: the shop stops with Ctrl-C", not shop.serves(), shop.said())
    tally.end()


if __name__ == "__main__":
    main()
