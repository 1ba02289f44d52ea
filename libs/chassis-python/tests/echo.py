"""The service that the tests run, and short ways to call it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from pydantic import Field
from souk.echo.v1 import echo_pb2 as pb
from souk.echo.v1.echo_pb2_grpc import EchoServiceServicer, EchoServiceStub, add_EchoServiceServicer_to_server
from souk.echo.v1.events_pb2 import Happened

import souk_chassis
from souk_chassis import Context, Definition, Host, Migration, Report, Running, Service, Settings, Store, Tx, testing

DEFAULT_CONFIG = """
# What is put before each answer.
greeting = "hello"

[cave]
# How deep it is, in metres.
depth_metres = 10
"""
MIGRATIONS = [Migration(1, "names", "CREATE TABLE names (name TEXT NOT NULL, number INTEGER NOT NULL) STRICT;")]


class Cave(Settings):
    depth_metres: int = Field(ge=1, le=1000)


class Config(Settings):
    greeting: str
    cave: Cave


class Error(souk_chassis.Error):
    reasons = pb.ErrorReason


class NoEcho(Error):
    reason = pb.ERROR_REASON_NO_ECHO

    def __init__(self, name: str) -> None:
        super().__init__(f"nobody is there to echo {name}", metadata={"name": name})


class Unlisted(Error):
    reason = pb.ERROR_REASON_UNLISTED


class EchoRpc(EchoServiceServicer):
    def __init__(self, store: Store, next_echo: Any) -> None:
        self.store = store
        self.next = next_echo
        self.stop_waiting = asyncio.Event()

    async def Say(self, request: pb.SayRequest, context: Any) -> pb.SayResponse:
        match request.name:
            case "nobody":
                raise NoEcho(request.name)
            case "unlisted":
                raise Unlisted("the contract does not say so")
            case "factless":
                error = NoEcho(request.name)
                error.metadata.clear()
                raise error
            case "panic":
                raise RuntimeError("the secret is 4711")
            case "exit":
                raise SystemExit(3)
            case "wait":
                await self.stop_waiting.wait()
            case "unserializable":
                return "text"  # type: ignore[return-value]
            case "busy":
                raise sqlite3.OperationalError("database is locked")
        current = Context.current()
        left = f"{current.deadline.remaining() * 1000:.0f}"
        return pb.SayResponse(name=request.name, seen=[current.caller.key, left, current.criticality, current.trace_id])

    async def Repeat(self, request: pb.RepeatRequest, context: Any) -> AsyncIterator[pb.SayResponse]:
        for _ in range(request.times):
            yield pb.SayResponse(name=request.name)
        if request.name == "wait":
            await self.stop_waiting.wait()
        if request.name == "panic":
            raise RuntimeError("the secret is 4711")

    async def Collect(self, requests: AsyncIterator[pb.SayRequest], context: Any) -> pb.SayResponse:
        return pb.SayResponse(name=",".join([request.name async for request in requests]))

    async def Chat(self, requests: AsyncIterator[pb.SayRequest], context: Any) -> AsyncIterator[pb.SayResponse]:
        async for request in requests:
            yield pb.SayResponse(name=request.name)

    async def Forward(self, request: pb.SayRequest, context: Any) -> pb.SayResponse:
        answer: pb.SayResponse = await self.next.Say(request)
        return answer

    async def Save(self, request: pb.SaveRequest, context: Any) -> pb.SaveResponse:
        def save(tx: Tx) -> pb.SaveResponse:
            number = tx.execute("SELECT count(*) FROM names").fetchone()[0]
            tx.execute("INSERT INTO names (name, number) VALUES (?, ?)", (request.name, number))
            tx.publish(Happened(name=request.name, number=number))
            if request.name == "nobody":
                raise NoEcho(request.name)
            return pb.SaveResponse(number=number)

        caller = Context.current().caller
        return await self.store.write_once(caller, "/souk.echo.v1.EchoService/Save", request.request_id, request, save)


async def build(config: Config, host: Host) -> Service:
    store = Store.open(host.data_dir / "echo.sqlite3", MIGRATIONS)
    rpc = EchoRpc(store, EchoServiceStub(host.channel("next")))
    return (
        Service().rpc(add_EchoServiceServicer_to_server, rpc).invariants(partial(check, store)).ready(store.ping).store(store)
    )


async def check(store: Store) -> Report:
    """Every name is of somebody."""
    report = Report()
    names = await store.read(lambda reader: [name for (name,) in reader.execute("SELECT name FROM names")])
    if "nowhere" in names:
        raise NoEcho("nowhere")
    for name in names:
        if name == "ghost":
            report.add("a name is of somebody", name, "nobody has it")
    report.counts = {"names": len(names)}
    return report


def definition(name: str = "echo") -> Definition[Config]:
    return Definition(name, DEFAULT_CONFIG, Config, build)


class Echo:
    """A running service and a client of it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.channel = grpc.aio.insecure_channel(running.address)
        self.stub = EchoServiceStub(self.channel)
        self._is_stopped = False

    @staticmethod
    async def start(what: Definition[Any], data_dir: Path, settings: dict[str, Any]) -> Echo:
        return Echo(await testing.start(what, data_dir, **settings))

    async def page(self, path: str) -> tuple[int, str]:
        """Fetches a page of the second listener."""
        return await testing.page(self.running, path)

    async def stop_serving(self) -> None:
        """Drains, with the connection still open."""
        self._is_stopped = True
        await testing.stop(self.running)

    async def stop(self) -> None:
        if not self._is_stopped:
            await self.channel.close()
            await self.stop_serving()
