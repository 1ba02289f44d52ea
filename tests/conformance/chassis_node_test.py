"""Runs the tests of libs/chassis-node with Node's own runner; the last line says how many passed.

Needs Node.js 20. What `npm ci` installs at the root is installed when it is not there or not what the lock file names.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHASSIS = ROOT / "libs" / "chassis-node"
INSTALL_SECONDS = 900
TEST_SECONDS = 900


def run(*command, folder=ROOT, seconds=INSTALL_SECONDS):
    """Runs a command; returns its exit code and what it printed."""
    done = subprocess.run(
        command, cwd=folder, timeout=seconds, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, done.stdout


def prepare():
    """Installs and compiles; returns what went wrong, or nothing."""
    steps = [["npx", "--no-install", "tsc", "-b", "libs/chassis-node"]]
    installed, locked = ROOT / "node_modules" / ".package-lock.json", ROOT / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        steps.insert(0, ["npm", "ci"])
    for step in steps:
        code, output = run(*step)
        if code != 0:
            return f"{output}\n{' '.join(step)} failed"
    return ""


def main():
    problem = prepare()
    if problem:
        print(f"{problem}\n0 passed, 1 failed")
        return 1
    files = sorted(str(path.relative_to(CHASSIS)) for path in (CHASSIS / "dist" / "test").glob("*.test.js"))
    code, output = run("node", "--test", "--test-reporter=tap", *files, folder=CHASSIS, seconds=TEST_SECONDS)
    counts = {name: int(count) for name, count in re.findall(r"^# (pass|fail|cancelled|skipped|todo) (\d+)$", output, re.M)}
    passed, failed = counts.get("pass", 0), sum(counts.get(name, 0) for name in ("fail", "cancelled", "skipped", "todo"))
    # What ended without counting is a failure too.
    if "pass" not in counts or (code != 0 and failed == 0):
        failed += 1
    if failed:
        print(output)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
