"""The one line that every request leaves: what was called, by whom, how it ended, how long it took, in which trace."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import grpc

from souk_chassis.caller import Caller
from souk_chassis.error import is_our_fault
from souk_chassis.log import SINK, line


class RequestLog:
    """Writes request lines: info for calls, debug for health and reflection, error for what is our fault."""

    def __init__(self, output: str) -> None:
        self._output = output
        self._logger = logging.getLogger()

    def write(
        self,
        method: str,
        code: grpc.StatusCode,
        reason: str,
        seconds: float,
        caller: Caller,
        trace_id: str,
        cause: str | None,
        *,
        is_background: bool,
    ) -> None:
        """Writes the line of one request."""
        level = logging.ERROR if is_our_fault(code) else logging.DEBUG if is_background else logging.INFO
        if level < self._logger.level:
            return
        moment, name = datetime.now(UTC), logging.getLevelName(level)
        milliseconds = f"{int(seconds * 1e6) / 1000:.3f}"
        who = f"{caller.kind}:[hidden]" if "@" in caller.id else caller.key
        if self._output == "json":
            fields: dict[str, object] = {"rpc.method": method, "rpc.code": code.name}
            if reason:
                fields["rpc.reason"] = reason
            fields |= {"rpc.duration_ms": float(milliseconds), "caller": who, "trace.id": trace_id}
            if cause is not None:
                fields["error"] = cause
            SINK.write(line("json", moment, name, "", "request", fields))
            return
        text = f"request {method} rpc.code={code.name}"
        if reason:
            text += f" rpc.reason={reason}"
        quoted = json.dumps(who, ensure_ascii=False)[1:-1]
        text += f" rpc.duration_ms={milliseconds} caller={quoted} trace.id={trace_id}"
        if cause is not None:
            text += f" error={json.dumps(cause, ensure_ascii=False)}"
        SINK.write(line("text", moment, name, "", text, {}))
