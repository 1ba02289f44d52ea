"""Whose a type of event is: the service of its package, which alone publishes it."""

from __future__ import annotations

import re

_SERVICES = "/services/"
_VERSION = re.compile("v[0-9][0-9A-Za-z]*")


def owner_of(kind: str) -> str | None:
    """Returns the service that owns a type of event: the last segment of its package that is not a version, `-` for each `_`.

    None when the type has no such segment; then nobody owns it. `souk.orders.v1.OrderPlaced` belongs to `orders`,
    `acme.gift_cards.v2.Issued` to `gift-cards`.
    """
    for segment in reversed(kind.split(".")[:-1]):
        if not _VERSION.fullmatch(segment):
            return segment.replace("_", "-")
    return None


def is_from_owner(source: str, kind: str) -> bool:
    """Returns whether an event of this source and type says that it comes from the owner of the type.

    The bus sets the source from the identity of the publisher; an event that somebody else wrote to a broker says what that
    writer chose.
    """
    owner = owner_of(kind)
    return owner is not None and source == _SERVICES + owner
