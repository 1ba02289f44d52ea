"""Runs the shared vectors through the official protovalidate, so that Souk's generated validators and it cannot disagree unseen.

Usage: vectors.py DESCRIPTORS VECTORS
DESCRIPTORS is an encoded FileDescriptorSet with imports that holds souk.fixture.v1 (`buf build` or protoc make one).
Needs the packages protovalidate and protobuf.
"""

import json
import sys

import protovalidate
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def path_of(elements):
    """Writes a field path as Souk's errors do."""
    text = ""
    for element in elements:
        text += ("." if text else "") + element.field_name
        match element.subscript.field if element.subscript else None:
            case None:
                pass
            case "string_key":
                text += json.dumps(element.subscript.value, ensure_ascii=False).join("[]")
            case _:
                text += f"[{element.subscript.value}]"
    return text


def main(descriptors, vectors):
    pool = descriptor_pool.DescriptorPool()
    with open(descriptors, "rb") as file:
        for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
            pool.Add(proto)
    with open(vectors, encoding="utf-8") as file:
        cases = json.load(file)

    wrong = 0
    for case in cases:
        message = message_factory.GetMessageClass(pool.FindMessageTypeByName(case["message"]))()
        json_format.ParseDict(case["value"], message, descriptor_pool=pool)
        found = sorted(
            (path_of(one.proto.field.elements) if one.proto.field else "", one.proto.rule_id)
            for one in protovalidate.collect_violations(message)
        )
        expected = sorted((one["field"], one["rule"]) for one in case["violations"])
        if found != expected:
            wrong += 1
            print(f"{case['message']} {json.dumps(case['value'], ensure_ascii=False)}\n  expected {expected}\n  found    {found}")
    print(f"{len(cases) - wrong} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
