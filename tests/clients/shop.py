"""A shop for the scripts of this room: started on free ports in a folder of its own, and stopped whatever happens."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/clients.md"


def program():
    """Returns the program under test: SOUK_BIN, or what the last build left."""
    named = os.environ.get("SOUK_BIN")
    if named:
        return named
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / "debug" / "souk")


def buf():
    """Returns the program that generates stubs: of the tools beside which this script runs, or of this machine."""
    ours = pathlib.Path(sys.executable).with_name("buf")
    return ours if ours.exists() else shutil.which("buf") or "buf"


def protos():
    """Returns the files of the contract."""
    return sorted((ROOT / "proto").rglob("*.proto"))


def out(name):
    """Returns a folder below the build's, for what a script makes and the next run of it may use again."""
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "clients" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def checkout(folder, *what):
    """Copies folders of this repository, as git knows or would add them, so that commands may write beside the sources."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *what]
    names = subprocess.run(listing, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)


class Shop:
    """`souk up` for as long as the block lasts; `address` is where it serves."""

    def __init__(self, *arguments, **environment):
        self._arguments, self._environment = arguments, environment
        self._folder = tempfile.TemporaryDirectory(prefix="souk-clients-")
        self.folder = pathlib.Path(self._folder.name)

    def __enter__(self):
        ready = self.folder / "ready"
        command = [program(), "up", "--data", self.folder / "data", "--ready-file", ready]
        command += ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", *self._arguments]
        environment = {**os.environ, "SOUK__LOG__LEVEL": "warn", **self._environment}
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, env=environment, cwd=self.folder)
        until = time.monotonic() + 60
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise SystemExit(f"the shop did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)
        self.address = re.search(r"^grpc=(.*)$", ready.read_text(), re.MULTILINE).group(1)
        return self

    def audit(self):
        """Returns the command that fails unless everything in the shop agrees."""
        return [program(), "audit", "--data", self.folder / "data", "--to", self.address]

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        return False


class Tally:
    """Counts checks and prints the line that `cargo xtask test` reads."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, holds, told=""):
        """Counts one check; says what went wrong."""
        if holds:
            self.passed += 1
            print(f"ok      {name}")
        else:
            self.failed += 1
            print(f"FAILED  {name}\n{told}")

    def run(self, name, command, **options):
        """Counts one command that must end well, and returns what it printed."""
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **options)
        self.check(name, ran.returncode == 0, ran.stdout)
        return ran.stdout

    def end(self):
        """Prints the totals."""
        print(f"{self.passed} passed, {self.failed} failed")
        raise SystemExit(1 if self.failed else 0)


def needs(tally, program, remedy):
    """Returns where a program is; without it the script ends here, and fails where nothing may be left out."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/local/go/bin")
    if not found:
        if os.environ.get("CI") == "true":
            tally.check(f"{program} is there", False, remedy)
        else:
            print(f"skipped: {program} is missing ({remedy})")
        tally.end()
    return found


def blocks_of(document):
    """Returns each block of code: its language, the word behind the language (a name or a path, or nothing), and its text."""
    return re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)


def named(document, name):
    """Returns the text of the block of code with this name."""
    for _, found, text in blocks_of(document):
        if found == name:
            return text
    raise SystemExit(f"{document} has no block named {name}")


def example_of(document, language):
    """Returns the first block of code with this first line, such as "python asyncio": the very text that a reader copies."""
    for found, name, text in blocks_of(document):
        if f"{found} {name}".strip() == language:
            return text
    raise SystemExit(f"{document} has no example in {language}")
