"""Who calls, proved by a development token. The place for real identities, which come later.

A token is `souk-dev.<payload>.<mac>`: the payload is the caller and its scopes separated by spaces, the mac is HMAC-SHA256 over
it, both in base64url without padding. The key is public unless one is configured, so a server whose address is not loopback
refuses such tokens.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence

import souk_client
from souk_client import DEVELOPMENT_KEY as DEVELOPMENT_KEY

from souk_chassis.caller import NOBODY, Caller, Identity
from souk_chassis.refusal import Unauthenticated

_PREFIX = "souk-dev."
_MAX_TOKEN_BYTES = 2048
_REMEMBERED_TOKENS = 10_000
_MAX_ID_CHARACTERS = 128
_ID_RULE = (
    f"must be 1 to {_MAX_ID_CHARACTERS} characters, without control characters and spaces at the ends, in Unicode normal form C"
)
_MALFORMED = "the authorization header is not 'Bearer souk-dev.<payload>.<mac>'"


def development_token(who: Caller, scopes: Sequence[str] = (), key: str = "") -> str:
    """Returns a token for `who` with `scopes` (words without spaces), signed with `key` or the public one.

    Send it as `authorization: Bearer <token>`. An anonymous caller has no token, so the result is empty.
    """
    return souk_client.development_token(who.key, key=key or DEVELOPMENT_KEY, scopes=scopes)


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
        known = self._known.get(header)
        if known is not None:
            return known
        identity = self._verify(header)
        self._known[header] = identity
        if len(self._known) > _REMEMBERED_TOKENS:
            self._known.popitem(last=False)
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
            name, *scopes = _decode(payload).decode().split(" ")
            caller = Caller.parse(name.replace("%20", " ").replace("%25", "%"))
        except (ValueError, binascii.Error) as error:
            raise Unauthenticated(_MALFORMED) from error
        wrong = _wrong_with_id(caller)
        if wrong is not None:
            raise Unauthenticated(f"the id of the caller is not allowed: {wrong}; {_ID_RULE}")
        return Identity(caller, frozenset(scopes))


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
