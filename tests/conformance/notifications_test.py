"""Runs the tests of services/notifications with Node's own runner; the last line says how many passed.

Needs Node.js 20 and what `npm ci` installs at the root; both are made ready here.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "services" / "notifications"
BUILD_SECONDS = 600
TEST_SECONDS = 900


def run(command: list[str], folder: Path, seconds: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, timeout=seconds, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def prepare() -> None:
    """Installs what the lock file names, when it is not there, and compiles the service with its tests."""
    steps = [["npx", "--no-install", "tsc", "-b", "services/notifications"]]
    if not (ROOT / "node_modules" / ".package-lock.json").exists():
        steps.insert(0, ["npm", "ci", "--no-audit", "--no-fund"])
    for step in steps:
        done = run(step, ROOT, BUILD_SECONDS)
        if done.returncode != 0:
            print(done.stdout)
            print(f"{' '.join(step)} failed")
            print("0 passed, 1 failed")
            sys.exit(1)


def main() -> int:
    prepare()
    files = sorted(str(path.relative_to(SERVICE)) for path in (SERVICE / "dist" / "test").glob("*.test.js"))
    done = run(["node", "--test", "--test-reporter=tap", *files], SERVICE, TEST_SECONDS)
    counts = {name: int(count) for name, count in re.findall(r"^# (pass|fail|cancelled|skipped|todo) (\d+)$", done.stdout, re.M)}
    passed, failed = counts.get("pass", 0), counts.get("fail", 0) + counts.get("cancelled", 0)
    # What ended without counting, and what was left out, is a failure too.
    if "pass" not in counts or (done.returncode != 0 and failed == 0):
        failed += 1
    failed += counts.get("skipped", 0) + counts.get("todo", 0)
    if failed:
        print(done.stdout)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
