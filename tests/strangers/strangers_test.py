"""A service of another team beside the shop: found by its manifest, in a language that is not ours, with protos of its own.

It is reached through the shop's address, its events are shown decoded, it is audited and in the backup, and keeps its grants.
The service is the Go chassis' example. Needs Go 1.25 and grpcurl (SOUK_GRPCURL).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from shop import ROOT, Shop, Tally, needs, program  # noqa: E402

SERVICE = "souk.notes.v1.NoteService"
SCOPES = "events.publish,events.subscribe,orders.read"
FREE = {f"NOTES__SERVER__{key}": "127.0.0.1:0" for key in ("LISTEN", "METRICS_LISTEN")}
TEAM = f"--services-dir={ROOT}/libs/chassis-go"
# The first start compiles the service.
SECONDS = 600

tally = Tally()
needs(tally, "go", "https://go.dev/dl, 1.25 or newer")
GRPCURL = os.environ.get("SOUK_GRPCURL") or needs(tally, "grpcurl", "`cargo xtask test` fetches it")


def run(*command):
    """Runs a command; returns its exit code and what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


def grpcurl(shop, *arguments, caller=None, data=None):
    """Calls the shop's address with what reflection tells."""
    options = ["-plaintext", "-max-time", "30"]
    if caller:
        _, token = run(program(), "token", "--as", caller)
        options += ["-H", f"authorization: Bearer {token.strip()}"]
    if data is not None:
        options += ["-d", json.dumps(data)]
    return run(GRPCURL, *options, shop.address, *arguments)


def reached(shop):
    """Waits until the service is reached through the shop's address."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        code, output = grpcurl(shop, "list")
        if code == 0 and SERVICE in output:
            return True
        time.sleep(0.2)
    return False


def noted(shop, request_id, text):
    """Writes a note as alice; returns its id and what was printed."""
    request = {"request_id": request_id, "note": {"text": text}}
    code, output = grpcurl(shop, f"{SERVICE}/CreateNote", caller="user:alice", data=request)
    return json.loads(output)["note"]["noteId"] if code == 0 else None, output


def shown(shop, limit):
    """Returns the service's events as `souk events tail` shows them."""
    tail = [program(), "events", "tail", "--to", shop.address, "--type", "souk.notes.v1.*", "--from", "earliest"]
    code, output = run(*tail, "--json", "--limit", str(limit))
    return [json.loads(line) for line in output.splitlines()] if code == 0 else output


with Shop(TEAM, f"--grant=notes={SCOPES}", SOUK__LOG__LEVEL="info", **FREE) as shop:
    log = shop.folder / "log"
    code, output = grpcurl(shop, f"{SERVICE}/ListNotes", data={})
    # Without reflection grpcurl does not know it; a client that does is told that it is not there yet.
    tally.check("before it has started the shop's address does not describe it", code != 0, output)
    tally.check("the shop's address lists it", reached(shop), log.read_text())
    code, output = grpcurl(shop, "describe", f"{SERVICE}.CreateNote")
    tally.check("and describes it", code == 0 and "CreateNoteRequest" in output, output)

    note, output = noted(shop, "r1", "green tea")
    tally.check("a user's call reaches it", note is not None, output)
    again, output = noted(shop, "r1", "green tea")
    tally.check("a repeated call is the same", again == note, output)
    code, output = grpcurl(shop, f"{SERVICE}/ListNotes", caller="user:alice", data={})
    tally.check("as whom it was made", code == 0 and "green tea" in output, output)
    code, output = grpcurl(shop, f"{SERVICE}/ListNotes", caller="user:bob", data={})
    tally.check("and as nobody else", code == 0 and "green tea" not in output, output)
    code, output = grpcurl(shop, f"{SERVICE}/ListNotes", data={})
    tally.check("it refuses a call without a token itself", code != 0 and "Unauthenticated" in output, output)
    code, output = grpcurl(shop, f"{SERVICE}/ListNotes", caller="user:alice", data={"page_size": -1})
    tally.check("its refusals keep their details", "InvalidArgument" in output and "BadRequest" in output, output)
    # The product comes from catalog, by the address that the shop gave it.
    code, output = grpcurl(shop, f"{SERVICE}/SuggestTitle", data={"product_id": "no-such-product"})
    tally.check("it reaches its upstream", "ERROR_REASON_UNKNOWN_PRODUCT" in output or "NotFound" in output, output)

    events = shown(shop, 1)
    data = events[0]["data"] if isinstance(events, list) and events else {}
    tally.check("its events are shown decoded", data.get("note", {}).get("noteId") == note, f"{events}")
    code, output = run(*shop.audit())
    tally.check("it is audited", code == 0 and "notes: " in output and "not audited" not in output, output)
    copy = shop.folder / "copy"
    code, output = run(program(), "backup", copy, "--data", shop.folder / "data")
    tally.check("a backup has its data", code == 0 and (copy / "notes/notes.db").exists(), output)

# The copy is a shop in which the service has what it stored, and the scopes that it was granted.
second = Shop(TEAM, SOUK__LOG__LEVEL="info", **FREE)
shutil.copytree(copy, second.folder / "data")
with second:
    log = second.folder / "log"
    tally.check("beside a shop on the copy it starts", reached(second), log.read_text())
    code, output = grpcurl(second, f"{SERVICE}/ListNotes", caller="user:alice", data={})
    tally.check("and has its data", code == 0 and "green tea" in output, output)
    tally.check("and its grants, which are not repeated", "lacks scopes" not in log.read_text(), log.read_text())
    noted(second, "r2", "black tea")
    events = shown(second, 2)
    tally.check("with which it publishes", isinstance(events, list) and len(events) == 2, f"{events}\n{log.read_text()}")
tally.end()
