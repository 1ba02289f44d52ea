"""`cargo xtask new-service` in all three languages: what it makes builds, passes its tests, keeps the service contract and joins the shop.

It works in a copy of the project under the target folder, which stays there, so that the second run compiles next to nothing. Ends with
a line of totals.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
COPY = TARGET / "new-service" / "souk"
SERVICES = {"pebbles": "rust", "sea-shells": "python", "corals": "node"}
# What is installed in the copy and is dear to install again.
KEPT = ("node_modules", ".venv", "dist", ".souk-prepared", "__pycache__")
SECONDS = 1500

outcomes = {"passed": 0, "failed": 0}
clock = {"last": time.monotonic()}


def run(*command, folder=COPY, environment=None):
    """Runs a command; returns its exit code and all that it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, "CARGO_TARGET_DIR": str(TARGET), **(environment or {})},
        timeout=SECONDS,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout


def holds(what, is_so, told=""):
    """Counts one check, and tells what was seen when it does not hold."""
    outcomes["passed" if is_so else "failed"] += 1
    now = time.monotonic()
    print(f"{'ok' if is_so else 'FAILED':6} {now - clock['last']:6.1f} s  {what}", flush=True)
    clock["last"] = now
    if not is_so:
        print(told[-6000:], flush=True)
    return is_so


def copy():
    """Makes the copy like the project: what git knows or would add. A file that is the same keeps its time."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    names = {name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        source, target = ROOT / name, COPY / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    # What an earlier run made goes, but for what is dear: the services are made anew.
    for name in SERVICES:
        shutil.rmtree(COPY / "services" / name, ignore_errors=True)
    for path in sorted(COPY.rglob("*"), reverse=True):
        name = path.relative_to(COPY)
        if path.is_file() and str(name) not in names and not any(part in KEPT for part in name.parts):
            path.unlink()


def made(xtask):
    """Makes all three, and refuses what must be refused."""
    for name, language in SERVICES.items():
        code, output = run(xtask, "new-service", name, "--language", language)
        holds(f"new-service {name} --language {language}", code == 0, output)
    code, output = run(xtask, "new-service", "pebbles", "--language", "python")
    holds("a name that is taken is refused", code != 0 and "taken" in output, output)
    code, output = run(xtask, "new-service", "Not_A_Noun", "--language", "python")
    holds("what is no noun is refused", code != 0 and "no name" in output, output)


def built_and_tested():
    """Lets each pass its own tests, and the rest of the project know the one in Rust."""
    code, output = run("cargo", "fmt", "--check", "--package", "pebbles")
    holds("pebbles is formatted as rustfmt would", code == 0, output)
    clippy = ("cargo", "clippy", "--quiet", "--no-deps", "--package", "pebbles", "--all-targets", "--", "--deny=warnings")
    code, output = run(*clippy)
    holds("pebbles pleases clippy", code == 0, output)
    # With the program that runs it alone, which conforms below.
    code, output = run("cargo", "test", "--quiet", "--package", "pebbles", "--features", "standalone")
    holds("pebbles passes its tests", code == 0 and "test result: ok" in output, output)
    code, output = run("cargo", "check", "--quiet", "--package", "souk")
    holds("the one program compiles with pebbles in it", code == 0, output)
    for script, name in (("python_services_test.py", "sea-shells"), ("node_services_test.py", "corals")):
        code, output = run(sys.executable, f"tests/conformance/{script}", COPY / "services" / name)
        totals = re.search(r"(\d+) passed, (\d+) failed\s*$", output)
        fine = code == 0 and totals is not None and int(totals[1]) > 0 and totals[2] == "0"
        holds(f"{name} passes its tests", fine, output)


def conforming(programs):
    """Holds each to the service contract; the one in Rust as a program of its own, so that the one program need not be built anew."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = (COPY / "services/pebbles/souk.service.toml").read_text(encoding="utf-8")
        alone = manifest.replace('["souk", "serve", "pebbles"]', f'["{TARGET}/debug/pebbles"]')
        alone = alone.replace('environment_prefix = "SOUK"\n', "")
        (pathlib.Path(folder) / "souk.service.toml").write_text(alone, encoding="utf-8")
        manifests = {"pebbles": folder, "sea-shells": COPY / "services/sea-shells", "corals": COPY / "services/corals"}
        for name, path in manifests.items():
            code, output = run(programs / "conform", path, "--souk", programs / "souk")
            holds(f"{name} keeps the service contract", code == 0 and "0 broken" in output, output)


def joining(programs):
    """Starts the shop and waits until those of other languages serve beside it."""
    with tempfile.TemporaryDirectory() as folder:
        ready, log = pathlib.Path(folder) / "ready", pathlib.Path(folder) / "log"
        arguments = ["up", "--data", f"{folder}/data", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"]
        arguments += ["--without=recommendations,notifications", f"--services-dir={COPY}/services", f"--ready-file={ready}"]
        free = {f"{name}__SERVER__{key}": "127.0.0.1:0" for name in ("SEA_SHELLS", "CORALS") for key in ("LISTEN", "METRICS_LISTEN")}
        with open(log, "wb") as output:
            shop = subprocess.Popen(
                [programs / "souk", *arguments], stdout=output, stderr=output, env={**os.environ, **free}, cwd=folder
            )
        try:
            until = time.monotonic() + 120
            wanted = ["sea-shells serves on", "corals serves on"]
            while time.monotonic() < until and not all(text in log.read_text(errors="replace") for text in wanted):
                time.sleep(0.1)
            for text in wanted:
                holds(f"souk up: {text}", text in log.read_text(errors="replace"), log.read_text(errors="replace"))
        finally:
            shop.send_signal(signal.SIGTERM)
            code = shop.wait(60)
        holds("souk up stops with them", code == 0, log.read_text(errors="replace"))


def main():
    """Does all of it, and says how much of it held."""
    programs = TARGET / "debug"
    for package in (("--package=xtask",), ("--package=souk-tests", "--bin=conform"), ("--package=souk",)):
        code, output = run("cargo", "build", "--quiet", *package, folder=ROOT)
        if not holds(f"cargo build {' '.join(package)}", code == 0, output):
            return
    # Cargo puts the program of the same name of the copy at the same place.
    kept = TARGET / "new-service" / "programs"
    kept.mkdir(parents=True, exist_ok=True)
    for name in ("xtask", "conform", "souk"):
        shutil.copy2(programs / name, kept / name)
    copy()
    made(kept / "xtask")
    built_and_tested()
    conforming(kept)
    joining(kept)


if __name__ == "__main__":
    main()
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed")
    sys.exit(1 if outcomes["failed"] else 0)
