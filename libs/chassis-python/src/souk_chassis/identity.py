"""Who calls, proved by a development token. The place for real identities, which come later.

A token is `souk-dev.<payload>.<mac>`: the payload is the caller, its claims and its scopes separated by spaces, the mac is
HMAC-SHA256 over it, both in base64url without padding. Claims are `customer=customer_…`, which the token of every user and
guest has, and `expires=…` in seconds since 1970. The key is public unless one is configured, so a server whose address is not
loopback refuses such tokens.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

import souk_client
from souk_client import DEVELOPMENT_KEY as DEVELOPMENT_KEY

from souk_chassis.caller import NOBODY, PEOPLE, Caller, Identity
from souk_chassis.refusal import Unauthenticated

_PREFIX = "souk-dev."
_CUSTOMER = "customer="
_EXPIRES = "expires="
_CUSTOMER_FORM = re.compile("customer_[0-7][0-9a-hjkmnp-tv-z]{25}")
_SECONDS = re.compile(r"[+-]?[0-9]{1,13}", re.ASCII)
# The most seconds since 1970 that are a time in microseconds.
_MAX_SECONDS = 9_223_372_036_854
_MAX_TOKEN_BYTES = 2048
_REMEMBERED_TOKENS = 10_000
_MAX_ID_CHARACTERS = 128
_ID_RULE = (
    f"must be 1 to {_MAX_ID_CHARACTERS} characters, without control characters and spaces at the ends, in Unicode normal form C"
)
_MALFORMED = "the authorization header is not 'Bearer souk-dev.<payload>.<mac>'"


def development_token(who: Caller, scopes: Sequence[str] = (), key: str = "", expires: datetime | None = None) -> str:
    """Returns a token for `who` with `scopes` (words without spaces), signed with `key` or the public one.

    Its customer is derived from the name. It is good until `expires`, in whole seconds, or without an end. Send it as
    `authorization: Bearer <token>`. An anonymous caller has no token, so the result is empty.
    """
    return souk_client.development_token(who.key, key=key or DEVELOPMENT_KEY, scopes=scopes, expires=expires)


class Verifier:
    """Verifies tokens and remembers those that were right."""

    def __init__(self, key: str, *, is_loopback: bool) -> None:
        self._key = key or DEVELOPMENT_KEY
        self._is_loopback = is_loopback
        self._known: OrderedDict[str, Identity] = OrderedDict()

    def identify(self, header: str | bytes | None) -> Identity:
        """Returns the caller of this `authorization` header: anonymous without one; an invalid one raises Unauthenticated."""
        if header is None:
            return NOBODY
        if not self._is_loopback:
            raise Unauthenticated("development tokens are accepted on loopback addresses only")
        if isinstance(header, bytes):
            header = header.decode("latin-1")
        identity = self._known.get(header)
        if identity is None:
            identity = self._known[header] = self._verify(header)
            if len(self._known) > _REMEMBERED_TOKENS:
                self._known.popitem(last=False)
        if identity.expires is not None and identity.expires <= time.time():
            raise Unauthenticated("the token has expired")
        return identity

    def _verify(self, header: str) -> Identity:
        if len(header) > _MAX_TOKEN_BYTES:
            raise Unauthenticated(f"the token is too long, at most {_MAX_TOKEN_BYTES} bytes are allowed")
        scheme, _, token = header.partition(" ")
        payload, dot, mac = token.removeprefix(_PREFIX).partition(".")
        if scheme.lower() != "bearer" or not token.startswith(_PREFIX) or not dot:
            raise Unauthenticated(_MALFORMED)
        try:
            if not hmac.compare_digest(_decode(mac), _sign(self._key, payload)):
                raise Unauthenticated("the token's signature is wrong")
            name, *words = _decode(payload).decode().split(" ")
            caller = Caller.parse(name.replace("%20", " ").replace("%25", "%"))
            customer, expires = _claim(words, _CUSTOMER), _claim(words, _EXPIRES)
            seconds = None if expires is None else _seconds(expires)
        except (ValueError, binascii.Error) as error:
            raise Unauthenticated(_MALFORMED) from error
        wrong = _wrong_with_id(caller)
        if wrong is not None:
            raise Unauthenticated(f"the id of the caller is not allowed: {wrong}; {_ID_RULE}")
        return Identity(_with_customer(caller, customer), frozenset(words), seconds)


def _claim(words: list[str], name: str) -> str | None:
    """Takes a claim off the beginning of what a token says."""
    return words.pop(0).removeprefix(name) if words and words[0].startswith(name) else None


def _seconds(text: str) -> int:
    """Reads whole seconds since 1970; raises ValueError."""
    seconds = int(text) if _SECONDS.fullmatch(text) else _MAX_SECONDS + 1
    if abs(seconds) > _MAX_SECONDS:
        raise ValueError(text)
    return seconds


def _with_customer(caller: Caller, customer: str | None) -> Caller:
    """Returns the caller with what its token says of its customer: a person has one, and no one else."""
    if caller.kind not in PEOPLE:
        if customer is not None:
            raise Unauthenticated("the token names a customer, and its caller has none")
        return caller
    if customer is None:
        raise Unauthenticated("the token of a user names no customer")
    if not _CUSTOMER_FORM.fullmatch(customer):
        form = "`customer_` and 26 characters of base 32 (0-9, a-z without i, l, o, u), the first at most 7"
        raise Unauthenticated(f"the customer of the token must be {form}")
    return Caller(caller.kind, caller.id, customer)


def _wrong_with_id(caller: Caller) -> str | None:
    """Says in what an id is none: ids are compared byte by byte and end in logs, events and requests."""
    if caller.kind == "anonymous":
        return None
    if len(caller.id) > _MAX_ID_CHARACTERS:
        return "it is too long"
    if any(unicodedata.category(char) == "Cc" for char in caller.id):
        return "it has a control character"
    if caller.id.strip() != caller.id:
        return "it begins or ends with a space"
    return None if unicodedata.is_normalized("NFC", caller.id) else "it is not in Unicode's normal form C"


def _sign(key: str, payload: str) -> bytes:
    return hmac.new(key.encode(), payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # Python's decoder is lenient, and a token has one form only.
    if _encode(data) != text:
        raise ValueError("not base64url without padding")
    return data
