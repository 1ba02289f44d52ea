"""The Python client: the tests of its core, its types and style, and its README's examples and a long journey against a shop."""

import hashlib
import os
import shutil
import subprocess
import sys

from shop import ROOT, Shop, Tally, example_of, out

CLIENT = ROOT / "clients/python"
JOURNEY = ROOT / "tests/clients/python/journey.py"
FOLDER = out("python")


def environment():
    """Makes the client's own environment, unless it is there and nothing that it is made of changed; returns its programs."""
    made_of = [CLIENT / "pyproject.toml", CLIENT / "requirements-dev.txt"]
    stamp = hashlib.sha256(b"".join(file.read_bytes() for file in made_of) + f"{sys.version} {CLIENT}".encode()).hexdigest()
    venv, made = FOLDER / "venv", FOLDER / "stamp"
    if not made.exists() or made.read_text() != stamp:
        shutil.rmtree(venv, ignore_errors=True)
        made.unlink(missing_ok=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True, timeout=120)
        pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", CLIENT / "requirements-dev.txt"], check=True, timeout=600)
        # The sources themselves, so that a change of them needs no new environment.
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", CLIENT], check=True, timeout=300)
        made.write_text(stamp)
    return venv / "bin"


def installed():
    """Returns a folder in which the client is installed as a user does it, so that no file of it is forgotten."""
    kinds = (".json", ".py", ".pyi", ".typed")
    files = [CLIENT / "pyproject.toml", *(file for file in sorted((CLIENT / "src").rglob("*")) if file.suffix in kinds)]
    stamp = hashlib.sha256(b"".join(str(file).encode() + file.read_bytes() for file in files)).hexdigest()
    target, made = FOLDER / "installed", FOLDER / "installed.stamp"
    if not made.exists() or made.read_text() != stamp:
        # Away from the sources, beside which setuptools would leave what it builds.
        copy = FOLDER / "copy"
        for old in (target, copy):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__", "build"))
        pip = [FOLDER / "venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--no-build-isolation", "--target", target, copy], check=True, timeout=300)
        made.write_text(stamp)
    return target


tally = Tally()
programs = environment()
tally.run("its core keeps its promises", [programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=CLIENT)
tally.run("its types are right", [programs / "mypy", "--cache-dir", FOLDER / "mypy"], cwd=CLIENT)
tally.run("its style is Souk's", [programs / "ruff", "check", "--no-cache"], cwd=CLIENT)
tally.run("it is formatted", [programs / "ruff", "format", "--check", "--no-cache"], cwd=CLIENT)
# The journey is an example too, and reads like the client.
style = ["--no-cache", "--config", CLIENT / "pyproject.toml", JOURNEY]
tally.run("the journey's style is Souk's", [programs / "ruff", "check", *style])
tally.run("the journey is formatted", [programs / "ruff", "format", "--check", *style])

with Shop() as shop:
    # Comes before the sources that are installed for the tests.
    package = installed()
    known = {**os.environ, "SOUK_ADDRESS": shop.address, "PYTHONPATH": str(package)}
    examples = {
        "readme.py": ("python", ["ORDER_STATE_PLACED", " 11.80 GBP", "PAYMENT_STATUS_PAID", "of TEA-MINT-100 are left"]),
        "readme_aio.py": ("python asyncio", ["have order_"]),
    }
    strictly = [programs / "mypy", "--config-file", CLIENT / "pyproject.toml", "--cache-dir", FOLDER / "mypy"]
    for name, (language, wanted) in examples.items():
        example = FOLDER / name
        example.write_text(example_of(CLIENT / "README.md", language))
        told = tally.run(f"{name}: the README's example runs", [programs / "python", example], cwd=FOLDER, env=known)
        for words in wanted:
            tally.check(f"{name}: it prints {words!r}", words in told, told)
        tally.run(f"{name}: the types of the example are right", [*strictly, example], cwd=CLIENT)

    journey = [programs / "python", JOURNEY, shop.address]
    told = tally.run("a guest buys, pays, cancels, returns and signs in", journey, cwd=FOLDER, env=known)
    tally.check("the journey comes to its end", "COMPLETED PARTIALLY_REFUNDED PARTIALLY_RETURNED" in told, told)
    tally.run("the journey's types are right", [*strictly, JOURNEY], cwd=CLIENT)
    tally.run("the shop's audit is clean", shop.audit())
tally.end()
