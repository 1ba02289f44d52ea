"""Holds libs/chassis-python to its tests and checks: pytest, mypy --strict and ruff, in an environment of its own under <target>.

`cargo xtask test` runs it; `python3 tests/conformance/chassis_python_test.py` does too. The last line counts tests.
"""

import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).parent.parent.parent
CHASSIS = ROOT / "libs" / "chassis-python"
STUBS = ROOT / "clients" / "python" / "src"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def environment():
    """Returns the interpreter of the environment, which is made again whenever what is pinned has changed."""
    wanted = hashlib.sha256()
    for name in ("requirements.txt", "requirements-dev.txt"):
        wanted.update((CHASSIS / name).read_bytes())
    folder = TARGET / "tools" / "chassis-python"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted.hexdigest():
        venv.create(folder, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r"]
        subprocess.run([python, *install, CHASSIS / "requirements-dev.txt"], check=True)
        stamp.write_text(wanted.hexdigest())
    return python


def run(python, *arguments, **variables):
    """Runs a module in the chassis' folder; returns whether it succeeded, and what it printed."""
    command = [python, "-m", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(STUBS), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    done = subprocess.run(command, cwd=CHASSIS, env=environ, check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    return done.returncode == 0, done.stdout


def main():
    python = environment()
    with tempfile.TemporaryDirectory() as echo:
        protoc = ["grpc_tools.protoc", f"-I{ROOT / 'tests/contract/echo'}", f"-I{ROOT / 'proto'}"]
        outs = [f"--{kind}_out={echo}" for kind in ("python", "pyi", "grpc_python")]
        checks = [
            run(python, *protoc, *outs, "souk/echo/v1/echo.proto", "souk/echo/v1/events.proto")[0]
            and run(python, "mypy", "--no-incremental", MYPYPATH=f"{STUBS}:{echo}")[0],
            run(python, "ruff", "check", "--quiet", "--no-cache", ".")[0],
            run(python, "ruff", "format", "--quiet", "--no-cache", "--check", ".")[0],
        ]
    is_well, output = run(python, "pytest", "-q", "-p", "no:cacheprovider")
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", output)}
    passed = counts.get("passed", 0) + checks.count(True)
    failed = counts.get("failed", 0) + counts.get("error", 0) + checks.count(False)
    failed += not is_well and not failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
