"""Who calls, proved by a development token: `souk-dev.<payload>.<mac>`. Real identities come with a later service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime

DEVELOPMENT_KEY = "souk-development-key-that-is-no-secret"
"""The key that signs development tokens unless a shop is configured with another. It is no secret."""


# The digits of base 32 (Crockford), in which TypeIDs are written.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_CUSTOMERS = uuid.uuid5(uuid.NAMESPACE_OID, "souk.customer")


def customer_of(who: str) -> str:
    """Returns the customer, `customer_…`, of `user:ID` or `guest:ID`, as development tokens derive it.

    It is a UUIDv5 (RFC 9562) as a TypeID. With tokens of an identity provider the customer is what the token says.
    """
    number = uuid.uuid5(_CUSTOMERS, who).int
    return "customer_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def development_token(
    who: str, *, key: str = DEVELOPMENT_KEY, scopes: Sequence[str] = (), expires: datetime | None = None
) -> str:
    """Returns a token for `user:ID`, `guest:ID`, `service:NAME`, `staff` or `staff:ID`.

    Only shops on loopback addresses accept it. `anonymous` has no token, so the result is empty. The token of a user or guest
    names its customer, see `customer_of`.

    - `key`: the shop's `identity.development_key`, when it has one
    - `scopes`: what the token is granted, such as `["orders.read", "ops.audit"]`; `"*"` is every scope. Services and staff need
      those that the contract names for each method, users none
    - `expires`: until when the token is accepted, in whole seconds; without it, for ever. A time without a zone is local
    """
    if who == "anonymous":
        return ""
    # A space in an id must not read as the start of a claim or scope.
    words = [who.replace("%", "%25").replace(" ", "%20")]
    if who.startswith(("user:", "guest:")):
        words.append(f"customer={customer_of(who)}")
    if expires is not None:
        words.append(f"expires={int(expires.timestamp())}")
    payload = _encode(" ".join([*words, *scopes]).encode())
    mac = hmac.new(key.encode(), payload.encode(), hashlib.sha256).digest()
    return f"souk-dev.{payload}.{_encode(mac)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
