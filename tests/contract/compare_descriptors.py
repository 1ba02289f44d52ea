"""Compares Souk's restatement of google.api, google.rpc and buf.validate with the official files: whatever we restate must have the official
numbers, types and labels, or tools of other languages would read our options wrongly, and the official packages of Go and Java, which have the
generated code. What we leave out is fine.

Usage: compare_descriptors.py DESCRIPTORS
DESCRIPTORS is an encoded FileDescriptorSet of proto/ with imports (`buf build -o` makes one).
Needs the packages googleapis-common-protos, protobuf and protovalidate.
"""

import sys

from google.api import annotations_pb2, field_behavior_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from protovalidate._gen.buf.validate import validate_pb

# What buf's managed mode has replaced in the file that protovalidate for Python brings. The artifact of Java has ours.
MANAGED = {("buf/validate/validate.proto", "java_package")}


def official():
    """Returns the official files by name."""
    files = {}
    for module in (annotations_pb2, field_behavior_pb2, http_pb2, code_pb2, error_details_pb2, status_pb2):
        file = descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
        files[file.name] = file
    file = descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    # Generated code of other runtimes spells the name without its ending.
    files[file.name if file.name.endswith(".proto") else file.name + ".proto"] = file
    return files


def shape(field, oneofs):
    """Returns what decides how a field is written: a difference here is a difference on the wire or in presence."""
    return {
        "number": field.number,
        "type": field.type,
        "type name": field.type_name,
        "label": field.label,
        "extendee": field.extendee,
        "oneof": oneofs[field.oneof_index].name if field.HasField("oneof_index") else None,
        "proto3 optional": field.proto3_optional,
    }


def compare_fields(where, ours, theirs, our_oneofs, their_oneofs, problems):
    theirs = {field.name: field for field in theirs}
    for field in ours:
        name = f"{where}.{field.name}"
        if field.name not in theirs:
            problems.append(f"{name} is not official")
            continue
        mine, official_shape = shape(field, our_oneofs), shape(theirs[field.name], their_oneofs)
        for key, value in mine.items():
            if value != official_shape[key]:
                problems.append(f"{name}: {key} is {value!r}, officially {official_shape[key]!r}")


def compare_enums(where, ours, theirs, problems):
    theirs = {enum.name: {value.name: value.number for value in enum.value} for enum in theirs}
    for enum in ours:
        for value in enum.value:
            if theirs.get(enum.name, {}).get(value.name) != value.number:
                problems.append(f"{where}.{enum.name}.{value.name} = {value.number} is not official")


def compare_messages(where, ours, theirs, problems):
    theirs = {message.name: message for message in theirs}
    count = 0
    for message in ours:
        name = f"{where}.{message.name}"
        if message.name not in theirs:
            problems.append(f"{name} is not official")
            continue
        other = theirs[message.name]
        count += len(message.field)
        compare_fields(name, message.field, other.field, message.oneof_decl, other.oneof_decl, problems)
        compare_enums(name, message.enum_type, other.enum_type, problems)
        count += compare_messages(name, message.nested_type, other.nested_type, problems)
    return count


def main(path):
    with open(path, "rb") as file:
        ours = {one.name: one for one in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file}
    problems, count = [], 0
    for name, theirs in official().items():
        if name not in ours:
            problems.append(f"{name} is not in {path}")
            continue
        mine = ours[name]
        if mine.package != theirs.package:
            problems.append(f"{name}: package is {mine.package}, officially {theirs.package}")
        if (mine.syntax or "proto2") != (theirs.syntax or "proto2"):
            problems.append(f"{name}: syntax is {mine.syntax}, officially {theirs.syntax}")
        for option, value in mine.options.ListFields():
            if value != getattr(theirs.options, option.name) and (name, option.name) not in MANAGED:
                problems.append(f"{name}: {option.name} is {value!r}, officially {getattr(theirs.options, option.name)!r}")
        count += len(mine.extension) + compare_messages(mine.package, mine.message_type, theirs.message_type, problems)
        compare_fields(mine.package, mine.extension, theirs.extension, [], [], problems)
        compare_enums(mine.package, mine.enum_type, theirs.enum_type, problems)
    restated = {name for name in ours if name.startswith(("google/api/", "google/rpc/", "buf/"))}
    problems.extend(f"{name} is restated but has no official file here" for name in sorted(restated - official().keys()))
    for problem in problems:
        print(problem)
    print(f"compared {count} fields of {len(restated)} files: {len(problems)} differences")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
