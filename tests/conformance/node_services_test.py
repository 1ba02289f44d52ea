"""The tests of every Node.js service that has no script of its own here, with Node's own runner.

What `npm ci` installs at the root is installed when it is not what the lock file names. Folders of services may be named as
arguments. Ends with a line of totals.
"""

import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 900


def services():
    """Returns the folders of the Node.js services that no other script tests."""
    for manifest in sorted(ROOT.glob("services/*/souk.service.toml")):
        name = manifest.parent.name
        own = ROOT / "tests" / "conformance" / f"{name.replace('-', '_')}_test.py"
        if tomllib.loads(manifest.read_text(encoding="utf-8"))["language"] == "node" and not own.exists():
            yield manifest.parent


def run(*command, folder=ROOT):
    """Runs a command; returns its exit code and what it printed."""
    done = subprocess.run(command, cwd=folder, timeout=SECONDS, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def check(service):
    """Compiles and tests one service; returns how many passed and failed."""
    installed, locked = ROOT / "node_modules" / ".package-lock.json", ROOT / "package-lock.json"
    steps = [["npx", "--no-install", "tsc", "-b", str(service)]]
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        steps.insert(0, ["npm", "ci"])
    for step in steps:
        code, output = run(*step)
        if code != 0:
            print(f"{output}\n{' '.join(step)} failed")
            return 0, 1
    files = sorted(str(path.relative_to(service)) for path in (service / "dist" / "test").rglob("*.test.js"))
    code, output = run("node", "--test", "--test-reporter=tap", *files, folder=service)
    counts = {name: int(count) for name, count in re.findall(r"^# (pass|fail|cancelled|skipped|todo) (\d+)$", output, re.M)}
    failed = sum(counts.get(name, 0) for name in ("fail", "cancelled", "skipped", "todo"))
    failed += (not files or code != 0) and not failed
    if failed:
        print(output)
    return counts.get("pass", 0), failed


def main():
    folders = [pathlib.Path(folder).resolve() for folder in sys.argv[1:]] or list(services())
    totals = [check(folder) for folder in folders]
    print(f"{sum(passed for passed, _ in totals)} passed, {sum(failed for _, failed in totals)} failed")
    return 1 if any(failed for _, failed in totals) else 0


if __name__ == "__main__":
    sys.exit(main())
