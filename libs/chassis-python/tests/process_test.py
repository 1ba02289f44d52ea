"""The life of a service's own program: settings, exit codes, signals, what it leaves on stderr."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from souk.echo.v1 import echo_pb2 as pb
from souk.echo.v1.echo_pb2_grpc import EchoServiceStub

from conftest import GENERATED, HERE
from souk_chassis.testing import caller

PROGRAM = f"""
import sys
import souk
souk.__path__.append("{GENERATED.name}/souk")
import souk_chassis
from echo import definition
souk_chassis.main(definition())
"""
QUIET = {"ECHO__SERVER__LISTEN": "127.0.0.1:0", "ECHO__SERVER__METRICS_LISTEN": "127.0.0.1:0"}
Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    """Starts the echo service as a program of its own, and kills what is left of it."""
    programs: list[subprocess.Popen[str]] = []

    def spawn(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        paths = [str(HERE), str(HERE.parent / "src"), *sys.path]
        environment = {**os.environ, **QUIET, "ECHO__DATA_DIR": str(tmp_path / "data"), **variables}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        command = [sys.executable, "-c", PROGRAM, *arguments]
        program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        programs.append(program)
        return program

    yield spawn
    for program in programs:
        program.kill()
        program.communicate()


def ready(path: Path, program: subprocess.Popen[str]) -> dict[str, str]:
    """Waits for the ready file and returns the addresses in it."""
    until = time.monotonic() + 60
    while not path.exists():
        assert program.poll() is None, program.communicate()
        assert time.monotonic() < until, "it is not ready"
        time.sleep(0.01)
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"ECHO__SERVER__LISTN": "127.0.0.1:1"},
            "echo: server.listn (from ECHO__SERVER__LISTN): there is no such setting; [server] has listen, metrics_listen,",
        ),
        (
            {"ECHO__NEIGHBOURS__EVENTS": "http://127.0.0.1:1"},
            "echo: neighbours (from ECHO__NEIGHBOURS__EVENTS): neighbours is called upstreams now",
        ),
        ({"ECHO__CAVERN": "1"}, "echo: cavern (from ECHO__CAVERN): there is no such setting; the top has data_dir, server,"),
        (
            {"ECHO__CAVE__DEPTH_METRES": "0"},
            "echo: cave.depth_metres = '0' (from ECHO__CAVE__DEPTH_METRES): input should be greater than or equal to 1",
        ),
        (
            {"ECHO__SERVER__LISTEN": "nowhere"},
            "echo: server.listen = 'nowhere' (from ECHO__SERVER__LISTEN): must be an address",
        ),
        ({"ECHO__SERVER__MAX_MESSAGE_BYTES": "16777217"}, "echo: server.max_message_bytes = '16777217' (from ECHO__"),
        ({"ECHO__LOG__LEVEL": "loud"}, "echo: log.level = 'loud': must be like info"),
        ({"ECHO__LOG__FORMAT": "xml"}, "echo: log.format = 'xml' (from ECHO__LOG__FORMAT): input should be 'text' or 'json'"),
        (
            {"ECHO__IDENTITY__SCOPES": "orders.read Orders.write"},
            "echo: identity.scopes = 'orders.read Orders.write' (from ECHO__IDENTITY__SCOPES): must be scopes like"
            ' "orders.read" separated by spaces, or "*" for every scope',
        ),
        ({"ECHO__IDENTITY__SCOPES": "orders"}, "echo: identity.scopes = 'orders' (from ECHO__IDENTITY__SCOPES): must be "),
        ({"ECHO__IDENTITY__SCOPES": "a.b,c.d"}, "echo: identity.scopes = 'a.b,c.d' (from ECHO__IDENTITY__SCOPES): must be "),
        (
            {"ECHO__IDENTITY__SCOPES": "orders.read " * 84},
            f"echo: identity.scopes = '{'orders.read ' * 84}' (from ECHO__IDENTITY__SCOPES): must be at most 1000 characters",
        ),
        ({"ECHO__UPSTREAMS__NEXT": "here"}, "echo: upstreams.next = 'here': must name an address like http://"),
    ],
)
def a_wrong_setting_ends_the_start_with_64_and_one_line(spawn: Spawn, variables: dict[str, str], line: str) -> None:
    program = spawn(**variables)
    out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (64, "")
    assert err.startswith(line) and err.count("\n") == 1, err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[log]\nlevel = 5\n", "echo: log.level = 5 (from FILE): input should be a valid string"),
        ("[serve]\n", "echo: serve (from FILE): there is no such setting; the top has data_dir, server,"),
        ("[cave]\nwidth = 1\n", "echo: cave.width (from FILE): there is no such setting; [cave] has depth_metres"),
        ("[server\n", "echo: FILE: "),
        ('[identity]\ndevelopment_key = ["hidden"]\n', "echo: identity.development_key = [hidden] (from FILE): "),
    ],
)
def a_wrong_file_ends_the_start_with_64_and_one_line(spawn: Spawn, tmp_path: Path, text: str, line: str) -> None:
    file = tmp_path / "echo.toml"
    file.write_text(text)
    program = spawn("--config", str(file))
    _, err = program.communicate(timeout=60)
    assert program.returncode == 64
    assert err.startswith(line.replace("FILE", str(file))) and err.count("\n") == 1, err


@pytest.mark.parametrize("arguments", [["--what"], ["--config"], ["--config", "/no/such/file"]])
def a_wrong_argument_ends_the_start_with_64(spawn: Spawn, arguments: list[str]) -> None:
    program = spawn(*arguments)
    _, err = program.communicate(timeout=60)
    assert program.returncode == 64 and err.count("\n") == 1, err


def help_shows_every_setting(spawn: Spawn) -> None:
    program = spawn("--help")
    out, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    assert "depth_metres = 10" in out and "drain_seconds = 10" in out and "ECHO__SERVER__LISTEN sets server.listen" in out


def a_taken_port_ends_the_start_with_1_and_one_line(spawn: Spawn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for key in ("LISTEN", "METRICS_LISTEN"):
            program = spawn(ECHO__LOG__LEVEL="error", **{f"ECHO__SERVER__{key}": f"127.0.0.1:{port}"})
            _, err = program.communicate(timeout=60)
            last = err.splitlines()[-1]
            assert program.returncode == 1, err
            assert last.startswith(f"echo: server.{key.lower()}: cannot listen on 127.0.0.1:{port}: "), err


def a_second_process_on_the_same_database_is_refused(spawn: Spawn, tmp_path: Path) -> None:
    file = tmp_path / "ready"
    first = spawn(ECHO__SERVER__READY_FILE=str(file))
    ready(file, first)
    second = spawn(ECHO__LOG__LEVEL="error")
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert err.endswith("echo.sqlite3: another process has it open\n"), err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def a_signal_drains_and_ends_with_0(spawn: Spawn, tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "ready"
    program = spawn(ECHO__SERVER__READY_FILE=str(file), ECHO__LOG__FORMAT="json")
    with grpc.insecure_channel(ready(file, program)["grpc"]) as channel:
        stub = EchoServiceStub(channel)
        assert stub.Say(pb.SayRequest(name="hi"), timeout=5).name == "hi"
        stream = stub.Repeat(pb.RepeatRequest(name="wait", times=1), metadata=caller("user:alice"))
        next(stream)
        single = stub.Say.future(pb.SayRequest(name="wait"))
        time.sleep(0.1)
        program.send_signal(number)
        with pytest.raises(grpc.RpcError) as ended:
            next(stream)
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        # What has begun is finished: here by the contract's deadline of a second.
        assert single.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    _, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    lines = [json.loads(line) for line in err.splitlines()]
    assert any(line["message"] == f"{number.name}: draining" for line in lines)
    assert all({"timestamp", "level", "message"} <= line.keys() for line in lines)


def what_does_not_end_in_time_is_named_and_ends_with_1(spawn: Spawn, tmp_path: Path) -> None:
    file = tmp_path / "ready"
    program = spawn(ECHO__SERVER__READY_FILE=str(file), ECHO__SERVER__DRAIN_SECONDS="0")
    with grpc.insecure_channel(ready(file, program)["grpc"]) as channel:
        waiting = EchoServiceStub(channel).Say.future(pb.SayRequest(name="wait"))
        time.sleep(0.2)
        program.terminate()
        assert waiting.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    _, err = program.communicate(timeout=60)
    assert program.returncode == 1
    assert err.splitlines()[-1] == "echo: did not end in time: 1 requests"


def settings_come_from_the_file_and_then_from_the_environment(tmp_path: Path, monkeypatch: Any) -> None:
    from echo import DEFAULT_CONFIG, Config
    from souk_chassis.config import load

    file = tmp_path / "echo.toml"
    file.write_text('greeting = "from the file"\n[server]\ndrain_seconds = 3\n[upstreams]\nnext = "http://127.0.0.1:1"\n')
    read = load("echo", DEFAULT_CONFIG, Config, file, {})
    assert (read.own.greeting, read.own.cave.depth_metres, read.chassis.server.drain_seconds) == ("from the file", 10, 3)
    monkeypatch.setenv("ECHO__GREETING", "from the environment")
    monkeypatch.setenv("ECHO__UPSTREAMS__OTHER", "http://127.0.0.1:2")
    monkeypatch.setenv("ECHO__IDENTITY__SCOPES", "events.subscribe *")
    read = load("echo", DEFAULT_CONFIG, Config, file, {"server.drain_seconds": 4})
    assert read.chassis.identity.own_scopes() == ["events.subscribe", "*"]
    assert (read.own.greeting, read.chassis.server.drain_seconds) == ("from the environment", 4)
    assert read.chassis.upstreams == {"next": "http://127.0.0.1:1", "other": "http://127.0.0.1:2"}
