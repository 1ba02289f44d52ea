"""Where log lines go: a bounded queue that one thread writes out, so that no request waits for a terminal or a disk."""

from __future__ import annotations

import json
import logging
import queue
import re
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

MAX_WAITING_LINES = 20_000
_LEVELS = {"trace": 5, "debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_NAMES = {logging.CRITICAL: "ERROR", logging.WARNING: "WARN", 5: "TRACE"}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Libraries that log every packet at `debug`, which is not what `debug` is meant for.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_QUIET = ("asyncio", "opentelemetry")


class Sink:
    """The one place that all lines of this process pass."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[str] = queue.Queue(MAX_WAITING_LINES)
        self.dropped = 0
        threading.Thread(target=self._write_forever, name="log", daemon=True).start()

    def write(self, line: str) -> None:
        """Adds a line; drops it when too much is waiting already."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def flush(self) -> None:
        """Waits until everything is written, at most two seconds."""
        until = time.monotonic() + 2
        while self._waiting.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.002)

    def _write_forever(self) -> None:
        while True:
            lines = [self._waiting.get()]
            while len(lines) < 1000 and not self._waiting.empty():
                lines.append(self._waiting.get_nowait())
            try:
                sys.stderr.write("\n".join(lines) + "\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                pass  # A closed stderr is ignored.
            for _ in lines:
                self._waiting.task_done()


SINK = Sink()


class Handler(logging.Handler):
    """Writes records as the Rust services write theirs: one line of text for people, or one JSON object for collectors.

    Fields are given as `logger.info("placed %s", id, extra={"order.id": id})`.
    """

    def __init__(self, output: str) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Puts the record into the sink; never raises."""
        try:
            SINK.write(self._line(record))
        except Exception:
            self.handleError(record)

    def _line(self, record: logging.LogRecord) -> str:
        level = _NAMES.get(record.levelno, record.levelname)
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            if record.exc_info[2] is not None:
                fields["error.place"] = place_of(record.exc_info[1])
        moment = datetime.fromtimestamp(record.created, UTC)
        return line(self._output, moment, level, record.name, text, fields)


def line(output: str, moment: datetime, level: str, target: str, message: str, fields: dict[str, Any]) -> str:
    """Returns one line of the log, without the end of line."""
    timestamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}Z"
    if output == "json":
        whole = {"timestamp": timestamp, "level": level, "message": message, **fields}
        if target:
            whole["target"] = target
        return _one_line(json.dumps(whole, ensure_ascii=False, default=str, separators=(",", ":")))
    tail = "".join(f" {key}={_text(value)}" for key, value in fields.items())
    return f"{timestamp} {level:>5} {target}{': ' if target else ''}{_one_line(message)}{tail}"


def start(output: str, levels: str) -> None:
    """Starts logging. `levels` is like `info`, `debug` or `info,recommendations.train=debug`; raises ValueError for others."""
    general, fine = logging.INFO, {}
    for part in levels.split(","):
        name, is_fine, level = part.strip().rpartition("=")
        if level.strip().lower() not in _LEVELS:
            raise ValueError('must be like info, debug or "info,orders.saga=debug"')
        if is_fine:
            fine[name.strip().replace("::", ".")] = _LEVELS[level.strip().lower()]
        else:
            general = _LEVELS[level.strip().lower()]
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, Handler)]:
        root.removeHandler(handler)
    root.addHandler(Handler(output))
    root.setLevel(general)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(general, logging.INFO))
    # It writes down headers that it cannot read, and those may be secrets.
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
    for name, finer in fine.items():
        logging.getLogger(name).setLevel(finer)


def place_of(error: BaseException) -> str:
    """Returns where an error was raised: `train.py:41`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"


def _text(value: Any) -> str:
    text = str(value)
    is_word = text and all(char.isalnum() or char in "-_.:/[]@%+" for char in text)
    return text if is_word else _one_line(json.dumps(text, ensure_ascii=False))


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], text)
