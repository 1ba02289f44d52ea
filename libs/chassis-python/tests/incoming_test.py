"""What every request passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from echo import Echo, as_, refused
from souk.echo.v1 import echo_pb2 as pb


async def a_call_is_answered(echo: Echo) -> None:
    answer = await echo.stub.Say(pb.SayRequest(name="hi there"), metadata=as_("user:alice"))
    assert answer.name == "hi there"
    assert answer.seen[0] == "user:alice"
