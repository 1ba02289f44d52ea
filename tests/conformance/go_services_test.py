"""The tests of every Go service that has no script of its own here, with Go's own runner, after gofmt and go vet.

Needs Go 1.25. Folders of services may be named as arguments. Ends with a line of totals.
"""

import pathlib
import sys
import tomllib

from chassis_go_test import ROOT, main


def services():
    """Returns the folders of the Go services that no other script tests."""
    for manifest in sorted(ROOT.glob("services/*/souk.service.toml")):
        name = manifest.parent.name
        own = ROOT / "tests" / "conformance" / f"{name.replace('-', '_')}_test.py"
        if tomllib.loads(manifest.read_text(encoding="utf-8"))["language"] == "go" and not own.exists():
            yield manifest.parent


if __name__ == "__main__":
    sys.exit(main([pathlib.Path(folder).resolve() for folder in sys.argv[1:]] or list(services())))
