"""Java: the template of a service, copied out of the shop as a team would, is built by Maven and keeps the service contract.

Needs Java 17 and Maven, and the program `souk` of SOUK_BIN or of the last build.
"""

import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = ROOT / "clients" / "java"
TEMPLATE = ROOT / "libs" / "template-java"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = TARGET / "conformance" / "template-java"
SECONDS = 600
# What cannot be asked of a template without streams, upstreams and events.
NOT_ASKED = {"C-ERROR-3", "C-LIMIT-1", "C-CALL-1", "C-CALL-2", "C-CALL-3", "C-EVENT-1", "C-EVENT-2", "C-EVENT-3"}


def run(*command):
    """Runs a command; returns its exit code and what it printed."""
    done = subprocess.run(
        command, cwd=FOLDER, timeout=SECONDS, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, done.stdout


def files(*folders):
    """Returns the sources of folders, without what is built beside them."""
    found = (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())
    return [file for file in found if "target" not in file.relative_to(ROOT).parts and not file.name.startswith(".souk-")]


def stamp_of(sources):
    """Returns what changes whenever one of the files does."""
    found = hashlib.sha256()
    for file in sources:
        found.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return found.hexdigest()


def install_client(mvn):
    """Installs the artifact of the contract, unless it is; returns what went wrong."""
    wanted = stamp_of([*files(CLIENT, ROOT / "proto" / "souk"), ROOT / "clients" / "service_config.json"])
    made = FOLDER / "client.txt"
    installed = pathlib.Path.home() / ".m2" / "repository" / "example" / "souk" / "souk-client"
    if made.exists() and made.read_text() == wanted and installed.exists():
        return ""
    made.unlink(missing_ok=True)
    out = f"-Dsouk.out={FOLDER / 'out'}"
    # tests/clients/java_test.py installs the same artifact.
    lock = TARGET / "clients" / "maven.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, output = run(mvn, "--quiet", "--batch-mode", "--file", str(CLIENT / "pom.xml"), out, "install")
    if code != 0:
        return output
    made.write_text(wanted)
    return ""


def copy_template():
    """Copies the template to a folder of its own; what was built there is kept while nothing changed."""
    wanted = stamp_of(files(TEMPLATE)) + (FOLDER / "client.txt").read_text()
    copied, copy = FOLDER / "template.txt", FOLDER / "bookmarks"
    if copied.exists() and copied.read_text() == wanted:
        return copy
    copied.unlink(missing_ok=True)
    shutil.rmtree(copy, ignore_errors=True)
    for file in files(TEMPLATE):
        to = copy / file.relative_to(TEMPLATE)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)
    copied.write_text(wanted)
    return copy


def checked(output):
    """Returns how many sentences hold, and which neither hold nor cannot be asked."""
    lines = re.findall(r"^ +(holds|BROKEN|not asked) +(C-[A-Z]+-\d+) +(◇?)", output, re.M)
    is_expected = {number: word == "holds" or (word == "not asked" and (mark or number in NOT_ASKED)) for word, number, mark in lines}
    return sum(word == "holds" for word, *_ in lines), [number for number, is_well in is_expected.items() if not is_well]


def main():
    mvn, javac = shutil.which("mvn"), shutil.which("javac")
    if not mvn or not javac:
        is_needed = os.environ.get("CI") == "true"
        print(f"Maven or Java is missing (Debian: maven openjdk-17-jdk-headless)\n0 passed, {int(is_needed)} failed")
        return int(is_needed)
    FOLDER.mkdir(parents=True, exist_ok=True)
    problem = install_client(mvn)
    if problem:
        print(f"{problem}\n0 passed, 1 failed")
        return 1
    code, output = run(os.environ.get("SOUK_BIN") or str(TARGET / "debug" / "souk"), "conform", str(copy_template()))
    passed, bad = checked(output)
    failed = len(bad) + (code != 0 and not bad) + (passed == 0)
    if failed:
        print(output)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
