"""The core, against a shop that follows a script."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from grpc import RpcError, StatusCode

from shop import TLS, Script, refuse, served
from souk.events.v1.events_service_pb2 import SubscribeRequest, SubscribeResponse, SubscribeStarted
from souk.events.v1.events_service_pb2_grpc import EventServiceStub
from souk.orders.v1 import order_service_pb2 as pb
from souk.orders.v1.order_pb2 import Order
from souk.orders.v1.order_service_pb2_grpc import OrderServiceStub
from souk_client import (
    FieldViolation,
    Retry,
    SoukError,
    connect,
    customer_of,
    development_token,
    items,
    pages,
    policy_of,
    watch,
)
from souk_client.policy import service_config

TOKENS = Path(__file__).parents[3] / "tests/clients/token_cases.csv"
GET = pb.GetOrderRequest(order_id="order_1")


def away(request, context):
    refuse(context, StatusCode.UNAVAILABLE, "away")


@pytest.mark.parametrize("line", TOKENS.read_text(encoding="utf-8").splitlines()[1:])
def test_a_token_is_what_every_other_part_of_souk_makes_of_the_same_caller(line):
    who, expires, scopes, customer, token = line.split(";")
    until = datetime.fromtimestamp(int(expires) + 0.5, UTC) if expires else None
    assert development_token(who, scopes=scopes.split(), expires=until) == token
    assert not customer or customer_of(who) == customer


def test_a_token_of_another_key_is_another():
    assert development_token("user:alice", key="other") != development_token("user:alice")


def test_deadlines_and_safety_to_repeat_come_from_the_contract():
    told = {name: policy_of(f"/souk.orders.v1.OrderService/{name}") for name in ("PlaceOrder", "WatchOrder", "GetOrder")}
    assert {name: (each.timeout, each.is_repeatable) for name, each in told.items()} == {
        "PlaceOrder": (15.0, True),
        "WatchOrder": (None, False),
        "GetOrder": (2.0, True),
    }
    assert policy_of("/grpc.health.v1.Health/Check").timeout is None


def test_whether_to_repeat_comes_from_the_contract():
    def told(domain, reason):
        return SoukError(StatusCode.UNKNOWN, domain=domain, reason=reason).retry

    assert told("souk.orders", "ERROR_REASON_OUT_OF_STOCK") is Retry.NEVER
    assert told("souk.orders", "ERROR_REASON_ORDER_BUSY") is Retry.BACKOFF
    assert told("souk.policy", "ERROR_REASON_OVERLOADED") is Retry.BACKOFF
    # Its domain is the package of the request.
    assert told("souk.orders", "ERROR_REASON_INVALID_FIELD") is Retry.NEVER
    for domain, reason in (("", ""), ("souk.nothing", "ERROR_REASON_X"), ("os", "ERROR_REASON_X")):
        assert told(domain, reason) is Retry.UNKNOWN


def test_only_methods_that_the_contract_calls_repeatable_are_in_the_service_config():
    configs = json.loads(service_config())["methodConfig"]
    names = {f"{each['service']}/{each['method']}" for config in configs for each in config["name"]}
    assert {"souk.orders.v1.OrderService/PlaceOrder", "souk.ledger.v1.LedgerService/GetLedger"} <= names
    assert "souk.orders.v1.OrderService/WatchOrder" not in names
    # A caller's own deadline may be longer than that of the contract.
    assert not any("timeout" in config for config in configs)


# A library has generated these files once more from other options, and registers them before anybody imports ours.
BESIDE_ANOTHER_COPY = """
from google.protobuf import descriptor_pb2, descriptor_pool
pool = descriptor_pool.Default()
for name, package in (("error_reason", "souk.ledger.v1"), ("ledger_service", "souk.ledger.v1")):
    file = descriptor_pb2.FileDescriptorProto(name=f"souk/ledger/v1/{name}.proto", package=package, syntax="proto3")
    if name == "error_reason":
        file.enum_type.add(name="ErrorReason").value.add(name="ERROR_REASON_MADE_UP", number=0)
    pool.AddSerializedFile(file.SerializeToString())

from souk_client import SoukError, connect
from grpc import StatusCode
connect("127.0.0.1:1", as_="user:alice").close()
print(SoukError(StatusCode.UNKNOWN, domain="souk.ledger", reason="ERROR_REASON_MADE_UP").retry.name)
"""


def test_a_program_may_have_another_copy_of_files_that_it_does_not_import():
    done = subprocess.run([sys.executable, "-c", BESIDE_ANOTHER_COPY], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "NEVER\n", done.stderr


def test_the_scopes_go_with_the_caller():
    script = Script()
    with served(script) as address, connect(address, as_="staff:ann", scopes=["orders.read"]) as shop:
        OrderServiceStub(shop).GetOrder(GET)
    assert script.seen[0].headers["authorization"] == f"Bearer {development_token('staff:ann', scopes=['orders.read'])}"


def test_the_token_and_the_contracts_deadline_go_with_each_call():
    script = Script()
    with served(script) as address, connect(address, as_="user:alice") as shop:
        orders = OrderServiceStub(shop)
        orders.GetOrder(GET)
        orders.GetOrder(GET, timeout=30, metadata=(("authorization", "Bearer other"), ("x", "y")))
        list(orders.WatchOrder(pb.WatchOrderRequest()))
    first, second, third = script.seen
    assert first.headers["authorization"] == f"Bearer {development_token('user:alice')}"
    assert (second.headers["authorization"], second.headers["x"]) == ("Bearer other", "y")
    # gRPC rounds what is left when it writes it down.
    assert 1 < first.remaining < 3 < 29 < second.remaining < 31
    # A stream has none.
    assert third.remaining > 10**9


@pytest.mark.parametrize("prefix", ["", "http://"])
def test_an_address_may_have_a_scheme(prefix):
    with served(Script()) as address, connect(prefix + address, token="one") as shop:
        OrderServiceStub(shop).GetOrder(GET)


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="HOST:PORT"):
        connect("ftp://127.0.0.1:1")


def test_a_shop_is_reached_over_tls():
    script = Script()
    trusted = grpc.ssl_channel_credentials((TLS / "certificate.pem").read_bytes())
    with served(script, tls=True) as address:
        with connect(f"https://{address}", token="one", tls=trusted) as shop:
            OrderServiceStub(shop).GetOrder(GET)
        with connect(f"https://{address}") as stranger, pytest.raises(SoukError) as raised:
            OrderServiceStub(stranger).GetOrder(GET)
    assert script.seen[0].headers["authorization"] == "Bearer one"
    assert raised.value.code is StatusCode.UNAVAILABLE
    with pytest.raises(ValueError, match="https"):
        connect("http://127.0.0.1:1", tls=trusted)


def test_a_shop_that_is_away_is_asked_three_times_and_then_the_failure_is_told():
    script = Script(get=away)
    with served(script) as address, connect(address) as shop, pytest.raises(SoukError) as raised:
        OrderServiceStub(shop).GetOrder(GET)
    assert (raised.value.code, len(script.seen)) == (StatusCode.UNAVAILABLE, 3)
    assert isinstance(raised.value.__cause__, RpcError)


def test_a_shop_that_comes_back_answers():
    script = Script(get=lambda request, context: away(request, context) if len(script.seen) < 3 else pb.GetOrderResponse())
    with served(script) as address, connect(address) as shop:
        OrderServiceStub(shop).GetOrder(GET)
    assert len(script.seen) == 3


def test_the_servers_wish_not_to_be_asked_again_is_obeyed():
    script = Script(get=lambda request, context: refuse(context, StatusCode.UNAVAILABLE, "away", pushback="-1"))
    with served(script) as address, connect(address) as shop, pytest.raises(SoukError):
        OrderServiceStub(shop).GetOrder(GET)
    assert len(script.seen) == 1


def test_a_stream_is_not_opened_again_by_itself():
    script = Script(watching=away)
    with served(script) as address, connect(address) as shop, pytest.raises(SoukError):
        list(OrderServiceStub(shop).WatchOrder(pb.WatchOrderRequest()))
    assert len(script.seen) == 1


def out_of_stock(request, context):
    refuse(
        context,
        StatusCode.FAILED_PRECONDITION,
        "too few",
        ErrorInfo(reason="ERROR_REASON_OUT_OF_STOCK", domain="souk.orders", metadata={"sku": "TEA"}),
        RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000)),
        BadRequest(field_violations=[BadRequest.FieldViolation(field="lines[0].quantity", description="must be less")]),
    )


CALLS = {
    "call": lambda orders: orders.PlaceOrder(pb.PlaceOrderRequest()),
    "with_call": lambda orders: orders.PlaceOrder.with_call(pb.PlaceOrderRequest()),
    "future": lambda orders: orders.PlaceOrder.future(pb.PlaceOrderRequest()).result(),
    "stream": lambda orders: list(orders.WatchOrder(pb.WatchOrderRequest())),
}


@pytest.mark.parametrize("form", CALLS)
def test_a_refusal_in_every_form_of_call_tells_its_reason_its_facts_and_its_fields(form):
    script = Script(place=out_of_stock, watching=out_of_stock)
    with served(script) as address, connect(address) as shop, pytest.raises(SoukError) as raised:
        CALLS[form](OrderServiceStub(shop))
    error = raised.value
    assert (error.code, error.message) == (StatusCode.FAILED_PRECONDITION, "too few")
    assert (error.reason, error.domain, error.metadata) == ("ERROR_REASON_OUT_OF_STOCK", "souk.orders", {"sku": "TEA"})
    assert (error.retry_after, error.violations) == (2.5, (FieldViolation("lines[0].quantity", "must be less"),))
    assert str(error) == "FAILED_PRECONDITION: too few (ERROR_REASON_OUT_OF_STOCK)"
    assert isinstance(error.__cause__, RpcError)
    assert len(script.seen) == 1


def test_details_that_are_no_details_do_not_hide_the_failure():
    def broken(request, context):
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
        context.abort(StatusCode.NOT_FOUND, "gone")

    with served(Script(get=broken)) as address, connect(address) as shop, pytest.raises(SoukError) as raised:
        OrderServiceStub(shop).GetOrder(GET)
    assert (raised.value.code, raised.value.reason) == (StatusCode.NOT_FOUND, "")


def test_a_future_tells_of_its_end():
    with served(Script(place=out_of_stock)) as address, connect(address) as shop:
        orders = OrderServiceStub(shop)
        refused = orders.PlaceOrder.future(pb.PlaceOrderRequest())
        assert isinstance(refused.exception(), SoukError)
        answered = orders.GetOrder.future(GET)
        assert answered.exception() is None and answered.result() == pb.GetOrderResponse()
        told = []
        answered.add_done_callback(told.append)
        assert told == [answered]


def test_streams_go_both_ways():
    def subscribing(requests, context):
        for request in requests:
            yield SubscribeResponse(started=SubscribeStarted())
            if request.HasField("update"):
                refuse(context, StatusCode.ABORTED, "moved")

    with served(Script(subscribing=subscribing)) as address, connect(address) as shop:
        answers = EventServiceStub(shop).Subscribe(iter([SubscribeRequest(start={}), SubscribeRequest(update={})]))
        assert next(answers).HasField("started") and next(answers).HasField("started")
        with pytest.raises(SoukError, match="moved"):
            next(answers)


def listing(request, context):
    number = int(request.page_token or "0")
    return pb.ListOrdersResponse(
        orders=[Order(order_id=f"order_{number}")], next_page_token="" if number == 2 else str(number + 1)
    )


def test_items_of_all_pages_are_read_one_after_another():
    script = Script(listing=listing)
    with served(script) as address, connect(address) as shop:
        orders = OrderServiceStub(shop)
        found = items(lambda token: orders.ListOrders(pb.ListOrdersRequest(page_token=token)), lambda page: page.orders)
        assert next(found).order_id == "order_0"
        assert len(script.seen) == 1
        assert [order.order_id for order in found] == ["order_1", "order_2"]
        assert len(list(pages(lambda token: orders.ListOrders(pb.ListOrdersRequest(page_token=token))))) == 3


def watching(request, context):
    number = int(request.resume_token or "0")
    yield pb.WatchOrderResponse(resume_token=str(number + 1))
    if number < 2:
        refuse(context, StatusCode.UNAVAILABLE, "draining")


def test_a_watched_stream_that_breaks_goes_on_where_it_was():
    script = Script(watching=watching)
    with served(script) as address, connect(address) as shop:
        orders = OrderServiceStub(shop)
        answers = list(watch(lambda token: orders.WatchOrder(pb.WatchOrderRequest(resume_token=token))))
    assert [answer.resume_token for answer in answers] == ["1", "2", "3"]
    assert [seen.request.resume_token for seen in script.seen] == ["", "1", "2"]


def test_a_watched_stream_that_is_refused_raises():
    script = Script(watching=lambda request, context: refuse(context, StatusCode.NOT_FOUND, "no such order"))
    with served(script) as address, connect(address) as shop, pytest.raises(SoukError, match="no such order"):
        orders = OrderServiceStub(shop)
        list(watch(lambda token: orders.WatchOrder(pb.WatchOrderRequest(resume_token=token))))
    assert len(script.seen) == 1


def test_whoever_leaves_a_watched_stream_cancels_it():
    left = threading.Event()

    def endless(request, context):
        context.add_callback(left.set)
        yield pb.WatchOrderResponse(resume_token="1")
        left.wait(30)

    with served(Script(watching=endless)) as address, connect(address) as shop:
        orders = OrderServiceStub(shop)
        for _ in watch(lambda token: orders.WatchOrder(pb.WatchOrderRequest(resume_token=token))):
            break
        assert left.wait(10)
