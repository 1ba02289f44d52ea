"""What the contract says of a reason, read from its descriptor: its code, its domain and the keys of its facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from souk.policy.v1 import reason_pb2 as pb

_OPTION: Any = pb.reason
_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
INVALID_FIELD = "ERROR_REASON_INVALID_FIELD"
"""The one common reason whose domain is that of the method."""


def domain_of(package: str) -> str:
    """Returns the domain of a package's errors: the package without its version, which the next version shares."""
    domain, _, version = package.rpartition(".")
    return domain if version.startswith("v") else package


@dataclass(frozen=True, slots=True)
class ReasonPolicy:
    """One reason: `name` is `ERROR_REASON_OUT_OF_STOCK`, `domain` is `souk.inventory`."""

    name: str
    domain: str
    code: grpc.StatusCode
    metadata: frozenset[str]
    """The keys that ErrorInfo always has in its metadata."""
    optional_metadata: frozenset[str]
    """The keys that it has when they are known or apply."""

    def allows(self, facts: Mapping[str, str]) -> bool:
        """Returns whether the facts of an error are those that the contract promises."""
        return self.metadata <= facts.keys() <= self.metadata | self.optional_metadata


def policy_of(reasons: EnumTypeWrapper, reason: int) -> ReasonPolicy:
    """Returns the policy of a value of an `ErrorReason`; raises ValueError when the contract gives it none."""
    descriptor = reasons.DESCRIPTOR.values_by_number[reason]
    options = descriptor.GetOptions()
    if not options.HasExtension(_OPTION):
        raise ValueError(f"{reasons.DESCRIPTOR.full_name}: {descriptor.name} has no souk.policy.v1.reason option")
    policy: pb.ReasonPolicy = options.Extensions[_OPTION]
    return ReasonPolicy(
        name=descriptor.name,
        domain=domain_of(reasons.DESCRIPTOR.file.package),
        code=_CODES[policy.code],
        metadata=frozenset(policy.metadata),
        optional_metadata=frozenset(policy.optional_metadata),
    )
