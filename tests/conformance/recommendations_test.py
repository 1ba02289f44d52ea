"""The tests and checks of services/recommendations: makes its environment as its requirements say, then runs pytest, mypy and ruff.

Reads SOUK_RETAIL_FILE, where it is set, so that the table of the README is recomputed. Ends with a line of totals.
"""

import os
import pathlib
import re
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVICE = ROOT / "services" / "recommendations"
PYTHON = SERVICE / ".venv" / "bin" / "python"
CHECKS = (
    ("mypy",),
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
)


def make_environment():
    """Installs what is pinned; takes a second when it is there already."""
    if not PYTHON.exists():
        venv.create(SERVICE / ".venv", with_pip=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", "requirements-dev.txt"], cwd=SERVICE, check=True)


def tests():
    """Runs pytest and returns how many tests passed and failed."""
    command = [PYTHON, "-m", "pytest", "--quiet", "--show-capture=no"]
    with subprocess.Popen(command, cwd=SERVICE, stdout=subprocess.PIPE, text=True) as process:
        last = ""
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line if line.strip() else last
    counts = {what: int(count) for count, what in re.findall(r"(\d+) (passed|failed|errors?)", last)}
    failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    if process.returncode and not failed:
        failed = 1
    return counts.get("passed", 0), failed


def main():
    make_environment()
    passed, failed = tests()
    for check in CHECKS:
        succeeded = subprocess.run([PYTHON, "-m", *check], cwd=SERVICE, env={**os.environ, "NO_COLOR": "1"}, check=False).returncode == 0
        passed, failed = passed + succeeded, failed + (not succeeded)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
