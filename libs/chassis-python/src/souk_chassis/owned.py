"""What a request may name beyond its form: a user's own customer, and fields that are for some kinds of callers only.

The options `own` and `set_by` of souk.policy.v1 say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from souk.policy.v1 import field_pb2

from souk_chassis import policy
from souk_chassis.caller import Caller
from souk_chassis.refusal import FieldNotAllowed, InvalidRequest, OtherCustomer

_OPTION: Any = field_pb2.field
# What a user may write for its own customer.
_ME = "me"
_IN_WORDS = {"public": "everyone", "user": "users", "service": "services", "staff": "staff"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the contract says of the fields of a method's request."""

    customer: tuple[str, ...]
    """The path of the field with the customer whose things a user reaches; empty where the service itself decides."""
    set_by: dict[str, tuple[str, ...]]
    """The fields that only some kinds of callers may set."""


@cache
def rules_of(path: str) -> Rules:
    """Returns the rules of a method by its path, `/souk.orders.v1.OrderService/PlaceOrder`.

    Raises ValueError when its request has no field that the contract names.
    """
    found = policy.by_path(path)
    own = tuple(found.own.split(".")) if found is not None else ()
    request = descriptor_pool.Default().FindMethodByName(path[1:].replace("/", ".")).input_type
    message: Descriptor | None = request
    for name in own if own[-1:] == ("customer_id",) else ():
        if message is None or name not in message.fields_by_name:
            raise ValueError(f"{request.full_name} has no field {'.'.join(own)}")
        message = message.fields_by_name[name].message_type
    set_by = {
        field.name: policy.kinds_of(field.GetOptions().Extensions[_OPTION].set_by)
        for field in request.fields
        if field.GetOptions().Extensions[_OPTION].set_by
    }
    return Rules(own if own[-1:] == ("customer_id",) else (), set_by)


def check(rules: Rules, caller: Caller, domain: str, request: Message) -> None:
    """Checks a request against who sent it, and writes a user's customer into it."""
    if rules.set_by:
        kind = policy.granted_as(caller.kind)
        for field, _ in request.ListFields():
            kinds = rules.set_by.get(field.name)
            if kinds is not None and kind not in kinds:
                raise FieldNotAllowed(field.name, " and ".join(_IN_WORDS[one] for one in kinds))

    holder = _holder(request, rules.customer)
    if holder is None:
        return
    named, asked = ".".join(rules.customer), holder.customer_id
    if not caller.customer:
        if asked == _ME:
            allowed = f"must be the id of a customer: `{_ME}` is for a user, who has one"
            raise InvalidRequest(domain, [(named, allowed)])
        return
    if asked not in ("", _ME, caller.customer):
        raise OtherCustomer(named)
    holder.customer_id = caller.customer


def customer_named_in(method: str, request: Message) -> str:
    """Returns the customer that a request names where the contract says whose things it reaches; empty when it names none."""
    holder = _holder(request, rules_of(f"/{method.strip('/')}").customer)
    return "" if holder is None else str(holder.customer_id)


def _holder(request: Message, path: tuple[str, ...]) -> Any:
    """Returns the message that has the last field of a path; none when one on the way is absent."""
    holder: Any = request if path else None
    for parent in path[:-1]:
        if not holder.HasField(parent):
            return None
        holder = getattr(holder, parent)
    return holder
