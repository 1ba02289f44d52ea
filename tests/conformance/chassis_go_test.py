"""Runs the tests of libs/chassis-go with Go's own runner, after gofmt and go vet; the last line says how many passed.

Needs Go 1.25. The tests on PostgreSQL read SOUK_TEST_POSTGRES_URL, those with a shop SOUK_BIN.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHASSIS = ROOT / "libs" / "chassis-go"
SECONDS = 900


def program(name):
    """Returns where a program of Go is; nothing without it."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/local/go/bin")


def souk():
    """Returns the program that the tests start: SOUK_BIN, or what the last build left."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return os.environ.get("SOUK_BIN") or str(target / "debug" / "souk")


def run(module, *command):
    """Runs a command in the folder of a module; returns its exit code and what it printed."""
    environment = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "SOUK_BIN": souk()}
    done = subprocess.run(
        command, cwd=module, timeout=SECONDS, text=True, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, done.stdout


def checked(module, go, gofmt):
    """Returns how many checks of the sources of a module passed and failed."""
    outcomes = []
    for command in ((go, "mod", "tidy", "-diff"), (go, "vet", "./..."), (gofmt, "-l", ".")):
        code, output = run(module, *command)
        holds = code == 0 and not output.strip()
        outcomes.append(holds)
        if not holds:
            print(f"{' '.join(command[1:])}:\n{output}")
    return outcomes.count(True), outcomes.count(False)


def tested(module, go):
    """Returns how many tests of a module passed, failed and were skipped."""
    code, output = run(module, go, "test", "-json", "./...")
    ended, printed = {"pass": 0, "fail": 0, "skip": 0}, []
    for line in output.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            printed.append(f"{line}\n")
            continue
        printed.append(event.get("Output", ""))
        # Parts of a test are counted with it.
        if event["Action"] in ended and "/" not in event.get("Test", "/"):
            ended[event["Action"]] += 1
    # What ended without counting is a failure too.
    if ended["pass"] == 0 or (code != 0 and ended["fail"] == 0):
        ended["fail"] += 1
    if ended["fail"]:
        print("".join(printed))
    return ended


def main(modules):
    """Checks and tests modules; returns the exit code."""
    go, gofmt = program("go"), program("gofmt")
    if modules and not (go and gofmt):
        is_needed = os.environ.get("CI") == "true"
        print(f"Go is missing (https://go.dev/dl, 1.25 or newer)\n0 passed, {int(is_needed)} failed")
        return int(is_needed)
    totals = collections.Counter()
    for module in modules:
        passed, failed = checked(module, go, gofmt)
        totals.update({"pass": passed, "fail": failed})
        totals.update(tested(module, go))
    print(f"{totals['skip']} skipped")
    print(f"{totals['pass']} passed, {totals['fail']} failed")
    return 1 if totals["fail"] else 0


if __name__ == "__main__":
    sys.exit(main([CHASSIS]))
