"""`cargo xtask new-service` in all four languages: what it makes builds, passes its tests, keeps the service contract and joins the shop.

It works in a copy of the project under the target folder, with a target folder of its own: what the project uses of other people is
taken over from the project's, and the rest is compiled without optimisation. Both stay there for the next run. Ends with a line of totals.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
COPY = TARGET / "new-service" / "souk"
BUILT = TARGET / "new-service" / "target"
# How cargo builds the copy: what is ours as quickly as it can, since nothing here is about speed.
QUICK_TO_BUILD = {
    "CARGO_TARGET_DIR": str(BUILT),
    "CARGO_INCREMENTAL": "0",
    "CARGO_PROFILE_DEV_OPT_LEVEL": "0",
    "CARGO_PROFILE_DEV_DEBUG": "false",
}
SERVICES = {"pebbles": "rust", "sea-shells": "python", "corals": "node", "pearls": "go"}
# A service that is not in the program is of another team: it has the scopes that the operator grants it.
OF_OTHERS = [name for name, language in SERVICES.items() if language != "rust"]
SCOPES = "events.publish,events.subscribe,orders.read"
PAGES = ("docs/errors.md", "docs/reference/methods.md", "docs/reference/events.md", "tests/contract/message_limits.json")
EVENTS = ("C-EVENT-1", "C-EVENT-2", "C-EVENT-3")
# What is installed in the copy and is dear to install again.
KEPT = ("node_modules", ".venv", "dist", ".souk-prepared", "__pycache__")
SECONDS = 1500

outcomes = {"passed": 0, "failed": 0}
one_at_a_time = threading.Lock()
START = time.monotonic()


def run(*command, folder=COPY, **settings):
    """Runs a command, with these variables besides; returns its exit code and all that it printed."""
    of_cargo = QUICK_TO_BUILD if command[0] == "cargo" else {}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, "CARGO_TARGET_DIR": str(TARGET), **of_cargo, **settings},
        timeout=SECONDS,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout


def holds(what, is_so, told=""):
    """Counts one check, and prints the evidence when it fails."""
    with one_at_a_time:
        outcomes["passed" if is_so else "failed"] += 1
        print(f"{'ok' if is_so else 'FAILED':6} after {time.monotonic() - START:6.1f} s  {what}", flush=True)
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
    # The output of an earlier run is deleted, except what is expensive: the services are created
    # again.
    for name in SERVICES:
        shutil.rmtree(COPY / "services" / name, ignore_errors=True)
    for path in sorted(COPY.rglob("*"), reverse=True):
        name = path.relative_to(COPY)
        if path.is_file() and str(name) not in names and not any(part in KEPT for part in name.parts):
            path.unlink()


def files_there():
    """Returns the files of the copy that cargo may read, each with its content and its time."""
    paths = (path for path in COPY.rglob("*") if path.is_file() and not any(part in KEPT for part in path.parts))
    return {path: (path.read_bytes(), path.stat()) for path in paths}


def keep_times(before):
    """Restores the modification times of unchanged files, so that their builds need not run again."""
    for path, (content, status) in before.items():
        if path.is_file() and path.read_bytes() == content:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def made(xtask):
    """Makes all of them, and refuses what must be refused."""
    for name, language in SERVICES.items():
        code, output = run(xtask, "new-service", name, "--language", language)
        holds(f"new-service {name} --language {language}", code == 0, output)
    code, output = run(xtask, "new-service", "pebbles", "--language", "python")
    holds("a name that is taken is refused", code != 0 and "taken" in output, output)
    code, output = run(xtask, "new-service", "Not_A_Noun", "--language", "python")
    holds("what is no noun is refused", code != 0 and "not a valid name" in output, output)


def seed():
    """Gives the copy what cargo has built of other people's packages. Links do for what the compiler replaces as a whole."""
    manifests = [path for path in ROOT.glob("*/**/Cargo.toml") if "templates" not in path.parts]
    own = {re.search(r'^name = "([^"]+)"', path.read_text(), re.M)[1] for path in manifests}
    own |= {name.replace("-", "_") for name in own}
    for source in (path for part in ("deps", "build", ".fingerprint") for path in (TARGET / "debug" / part).iterdir()):
        target = BUILT / source.relative_to(TARGET)
        name, _, _ = source.name.removeprefix("lib").rpartition("-")
        # A file without a suffix is a program, which is of no use to the copy.
        if name in own or target.exists() or (source.is_file() and not source.suffix):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        elif source.suffix in (".rlib", ".rmeta", ".so"):
            os.link(source, target)
        else:
            shutil.copy2(source, target)


def built():
    """Builds pebbles, lets it pass its tests, and builds the one program of the copy, which has it inside."""
    code, output = run("cargo", "fmt", "--check", "--package", "pebbles")
    holds("pebbles is formatted as rustfmt would", code == 0, output)
    # With the program that runs it alone, which nothing else here looks at.
    clippy = ("cargo", "clippy", "--quiet", "--no-deps", "--package=pebbles", "--all-targets", "--features=standalone")
    code, output = run(*clippy, "--", "--deny=warnings")
    holds("pebbles pleases clippy", code == 0, output)
    code, output = run("cargo", "test", "--quiet", "--package", "pebbles")
    holds("pebbles passes its tests", code == 0 and "test result: ok" in output, output)
    # What `cargo xtask gen` does last, here with the target folder of the copy.
    pages = ("cargo", "test", "--quiet", "--package", "souk-client", "--test", "reference")
    run(*pages, SOUK_WRITE_DOCS="1")
    code, output = run(*pages)
    is_listed = all("pebbles" in (COPY / page).read_text() for page in PAGES)
    holds("the pages of docs/ list what is new, and agree with the contract", code == 0 and is_listed, output)
    code, output = run("cargo", "build", "--quiet", "--package", "souk")
    return holds("the one program is built with pebbles in it", code == 0, output)


def tested(script, name):
    """Lets a service in another language pass its own tests."""
    code, output = run(sys.executable, f"tests/conformance/{script}", COPY / "services" / name)
    totals = re.search(r"(\d+) passed, (\d+) failed\s*$", output)
    fine = code == 0 and totals is not None and int(totals[1]) > 0 and totals[2] == "0"
    holds(f"{name} passes its tests", fine, output)


def conforming(name):
    """Checks one against the service contract, including the sentences about events."""
    code, output = run(BUILT / "debug" / "souk", "conform", COPY / "services" / name)
    holds(f"{name} keeps the service contract", code == 0 and "0 broken" in output, output)
    is_heard = all(re.search(rf"holds +{number} ", output) for number in EVENTS)
    holds(f"{name} was seen to consume events", is_heard, output)


@contextlib.contextmanager
def shop_up(folder, *more):
    """Runs the shop of the copy until the block ends; gives the process and its log."""
    log = pathlib.Path(folder) / "log"
    arguments = ["up", "--data", f"{folder}/data", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"]
    arguments += ["--without=recommendations,notifications,wishlists", f"--services-dir={COPY}/services", *more]
    prefixes = [name.replace("-", "_").upper() for name in OF_OTHERS]
    free = {f"{prefix}__SERVER__{key}": "127.0.0.1:0" for prefix in prefixes for key in ("LISTEN", "METRICS_LISTEN")}
    with open(log, "wb") as output:
        shop = subprocess.Popen(
            [BUILT / "debug" / "souk", *arguments], stdout=output, stderr=output, env={**os.environ, **free}, cwd=folder
        )
    try:
        yield shop, log
    finally:
        shop.send_signal(signal.SIGTERM)
        code = shop.wait(60)
    holds("souk up stops with them", code == 0, log.read_text(errors="replace"))


def asking():
    """Starts the shop without a grant: it says what those of another team ask for, and nothing of the one inside it."""
    with tempfile.TemporaryDirectory() as folder, shop_up(folder) as (shop, log):
        for name in OF_OTHERS:
            said = f"{name} lacks scopes: --grant {name}={SCOPES}\n"
            holds(f"souk up says which scopes {name} asks for", until_said(re.escape(said), shop, log), log.read_text(errors="replace"))
        text = log.read_text(errors="replace")
        holds("souk up: pebbles, which is part of it, has what it asks for", "pebbles lacks" not in text, text)


def joining():
    """Starts the shop with grants, waits until those of other languages serve beside it, and lets a customer visit all of them."""
    grants = [f"--grant={name}={SCOPES}" for name in OF_OTHERS]
    with tempfile.TemporaryDirectory() as folder, shop_up(folder, *grants) as (shop, log):
        addresses = {name: address_of(name, shop, log) for name in SERVICES}
        for name, address in addresses.items():
            holds(f"souk up: {name} serves", address is not None, log.read_text(errors="replace"))
        holds("souk up: no service lacks scopes", "lacks scopes" not in log.read_text(errors="replace"), log.read_text(errors="replace"))
        visiting(addresses, log)


def until_said(line, shop, log):
    """Waits until the log of a shop has what is looked for, and returns it; nothing when it does not come to that."""
    until = time.monotonic() + 120
    while (found := re.search(line, log.read_text(errors="replace"))) is None and shop.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    return found


def address_of(name, shop, log):
    """Waits until the log of a shop says where a service serves; returns nothing when it does not come to that."""
    # The welcome names all that are in the one program; those beside it say it when they do.
    found = until_said(rf"gRPC +([\d.:]+) .*\b{name}\b" if SERVICES[name] == "rust" else rf"{name} serves on ([\d.:]+)", shop, log)
    return found and found[1]


def visiting(addresses, log):
    """Lets a customer of the shop call each of them, with the client that `new-service` has made; a Python service has it."""
    python = COPY / "services/sea-shells/.venv/bin/python"
    visits = [f"{name.replace('-', '_')}={address}" for name, address in addresses.items()]
    _, output = run(python, COPY / "tests/new_service/customer.py", addresses["pebbles"], *visits)
    for name in addresses:
        is_well = f"{name.replace('-', '_')} has hello, placed the order\n" in output
        holds(f"souk up: {name} answers, and has heard of an order", is_well, log.read_text(errors="replace") + output)


def main():
    """Does all of it, and says how much of it held."""
    programs = TARGET / "debug"
    seed()
    earlier = files_there()
    copy()
    made(programs / "xtask")
    keep_times(earlier)
    with concurrent.futures.ThreadPoolExecutor() as side_by_side:
        is_built = side_by_side.submit(built)
        side_by_side.submit(tested, "python_services_test.py", "sea-shells").result()
        side_by_side.submit(tested, "node_services_test.py", "corals").result()
        side_by_side.submit(tested, "go_services_test.py", "pearls").result()
    if not is_built.result():
        return
    # Two at a time: each waits for half of its time.
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as side_by_side:
        work = [side_by_side.submit(conforming, name) for name in SERVICES]
        for done in [*work, side_by_side.submit(asking)]:
            done.result()
    joining()


if __name__ == "__main__":
    main()
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed")
    sys.exit(1 if outcomes["failed"] else 0)
