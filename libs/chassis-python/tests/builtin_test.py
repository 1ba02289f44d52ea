"""Health, reflection and the pages: what every process offers unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2
from souk.echo.v1 import echo_pb2 as pb
from souk.echo.v1.echo_pb2_grpc import add_EchoServiceServicer_to_server
from souk.ops.v1.invariant_service_pb2 import CheckInvariantsRequest
from souk.ops.v1.invariant_service_pb2_grpc import InvariantServiceStub
from souk.policy.v1 import policy_pb2

import souk_chassis
from echo import DEFAULT_CONFIG, Config, Echo, EchoRpc, build
from souk_chassis import Definition, Host, Report, Service, testing
from souk_chassis.testing import refused

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def asked(name: str = "") -> Any:
    return health_pb2.HealthCheckRequest(service=name)


async def health_tells_of_each_service_and_of_all(echo: Echo) -> None:
    health = HealthStub(echo.channel)
    assert (await health.Check(asked())).status == SERVING
    assert (await health.Check(asked("souk.echo.v1.EchoService"))).status == SERVING
    statuses = (await health.List(health_pb2.HealthListRequest())).statuses
    assert {name: one.status for name, one in statuses.items()} == {"": SERVING, "souk.echo.v1.EchoService": SERVING}
    refusal = await refused(health.Check(asked("no.Such")))
    assert (refusal.code, refusal.message) == (grpc.StatusCode.NOT_FOUND, "no service no.Such runs here")


async def a_service_serves_only_while_it_is_ready(tmp_path: Any) -> None:
    is_well = asyncio.Event()

    async def check() -> None:
        if not is_well.is_set():
            raise RuntimeError("the model is not trained")

    async def unready(config: Config, host: Host) -> Service:
        return (await build(config, host)).ready(check)

    echo = await Echo.start(Definition("echo", DEFAULT_CONFIG, Config, unready), tmp_path, {})
    try:
        watch = HealthStub(echo.channel).Watch(asked("souk.echo.v1.EchoService"))
        assert (await watch.read()).status == NOT_SERVING
        assert await echo.page("/readyz") == (503, "not ready\necho: the model is not trained\n")
        assert await echo.page("/healthz") == (200, "ok\n")
        is_well.set()
        assert (await asyncio.wait_for(watch.read(), 5)).status == SERVING
        assert await echo.page("/readyz") == (200, "ready\n")
        await echo.stop_serving()
        # The change may be sent before the stream ends.
        refusal = await refused(watch)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "ERROR_REASON_DRAINING")
    finally:
        await echo.stop()


async def a_watch_of_what_does_not_run_says_so(echo: Echo) -> None:
    watch = HealthStub(echo.channel).Watch(asked("no.Such"))
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


async def reflect(echo: Echo, version: str, **question: Any) -> Any:
    path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
    method = echo.channel.stream_stream(
        path,
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    call = method(iter([reflection_pb2.ServerReflectionRequest(**question)]))
    return await call.read()


async def reflection_names_exactly_what_runs_here_in_both_versions(echo: Echo) -> None:
    for version in ("v1", "v1alpha"):
        answer = await reflect(echo, version, list_services="")
        assert sorted(one.name for one in answer.list_services_response.service) == [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            "souk.echo.v1.EchoService",
            "souk.ops.v1.InvariantService",
        ]
        for symbol in ("souk.echo.v1.EchoService", f"grpc.reflection.{version}.ServerReflection", "google.rpc.ErrorInfo"):
            answer = await reflect(echo, version, file_containing_symbol=symbol)
            files = [FileDescriptorProto.FromString(one) for one in answer.file_descriptor_response.file_descriptor_proto]
            assert any(file.package == symbol.rpartition(".")[0] for file in files), symbol


async def reflection_tells_of_extensions_and_goes_on_after_what_it_does_not_know(echo: Echo) -> None:
    options = "google.protobuf.MethodOptions"
    number = policy_pb2.method.number
    extension = reflection_pb2.ExtensionRequest(containing_type=options, extension_number=number)
    unknown = reflection_pb2.ExtensionRequest(containing_type=options, extension_number=4711)
    method = echo.channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    questions: list[dict[str, Any]] = [{"all_extension_numbers_of_type": "no.Such"}, {"file_containing_extension": unknown}]
    questions += [{"all_extension_numbers_of_type": options}, {"file_containing_extension": extension}]
    questions += [{"file_containing_symbol": "souk.policy.v1.method"}]
    answers = [one async for one in method(iter([reflection_pb2.ServerReflectionRequest(**one) for one in questions]))]
    assert [one.error_response.error_code for one in answers[:2]] == [grpc.StatusCode.NOT_FOUND.value[0]] * 2
    assert number in answers[2].all_extension_numbers_response.extension_number
    for answer in answers[3:]:
        files = [FileDescriptorProto.FromString(one) for one in answer.file_descriptor_response.file_descriptor_proto]
        assert any(file.package == "souk.policy.v1" for file in files)


async def the_pages_are_prometheus_text(start: Callable[..., Any]) -> None:
    echo = await start()
    status, text = await echo.page("/metrics")
    assert status == 200
    for name in ("souk_requests_in_work", "souk_log_writes_dropped_total", "rpc_server_call_duration_seconds"):
        assert f"# TYPE {name} " in text, name
    assert (await echo.page("/else"))[0] == 404


async def a_servicer_that_is_not_async_is_refused_at_the_start(tmp_path: Any) -> None:
    class Blocking(EchoRpc):
        def Say(self, request: Any, context: Any) -> Any:
            return request

    async def wrong(config: Config, host: Host) -> Service:
        service = Service().rpc(add_EchoServiceServicer_to_server, Blocking(None, None))  # type: ignore[arg-type]
        return service.invariants(nothing_to_check)

    try:
        await Echo.start(Definition("echo", DEFAULT_CONFIG, Config, wrong), tmp_path, {})
    except souk_chassis.StartError as error:
        assert str(error) == "souk.echo.v1.EchoService/Say must be an async function"
    else:
        raise AssertionError("it started")


async def nothing_to_check() -> Report:
    return Report()


async def check_of(echo: Echo, caller: str, service: str = "") -> Any:
    request = CheckInvariantsRequest(service=service)
    return await InvariantServiceStub(echo.channel).CheckInvariants(request, metadata=testing.caller(caller))


async def every_process_answers_for_the_invariants_of_its_service(echo: Echo) -> None:
    for name in ("one", "ghost"):
        request = pb.SaveRequest(request_id=name, name=name)
        await echo.stub.Save(request, metadata=testing.caller("user:alice"))
        for asked_for in ("", "echo"):
            (report,) = (await check_of(echo, "staff:ann", asked_for)).reports
            assert report.service == "echo"
            assert [(count.what, count.count) for count in report.counts] == [("names", 1 if name == "one" else 2)]
            found = [(one.invariant, one.subject, one.detail) for one in report.findings]
            assert found == ([] if name == "one" else [("a name is of somebody", "ghost", "nobody has it")])

    refusal = await refused(check_of(echo, "staff:ann", "orders"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ERROR_REASON_INVALID_FIELD")
    assert "must be one of echo" in refusal.message
    for caller, code in (("anonymous", grpc.StatusCode.UNAUTHENTICATED), ("user:alice", grpc.StatusCode.PERMISSION_DENIED)):
        assert (await refused(check_of(echo, caller))).code == code

    await echo.stub.Save(pb.SaveRequest(request_id="x", name="nowhere"), metadata=testing.caller("user:alice"))
    assert (await refused(check_of(echo, "staff:ann"))).reason == "ERROR_REASON_NO_ECHO"


async def a_service_that_says_nothing_of_its_invariants_is_refused_at_the_start(tmp_path: Any) -> None:
    async def silent(config: Config, host: Host) -> Service:
        service = await build(config, host)
        service.check = None
        return service

    with pytest.raises(souk_chassis.StartError, match="echo says nothing of its invariants"):
        await Echo.start(Definition("echo", DEFAULT_CONFIG, Config, silent), tmp_path, {})
