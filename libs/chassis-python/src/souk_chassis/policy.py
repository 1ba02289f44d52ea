"""What the contract says of a method, read once from its descriptor: access, criticality, time, safety to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from souk.policy.v1 import policy_pb2 as pb

_KINDS = {pb.CALLER_PUBLIC: "public", pb.CALLER_USER: "user", pb.CALLER_SERVICE: "service", pb.CALLER_STAFF: "staff"}
_OPTION: Any = pb.method
CRITICALITIES = ("sheddable", "sheddable_plus", "critical", "critical_plus")
EVERY_SCOPE = "*"
"""The scope of a token that has every scope."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Admits callers of one kind (`public` is every kind) whose token has all of the scopes."""

    caller: str
    scopes: tuple[str, ...] = ()
    excludes_guests: bool = False
    """Whether a user must have signed in."""

    def lacking(self, scopes: frozenset[str]) -> list[str]:
        """Returns what a token with these scopes lacks."""
        return [] if EVERY_SCOPE in scopes else [scope for scope in self.scopes if scope not in scopes]


@dataclass(frozen=True, slots=True)
class MethodPolicy:
    """One method: `path` is `/souk.orders.v1.OrderService/PlaceOrder`, `timeout` is in seconds, none when it has no limit."""

    path: str
    grants: tuple[Grant, ...]
    """Who may call: every caller that one of these admits."""
    criticality: str
    timeout: float | None
    is_repeatable: bool
    is_client_streaming: bool
    is_server_streaming: bool
    reasons: frozenset[str] = frozenset()
    """The reasons of its own package that it can fail with."""
    own: str = ""
    """The field of the request that says whose things a user reaches, by its path; empty when no user may call."""

    @property
    def name(self) -> str:
        """Returns the path without its slash, as in logs and metrics."""
        return self.path[1:]

    def grants_for(self, kind: str) -> list[Grant]:
        """Returns the grants that are for this kind of caller, in the order of the contract."""
        return [grant for grant in self.grants if grant.caller in ("public", granted_as(kind))]

    @property
    def is_streaming(self) -> bool:
        """Returns whether either side sends more than one message."""
        return self.is_client_streaming or self.is_server_streaming


def granted_as(kind: str) -> str:
    """Returns the kind that the contract grants to: `user` for guests too, `public` for the anonymous."""
    return {"guest": "user", "anonymous": "public"}.get(kind, kind)


def kinds_of(callers: Sequence[pb.Caller]) -> tuple[str, ...]:
    """Returns kinds of callers that the contract lists, as `granted_as` names them."""
    return tuple(_KINDS[caller] for caller in callers)


def of(method: MethodDescriptor) -> MethodPolicy:
    """Returns the policy that the contract gives a method; raises ValueError when it gives none."""
    options = method.GetOptions()
    if not options.HasExtension(_OPTION):
        raise ValueError(f"{method.full_name} has no souk.policy.v1.method option")
    policy: pb.MethodPolicy = options.Extensions[_OPTION]
    return MethodPolicy(
        path=f"/{method.containing_service.full_name}/{method.name}",
        grants=tuple(Grant(_KINDS[grant.caller], tuple(grant.scopes), grant.excludes_guests) for grant in policy.grants),
        criticality=pb.Criticality.Name(policy.criticality).removeprefix("CRITICALITY_").lower(),
        timeout=policy.timeout.ToTimedelta().total_seconds() if policy.HasField("timeout") else None,
        is_repeatable=options.idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN,
        is_client_streaming=method.client_streaming,
        is_server_streaming=method.server_streaming,
        reasons=frozenset(policy.reasons),
        own=policy.own,
    )


def open_to_all(path: str, *, is_client_streaming: bool, is_server_streaming: bool) -> MethodPolicy:
    """Returns the policy of a method that every process offers: standards of others carry none."""
    timeout = None if is_client_streaming or is_server_streaming else 5.0
    everyone = (Grant("public"),)
    return MethodPolicy(path, everyone, "critical_plus", timeout, False, is_client_streaming, is_server_streaming)


@cache
def by_path(path: str) -> MethodPolicy | None:
    """Returns the policy of a method that may be called from here; none when it is not of our contract."""
    try:
        return of(descriptor_pool.Default().FindMethodByName(path[1:].replace("/", ".")))
    except (KeyError, ValueError):
        return None
