"""What protovalidate finds, in the words that the Rust services use for paths."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_MAX_KEY = 64


def violations_of(found: Sequence[Any]) -> list[tuple[str, str]]:
    """Returns the path of each field (`lines[0].quantity`, empty for the message itself) and what must be so."""
    return [(_path(one.proto.field.elements if one.proto.field else ()), one.proto.message) for one in found]


def _path(elements: Sequence[Any]) -> str:
    text = ""
    for element in elements:
        text += ("." if text else "") + element.field_name
        if element.subscript is not None:
            key, value = element.subscript.field, element.subscript.value
            shown = json.dumps(value, ensure_ascii=False) if key == "string_key" else str(value)
            text += f"[{shown[:_MAX_KEY]}{'…' if len(shown) > _MAX_KEY else ''}]"
    return text
