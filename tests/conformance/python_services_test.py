"""The tests and checks of every Python service that has no script of its own here: pytest, mypy and ruff.

Each has its environment made as its requirements-dev.txt says, in its own folder, where `souk up` looks for it too. Folders of
services may be named as arguments. Ends with a line of totals.
"""

import os
import pathlib
import re
import subprocess
import sys
import tomllib
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHECKS = (("mypy",), ("ruff", "check", "."), ("ruff", "format", "--check", "."))


def services():
    """Returns the folders of the Python services that no other script tests."""
    for manifest in sorted(ROOT.glob("services/*/souk.service.toml")):
        name = manifest.parent.name
        own = ROOT / "tests" / "conformance" / f"{name.replace('-', '_')}_test.py"
        if tomllib.loads(manifest.read_text(encoding="utf-8"))["language"] == "python" and not own.exists():
            yield manifest.parent


def check(service):
    """Runs the tests and checks of one service; returns how many passed and failed."""
    python = service / ".venv" / "bin" / "python"
    if not python.exists():
        venv.create(service / ".venv", with_pip=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements-dev.txt"]
    subprocess.run([python, *install], cwd=service, check=True)
    done = subprocess.run([python, "-m", "pytest", "-q"], cwd=service, check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    last = (done.stdout.strip().splitlines() or [""])[-1]
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", last)}
    passed, failed = counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0)
    failed += done.returncode != 0 and not failed
    # mypy does not follow editable installs.
    sources = os.pathsep.join(str(path) for path in (service / "../../clients/python/src", service / "../../libs/chassis-python/src"))
    for one in CHECKS:
        is_well = subprocess.run([python, "-m", *one], cwd=service, env={**os.environ, "MYPYPATH": sources}, check=False).returncode == 0
        passed, failed = passed + is_well, failed + (not is_well)
    return passed, failed


def main():
    folders = [pathlib.Path(folder).resolve() for folder in sys.argv[1:]] or list(services())
    totals = [check(folder) for folder in folders]
    print(f"{sum(passed for passed, _ in totals)} passed, {sum(failed for _, failed in totals)} failed")
    return 1 if any(failed for _, failed in totals) else 0


if __name__ == "__main__":
    sys.exit(main())
