"""Holds the contract against the official packages of another language: the options that Souk restates must be the official
ones, and the generated Rust validators must find what protovalidate finds, on the same vectors.

Needs SOUK_BUF, the path of buf, and the packages of xtask/tools.txt; `cargo xtask test` sets both up.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
BOTH = '{"version":"v2","modules":[{"path":"proto"},{"path":"libs/souk-codegen/fixture/proto"}]}'


def run(*command):
    """Runs a command in the project's root and returns whether it succeeded."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode == 0


def main():
    buf = os.environ.get("SOUK_BUF") or sys.exit("SOUK_BUF is not set: run `cargo xtask test`")
    with tempfile.TemporaryDirectory() as folder:
        own, both = pathlib.Path(folder) / "own.binpb", pathlib.Path(folder) / "both.binpb"
        results = [
            run(buf, "build", "-o", own) and run(sys.executable, HERE / "compare_descriptors.py", own),
            run(buf, "build", "--config", BOTH, "-o", both)
            and run(sys.executable, HERE / "vectors.py", both, HERE / "vectors.json"),
        ]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
