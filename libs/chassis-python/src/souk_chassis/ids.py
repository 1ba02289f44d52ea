"""TypeIDs (`event_01h455vb4pex5vsknk084sn02q`): a prefix and a UUIDv7 in Crockford's base 32, so that they sort by time."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Returns a new id (TypeID 0.3 with RFC 9562 version 7)."""
    millis = time.time_ns() // 1_000_000 & (1 << 48) - 1
    number = millis << 80 | 7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    digits = "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
    return f"{prefix}_{digits}"
