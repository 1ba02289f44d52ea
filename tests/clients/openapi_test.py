"""docs/reference/openapi.json: a validator of OpenAPI accepts it, and it has what the contract has."""

import json
import re
import subprocess
from collections import Counter

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from shop import ROOT, Tally, buf

FILE = ROOT / "docs/reference/openapi.json"
VERBS = ("get", "put", "post", "delete", "patch")

# Classes of Unicode that patterns have and Python's regular expressions, which check them here, do
# not; the ASCII in them will do.
CLASSES = {"L": "A-Za-z", "N": "0-9", "P": "!-/", "S": "+", "Z": " ", "Cc": r"\\x00-\\x1f"}
TEXT = re.sub(r"\\\\p\{(\w+)\}", lambda found: CLASSES[found[1]], FILE.read_text())
DOCUMENT = json.loads(TEXT)


def bindings():
    """Returns the verb and path of every binding, as buf reads it from proto/: parameters without their names."""
    image = subprocess.run([buf(), "build", "-o", "-#format=json"], cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=120)
    found = []
    for file in json.loads(image.stdout)["file"]:
        services = file.get("service", []) if file.get("package", "").startswith("souk.") else []
        for service in services:
            for method in service["method"]:
                rule = method["options"].get("[google.api.http]", {})
                name = f"{file['package']}.{service['name']}/{method['name']}"
                for one in [rule, *rule.get("additionalBindings", [])]:
                    found += [(name, verb, re.sub(r"\{[^}]*\}", "{}", one[verb])) for verb in VERBS if verb in one]
    return found


def references(value):
    """Yields every $ref below a value."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolves(reference):
    """Returns whether a reference names something in the file."""
    value = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        if part not in value:
            return False
        value = value[part]
    return True


def is_valid(schema, value):
    """Returns whether a schema of the file accepts a value."""
    root = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    return Draft202012Validator(root).is_valid(value)


tally = Tally()
dangling = sorted({reference for reference in references(DOCUMENT) if not resolves(reference)})
tally.check("every reference resolves", not dangling, dangling)
if dangling:
    # A validator goes no further than the first of them.
    tally.end()

errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()]
tally.check("openapi-spec-validator accepts it", not errors, "\n".join(errors[:20]))

operations = [(verb, path, operation) for path, item in DOCUMENT["paths"].items() for verb, operation in item.items()]
without = [operation["operationId"] for _, _, operation in operations if not operation["summary"].strip()]
tally.check("every operation has a summary", operations and not without, without)

wanted = bindings()
made = [(operation["x-souk-method"], verb, re.sub(r"\{[^}]*\}", "{}", path)) for verb, path, operation in operations]
differing = (Counter(wanted) - Counter(made)) + (Counter(made) - Counter(wanted))
tally.check("every binding of every method is an operation, and there is no other", not differing, differing)

paths = Counter(re.sub(r"\{[^}]*\}", "{}", path) for path in DOCUMENT["paths"])
twice = [path for path, count in paths.items() if count > 1]
tally.check("no two paths differ in the names of parameters only", not twice, twice)

used = {reference.rsplit("/", 1)[-1] for reference in references(DOCUMENT)}
unused = sorted(DOCUMENT["components"]["schemas"].keys() - used)
tally.check("every schema is used", not unused, unused)

statuses = [set(operation["responses"]) for _, _, operation in operations]
tally.check(
    "every operation says how it succeeds and fails", all({"default", "400", "503"} <= one and one & {"200", "201", "202", "204"} for one in statuses)
)

open_to_all = [operation for _, _, operation in operations if {} in operation["security"]]
granted = [operation for _, _, operation in operations if operation["x-souk-grants"] == [{"caller": "CALLER_PUBLIC"}]]
tally.check("a token is optional where everyone may call, and nowhere else", open_to_all == granted, len(granted))

# What README.md buys, by JSON.
purchase = {
    "requestId": "my-first-order",
    "currencyCode": "GBP",
    "paymentMethod": "tok_approved",
    "lines": [{"sku": "TEA-MINT-100", "quantity": 2}],
}
place_order = "souk.orders.v1.PlaceOrderRequest"
tally.check("the schema of a purchase accepts one", is_valid(place_order, purchase))
for name, wrong in {
    "without a request id": {key: value for key, value in purchase.items() if key != "requestId"},
    "without lines": {**purchase, "lines": []},
    "in a currency that is none": {**purchase, "currencyCode": "pounds"},
    "of 0 pieces": {**purchase, "lines": [{"sku": "TEA-MINT-100", "quantity": 0}]},
    "of a text of pieces": {**purchase, "lines": [{"sku": "TEA-MINT-100", "quantity": "2"}]},
}.items():
    tally.check(f"and refuses one {name}", not is_valid(place_order, wrong), wrong)
money = {"currencyCode": "GBP", "minorUnits": "450"}
tally.check(
    "an amount of money is a text", is_valid("souk.type.v1.Money", money) and not is_valid("souk.type.v1.Money", {**money, "minorUnits": 450})
)
tally.end()
