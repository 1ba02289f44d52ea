"""The table of everything that a process serves, made once at the start: the service's own methods, health and reflection."""

from __future__ import annotations

import inspect
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.reflection import aio as reflection

from souk_chassis import owned, policy
from souk_chassis.bounds import max_request_bytes
from souk_chassis.counts import shape_of
from souk_chassis.health import Board, HealthRpc
from souk_chassis.incoming import Method
from souk_chassis.reason import domain_of
from souk_chassis.service import Service

REFLECTION = "grpc.reflection.v1.ServerReflection"
REFLECTION_ALPHA = "grpc.reflection.v1alpha.ServerReflection"


class ServiceError(Exception):
    """A service is not put together as it must be."""


# The protos of health and reflection are those of others and bound nothing.
_BACKGROUND_BYTES = 4096


def table(service: Service, board: Board, max_message_bytes: int) -> dict[str, Method]:
    """Returns all methods by path; raises ServiceError when a servicer does not fit its contract."""
    methods: dict[str, Method] = {}
    pool = descriptor_pool.Default()
    for name, handlers in service.servicers.items():
        try:
            descriptor = pool.FindServiceByName(name)
        except KeyError:
            raise ServiceError(f"{name} is not in its contract") from None
        for method, handler in handlers.items():
            _must_be_async(name, method, handler)
            described = descriptor.methods_by_name[method]
            found = policy.of(described)
            # A contract that names a field which is not there is noticed at the start.
            owned.rules_of(found.path)
            most = int(min(max_message_bytes, max_request_bytes(described.input_type)))
            shape = shape_of(described.input_type)
            domain = domain_of(descriptor.file.package)
            methods[found.path] = Method(found, handler, domain, False, most, shape)

    builtins = Service().rpc(health_pb2_grpc.add_HealthServicer_to_server, HealthRpc(board)).servicers
    served = [*service.servicers, *builtins, REFLECTION, REFLECTION_ALPHA]
    of_reflection = (
        Service()
        .rpc(reflection_pb2_grpc.add_ServerReflectionServicer_to_server, reflection.ReflectionServicer(served))
        .servicers[REFLECTION_ALPHA]
    )
    # Version 1 differs from v1alpha in its name only, and grpcio-reflection does not know it yet.
    _describe_reflection_v1()
    builtins |= {REFLECTION_ALPHA: of_reflection, REFLECTION: of_reflection}
    for name, handlers in builtins.items():
        for method, handler in handlers.items():
            path = f"/{name}/{method}"
            streams = {"is_client_streaming": handler.request_streaming, "is_server_streaming": handler.response_streaming}
            open_to_all = policy.open_to_all(path, **streams)
            most = min(max_message_bytes, _BACKGROUND_BYTES)
            methods[path] = Method(open_to_all, handler, name.rpartition(".")[0], True, most, None)
    return methods


def _must_be_async(service: str, method: str, handler: grpc.RpcMethodHandler[Any, Any]) -> None:
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    if str(getattr(behaviour, "__module__", "")).endswith("_pb2_grpc"):
        return  # Not written yet: the generated base answers UNIMPLEMENTED.
    is_right = inspect.isasyncgenfunction if handler.response_streaming else inspect.iscoroutinefunction
    if not is_right(behaviour):
        kind = "an async generator" if handler.response_streaming else "an async function"
        raise ServiceError(f"{service}/{method} must be {kind}")


def _describe_reflection_v1() -> None:
    pool = descriptor_pool.Default()
    try:
        pool.FindServiceByName(REFLECTION)
    except KeyError:
        alpha = FileDescriptorProto()
        reflection_pb2.DESCRIPTOR.CopyToProto(alpha)
        v1 = FileDescriptorProto.FromString(alpha.SerializeToString())
        v1.name, v1.package = "grpc/reflection/v1/reflection.proto", "grpc.reflection.v1"
        fields = [field for message in v1.message_type for field in message.field if field.type_name]
        methods = [method for service in v1.service for method in service.method]
        for field in fields:
            field.type_name = field.type_name.replace(".v1alpha.", ".v1.")
        for method in methods:
            method.input_type = method.input_type.replace(".v1alpha.", ".v1.")
            method.output_type = method.output_type.replace(".v1alpha.", ".v1.")
        pool.AddSerializedFile(v1.SerializeToString())
